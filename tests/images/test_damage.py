"""What pages and scripts show of damaged data, and how often an image was downloaded."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Event
from accounts.viewer import Viewer
from images import activity
from images.models import Image, ImageData
from images.transfers.slots import RETRY_SECONDS
from sharing.actions import accept, offer
from sharing.addresses import parse
from tests.factories import make_image, signed_in
from tests.images.stored import file_of, overwrite
from tests.people import Cast

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def url(name: str, viewer: Viewer, image: Image) -> str:
    return reverse(name, kwargs={"number": viewer.account.number, "pk": image.pk})


def fetch(client: Client, address: str, **headers: str) -> int:
    """Download, and close the file; ``close()`` of the answer would end the database connection of the test."""
    answer = client.get(address, headers={name.replace("_", "-"): text for name, text in headers.items()})
    for close in answer._resource_closers:  # type: ignore[attr-defined]
        close()
    return answer.status_code


class TestDamage:
    @pytest.fixture
    def broken(self, golden: Image) -> Image:
        """An image whose bytes somebody has changed."""
        overwrite(golden.data, b"else")
        return golden

    def test_a_script_hears_it_as_json(self, cast: Cast, broken: Image) -> None:
        for _time in ("when it is found", "ever after"):
            answer = signed_in(cast.alice).get(url("image_download", cast.producer, broken))
            assert answer.status_code == 409
            assert "is damaged" in answer.json()["error"]
        assert not Event.objects.filter(verb="downloaded").exists()

    def test_a_browser_sees_a_page(self, cast: Cast, broken: Image) -> None:
        answer = signed_in(cast.alice).get(url("image_download", cast.producer, broken), headers=BROWSER)
        assert answer.status_code == 409
        assert "put back a backup" in answer.content.decode()

    def test_the_page_of_the_image_says_what_to_do(self, cast: Cast, broken: Image) -> None:
        client = signed_in(cast.alice)
        client.get(url("image_download", cast.producer, broken))
        page = client.get(url("image_detail", cast.producer, broken)).content.decode()
        assert "The data of this image is damaged." in page
        assert "upload it again as a new image" in page
        assert "were found damaged" in page
        assert "Its data is damaged, so that nobody gets it." in page

    def test_the_list_says_it(self, cast: Cast, broken: Image) -> None:
        ImageData.objects.update(damaged_at=timezone.now(), damage="Its bytes are wrong.")
        page = signed_in(cast.alice).get(reverse("image_list", args=[cast.acme.number])).content.decode()
        assert "Damaged" in page
        assert "Its bytes are wrong." in page

    def test_a_consumer_is_not_told_to_upload(self, cast: Cast, broken: Image) -> None:
        (result,) = offer(broken.pk, by=cast.producer, addresses=parse(cast.beta.number))
        accept(result.share.pk, by=cast.consumer)
        ImageData.objects.update(damaged_at=timezone.now(), damage="Its bytes are wrong.")
        page = signed_in(cast.bob).get(url("image_detail", cast.consumer, broken)).content.decode()
        assert "Its owner and whoever runs this panel have been told." in page

    def test_who_may_not_have_it_hears_that_and_no_more(self, cast: Cast, broken: Image) -> None:
        ImageData.objects.update(damaged_at=timezone.now(), damage="Its bytes are wrong.")
        assert signed_in(cast.bob).get(url("image_download", cast.consumer, broken)).status_code == 404
        offer(broken.pk, by=cast.producer, addresses=parse(cast.beta.number))
        assert signed_in(cast.bob).get(url("image_download", cast.consumer, broken)).status_code == 403

    def test_data_that_is_right_says_when_it_was_verified(self, cast: Cast, golden: Image) -> None:
        ImageData.objects.update(verified_at=timezone.now() - timedelta(days=3))
        page = signed_in(cast.alice).get(url("image_detail", cast.producer, golden)).content.decode()
        assert "Checksum verified" in page
        assert "3 days ago" in page


class TestDownloads:
    def test_the_owner_is_told_how_often(self, cast: Cast, golden: Image) -> None:
        Image.objects.update(visibility="community")
        for user, viewer in ((cast.alice, cast.producer), (cast.bob, cast.consumer), (cast.dave, cast.observer)):
            assert fetch(signed_in(user), url("image_download", viewer, golden)) == 200
        page = signed_in(cast.alice).get(url("image_detail", cast.producer, golden)).content.decode()
        assert " ".join(page.split()).count("Downloaded 3 times, last") == 1
        page = signed_in(cast.bob).get(url("image_detail", cast.consumer, golden)).content.decode()
        assert "Downloaded 2 times, last" in " ".join(page.split())

    def test_nothing_is_said_of_none(self, cast: Cast, golden: Image) -> None:
        assert (
            "Downloaded" not in signed_in(cast.alice).get(url("image_detail", cast.producer, golden)).content.decode()
        )

    def test_many_are_counted_no_further(self, cast: Cast, golden: Image, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(activity, "COUNT_CAP", 1)
        for user, viewer in ((cast.alice, cast.producer), (cast.carol, cast.creator)):
            fetch(signed_in(user), url("image_download", viewer, golden))
        page = signed_in(cast.alice).get(url("image_detail", cast.producer, golden)).content.decode()
        assert "Downloaded more than 1 time," in " ".join(page.split())

    def test_one_download_is_one_however_it_is_fetched(self, cast: Cast, golden: Image) -> None:
        client, address = signed_in(cast.alice), url("image_download", cast.producer, golden)
        for asked in ("bytes=0-0", "bytes=0-", "bytes=100-", "bytes=0-9,20-29"):
            assert fetch(client, address, Range=asked) == 206
        assert fetch(client, address) == 200
        assert Event.objects.filter(verb="downloaded").count() == 1

    def test_a_second_one_later_is_a_second_one(self, cast: Cast, golden: Image) -> None:
        client, address = signed_in(cast.alice), url("image_download", cast.producer, golden)
        fetch(client, address)
        Event._base_manager.update(at=timezone.now() - timedelta(minutes=2))
        fetch(client, address, Range="bytes=10-")
        assert Event.objects.filter(verb="downloaded").count() == 1
        fetch(client, address)
        assert Event.objects.filter(verb="downloaded").count() == 2

    def test_a_web_server_that_sends_it_changes_nothing(self, cast: Cast, golden: Image, settings: Settings) -> None:
        settings.SENDFILE = {"header": "X-Accel-Redirect", "prefix": "/protected/"}
        client, address = signed_in(cast.alice), url("image_download", cast.producer, golden)
        assert fetch(client, address, Range="bytes=0-9") == 200
        assert fetch(client, address, Range="bytes=10-") == 200
        assert Event.objects.filter(verb="downloaded").count() == 1

    def test_being_led_to_the_store_is_a_download(
        self, cast: Cast, golden: Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("images.stores.FileStore.link", lambda *_args, **_options: "https://objects.example.org/x")
        client, address = signed_in(cast.alice), url("image_download", cast.producer, golden)
        assert [fetch(client, address), fetch(client, address, Range="bytes=10-")] == [302, 302]
        assert client.head(address).status_code == 200
        assert Event.objects.filter(verb="downloaded").count() == 1

    def test_too_many_at_once_are_told_to_wait(self, cast: Cast, golden: Image, settings: Settings) -> None:
        settings.TRANSFERS = 0
        answer = signed_in(cast.alice).get(url("image_download", cast.producer, golden))
        assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_SECONDS))
        assert not Event.objects.filter(verb="downloaded").exists()

    def test_data_that_is_deleted_meanwhile_is_not_found(
        self, cast: Cast, golden: Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file_of(golden.data).unlink()
        ImageData.objects.update(removed_at=timezone.now())
        make_image(cast.acme, cast.alice)
        answer = signed_in(cast.alice).get(url("image_download", cast.producer, golden))
        assert answer.status_code == 404
        assert not ImageData.objects.filter(damaged_at__isnull=False).exists()
