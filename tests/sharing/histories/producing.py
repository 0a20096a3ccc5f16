"""Steps of producers: offers and codes."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sharing import actions
from sharing.actions import Terms
from tests.sharing.histories.stage import (
    ALICE,
    BOB,
    CAROL,
    EYES,
    TARGETS,
    Stage,
    any_number,
    eyes,
    reached_by,
    some_days,
)
from tests.sharing.world import things
from tests.sharing.world.things import DONE, Eye


class Producing(Stage):
    """Offer, offer again, undo, remove, say until when, make a code."""

    @rule(
        eye=st.sampled_from(EYES[:3]),
        image=any_number,
        to=st.sampled_from(TARGETS),
        export=st.booleans(),
        days=some_days,
        future=st.booleans(),
    )
    def offer(self, eye: Eye, image: int, to: tuple[str, str], export: bool, days: int | None, future: bool) -> None:
        number, (kind, name), until = self.some_image(image), to, self.in_days(days)
        recipient = None if name == "nobody" else name
        self.compare(
            self.world.offer(eye, (number, kind, name), recipient, things.Terms(export, until, future)),
            lambda: actions.offer(
                self.images[number].pk,
                by=self.viewer(eye),
                terms=Terms(export=export, access_until=until, offers_future=future),
                **self.named(kind, name),
            ),
        )

    @precondition(lambda self: self.world.offers)
    @rule(eye=eyes, offer=any_number)
    def offer_again(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        share = self.share(key)
        self.compare(
            self.world.offer_again(eye, key, reached_by(key)),
            lambda: actions.offer_again(share.image_id, share.pk, by=self.viewer(eye)),
        )

    @precondition(lambda self: self.world.offers)
    @rule(eye=st.sampled_from(EYES[:3]), offer=any_number)
    def undo(self, eye: Eye, offer: int) -> None:
        key = self.some_key(-1 - offer)  # the last ones first: they can be undone
        share = self.share(key)
        self.compare(self.world.undo(eye, key), lambda: actions.undo_offers([share.pk], by=self.viewer(eye)))

    @precondition(lambda self: self.world.offers)
    @rule(eye=eyes, offer=any_number)
    def remove(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        share = self.share(key)
        self.compare(self.world.remove(eye, key), lambda: actions.remove(share.image_id, share.pk, by=self.viewer(eye)))

    @precondition(lambda self: self.world.offers)
    @rule(eye=eyes, offer=any_number, days=some_days)
    def set_end(self, eye: Eye, offer: int, days: int | None) -> None:
        key, until = self.some_key(offer), self.in_days(days)
        share = self.share(key)
        self.compare(
            self.world.set_end(eye, key, until),
            lambda: actions.set_end(share.image_id, share.pk, by=self.viewer(eye), until=until),
        )

    @precondition(lambda self: len(self.codes) < 3)
    @rule(eye=st.sampled_from([ALICE, CAROL, BOB]), image=any_number, days=st.sampled_from([1, 7]), ends=some_days)
    def make_code(self, eye: Eye, image: int, days: int, ends: int | None) -> None:
        number, until, name = self.some_image(image), self.in_days(ends), f"code {len(self.codes)}"
        expected = self.world.make_code(eye, (number, "code", name), things.Terms(until=until), days)

        def act() -> None:
            terms = Terms(access_until=until)
            made = actions.make_claim_code(self.images[number].pk, by=self.viewer(eye), terms=terms, days=days)
            self.codes[name] = made.share.address

        self.compare(expected, act)
        assert (expected == DONE) == (name in self.codes)
