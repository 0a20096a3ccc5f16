"""What somebody tries because it was possible before: rules, policies, blocks and ends have come meanwhile, or not."""

from collections.abc import Iterator
from functools import partial

from hypothesis import strategies as st

from tests.sharing.histories.ending import Ending, GoingOn
from tests.sharing.histories.stage import ALICE, DECIDERS, ERIN, OWNERS
from tests.sharing.histories.steps import step


class TryingAgain(GoingOn):
    """Steps that one more look at the world makes likely. Whether they are done or refused, both worlds agree."""

    @step(weight=24, when=lambda self: any(self.tries()), which=st.integers(0, 29))
    def try_something(self, which: int) -> None:
        tries = list(self.tries())
        self.bring_to(tries[which % len(tries)])

    def tries(self) -> Iterator[Ending]:
        yield from self.tries_of_producers()
        yield from self.tries_of_recipients()
        yield from self.tries_of_planners()
        yield from self.tries_of_the_trusted()

    def tries_of_producers(self) -> Iterator[Ending]:
        """More time where rules have come, a proof where none is taken, a former version; and to close."""
        for number, (key, offer) in enumerate(self.world.offers.items()):
            if offer.terms.until and self.world.rules_of(key[0]).outside != "free":
                yield partial(self.set_end, OWNERS[self.world.pictures[key[0]].owner], number, None)
        if not all(policy.by_sign_in for policy in self.world.policies_for("beta")):
            yield partial(self.offer_signed_in, ALICE, 0, "beta", "bob", None, future=False)
        for number, picture in enumerate(self.world.pictures):
            if picture.family is None and picture.owner in self.families and self.has_versions(picture.owner):
                yield partial(self.join_family, OWNERS[picture.owner], number)
        for number in sorted({number for _account, number in self.world.references if self.world.is_open(number)}):
            yield partial(self.set_visibility, OWNERS[self.world.pictures[number].owner], number, "shared")

    def has_versions(self, account: str) -> bool:
        return any(picture.family == self.world.family_of(account) for picture in self.world.pictures)

    def tries_of_recipients(self) -> Iterator[Ending]:
        """To accept what has ended; to hear of a producer again; to hide what came through a group."""
        for key, offer in self.world.offers.items():
            if offer.recipient and self.world.is_past(offer.terms.until):
                yield partial(self.accept_as, DECIDERS[offer.recipient], key, None, future=False)
        for number, (recipient, _producer) in enumerate(sorted(self.world.blocks)):
            yield partial(self.unblock, DECIDERS[recipient], number)
        for number in range(len(self.images)):
            if self.world.came_through_group(ERIN, number):
                yield partial(self.hide, ERIN, number, hidden=(ERIN.person, number) not in self.world.hidden)

    def tries_of_planners(self) -> Iterator[Ending]:
        """To approve of what one has asked for oneself; and days come of which there was a plan, whoever forgot it."""
        for number, request in enumerate(reversed(self.world.requests)):
            if request.status == "open":
                yield partial(self.approve, request.by, number)
        if self.planned:
            yield partial(self.days_of_plans_come)

    def tries_of_the_trusted(self) -> Iterator[Ending]:
        """To give something more to those who took it without being asked, once."""
        for recipient, producer in self.trusted[-1:]:
            for number, picture in enumerate(self.world.pictures):
                is_named = recipient in OWNERS and self.world.can_start((number, "number", recipient))
                if is_named and picture.owner == producer:
                    offer = partial(self.offer, export=True, days=None, future=False)
                    yield partial(offer, OWNERS[producer], number, ("number", recipient))
