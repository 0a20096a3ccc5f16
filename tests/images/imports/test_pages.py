"""The pages of imports, and the section "On its way"."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.viewer import Viewer
from images import actions
from images.actions import NewImage
from images.incoming import Arrival, incoming_of
from images.models import Conversion, Import, Upload
from tests.factories import make_data, make_image, signed_in
from tests.people import Cast

pytestmark = pytest.mark.django_db

ADDRESS = "https://mirror.example/debian-12.qcow2"
FORM = {"url": ADDRESS, "region": "IAD", "visibility": "private"}

BY_ITSELF = "The image is made by itself when this is done."


@pytest.fixture(autouse=True)
def public(settings: Settings) -> None:
    """Imports go to public addresses, as they do by default."""
    settings.IMPORT_HOSTS, settings.IMPORT_PORTS = ["*"], [80, 443]


def url(name: str, viewer: Viewer, **kwargs: object) -> str:
    return reverse(name, kwargs={"number": viewer.account.number, **kwargs})


def begin(cast: Cast, *, by: Viewer | None = None, **columns: Any) -> Upload:
    """An import of Alice, with these columns."""
    new = NewImage(name="Golden", region=cast.iad)
    upload = actions.start_import(by=by or cast.producer, url=ADDRESS, new=new)
    Upload.objects.filter(pk=upload.pk).update(**columns)
    return upload


def arrival(viewer: Viewer) -> Arrival:
    (only,) = incoming_of(viewer).arrivals
    return only


# --- The form ---------------------------------------------------------------------------------------


def test_an_address_is_enough(cast: Cast) -> None:
    answer = signed_in(cast.alice).post(url("image_import", cast.producer), FORM, follow=True)
    upload = Upload.objects.get()
    assert (upload.fetch.url, upload.title) == (ADDRESS, "debian-12")
    assert answer.redirect_chain == [(url("image_list", cast.producer), 302)]
    assert "“debian-12” is on its way." in answer.content.decode()


def test_everything_that_can_be_said_is_planned(cast: Cast) -> None:
    more = {"name": "Golden", "checksum": "A1" * 16, "os_family": "Debian", "tags": "golden", "min_disk": "4"}
    signed_in(cast.alice).post(url("image_import", cast.producer), FORM | more)
    upload = Upload.objects.get()
    assert upload.expected_checksum == f"md5:{'a1' * 16}"
    assert upload.plan is not None
    assert (upload.plan["name"], upload.plan["tags"], upload.plan["facts"]["min_disk"]) == ("Golden", ["golden"], 4)


def test_a_checksum_may_be_an_address(cast: Cast) -> None:
    signed_in(cast.alice).post(
        url("image_import", cast.producer), FORM | {"checksum": "https://mirror.example/SHA256SUMS"}
    )
    upload = Upload.objects.get()
    assert (upload.fetch.checksum_url, upload.expected_checksum) == ("https://mirror.example/SHA256SUMS", "")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": ""}, "Give the address of the disk image."),
        ({"url": "http://169.254.169.254/latest"}, "Only addresses that anybody on the internet can open"),
        ({"url": "http://2130706433/"}, "Write the name of the server in its usual form"),
        ({"url": "file:///etc/passwd"}, "This is no address that we can open."),
        ({"url": "https://u:p@mirror.example/x"}, "Leave out the login and the password"),
        ({"url": "https://mirror.example/"}, "Give the image a name"),
        ({"url": "https://mirror.example/disk.img.gz"}, "This looks like a gzip or xz archive."),
        ({"checksum": "abc"}, "This is no md5, sha256 or sha512."),
        ({"checksum": "http://127.0.0.1/SUMS"}, "Only addresses that anybody on the internet can open"),
        ({"visibility": "public"}, "Only staff can make an image public"),
        ({"name": "two\nlines"}, "line"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_lost(cast: Cast, fields: dict[str, str], message: str) -> None:
    answer = signed_in(cast.alice).post(
        url("image_import", cast.producer), FORM | {"description": "Kept <words>"} | fields
    )
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert "Kept &lt;words&gt;" in answer.content.decode()
    assert not Upload.objects.exists()


def test_a_full_quota_is_told(cast: Cast, settings: Settings) -> None:
    settings.QUOTA = settings.QUOTA | {"imports": 0}
    answer = signed_in(cast.alice).post(url("image_import", cast.producer), FORM)
    assert answer.status_code == 422
    assert "Wait until one is done, or discard one." in answer.content.decode()


def test_an_observer_is_told_why_not(cast: Cast) -> None:
    answer = signed_in(cast.dave).get(url("image_import", cast.observer))
    assert answer.status_code == 403
    assert "can add images" in answer.content.decode()


# --- On its way -------------------------------------------------------------------------------------


def test_the_list_shows_what_is_on_its_way_in_one_query(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        begin(cast)
        actions.start_upload(by=cast.creator, filename="disk.img")
    viewer = cast.producer
    with django_assert_num_queries(1):
        assert len(incoming_of(viewer).arrivals) == 10
    assert len(incoming_of(cast.creator).arrivals) == 5
    assert "On its way" in signed_in(cast.alice).get(url("image_list", cast.producer)).content.decode()


def test_observers_and_others_see_nothing_on_its_way(cast: Cast) -> None:
    begin(cast)
    assert incoming_of(cast.observer).arrivals == []
    assert incoming_of(cast.consumer).arrivals == []


@pytest.mark.parametrize(
    ("columns", "fetch", "words", "note", "is_moving"),
    [
        ({}, {}, "Waiting", "It begins as soon as there is room.", True),
        ({"problem": "The server answers 404."}, {}, "Stopped", "The server answers 404.", False),
        ({"status": "failed", "problem": "No image."}, {}, "Failed", "No image.", False),
        ({"status": "processing", "percent": 30}, {}, "Unpacking", BY_ITSELF, True),
        ({"status": "receiving"}, {}, "Waiting", "Nothing has come for a while. It goes on by itself.", True),
    ],
)
def test_a_state_is_told_in_words(
    cast: Cast, columns: dict[str, Any], fetch: dict[str, Any], words: str, note: str, is_moving: bool
) -> None:
    begin(cast, **columns)
    state = arrival(cast.producer).state
    assert (state.words, state.note, state.is_moving) == (words, note, is_moving)


def test_a_wait_is_counted_down(cast: Cast) -> None:
    upload = begin(cast, problem="The line broke.")
    Import.objects.update(next_at=timezone.now() + timedelta(seconds=12))
    assert arrival(cast.producer).state.note == "Trying again in 12 s: The line broke."
    Import.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert arrival(cast.producer).state.note == "Trying again: The line broke."
    assert [step.name for step in arrival(cast.producer).steps] == ["retry", "end"]
    assert upload.title == "Golden"


def test_progress_is_told_with_speed_and_time_left(cast: Cast) -> None:
    begin(cast, status="receiving", claim=uuid.uuid4(), seen_at=timezone.now())
    Upload.objects.update(size=400 * 1024**2, offset=100 * 1024**2, rate=10 * 1024**2)
    here = arrival(cast.producer)
    assert (here.state.words, here.percent, here.time_left) == ("Importing", 25, "30 s")
    text = signed_in(cast.alice).get(url("image_list", cast.producer)).content.decode()
    for part in ("25 %", "10 MiB", "/s", "30 s left", 'value="25"', "Cancel", "debian-12.qcow2"):
        assert part in text


def test_an_interrupted_upload_is_continued_or_discarded(cast: Cast) -> None:
    upload = actions.start_upload(by=cast.producer, filename="disk.img", size=100)
    Upload.objects.update(offset=50)
    here = arrival(cast.producer)
    assert (here.state.words, here.percent) == ("Interrupted", 50)
    assert [(step.label, step.url) for step in here.steps] == [
        ("Continue", f"{url('image_upload', cast.producer)}?upload={upload.pk}"),
        ("Discard", url("upload_discard", cast.producer, pk=upload.pk)),
    ]


def test_what_has_come_is_finished(cast: Cast) -> None:
    begin(cast, status="received", data=make_data(), plan=None, problem="Choose another region.")
    here = arrival(cast.producer)
    assert (here.state.words, here.state.note) == ("Not an image yet", "Choose another region.")
    assert [step.label for step in here.steps] == ["Finish", "Discard"]


def test_a_conversion_names_its_image(cast: Cast) -> None:
    image = make_image(cast.acme, cast.alice, name="base")
    upload = begin(cast, origin="conversion", status="processing", percent=7)
    Conversion.objects.create(upload=upload, image=image, disk_format="vmdk")
    here = arrival(cast.producer)
    assert (here.kind, here.source, here.state.words, here.percent) == ("Conversion", "base as vmdk", "Converting", 7)


def test_the_section_asks_for_itself_only_while_something_moves(cast: Cast) -> None:
    client, address = signed_in(cast.alice), url("image_incoming", cast.producer)
    upload = begin(cast)
    moving = client.get(f"{address}?shown=1", headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in moving.content.decode()
    assert "HX-Trigger" not in moving.headers
    Upload.objects.filter(pk=upload.pk).update(problem="The server answers 404.")
    assert "hx-trigger" not in client.get(address, headers={"HX-Request": "true"}).content.decode()


def test_the_list_is_told_when_something_has_come(cast: Cast) -> None:
    answer = signed_in(cast.alice).get(
        f"{url('image_incoming', cast.producer)}?shown=1", headers={"HX-Request": "true"}
    )
    assert "images-changed" in answer.headers["HX-Trigger"]


@pytest.mark.parametrize("shown", ["", "x", "-1", "٣", "9" * 50])
def test_any_number_is_taken_for_what_is_shown(cast: Cast, shown: str) -> None:
    answer = signed_in(cast.alice).get(f"{url('image_incoming', cast.producer)}?shown={shown}")
    assert "Nothing is on its way" in answer.content.decode()


def test_without_a_script_it_is_a_page(cast: Cast) -> None:
    begin(cast)
    assert "Refresh" in signed_in(cast.alice).get(url("image_incoming", cast.producer)).content.decode()


def test_more_than_a_page_of_it_is_cut_with_a_word_and_nothing_is_lost(cast: Cast) -> None:
    first = actions.start_upload(by=cast.producer, filename="first.img", size=2**20)
    rows = [Upload(account=cast.acme, created_by=cast.alice, filename=f"{n}.img", size=1) for n in range(50)]
    for row in rows:
        row.origin, row.status, row.expires_at = Upload.Origin.IMPORT, Upload.Status.FAILED, first.expires_at
    Upload.objects.bulk_create(rows)
    Import.objects.bulk_create(Import(upload=row, url="https://example.org/disk.img") for row in rows)
    client = signed_in(cast.alice)
    section = client.get(url("image_incoming", cast.producer)).content.decode()
    assert section.count('class="arrival') >= 50
    assert "The newest 50 are shown." in section
    assert "first.img" not in section
    page = client.get(url("image_upload", cast.producer), {"upload": str(first.pk)}).content.decode()
    assert "first.img" in page


# --- Cancel and try again ---------------------------------------------------------------------------


def test_an_import_is_cancelled_from_the_list(cast: Cast) -> None:
    upload = begin(cast)
    answer = signed_in(cast.alice).post(
        url("upload_discard", cast.producer, pk=upload.pk), {"next": url("image_list", cast.producer)}, follow=True
    )
    assert answer.redirect_chain == [(url("image_list", cast.producer), 302)]
    assert "The import is cancelled" in answer.content.decode()
    assert not Upload.objects.exists()


def test_an_import_is_tried_again_from_the_list(cast: Cast) -> None:
    upload = begin(cast, problem="The server answers 404.")
    answer = signed_in(cast.alice).post(url("import_retry", cast.producer, pk=upload.pk), follow=True)
    assert "“Golden” is tried again." in answer.content.decode()
    upload.refresh_from_db()
    assert upload.problem == ""


def test_trying_again_without_room_says_so(cast: Cast, settings: Settings) -> None:
    upload = begin(cast, status="failed", problem="No image.")
    settings.QUOTA = settings.QUOTA | {"imports": 0}
    answer = signed_in(cast.alice).post(url("import_retry", cast.producer, pk=upload.pk), follow=True)
    assert "Wait until one is done" in answer.content.decode()


def test_an_upload_is_discarded_from_the_list(cast: Cast) -> None:
    upload = actions.start_upload(by=cast.producer, filename="disk.img")
    back = url("image_list", cast.producer)
    answer = signed_in(cast.alice).post(url("upload_discard", cast.producer, pk=upload.pk), {"next": back})
    assert answer.headers["Location"] == back
