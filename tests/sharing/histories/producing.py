"""Steps of producers: offers and codes."""

from hypothesis import strategies as st

from sharing import actions
from sharing.actions import Terms, Way
from tests.sharing.histories.stage import (
    TARGETS,
    Stage,
    any_image,
    any_number,
    eyes,
    reached_by,
    some_days,
)
from tests.sharing.histories.steps import step
from tests.sharing.world import things
from tests.sharing.world.things import DONE, MARKETPLACE, Eye

NAMED_BY_PROGRAMS = [target for target in TARGETS if target[0] in ("number", "email")]


class Producing(Stage):
    """Offer, offer again, undo, remove, say until when; codes, the marketplace, and accepting by signing in."""

    @step(
        weight=18,
        eye=eyes,
        image=any_image,
        to=st.sampled_from(TARGETS),
        export=st.booleans(),
        days=some_days,
        future=st.booleans(),
    )
    def offer(self, eye: Eye, image: int, to: tuple[str, str], export: bool, days: int | None, future: bool) -> None:
        number, (kind, name), until = self.some_image(image), to, self.in_days(days)
        eye, recipient = self.producer(eye, number), None if name == "nobody" else name
        self.compare(
            self.world.offer(eye, (number, kind, name), recipient, things.Terms(export, until, future)),
            lambda: actions.offer(
                self.images[number].pk,
                by=self.viewer(eye),
                terms=Terms(export=export, access_until=until, offers_future=future),
                **self.named(kind, name),
            ),
        )

    @step(weight=4, eye=eyes, image=any_image, to=st.sampled_from(NAMED_BY_PROGRAMS))
    def add_member(self, eye: Eye, image: int, to: tuple[str, str]) -> None:
        """A program of the owner offers, with a token of theirs."""
        number = self.some_image(image)
        eye, key = self.producer(eye, number), (number, *to)
        if not self.world.owns(eye, number):
            return
        by = self.viewer(eye)
        self.compare(
            self.world.add_member(eye, key, reached_by(key)),
            lambda: actions.offer(
                self.images[number].pk, by=by.by_token(by.role), way=Way(again=False), **self.named(*to)
            ),
        )

    @step(weight=3, when=lambda self: self.world.offers, eye=eyes, offer=any_number)
    def offer_again(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        eye, share = self.producer(eye, key[0]), self.share(key)
        self.compare(
            self.world.offer_again(eye, key, reached_by(key)),
            lambda: actions.offer_again(share.image_id, share.pk, by=self.viewer(eye)),
        )

    @step(weight=3, when=lambda self: self.world.offers, eye=eyes, offer=any_number)
    def undo(self, eye: Eye, offer: int) -> None:
        key = self.some_key(-1 - offer)  # the last ones first: they can be undone
        eye, share = self.producer(eye, key[0]), self.share(key)
        self.compare(self.world.undo(eye, key), lambda: actions.undo_offers([share.pk], by=self.viewer(eye)))

    @step(weight=2, when=lambda self: self.world.offers, eye=eyes, offer=any_number)
    def remove(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        eye, share = self.producer(eye, key[0]), self.share(key)
        self.compare(self.world.remove(eye, key), lambda: actions.remove(share.image_id, share.pk, by=self.viewer(eye)))

    @step(weight=1, when=lambda self: self.world.offers, eye=eyes, offer=any_number, days=some_days)
    def set_end(self, eye: Eye, offer: int, days: int | None) -> None:
        key, until = self.some_key(offer), self.in_days(days)
        eye, share = self.producer(eye, key[0]), self.share(key)
        self.compare(
            self.world.set_end(eye, key, until),
            lambda: actions.set_end(share.image_id, share.pk, by=self.viewer(eye), until=until),
        )

    @step(
        weight=3,
        when=lambda self: len(self.codes) < 3,
        eye=eyes,
        image=any_image,
        days=st.sampled_from([1, 7]),
        ends=some_days,
        future=st.booleans(),
    )
    def make_code(self, eye: Eye, image: int, days: int, ends: int | None, future: bool) -> None:
        number, until, name = self.some_image(image), self.in_days(ends), f"code {len(self.codes)}"
        eye, key = self.producer(eye, number), (number, "code", name)
        expected = self.world.make_code(eye, key, things.Terms(until=until, future=future), days)

        def act() -> None:
            terms = Terms(access_until=until, offers_future=future)
            made = actions.make_claim_code(self.images[number].pk, by=self.viewer(eye), terms=terms, days=days)
            self.codes[name] = made.share.address
            self.made.append((key, made.share.offered_at))

        self.compare(expected, act)
        assert (expected == DONE) == (name in self.codes)

    @step(weight=4, when=lambda self: self.codes, eye=eyes, code=any_number)
    def renew_code(self, eye: Eye, code: int) -> None:
        codes = [key for key in self.world.offers if key[1] == "code"]
        if not codes:
            return
        key = codes[code % len(codes)]
        eye, share = self.producer(eye, key[0]), self.share(key)
        expected = self.world.renew_code(eye, key, 7)

        def act() -> None:
            made = actions.renew_claim_code(share.image_id, share.pk, by=self.viewer(eye), days=7)
            self.made.append((key, made.share.offered_at))

        self.compare(expected, act)

    @step(weight=4, eye=eyes, image=any_image)
    def offer_to_the_marketplace(self, eye: Eye, image: int) -> None:
        number = self.some_image(image)
        eye = self.producer(eye, number)
        expected = self.world.offer(eye, (number, MARKETPLACE, MARKETPLACE), None, things.Terms())
        named = self.named(MARKETPLACE, MARKETPLACE)
        self.compare(expected, lambda: actions.offer(self.images[number].pk, by=self.viewer(eye), **named))

    @step(
        weight=4,
        eye=eyes,
        image=any_image,
        account=st.sampled_from(["beta", "beta", "beta", "rival", "acme"]),
        admin=st.sampled_from(["bob", "bob", "bob", "rhea", "dave", "alice"]),
        days=some_days,
        future=st.booleans(),
    )
    def offer_signed_in(self, eye: Eye, image: int, account: str, admin: str, days: int | None, future: bool) -> None:
        number, until = self.some_image(image), self.in_days(days)
        eye = self.producer(eye, number)
        terms = things.Terms(until=until, future=future)
        self.compare(
            self.world.offer_signed_in(eye, (number, "number", account), terms, admin),
            lambda: actions.offer_signed_in(
                self.images[number].pk,
                by=self.viewer(eye),
                account=self.group(account),
                admin=getattr(self.cast, admin),
                terms=Terms(access_until=until, offers_future=future),
            ),
        )
