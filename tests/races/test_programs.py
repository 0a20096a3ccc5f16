"""Programs that say something of the same image at the same moment."""

from uuid import uuid4

import pytest

from accounts.viewer import Viewer
from api import tokens
from images import actions
from images.actions import NewImage, Revision
from images.models import Image, Upload
from sharing.models import Share
from tests.api.conftest import Program
from tests.api.image.sending import put, queue
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def set_property(image: Image, by: Viewer, name: str) -> None:
    """Add a property to those that are there, as a patch does."""
    actions.revise(image.pk, by=by, decide=lambda now: Revision({"properties": now.properties | {name: "x"}}))


def test_neither_of_two_patches_is_lost(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    by = cast.producer
    assert at_once(lambda: set_property(golden, by, "a"), lambda: set_property(golden, by, "b")) == ["done", "done"]
    golden.refresh_from_db()
    assert golden.properties == {"a": "x", "b": "x"}


def test_an_id_is_given_once(cast: Cast, at_once: AtOnce) -> None:
    pk, ours, theirs = uuid4(), cast.producer, cast.consumer
    ended = at_once(
        lambda: actions.start_queued(by=ours, new=NewImage("a", cast.iad), image_id=pk),
        lambda: actions.start_queued(by=theirs, new=NewImage("b", cast.iad), image_id=pk),
    )
    assert sorted(ended) == ["conflict", "done"]
    assert Upload.objects.get().pk == pk


def test_no_member_is_lost_that_is_added_while_the_image_is_made(cast: Cast, at_once: AtOnce) -> None:
    """It is noted before, and asked with the others; or asked after, as of any image."""
    named = ["bob", "dave", "erin", "rhea"]
    upload = queue(cast)
    token = tokens.issue(cast.alice, number=cast.acme.number, methods=("password",)).signed()
    programs = [Program(token) for _name in named]
    put(programs[0], upload, to="stage")
    url = f"/image/v2/images/{upload.pk}/members"
    statuses = []

    def add(number: int) -> None:
        statuses.append(programs[number].post(url, json={"member": named[number]}).status_code)

    adding = [lambda number=number: add(number) for number in range(len(named))]
    at_once(*adding, lambda: actions.use_staged(upload.pk, by=cast.producer))

    assert statuses == [200] * len(named)
    assert sorted(Share.objects.filter(image=upload.pk).values_list("address", flat=True)) == named
