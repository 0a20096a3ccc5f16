"""Fetching image data by the API."""

import hashlib
from typing import Any
from uuid import uuid4

import pytest
from django.http.response import HttpResponseBase
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Event
from images import actions
from images.models import Image, ImageData
from images.transfers import downloads
from images.transfers.slots import slots
from sharing.actions import accept, reject, remove
from tests import factories
from tests.api.conftest import MakeProgram
from tests.api.image.sending import RAW, queue
from tests.people import Cast
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(cast: Cast) -> Image:
    return factories.make_image(cast.acme, cast.alice, content=RAW, visibility="shared")


def address(image: object) -> str:
    return f"/image/v2/images/{getattr(image, 'pk', image)}/file"


def bytes_of(answer: HttpResponseBase) -> bytes:
    """All that came; the test client closes the answer behind the last of them."""
    return b"".join(answer)


class TestWhatComes:
    def test_the_bytes_as_they_were_sent(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        answer = api(cast.producer).get(address(image))
        assert (answer.status_code, bytes_of(answer)) == (200, RAW)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Length"] == str(len(RAW))
        assert answer.headers["Content-MD5"] == image.data.checksum
        assert slots.held == 0

    def test_a_part(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        answer = api(cast.producer).get(address(image), headers={"Range": "bytes=10-19"})
        assert (answer.status_code, bytes_of(answer)) == (206, RAW[10:20])
        assert answer.headers["Content-Range"] == f"bytes 10-19/{len(RAW)}"
        assert answer.headers["Content-Length"] == "10"
        assert answer.headers["Content-MD5"] == image.data.checksum

    def test_a_part_that_is_not_there(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        answer = api(cast.producer).get(address(image), headers={"Range": f"bytes={len(RAW)}-"})
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(RAW)}")

    def test_only_the_head(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        answer = api(cast.producer).head(address(image))
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Length"] == str(len(RAW))
        assert answer.headers["Content-MD5"] == image.data.checksum
        assert not image_events(image)

    def test_nothing_while_no_data_has_come(self, cast: Cast, api: MakeProgram) -> None:
        answer = api(cast.producer).get(address(queue(cast)))
        assert (answer.status_code, answer.content) == (204, b"")

    def test_the_web_server_sends_it_if_the_settings_say_so(
        self, cast: Cast, api: MakeProgram, image: Image, settings: Settings
    ) -> None:
        settings.SENDFILE = {"header": "X-Accel-Redirect", "prefix": "/protected/"}
        answer = api(cast.producer).get(address(image))
        assert answer.headers["X-Accel-Redirect"].startswith("/protected/default/")

    def test_nobody_is_led_to_the_store_where_a_client_would_take_its_token_along(
        self, cast: Cast, api: MakeProgram, image: Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(downloads, "_link", lambda _download: "https://store.example.org/data")
        answer = api(cast.producer).get(address(image))
        assert (answer.status_code, bytes_of(answer)) == (200, RAW)

    def test_data_of_another_region_is_not_here(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        assert api(cast.producer).get(f"/image/DFW/v2/images/{image.pk}/file").status_code == 404
        assert bytes_of(api(cast.producer).get(f"/image/IAD/v2/images/{image.pk}/file")) == RAW

    def test_when_all_slots_are_taken(
        self, cast: Cast, api: MakeProgram, image: Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slots, "_most", lambda: 0)
        answer = api(cast.producer).get(address(image))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


class TestRights:
    def refused(self, api: MakeProgram, who: Any, image: Image) -> tuple[int, str]:
        answer = api(who).get(address(image), headers={"Accept": "application/json"})
        assert api(who).head(address(image)).status_code == answer.status_code
        return answer.status_code, answer.json()["message"].partition("<br")[0]

    def test_a_pending_member_has_to_accept_first(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        share = offer_one(image, cast.producer, cast.beta.number)
        assert self.refused(api, cast.consumer, image) == (403, "Accept the offer first.")
        accept(share.pk, by=cast.consumer)
        assert bytes_of(api(cast.consumer).get(address(image))) == RAW
        assert bytes_of(api(cast.observer).get(address(image))) == RAW

    def test_a_rejected_member_gets_nothing(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        reject(offer_one(image, cast.producer, cast.beta.number).pk, by=cast.consumer)
        status, reason = self.refused(api, cast.consumer, image)
        assert (status, reason) == (403, "Your account has rejected this image. Accept it first.")
        answer = api(cast.consumer).get(address(image))
        assert answer["Content-MD5"] != hashlib.md5(answer.content, usedforsecurity=False).hexdigest()

    def test_an_offer_for_booting_only(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        share = offer_one(image, cast.producer, cast.beta.number, export=False)
        accept(share.pk, by=cast.consumer)
        assert self.refused(api, cast.consumer, image) == (403, "The offer is for booting servers only.")

    def test_what_was_removed_is_gone(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        share = offer_one(image, cast.producer, cast.beta.number)
        accept(share.pk, by=cast.consumer)
        remove(image.pk, share.pk, by=cast.producer)
        assert self.refused(api, cast.consumer, image) == (404, f"No image found with ID {image.pk}")

    def test_others_find_nothing(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        unknown = uuid4()
        for who in (cast.consumer, factories.viewer(cast.rhea, cast.rival), factories.viewer(cast.alice)):
            status, reason = self.refused(api, who, image)
            assert status == 404
            assert (status, reason.replace(str(image.pk), str(unknown))) == self.refused(api, who, Image(pk=unknown))
        assert api().get(address(image)).status_code == 401
        queued = queue(cast)
        assert api(cast.consumer).get(address(queued)).status_code == 404

    def test_community_is_open(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        Image.objects.update(visibility="community")
        assert bytes_of(api(factories.viewer(cast.rhea, cast.rival)).get(address(image))) == RAW

    def test_deactivated_is_closed_also_to_its_owner(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        actions.deactivate(image.pk, by=cast.producer)
        status, reason = self.refused(api, cast.producer, image)
        assert (status, reason) == (
            403, "The requested image has been deactivated. Image data download is forbidden."
        )  # fmt: skip

    def test_deleted_is_gone(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        actions.delete(image.pk, by=cast.producer)
        assert self.refused(api, cast.producer, image)[0] == 404

    def test_damaged_is_given_to_nobody(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        ImageData.objects.update(damaged_at=timezone.now(), damage="A bit has flipped.")
        status, reason = self.refused(api, cast.producer, image)
        assert (status, "A bit has flipped." in reason) == (409, True)


class TestEvents:
    def test_the_producer_is_told_of_what_was_shared(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        share = offer_one(image, cast.producer, cast.beta.number)
        accept(share.pk, by=cast.consumer)
        bytes_of(api(cast.consumer).get(address(image)))
        assert image_events(image) == {cast.beta.number, cast.acme.number}

    def test_a_download_in_parts_is_one(self, cast: Cast, api: MakeProgram, image: Image) -> None:
        for part in ("bytes=0-999", "bytes=1000-4999", "bytes=5000-"):
            bytes_of(api(cast.producer).get(address(image), headers={"Range": part}))
        assert cast.acme.events.filter(verb="downloaded").count() == 1


def image_events(image: Image) -> set[str]:
    """The accounts that know of a download."""
    found = Event.objects.of("image", image.pk).filter(verb="downloaded")
    return set(found.values_list("account_number", flat=True))
