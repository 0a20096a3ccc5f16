"""What was begun goes on, so that histories come to their ends with much in between."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from hypothesis import note
from hypothesis import strategies as st

from tests.sharing.histories.consuming import Consuming
from tests.sharing.histories.governing import Governing
from tests.sharing.histories.living import LivingOn
from tests.sharing.histories.producing import Producing
from tests.sharing.histories.stage import BOB, DECIDERS, OWNERS
from tests.sharing.histories.steps import step

Ending = partial[None]


class GoingOn(Producing, Consuming, Governing, LivingOn):
    """Whatever waits in the world, and how it ends when all goes well."""

    @step(weight=40, when=lambda self: any(self.endings(future=False)), which=st.integers(0, 29), future=st.booleans())
    def go_on(self, which: int, future: bool) -> None:
        """One of the things that wait comes to its end: whoever has to do something for it does."""
        endings = list(self.endings(future=future))
        self.bring_to(endings[which % len(endings)])

    def bring_to(self, ending: Ending) -> None:
        note(f"{ending.func.__name__}: {ending.args}")
        ending()

    def waiting(self) -> dict[tuple[object, ...], Ending]:
        """The same endings, by what tells them apart."""
        return {(ending.func.__name__, *ending.args): ending for ending in self.endings(future=True)}

    def endings(self, *, future: bool) -> Iterator[Ending]:
        yield from self.decisions(future=future)
        yield from self.answers()
        yield from self.renewals()
        yield from self.changes()

    def decisions(self, *, future: bool) -> Iterator[Ending]:
        """Recipients accept, claim and take over."""
        for key, offer in self.world.offers.items():
            if offer.recipient and self.world.is_waiting(offer):
                yield partial(self.accept_as, DECIDERS[offer.recipient], key, None, future=future)
        for key, made_at in self.made[-2:]:
            if key in self.world.offers and self.world.is_waiting(self.world.offers[key]):
                yield partial(self.claim_as, BOB, key, made_at)
        for which, asked in enumerate(self.world.hand_overs.values()):
            if asked.recipient:
                yield partial(self.take_over, OWNERS[asked.recipient], which, None)

    def answers(self) -> Iterator[Ending]:
        """Second persons approve, and staff do."""
        for number, request in enumerate(reversed(self.world.requests)):
            if request.status == "open":
                yield partial(self.approve, "alice" if request.by == "rhea" else "rhea", number)
        for number, listing in enumerate(reversed(self.world.listings)):
            if listing.is_waiting:
                yield partial(self.decide_on_the_desk, number, "list")

    def renewals(self) -> Iterator[Ending]:
        """What nobody took in time, or was given back, is offered once more."""
        codes = [key for key in self.world.offers if key[1] == "code"]
        for number, key in enumerate(self.world.offers):
            by = OWNERS[self.world.pictures[key[0]].owner]
            if self.world.can_start(key) and key in codes:
                yield partial(self.renew_code, by, codes.index(key))
            elif self.world.can_start(key):
                yield partial(self.offer_again, by, number)

    def changes(self) -> Iterator[Ending]:
        """Owners share what was shared before, and their plans are carried out."""
        for number, picture in enumerate(self.world.pictures):
            was_given = any(offer.status == "accepted" for offer in self.world.offers_of(number))
            if picture.visibility == "private" and picture.status != "deleted" and was_given:
                yield partial(self.set_visibility, OWNERS[picture.owner], number, "shared")
        if self.world.plans:
            yield partial(self.days_of_plans_come)

    def days_of_plans_come(self) -> None:
        self.world.now = max(self.world.now, *self.planned) + timedelta(seconds=1)
        self.tasks_run()
