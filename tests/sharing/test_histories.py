"""Random histories of offers, decisions, comings and goings, played by several people in the panel and in a simple
model at once. After each step both must agree on who sees, lists, uses and exports each image, and on every grant.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import accounts.actions
import images.actions
from accounts.addresses import Address, Kind
from accounts.errors import Conflict
from accounts.models import Membership
from accounts.roles import Role
from accounts.viewer import Viewer
from images.listing import Wanted, page_of
from images.models import Image, ImageData
from images.permissions import granted_rights
from sharing import actions
from sharing.models import Share, Trust
from tests import factories
from tests.people import Cast
from tests.sharing.simple_world import (
    CONFLICT,
    DONE,
    FORBIDDEN,
    INVALID,
    NOT_FOUND,
    Eye,
    OfferKey,
    Picture,
    World,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
NOBODYS_NUMBER = "1000000008"

EYES = [
    Eye("alice", "acme"),
    Eye("carol", "acme"),
    Eye("bob", "beta"),
    Eye("dave", "beta"),
    Eye("rhea", "rival"),
    Eye("erin", "erin"),
    Eye("alice", "alice"),
    Eye("bob", "bob"),
]
ROLES = {
    ("alice", "acme"): "admin",
    ("carol", "acme"): "creator",
    ("bob", "beta"): "admin",
    ("dave", "beta"): "observer",
    ("rhea", "rival"): "admin",
    ("alice", "acme_group"): "manager",
    ("bob", "beta_holdings"): "manager",
    ("alice", "golden_testers"): "manager",
    ("erin", "golden_testers"): "member",
    ("bob", "night_shift"): "manager",
} | {(login, login): "admin" for login in ("alice", "bob", "carol", "dave", "erin", "rhea")}
TARGETS = [
    *(("number", account) for account in ("acme", "beta", "rival", "nobody")),
    *(("login", person) for person in ("alice", "bob", "dave", "erin", "nobody")),
    *(("email", person) for person in ("bob", "erin", "nobody")),
    *(("team", team) for team in ("golden_testers", "night_shift")),
    *(("organization", organization) for organization in ("acme_group", "beta_holdings")),
]
COMING_AND_GOING = [
    ("erin", "golden_testers"),
    ("dave", "night_shift"),
    ("rhea", "golden_testers"),
    ("erin", "acme_group"),
]

VISIBILITIES = ["private", "shared", "shared", "community", "public"]

eyes = st.sampled_from(EYES)
any_number = st.integers(0, 9)
REFUSALS: dict[str, type[Exception]] = {
    NOT_FOUND: Http404,
    FORBIDDEN: PermissionDenied,
    CONFLICT: Conflict,
    INVALID: ValidationError,
}


class Histories(RuleBasedStateMachine):
    """Both worlds, side by side."""

    cast: Cast
    data: ImageData

    def __init__(self) -> None:
        super().__init__()
        self.world = World(
            now=START, roles=dict(ROLES), organization_of={"acme": "acme_group", "beta": "beta_holdings"}
        )
        self.images: list[Image] = []
        self.history = transaction.atomic()
        self.history.__enter__()
        self.clock = mock.patch("django.utils.timezone.now", side_effect=lambda: self.world.now)
        self.clock.start()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.history.__exit__(None, None, None)

    # From plain names to what the panel knows.

    def group(self, name: str) -> Any:
        if name in ("acme", "beta", "rival", "golden_testers", "night_shift", "acme_group", "beta_holdings"):
            return getattr(self.cast, name)
        return getattr(self.cast, name).personal_account

    def viewer(self, eye: Eye) -> Viewer:
        return factories.viewer(getattr(self.cast, eye.person), self.group(eye.account))

    def viewer_of(self, person: str) -> Viewer:
        return factories.viewer(getattr(self.cast, person))

    def address(self, kind: str, name: str) -> str:
        match kind:
            case "number":
                return NOBODYS_NUMBER if name == "nobody" else self.group(name).number
            case "login":
                return name
            case "email":
                return f"{name}@example.org"
        return str(self.group(name).pk)

    def share(self, key: OfferKey) -> Share:
        number, kind, name = key
        return Share.objects.get(image=self.images[number], kind=kind, address=self.address(kind, name))

    def some_key(self, number: int) -> OfferKey:
        keys = list(self.world.offers)
        return keys[number % len(keys)]

    def some_image(self, number: int) -> int:
        return number % len(self.images)

    def compare(self, expected: str, act: Callable[[], object]) -> None:
        """Do in the panel what was done in the model, and see that it ends the same way."""
        if expected == DONE:
            act()
        else:
            with pytest.raises(REFUSALS[expected]):
                act()
        self.world.now += timedelta(seconds=1)

    # The steps.

    @initialize()
    def first_images(self) -> None:
        for eye in (EYES[0], EYES[2]):
            self.make_image(eye)

    def make_image(self, eye: Eye) -> None:
        self.world.now += timedelta(seconds=1)
        viewer = self.viewer(eye)
        self.images.append(factories.make_image(viewer.account, viewer.user, data=self.data, region=self.cast.iad))
        self.world.pictures.append(Picture(eye.account))

    @precondition(lambda self: len(self.images) < 4)
    @rule(eye=st.sampled_from([EYES[1], EYES[2], EYES[5]]))
    def another_image(self, eye: Eye) -> None:
        self.make_image(eye)

    @rule(eye=st.sampled_from(EYES[:3]), image=any_number, to=st.sampled_from(TARGETS), export=st.booleans())
    def offer(self, eye: Eye, image: int, to: tuple[str, str], export: bool) -> None:
        number, (kind, name) = self.some_image(image), to
        recipient = None if name == "nobody" else name
        is_chosen = kind in ("team", "organization")
        addresses = [] if is_chosen else [Address(Kind(kind), self.address(kind, name))]
        groups = [self.group(name).group_ptr] if is_chosen else []
        self.compare(
            self.world.offer(eye, number, (number, kind, name), recipient, export=export),
            lambda: actions.offer(
                self.images[number].pk,
                by=self.viewer(eye),
                addresses=addresses,
                groups=groups,
                terms=actions.Terms(export=export),
            ),
        )

    @precondition(lambda self: self.world.offers)
    @rule(eye=eyes, offer=any_number)
    def offer_again(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        recipient = None if key[2] == "nobody" else key[2]
        share = self.share(key)
        self.compare(
            self.world.offer_again(eye, key[0], key, recipient),
            lambda: actions.offer_again(share.image_id, share.pk, by=self.viewer(eye)),
        )

    @precondition(lambda self: self.world.offers)
    @rule(eye=eyes, offer=any_number, into=st.sampled_from([None, None, "beta", "acme", "erin"]))
    def accept(self, eye: Eye, offer: int, into: str | None) -> None:
        key = self.some_key(offer)
        share = self.share(key)
        account = self.group(into) if into else None
        self.compare(
            self.world.accept(eye, key, into), lambda: actions.accept(share.pk, by=self.viewer(eye), into=account)
        )

    @precondition(lambda self: self.world.offers)
    @rule(eye=eyes, offer=any_number)
    def reject(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        share = self.share(key)
        self.compare(self.world.reject(eye, key), lambda: actions.reject(share.pk, by=self.viewer(eye)))

    @precondition(lambda self: self.world.offers)
    @rule(eye=eyes, offer=any_number)
    def remove(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        share = self.share(key)
        self.compare(self.world.remove(eye, key), lambda: actions.remove(share.image_id, share.pk, by=self.viewer(eye)))

    @rule(eye=eyes, image=any_number)
    def leave(self, eye: Eye, image: int) -> None:
        number = self.some_image(image)
        self.compare(self.world.leave(eye, number), lambda: actions.leave(self.images[number].pk, by=self.viewer(eye)))

    @rule(eye=st.sampled_from([EYES[2], EYES[3], EYES[5]]), producer=st.sampled_from(["acme", "acme_group", "beta"]))
    def trust(self, eye: Eye, producer: str) -> None:
        viewer = self.viewer(eye)
        expected = self.world.trust(eye, producer)
        self.compare(
            expected, lambda: actions.trust(self.group(producer).group_ptr, recipient=viewer.account, by=viewer)
        )

    @precondition(lambda self: self.world.trusts)
    @rule(eye=eyes, number=any_number)
    def stop_trusting(self, eye: Eye, number: int) -> None:
        trusts = sorted(self.world.trusts)
        recipient, producer = trusts[number % len(trusts)]
        row = Trust.objects.get(recipient=self.group(recipient).pk, producer=self.group(producer).pk)
        expected = self.world.stop_trusting(eye, (recipient, producer))
        self.compare(expected, lambda: actions.stop_trusting(row.pk, by=self.viewer(eye)))

    @rule(who=st.sampled_from(COMING_AND_GOING))
    def join(self, who: tuple[str, str]) -> None:
        person, name = who
        if who in self.world.roles or name in self.world.closed:
            return
        manager = next(one for (one, group), role in self.world.roles.items() if group == name and role == "manager")
        invitation = accounts.actions.invite(
            self.group(name), address=person, role=Role.MEMBER, by=self.viewer_of(manager)
        )
        accounts.actions.accept_invitation(invitation.pk, by=getattr(self.cast, person))
        self.world.roles[who] = "member"

    @rule(who=st.sampled_from([*COMING_AND_GOING, ("alice", "golden_testers")]))
    def leave_group(self, who: tuple[str, str]) -> None:
        person, name = who
        expected = self.world.leave_group(person, name)
        self.compare(expected, lambda: accounts.actions.leave(self.group(name), by=self.viewer_of(person)))

    @rule(eye=st.sampled_from([EYES[2], EYES[5]]), group=st.sampled_from(["night_shift", "golden_testers"]))
    def close(self, eye: Eye, group: str) -> None:
        expected = self.world.close(eye, group)
        self.compare(expected, lambda: accounts.actions.close(self.group(group), by=self.viewer(eye)))

    @rule()
    def move_between_organizations(self) -> None:
        """Beta Consumers leaves its organization, or comes back."""
        bob = self.viewer(EYES[2])
        if "beta" in self.world.organization_of:
            accounts.actions.leave_organization(by=bob)
            del self.world.organization_of["beta"]
        else:
            invitation = accounts.actions.invite_account(
                self.cast.beta_holdings, number=self.cast.beta.number, by=self.viewer_of("bob")
            )
            accounts.actions.accept_invitation(invitation.pk, by=self.cast.bob)
            self.world.organization_of["beta"] = "beta_holdings"

    @rule(role=st.sampled_from(["observer", "creator", "admin"]))
    def change_role(self, role: str) -> None:
        """Dave becomes more or less at Beta Consumers."""
        membership = Membership.objects.get(user=self.cast.dave, group=self.cast.beta.pk)
        accounts.actions.change_role(self.cast.beta, membership.pk, role=Role(role), by=self.viewer(EYES[2]))
        self.world.roles["dave", "beta"] = role

    @rule(
        eye=eyes, image=any_number, visibility=st.sampled_from(["private", "shared", "shared", "community", "public"])
    )
    def set_visibility(self, eye: Eye, image: int, visibility: str) -> None:
        number = self.some_image(image)
        self.compare(
            self.world.set_visibility(eye, number, visibility),
            lambda: images.actions.set_visibility(self.images[number].pk, by=self.viewer(eye), visibility=visibility),
        )

    @rule(eye=eyes, image=any_number, status=st.sampled_from(["deactivated", "active", "active", "deleted"]))
    def set_status(self, eye: Eye, image: int, status: str) -> None:
        number = self.some_image(image)
        act = {
            "deactivated": images.actions.deactivate,
            "active": images.actions.reactivate,
            "deleted": images.actions.delete,
        }[status]
        self.compare(
            self.world.set_status(eye, number, status), lambda: act(self.images[number].pk, by=self.viewer(eye))
        )

    @rule(image=any_number)
    def publish(self, image: int) -> None:
        """Staff put an image into everybody's list."""
        number = self.some_image(image)
        if self.world.pictures[number].status != "deleted":
            images.actions.publish(self.images[number].pk, by=self.cast.root)
            self.world.pictures[number].visibility = "public"

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.world.now += timedelta(days=days)

    # What must always be true.

    @invariant()
    def everybody_has_what_was_agreed(self) -> None:
        for eye in EYES:
            viewer = self.viewer(eye)
            seen = list(Image.objects.visible_to(viewer).with_rights(viewer))
            listed = page_of(viewer, Wanted(), size=100).images
            found = {
                "sees": self.numbers(seen),
                "uses": self.numbers(image for image in seen if image.can_use),
                "exports": self.numbers(image for image in seen if image.can_export),
                "lists": self.numbers(listed),
            }
            promised = {name: self.promised(eye, name) for name in found}
            assert found == promised, eye

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

    def numbers(self, found: Iterable[Image]) -> set[int]:
        ids = [image.pk for image in self.images]
        return {ids.index(image.pk) for image in found}

    def promised(self, eye: Eye, name: str) -> set[int]:
        return {number for number in range(len(self.images)) if getattr(self.world, name)(eye, number)}


def play(cast: Cast, *, histories: int, steps: int) -> None:
    Histories.cast = cast
    Histories.data = factories.make_data()
    # A history is readable as it is; looking for a shorter one takes minutes.
    phases = set(Phase) - {Phase.shrink, Phase.explain}
    run_state_machine_as_test(
        Histories, settings=settings(max_examples=histories, stateful_step_count=steps, phases=phases)
    )


def test_everybody_has_what_was_agreed_after_every_step(cast: Cast) -> None:
    play(cast, histories=8, steps=25)


@pytest.mark.long
def test_everybody_has_what_was_agreed_after_many_steps(cast: Cast) -> None:
    play(cast, histories=40, steps=50)
