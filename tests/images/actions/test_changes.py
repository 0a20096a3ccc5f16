"""Changing and ending images: each refusal, and what is written down."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.errors import Conflict
from accounts.models import Event
from accounts.viewer import Viewer
from images import actions
from images.models import Image, Reference
from images.permissions import Right, set_grants
from tests.factories import make_image, viewer
from tests.people import Cast

pytestmark = pytest.mark.django_db

Change = Callable[[uuid.UUID, Viewer], object]

CHANGES: dict[str, Change] = {
    "edit": lambda pk, by: actions.edit(pk, by=by, name="New"),
    "protect": lambda pk, by: actions.protect(pk, by=by),
    "unprotect": lambda pk, by: actions.unprotect(pk, by=by),
    "deactivate": lambda pk, by: actions.deactivate(pk, by=by),
    "reactivate": lambda pk, by: actions.reactivate(pk, by=by),
    "delete": lambda pk, by: actions.delete(pk, by=by),
    "set_visibility": lambda pk, by: actions.set_visibility(pk, by=by, visibility="community"),
}


def state(image: Image) -> dict[str, Any]:
    return dict(Image.objects.filter(pk=image.pk).values().get())


def lend(image: Image, cast: Cast) -> None:
    """Beta Consumers may use the image."""
    image.visibility = "shared"
    image.save()
    set_grants(image, cast.beta.group_ptr, dict.fromkeys(Right))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whoever_cannot_see_it_finds_nothing(cast: Cast, golden: Image, change: Change) -> None:
    before = state(golden)
    with pytest.raises(Http404):
        change(golden.pk, cast.consumer)
    assert state(golden) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_id_that_never_existed_is_the_same(cast: Cast, change: Change) -> None:
    with pytest.raises(Http404):
        change(uuid.uuid4(), cast.producer)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_creator_may_not(cast: Cast, golden: Image, change: Change) -> None:
    before = state(golden)
    with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers"):
        change(golden.pk, cast.creator)
    assert state(golden) == before
    assert not Event.objects.of("image", golden.pk).exists()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_consumer_may_not(cast: Cast, golden: Image, change: Change) -> None:
    lend(golden, cast)
    before = state(golden)
    with pytest.raises(PermissionDenied, match="Only Acme Producers, which owns the image"):
        change(golden.pk, cast.consumer)
    assert state(golden) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_deleted_image_is_gone_for_everybody(cast: Cast, golden: Image, change: Change) -> None:
    actions.delete(golden.pk, by=cast.producer)
    with pytest.raises(Http404):
        change(golden.pk, cast.producer)


@pytest.mark.parametrize("name", ["edit", "protect", "deactivate", "delete", "set_visibility"])
def test_every_change_is_written_down_once(cast: Cast, golden: Image, name: str) -> None:
    CHANGES[name](golden.pk, cast.producer)
    event = Event.objects.of("image", golden.pk).get()
    assert (event.actor, event.account, event.subject_name) == (cast.alice, cast.acme, Image.objects.get().name)


@pytest.mark.parametrize("name", ["edit", "protect", "deactivate", "set_visibility"])
def test_a_second_time_changes_and_records_nothing(cast: Cast, golden: Image, name: str) -> None:
    CHANGES[name](golden.pk, cast.producer)
    CHANGES[name](golden.pk, cast.producer)
    assert Event.objects.of("image", golden.pk).count() == 1


def test_a_protected_image_is_not_deleted(cast: Cast, golden: Image) -> None:
    actions.protect(golden.pk, by=cast.producer)
    with pytest.raises(Conflict, match="Remove the protection first"):
        actions.delete(golden.pk, by=cast.producer)
    assert state(golden)["status"] == "active"


def test_a_deleted_image_stays_as_a_tombstone(cast: Cast, golden: Image) -> None:
    actions.delete(golden.pk, by=cast.producer)
    golden.refresh_from_db()
    assert (golden.status, golden.deleted_by) == ("deleted", cast.alice)
    assert golden.deleted_at


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 256),
        ("ports", [0]),
        ("ports", [65536]),
        ("ports", [True]),
        ("ports", list(range(1, 60))),
        ("ports", "22"),
        ("properties", {"a": 1}),
        ("properties", {"": "x"}),
        ("properties", {"a": "x" * 4097}),
        ("properties", {"a": "\0"}),
        ("properties", {str(number): "" for number in range(200)}),
        ("min_disk", -1),
        ("min_ram", 2**31),
    ],
)
def test_wrong_facts_are_refused_at_their_field(cast: Cast, golden: Image, field: str, value: Any) -> None:
    before = state(golden)
    with pytest.raises(ValidationError) as refused:
        actions.edit(golden.pk, by=cast.producer, **{field: value})
    assert set(refused.value.error_dict) == {field}
    assert state(golden) == before


def test_edit_touches_nothing_that_decides_who_reaches_it(cast: Cast, golden: Image) -> None:
    with pytest.raises(TypeError, match="visibility"):
        actions.edit(golden.pk, by=cast.producer, visibility="public")


def test_tags_become_exactly_these(cast: Cast, golden: Image) -> None:
    actions.edit(golden.pk, by=cast.producer, tags=["a", "b"])
    actions.edit(golden.pk, by=cast.producer, tags=["b", "c"])
    assert [tag.name for tag in golden.tags.all()] == ["b", "c"]
    assert Event.objects.latest("pk").detail == {"fields": ["tags"]}


class TestVisibility:
    @pytest.mark.parametrize("old", ["private", "shared", "community"])
    def test_nobody_makes_an_own_image_public(self, cast: Cast, old: str) -> None:
        image = make_image(cast.acme, cast.alice, visibility=old)
        with pytest.raises(PermissionDenied, match="Only staff"):
            actions.set_visibility(image.pk, by=cast.producer, visibility="public")

    def test_a_creator_shares_a_private_image(self, cast: Cast, golden: Image) -> None:
        assert actions.set_visibility(golden.pk, by=cast.creator, visibility="shared").visibility == "shared"

    def test_a_creator_does_not_take_it_back(self, cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice, visibility="shared")
        with pytest.raises(PermissionDenied, match="Only an admin"):
            actions.set_visibility(image.pk, by=cast.creator, visibility="private")

    def test_grants_sleep_while_it_is_not_shared(self, cast: Cast, golden: Image) -> None:
        lend(golden, cast)
        for visibility, visible in (("private", False), ("shared", True)):
            actions.set_visibility(golden.pk, by=cast.producer, visibility=visibility)
            assert Image.objects.visible_to(cast.consumer).filter(pk=golden.pk).exists() is visible


class TestStaff:
    @pytest.mark.parametrize(
        "operation",
        [actions.publish, actions.unpublish, actions.deactivate_for_owner, actions.reactivate_for_owner],
    )
    def test_only_staff_who_may_change_images(self, cast: Cast, golden: Image, operation: Callable[..., Image]) -> None:
        for user in (cast.alice, cast.sam):
            with pytest.raises(PermissionDenied):
                operation(golden.pk, by=user)

    def test_publishing_is_in_the_owners_activity(self, cast: Cast, golden: Image) -> None:
        actions.publish(golden.pk, by=cast.root)
        event = Event.objects.visible_to(cast.producer).of("image", golden.pk).get()
        assert (event.verb, event.actor_login, event.detail["new"]) == ("visibility changed", "root", "public")

    def test_unpublishing_leaves_it_shared(self, cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice, visibility="public")
        assert actions.unpublish(image.pk, by=cast.root).visibility == "shared"

    def test_an_image_that_never_existed_is_not_found(self, cast: Cast) -> None:
        with pytest.raises(Http404):
            actions.publish(uuid.uuid4(), by=cast.root)


class TestReferences:
    def test_an_own_image_is_not_labelled(self, cast: Cast, golden: Image) -> None:
        with pytest.raises(PermissionDenied, match="edit its name instead"):
            actions.label(golden.pk, by=cast.producer, label="x")

    def test_an_observer_does_not_label(self, cast: Cast, golden: Image) -> None:
        lend(golden, cast)
        with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers"):
            actions.label(golden.pk, by=cast.observer, label="x")

    def test_wrong_ports_are_refused(self, cast: Cast, golden: Image) -> None:
        lend(golden, cast)
        with pytest.raises(ValidationError):
            actions.label(golden.pk, by=cast.consumer, ports=[0])
        assert not Reference.objects.exists()

    def test_a_shared_image_needs_no_adding(self, cast: Cast, golden: Image) -> None:
        lend(golden, cast)
        with pytest.raises(Conflict):
            actions.add_reference(golden.pk, by=cast.consumer)

    def test_adding_twice_is_no_error(self, cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice, visibility="community")
        by = viewer(cast.rhea, cast.rival)
        assert actions.add_reference(image.pk, by=by) == actions.add_reference(image.pk, by=by)
        assert Event.objects.filter(verb="added").count() == 1
