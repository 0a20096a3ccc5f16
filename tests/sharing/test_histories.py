"""Random histories of everything that can happen to shared images, played by several people in the panel and in a
simple model at once. After each step both must agree on who sees, lists, uses and exports each image, and on every
grant.
"""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from accounts.roles import Role
from images.families import latest_for
from images.listing import Wanted, page_of
from images.models import Family, Image
from images.permissions import Verb, granted_rights, may
from tests import factories
from tests.people import Cast
from tests.sharing.histories.consuming import Consuming
from tests.sharing.histories.governing import Governing
from tests.sharing.histories.living import LivingOn
from tests.sharing.histories.producing import Producing
from tests.sharing.histories.stage import EYES
from tests.sharing.world.things import Eye


class Histories(Producing, Consuming, Governing, LivingOn):
    """Both worlds, and what must always be true."""

    steps = 0

    @invariant()
    def everybody_has_what_was_agreed(self) -> None:
        """Two people look after each step, the others after the next ones: what was broken stays so for a while."""
        self.steps += 1
        for eye in EYES[self.steps % 4 :: 4]:
            found = self.found_by(eye)
            assert found == {name: self.promised(eye, name) for name in found}, eye

    def found_by(self, eye: Eye) -> dict[str, set[int]]:
        viewer = self.viewer(eye)
        seen = list(Image.objects.visible_to(viewer).with_rights(viewer).select_related("account", "data"))
        listed = page_of(viewer, Wanted(), size=100).images
        return {
            "sees": self.numbers(seen),
            "uses": self.numbers(image for image in seen if image.can_use),
            "exports": self.numbers(image for image in seen if image.can_export),
            "boots": self.numbers(image for image in seen if may(viewer, Verb.USE, image)),
            "downloads": self.numbers(image for image in seen if may(viewer, Verb.EXPORT, image)),
            "lists": self.numbers(listed),
        }

    @invariant()
    def everybody_is_led_to_the_same_version(self) -> None:
        eye = EYES[self.steps % len(EYES)]
        for account, family in self.families.items():
            found = latest_for(Family.objects.get(pk=family.pk), self.viewer(eye))
            numbers = self.numbers([found]) if found else {None}
            assert numbers == {self.world.latest(eye, account)}, (eye, account)

    @invariant()
    def the_marketplace_has_what_staff_accepted(self) -> None:
        listed = Image.objects.filter(listed_at__isnull=False)
        assert self.numbers(listed) == {n for n, picture in enumerate(self.world.pictures) if picture.listed}

    def promised(self, eye: Eye, name: str) -> set[int]:
        return {number for number in range(len(self.images)) if getattr(self.world, name)(eye, number)}

    @invariant()
    def grants_are_what_the_offers_say(self) -> None:
        for number, image in enumerate(self.images):
            fresh = Image.objects.get(pk=image.pk)
            found = granted_rights(fresh)
            ends = {
                group: {right.value.removesuffix("_image"): grant.access_until for right, grant in rights.items()}
                for group, rights in found.items()
            }
            assert ends == {self.group(name).pk: rights for name, rights in self.world.grants(number).items()}
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
