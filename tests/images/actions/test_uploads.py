"""Bytes on their way in, and out again when nobody needs them."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from accounts import actions as accounts_actions
from accounts.errors import Conflict
from accounts.viewer import Viewer
from images import actions
from images.actions import NewImage
from images.demo_disks import bootable_raw
from images.models import Image, ImageData, Upload
from images.problems import DataProblem, TooLarge
from images.stores import get_store
from tests.people import Cast

pytestmark = pytest.mark.django_db

DISK = bootable_raw("Hello")


@pytest.fixture
def received(cast: Cast) -> Upload:
    """A file of Carol's that has come."""
    upload = actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK))
    return actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])


def is_stored(data: ImageData) -> bool:
    return get_store().exists(data.store_key)


class TestReceiving:
    def test_an_observer_does_not_upload(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied, match="Only a creator"):
            actions.start_upload(by=cast.observer, filename="disk.img")

    def test_more_than_an_image_may_have_is_refused_at_once(self, cast: Cast) -> None:
        with pytest.raises(TooLarge):
            actions.start_upload(by=cast.creator, filename="disk.img", size=2**60)

    def test_an_address_of_others_is_not_found(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.producer, filename="disk.img")
        for by in (cast.creator, cast.consumer):
            with pytest.raises(Http404):
                actions.receive_upload(upload.pk, by=by, chunks=[DISK])

    def test_an_expired_address_is_not_found(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img")
        Upload.objects.update(expires_at=timezone.now())
        with pytest.raises(Http404):
            actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])

    def test_two_requests_never_mix(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img")

        def chunks() -> Iterator[bytes]:
            with pytest.raises(Conflict, match="being sent already"):
                actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])
            yield DISK

        assert actions.receive_upload(upload.pk, by=cast.creator, chunks=chunks()).data
        assert ImageData.objects.count() == 1

    def test_discarding_ends_a_running_upload(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img")

        def chunks() -> Iterator[bytes]:
            yield DISK[:512]
            actions.discard_upload(upload.pk, by=cast.creator)
            yield DISK[512:]

        with pytest.raises((Conflict, DataProblem)):
            actions.receive_upload(upload.pk, by=cast.creator, chunks=chunks())
        assert not ImageData.objects.exists()
        assert not Upload.objects.exists()

    def test_a_broken_line_leaves_nothing_and_can_be_tried_again(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img")

        def chunks() -> Iterator[bytes]:
            yield DISK[:512]
            raise ConnectionError

        with pytest.raises(ConnectionError):
            actions.receive_upload(upload.pk, by=cast.creator, chunks=chunks())
        assert actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK]).data


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_bytes_stream(cast: Cast) -> None:
    upload = actions.start_upload(by=cast.creator, filename="disk.img")

    def chunks() -> Iterator[bytes]:
        assert not connection.in_atomic_block
        yield DISK

    actions.receive_upload(upload.pk, by=cast.creator, chunks=chunks())


class TestDiscarding:
    def test_bytes_go_with_it(
        self, cast: Cast, received: Upload, django_capture_on_commit_callbacks: Callable[..., Any]
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            actions.discard_upload(received.pk, by=cast.creator)
        data = ImageData.objects.get()
        assert data.removed_at
        assert not is_stored(data)

    def test_an_admin_discards_for_all(self, cast: Cast, received: Upload) -> None:
        actions.discard_upload(received.pk, by=cast.producer)
        assert not Upload.objects.exists()

    def test_a_creator_discards_only_their_own(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.producer, filename="disk.img")
        with pytest.raises(Http404):
            actions.discard_upload(upload.pk, by=cast.creator)


class TestCreating:
    def create(self, upload_id: uuid.UUID, by: Viewer, cast: Cast, **more: object) -> Image:
        return actions.create_image(upload_id, by=by, new=NewImage(name="Golden", region=cast.iad, **more))  # type: ignore[arg-type]

    def test_the_image_names_the_data_of_the_upload(self, cast: Cast, received: Upload) -> None:
        image = self.create(received.pk, cast.creator, cast)
        assert (image.data, image.source, image.created_by) == (received.data, "upload", cast.carol)
        assert not Upload.objects.exists()

    def test_twice_is_not_found(self, cast: Cast, received: Upload) -> None:
        self.create(received.pk, cast.creator, cast)
        with pytest.raises(Http404):
            self.create(received.pk, cast.creator, cast)

    def test_without_data_it_has_to_wait(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img")
        with pytest.raises(Conflict, match="has not come yet"):
            self.create(upload.pk, cast.creator, cast)

    @pytest.mark.parametrize(("visibility", "reason"), [("community", "Only an admin"), ("public", "Only staff")])
    def test_a_creator_does_not_open_it_to_all(
        self, cast: Cast, received: Upload, visibility: str, reason: str
    ) -> None:
        with pytest.raises(PermissionDenied, match=reason):
            self.create(received.pk, cast.creator, cast, visibility=visibility)

    def test_a_closed_region_takes_none(self, cast: Cast, received: Upload) -> None:
        cast.iad.closed_at = timezone.now()
        with pytest.raises(ValidationError) as refused:
            self.create(received.pk, cast.creator, cast)
        assert set(refused.value.error_dict) == {"region"}

    def test_wrong_recipients_leave_everything_as_it_was(self, cast: Cast, received: Upload) -> None:
        with pytest.raises(ValidationError) as refused:
            self.create(received.pk, cast.creator, cast, visibility="shared", recipients="1234567890")
        assert set(refused.value.error_dict) == {"recipients"}
        assert Upload.objects.get() == received
        assert not Image.objects.exists()


def test_what_is_on_its_way_ends_with_its_account(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    upload = actions.start_upload(by=cast.producer, filename="disk.img", size=len(DISK))
    actions.receive_upload(upload.pk, by=cast.producer, chunks=[DISK[:1000]], offset=0)
    fetched = actions.start_import(
        by=cast.producer, url="https://example.org/disk.img", new=NewImage(name="new", region=cast.iad)
    )
    with django_capture_on_commit_callbacks(execute=True):
        accounts_actions.close(cast.acme, by=cast.producer)
    assert not Upload.objects.exists()
    assert not list(get_store().stored())
    assert actions.run_import(fetched.pk) is None
