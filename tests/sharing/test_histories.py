"""Random histories of everything that can happen to shared images, played by several people in the panel and in a
simple model at once. After each step both must agree on who sees, lists, uses and exports each image, and on every
grant.
"""

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from accounts.roles import Role
from accounts.viewer import Viewer
from images.families import latest_for
from images.listing import Wanted, page_of
from images.models import Family, Image
from images.permissions import Verb, granted_rights, may
from tests import factories
from tests.people import Cast
from tests.sharing.histories.opening import OpeningWithMore
from tests.sharing.histories.stage import EYES
from tests.sharing.histories.steps import Step, steps_of
from tests.sharing.world.things import Eye

COMES_BETWEEN = {
    "set_policy",
    "set_rules",
    "block",
    "stop_trusting",
    "time_passes",
    "set_status",
    "announce_end",
    "leave_family",
    "leave_group",
    "change_role",
    "move_between_organizations",
}
Sight = dict[str, set[int] | int | None]  # what somebody has: by a name images, by an account its latest version
KINDS = steps_of(OpeningWithMore)
BETWEEN = [each for each in KINDS if each.name in COMES_BETWEEN]
GOING_ON = [each for each in KINDS if each.name in ("go_on", "try_something")]
OPENINGS = sorted(name for name in dir(OpeningWithMore) if name.startswith("opened_by_"))


class Histories(OpeningWithMore):
    """Both worlds, and what must always be true."""

    turns = 0

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[Eye, Sight] = {}
        self.granted: list[dict[str, dict[str, datetime | None]]] = []

    @initialize(
        opening=st.sampled_from(OPENINGS),
        left_out=st.sets(st.sampled_from([each.name for each in KINDS if each.weight < 5]), max_size=15),
        at_once=st.sampled_from([3, 2, 1, 0]),
        data=st.data(),
    )
    def begin(self, opening: str, left_out: set[str], at_once: int, data: st.DataObject) -> None:
        """The first images; how many steps at once go on with what has happened to them; and which rare kinds of steps
        the history does without, so that others follow closer.
        """
        self.kinds = [each for each in KINDS if each.name not in left_out]
        self.first_images()
        getattr(self, opening)()
        for _ in range(at_once):
            self.take_a_step(data, GOING_ON)

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """One step; or something begins, something else comes between, and then it ends."""
        known = self.waiting()
        self.take_a_step(data, self.kinds)
        begun = next((key for key in self.waiting() if key not in known), None)
        if begun and data.draw(st.booleans(), label="something comes between"):
            self.take_a_step(data, BETWEEN)
            if ending := self.waiting().get(begun):
                self.bring_to(ending)

    def take_a_step(self, data: st.DataObject, kinds: Sequence[Step]) -> None:
        """Draw it by the weights of those that make sense."""
        weighted = [each for each in kinds if each.when(self) for _ in range(each.weight)]
        if not weighted:
            return
        start = self.turns * len(EYES) % len(weighted)  # so that even the simplest history has many kinds
        chosen = data.draw(st.sampled_from(weighted[start:] + weighted[:start]), label="step")
        getattr(self, chosen.name)(**data.draw(chosen.arguments, label=chosen.name))

    @invariant()
    def everybody_has_what_was_agreed(self) -> None:
        """After each step somebody looks: one of those who have something else than when they looked last, if any."""
        self.turns += 1
        promised = {eye: self.promised(eye) for eye in EYES}
        in_turn = EYES[self.turns % len(EYES) :] + EYES[: self.turns % len(EYES)]
        eye = next((each for each in in_turn if promised[each] != self.told.get(each)), in_turn[0])
        found = self.found_by(eye) | self.found_latest(eye, promised[eye])
        assert found == {name: promised[eye][name] for name in found}, eye
        self.told[eye] = promised[eye]

    def promised(self, eye: Eye) -> Sight:
        numbers, world = range(len(self.images)), self.world
        return {
            "sees": {number for number in numbers if world.sees(eye, number)},
            "uses": {number for number in numbers if world.uses(eye, number)},
            "exports": {number for number in numbers if world.exports(eye, number)},
            "boots": {number for number in numbers if world.boots(eye, number)},
            "downloads": {number for number in numbers if world.downloads(eye, number)},
            "lists": {number for number in numbers if world.lists(eye, number)},
        } | {account: world.latest(eye, account) for account in self.families}

    def found_by(self, eye: Eye) -> Sight:
        viewer = self.viewer(eye)
        seen = list(Image.objects.visible_to(viewer).with_rights(viewer).select_related("account", "data"))
        return {
            "sees": self.numbers(seen),
            "uses": self.numbers(image for image in seen if image.can_use),
            "exports": self.numbers(image for image in seen if image.can_export),
            "boots": self.numbers(image for image in seen if may(viewer, Verb.USE, image)),
            "downloads": self.numbers(image for image in seen if may(viewer, Verb.EXPORT, image)),
            "lists": self.numbers(page_of(viewer, Wanted(), size=100).images),
        }

    def found_latest(self, eye: Eye, promised: Sight) -> Sight:
        """To which versions somebody is led, of the families where that is another one than before, or sometimes."""
        told = self.told.get(eye, {})
        asked = [each for each in self.families if promised[each] != told.get(each) or self.turns % 5 == 0]
        return {account: self.latest(self.viewer(eye), account) for account in asked}

    def latest(self, viewer: Viewer, account: str) -> int | None:
        found = latest_for(Family.objects.get(pk=self.families[account].pk), viewer)
        return self.images.index(found) if found else None

    @invariant()
    def images_are_what_was_done_to_them(self) -> None:
        """Whose they are, and what is said of them; in the marketplace is what staff have accepted."""
        fields = ("account_id", "visibility", "status", "family_id", "listed_at")
        found = {row[0]: (*row[1:4], *map(bool, row[4:])) for row in Image.objects.values_list("pk", *fields)}
        assert [found[image.pk] for image in self.images] == [
            (self.group(each.owner).pk, each.visibility, each.status, each.family is not None, each.listed)
            for each in self.world.pictures
        ]

    @invariant()
    def grants_are_what_the_offers_say(self) -> None:
        """Of each image whose grants have changed, and of one of the others in turn."""
        promised = [self.world.grants(number) for number in range(len(self.images))]
        for number, grants in enumerate(promised):
            is_new = self.granted[number : number + 1] != [grants]
            if is_new or self.turns % len(self.images) == number:
                self.check_grants(self.images[number], grants)
        self.granted = promised

    def check_grants(self, image: Image, promised: dict[str, dict[str, datetime | None]]) -> None:
        fresh = Image.objects.get(pk=image.pk)
        found = granted_rights(fresh)
        ends = {
            group: {right.value.removesuffix("_image"): grant.access_until for right, grant in rights.items()}
            for group, rights in found.items()
        }
        assert ends == {self.group(name).pk: rights for name, rights in promised.items()}
        flags = {grant.active for rights in found.values() for grant in rights.values()}
        assert flags <= {fresh.grants_apply}


def play(cast: Cast, *, histories: int, steps: int) -> None:
    factories.join(cast.rhea, cast.acme_group, Role.MANAGER)
    factories.join(cast.carol, cast.beta_holdings, Role.MANAGER)
    Histories.cast = cast
    Histories.data = factories.make_data()
    # A history is readable as it is; looking for a shorter one takes minutes.
    phases = set(Phase) - {Phase.shrink, Phase.explain}
    run_state_machine_as_test(
        Histories, settings=settings(max_examples=histories, stateful_step_count=steps, phases=phases)
    )


def test_everybody_has_what_was_agreed_after_every_step(cast: Cast) -> None:
    play(cast, histories=4, steps=25)


@pytest.mark.long
def test_everybody_has_what_was_agreed_after_many_steps(cast: Cast) -> None:
    play(cast, histories=100, steps=50)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_everybody_has_what_was_agreed_in_thousands_of_histories(cast: Cast, part: int) -> None:
    """In parts, so that every core plays some."""
    play(cast, histories=200, steps=20)
