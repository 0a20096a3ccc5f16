"""Steps in the life of an image: visibility, status, plans, versions, its end, another owner; and time."""

from datetime import timedelta

from hypothesis import strategies as st

import images.actions
from accounts.addresses import Address, Kind
from images.actions import End
from images.inside.kinds import KINDS
from images.models import ContentCheck
from sharing import actions
from sharing.models import HandOver
from tests.sharing.histories.stage import ALICE, BOB, CAROL, RHEA, Stage, any_image, any_number, eyes
from tests.sharing.histories.steps import step
from tests.sharing.world.things import DONE, Eye

producers = st.sampled_from([ALICE, ALICE, BOB, CAROL])
visibilities = st.sampled_from([*["private", "shared"] * 3, "community", "public"])
RECEIVERS = [("number", "beta"), ("number", "rival"), ("number", "acme"), ("login", "bob"), ("login", "nobody")]
STATUS = {
    "deactivate": images.actions.deactivate,
    "reactivate": images.actions.reactivate,
    "delete": images.actions.delete,
}


class LivingOn(Stage):
    """What becomes of images."""

    def make_family(self, eye: Eye) -> None:
        """Each producer has one at a time."""
        self.families[eye.account] = images.actions.create_family(by=self.viewer(eye), name=f"{eye.account}-base")

    @step(weight=1, when=lambda self: len(self.images) < 5, eye=st.sampled_from([CAROL, BOB]))
    def another_image(self, eye: Eye) -> None:
        self.make_image(eye)

    @step(weight=8, eye=eyes, image=any_image, visibility=visibilities)
    def set_visibility(self, eye: Eye, image: int, visibility: str) -> None:
        number = self.some_image(image)
        eye = self.producer(eye, number)
        self.compare(
            self.world.set_visibility(eye, number, visibility),
            lambda: images.actions.set_visibility(self.images[number].pk, by=self.viewer(eye), visibility=visibility),
        )

    @step(
        weight=3,
        eye=eyes,
        image=any_image,
        verb=st.sampled_from([*["deactivate", "reactivate", "reactivate"] * 3, "delete"]),
    )
    def set_status(self, eye: Eye, image: int, verb: str) -> None:
        number = self.some_image(image)
        eye = self.producer(eye, number)
        self.compare(
            self.world.set_status(eye, number, verb),
            lambda: STATUS[verb](self.images[number].pk, by=self.viewer(eye)),
        )

    @step(weight=1, image=any_image, back=st.booleans())
    def publish(self, image: int, back: bool) -> None:
        """Staff put an image into everybody's list, or take it out."""
        number = self.some_image(image)
        here, there = (
            (self.world.unpublish, images.actions.unpublish) if back else (self.world.publish, images.actions.publish)
        )
        self.compare(here(number), lambda: there(self.images[number].pk, by=self.cast.root))

    @step(weight=2, image=any_image, found=st.sampled_from(["clean", "clean", "secrets", "nothing"]))
    def look_inside(self, image: int, found: str) -> None:
        """Somebody looks into an image: the policy "only inspected" asks what was found."""
        number = self.some_image(image)
        volume = {"number": 1, "start": 0, "size": 1, "name": "", "file_system": "", "why_not": "", "gaps": {}}
        volume |= {"files": 0 if found == "nothing" else 4, "finished": True}
        secrets = [{"kind": next(iter(KINDS)), "number": 1, "paths": ["/root/x"]}] if found == "secrets" else []
        findings = {"table": "", "problem": "", "finished": True, "volumes": [volume], "findings": secrets}
        now, by = self.world.now, self.cast.alice
        said = {"status": "done", "findings": findings, "requested_at": now, "finished_at": now, "requested_by": by}
        ContentCheck.objects.update_or_create(data=self.images[number].data, defaults=said)
        self.world.look(number, found)

    @step(weight=3, days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.world.now += timedelta(days=days)

    @step(
        weight=2,
        eye=eyes,
        image=any_image,
        verb=st.sampled_from([*["visibility", "visibility", "deactivate"] * 3, "delete"]),
        visibility=visibilities,
        days=st.integers(1, 10),
    )
    def plan(self, eye: Eye, image: int, verb: str, visibility: str, days: int) -> None:
        number, at = self.some_image(image), self.world.now + timedelta(days=days)
        eye = self.producer(eye, number)
        to = visibility if verb == "visibility" else ""
        self.planned.append(at)
        self.compare(
            self.world.plan(eye, number, verb, to, at),
            lambda: images.actions.plan_change(
                self.images[number].pk, by=self.viewer(eye), change=verb, at=at, visibility=to
            ),
        )

    @step(weight=3)
    def tasks_run(self) -> None:
        images.actions.carry_out_due()
        images.actions.delete_retired()
        actions.attend_to_ends()
        self.world.tasks_run()
        self.world.now += timedelta(seconds=1)

    @step(weight=2, eye=eyes, image=any_image, days=st.integers(1, 15), more=st.sampled_from([None, None, 5]))
    def announce_end(self, eye: Eye, image: int, days: int, more: int | None) -> None:
        number, obsolete = self.some_image(image), self.world.now + timedelta(days=days)
        eye = self.producer(eye, number)
        retired = obsolete + timedelta(days=more) if more else None
        end = End(obsolete_at=obsolete, retired_at=retired)
        self.compare(
            self.world.announce_end(eye, number, obsolete, retired),
            lambda: images.actions.announce_end(self.images[number].pk, by=self.viewer(eye), end=end),
        )

    @step(weight=1, eye=eyes, image=any_image)
    def cancel_end(self, eye: Eye, image: int) -> None:
        number = self.some_image(image)
        eye = self.producer(eye, number)
        self.compare(
            self.world.cancel_end(eye, number),
            lambda: images.actions.cancel_end(self.images[number].pk, by=self.viewer(eye)),
        )

    @step(weight=5, eye=st.sampled_from([ALICE, ALICE, BOB]), image=any_image)
    def join_family(self, eye: Eye, image: int) -> None:
        number = self.some_image(image)
        family = self.families[eye.account]
        self.compare(
            self.world.join_family(eye, number),
            lambda: images.actions.put_into_family(
                self.images[number].pk, family.pk, by=self.viewer(eye), version=f"1.{number}"
            ),
        )

    @step(weight=2, eye=st.sampled_from([ALICE, BOB]), image=any_image)
    def leave_family(self, eye: Eye, image: int) -> None:
        number = self.some_image(image)
        eye = self.producer(eye, number)
        self.compare(
            self.world.leave_family(eye, number),
            lambda: images.actions.take_out_of_family(self.images[number].pk, by=self.viewer(eye)),
        )

    @step(weight=3, eye=producers, image=any_image, pin=st.booleans())
    def pin(self, eye: Eye, image: int, pin: bool) -> None:
        """Say which version is the latest, or that the newest is."""
        number, family = self.some_image(image), self.families[eye.account]
        if pin:
            expected, pk = self.world.pin(eye, number), self.images[number].pk
            self.compare(expected, lambda: images.actions.pin_version(family.pk, pk, by=self.viewer(eye)))
        else:
            expected = self.world.unpin(eye)
            self.compare(expected, lambda: images.actions.unpin_version(family.pk, by=self.viewer(eye)))

    @step(weight=1, eye=producers)
    def dissolve(self, eye: Eye) -> None:
        """A family ends, and another one of the same name begins."""
        family, expected = self.families[eye.account], self.world.dissolve(eye)
        self.compare(expected, lambda: images.actions.dissolve_family(family.pk, by=self.viewer(eye)))
        if expected == DONE:
            self.make_family(eye)

    @step(
        weight=4,
        eye=eyes,
        image=any_image,
        to=st.sampled_from(RECEIVERS),
        keep=st.booleans(),
    )
    def ask_to_take_over(self, eye: Eye, image: int, to: tuple[str, str], keep: bool) -> None:
        number, (kind, name) = self.some_image(image), to
        eye = self.producer(eye, number)
        recipient = None if name == "nobody" else name
        wish = actions.Wish(Address(Kind(kind), self.address(kind, name)), keep_using=keep)
        self.compare(
            self.world.ask_to_take_over(eye, number, to, recipient, keep=keep),
            lambda: actions.ask_to_take_over(self.images[number].pk, by=self.viewer(eye), wish=wish),
        )

    @step(weight=1, when=lambda self: self.world.hand_overs, eye=eyes, which=any_number)
    def cancel_hand_over(self, eye: Eye, which: int) -> None:
        number, _row = self.hand_over(which)
        eye = self.producer(eye, number)
        self.compare(
            self.world.cancel_hand_over(eye, number),
            lambda: actions.cancel_hand_over(self.images[number].pk, by=self.viewer(eye)),
        )

    @step(
        weight=2,
        when=lambda self: self.world.hand_overs,
        eye=st.sampled_from([BOB, BOB, RHEA, CAROL]),
        which=any_number,
        into=st.sampled_from([None, None, "beta"]),
    )
    def take_over(self, eye: Eye, which: int, into: str | None) -> None:
        number, row = self.hand_over(which)
        account = self.group(into) if into else None
        expected = self.world.take_over(eye, number, into)
        self.compare(expected, lambda: actions.take_over(row.pk, by=self.viewer(eye), into=account))

    @step(weight=1, when=lambda self: self.world.hand_overs, eye=eyes, which=any_number)
    def turn_down_hand_over(self, eye: Eye, which: int) -> None:
        number, row = self.hand_over(which)
        eye = self.decider(eye, self.world.hand_overs[number].recipient)
        expected = self.world.turn_down_hand_over(eye, number)
        self.compare(expected, lambda: actions.turn_down_hand_over(row.pk, by=self.viewer(eye)))

    def hand_over(self, which: int) -> tuple[int, HandOver]:
        numbers = list(self.world.hand_overs)
        number = numbers[which % len(numbers)]
        return number, HandOver.objects.filter(image=self.images[number]).latest("offered_at")
