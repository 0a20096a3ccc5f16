"""The pages of images: what they show, how many queries they cost, and what they refuse."""

import gzip
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.actions import verify
from accounts.models import Event
from accounts.viewer import Viewer
from images import actions
from images.actions import NewImage
from images.demo_disks import bootable_qcow2, bootable_raw
from images.models import Image, ImageData, Reference, Upload
from images.stores import get_store
from sharing.actions import accept, offer
from sharing.addresses import parse
from tests.factories import make_data, make_image, signed_in
from tests.people import Cast

pytestmark = pytest.mark.django_db

LONG_NAME = "a very long name " * 7 + "x"


def url(name: str, viewer: Viewer, pk: object = None, **kwargs: object) -> str:
    return reverse(name, kwargs={"number": viewer.account.number, **({"pk": pk} if pk else {}), **kwargs})


def share(image: Image, cast: Cast) -> None:
    """Offer an image to Beta Consumers, who accept it."""
    (result,) = offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    accept(result.share.pk, by=cast.consumer)


def close_file(answer: object) -> None:
    """Close the file of a download. ``close()`` would end the database connection of the test as well."""
    for close in answer._resource_closers:  # type: ignore[attr-defined]
        close()


class TestList:
    @pytest.mark.parametrize("number", [1, 30])
    def test_the_producers_list_costs_the_same_for_one_image_and_for_many(
        self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, number: int
    ) -> None:
        for _ in range(number):
            make_image(cast.acme, cast.alice)
        client, address = signed_in(cast.alice), url("image_list", cast.producer)
        client.get(address)
        with django_assert_num_queries(12):
            client.get(address)

    @pytest.mark.parametrize("number", [1, 30])
    def test_the_consumers_list_costs_the_same_for_one_image_and_for_many(
        self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, number: int
    ) -> None:
        for _ in range(number):
            share(make_image(cast.acme, cast.alice), cast)
        offer(make_image(cast.acme, cast.alice).pk, by=cast.producer, addresses=parse(cast.beta.number))
        make_image(cast.beta, cast.bob)
        client, address = signed_in(cast.bob), url("image_list", cast.consumer)
        client.get(address)
        with django_assert_num_queries(15):
            client.get(address)

    def test_a_click_is_answered_with_the_list_alone(self, cast: Cast, golden: Image) -> None:
        headers = {"HX-Request": "true", "HX-Target": "image-list"}
        answer = signed_in(cast.alice).get(url("image_list", cast.producer), headers=headers)
        assert answer.content.strip().startswith(b'<div id="image-list"')
        assert "HX-Request" in answer.headers["Vary"]

    def test_going_back_is_answered_with_the_whole_page(self, cast: Cast) -> None:
        headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
        answer = signed_in(cast.alice).get(url("image_list", cast.producer), headers=headers)
        assert b"<!DOCTYPE html>" in answer.content

    @pytest.mark.parametrize(
        "query",
        [
            "tab=nowhere&region=%00&status=x&source=x&sort=x",
            "after=garbage&before=%F0%9F",
            "after=WyJ0Iiw5OTk5OTk5OTk5OTk5OTk5OTksIjAwIl0",
            "q=%00",
            "q=" + "x" * 300,
            "sort=size&after=WyJzIiwiYSIsIjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwIl0",
        ],
    )
    def test_senseless_parameters_show_the_first_page(self, cast: Cast, golden: Image, query: str) -> None:
        answer = signed_in(cast.alice).get(f"{url('image_list', cast.producer)}?{query}")
        assert answer.status_code == 200
        assert golden.name in answer.content.decode()

    def test_a_shared_image_shows_its_own_label_and_its_producer(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        Reference.objects.create(account=cast.beta, image=golden, label="Our Debian", created_by=cast.bob)
        page = signed_in(cast.bob).get(url("image_list", cast.consumer)).content.decode()
        assert "Our Debian" in page
        assert "debian-12-golden · from Acme Producers" in page
        assert "Shared Image" in page
        assert "Verified" not in page

    @pytest.mark.parametrize("name", ["image_list", "image_detail"])
    def test_a_producer_is_vouched_for_by_staff(self, cast: Cast, golden: Image, name: str) -> None:
        share(golden, cast)
        address = url(name, cast.consumer, golden.pk if name == "image_detail" else None)
        verify(cast.acme_group, by=cast.root)
        page = signed_in(cast.bob).get(address).content.decode()
        assert "of Acme Group" in page
        assert "Verified</span>" in page
        verify(cast.acme, by=cast.root)
        page = signed_in(cast.bob).get(address).content.decode()
        assert "of Acme Group" not in page
        assert "Verified</span>" in page

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("", "Keep your first image"),
            ("?tab=shared", "Nothing is shared with this account yet"),
            ("?tab=community", "The community offers no images yet"),
            ("?tab=public", "There are no public images yet"),
            ("?q=nothing", "Search the community"),
            ("?status=active", "Clear search and filters"),
            ("?region=DFW", "Show all regions"),
        ],
    )
    def test_an_empty_list_teaches(self, cast: Cast, query: str, words: str) -> None:
        page = signed_in(cast.rhea).get(f"/a/{cast.rival.number}/images/{query}").content.decode()
        assert words in page

    def test_filters_that_are_set_can_be_taken_away(self, cast: Cast, golden: Image) -> None:
        page = signed_in(cast.alice).get(url("image_list", cast.producer) + "?q=golden&region=IAD").content.decode()
        assert "Remove the filter “golden”" in page
        assert f'href="{url("image_list", cast.producer)}?region=IAD"' in page

    def test_paging_goes_on_and_back(self, cast: Cast) -> None:
        for number in range(26):
            make_image(cast.acme, cast.alice, name=f"image-{number:02}")
        client = signed_in(cast.alice)
        first = client.get(url("image_list", cast.producer))
        assert "image-00" not in first.content.decode()
        second = client.get(first.context["older"]).content.decode()
        assert "image-00" in second
        assert 'rel="prev"' in second

    def test_an_observer_is_told_why_they_cannot_upload(self, cast: Cast) -> None:
        page = signed_in(cast.dave).get(url("image_list", cast.observer)).content.decode()
        assert "Only a creator or an admin of Beta Consumers can add images." in page


class TestDetail:
    def test_costs_fourteen_queries_for_the_producer(
        self, cast: Cast, golden: Image, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client, address = signed_in(cast.alice), url("image_detail", cast.producer, golden.pk)
        client.get(address)
        share(golden, cast)
        for number in range(5):
            make_image(cast.acme, cast.alice, parent=golden)
            golden.tags.create(name=str(number))
        with django_assert_num_queries(14):
            client.get(address)

    def test_costs_thirteen_queries_for_the_consumer(
        self, cast: Cast, golden: Image, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        share(golden, cast)
        client, address = signed_in(cast.bob), url("image_detail", cast.consumer, golden.pk)
        client.get(address)
        with django_assert_num_queries(13):
            client.get(address)

    def test_shows_what_is_known(self, cast: Cast, golden: Image) -> None:
        golden.properties = {"hw_disk_bus": "virtio"}
        golden.ports = [22, 443]
        golden.save()
        page = signed_in(cast.alice).get(url("image_detail", cast.producer, golden.pk)).content.decode()
        for known in (str(golden.pk), golden.data.checksum, golden.data.os_hash_value, "hw_disk_bus", "22, 443"):
            assert known in page

    def test_a_long_name_is_shown_whole(self, cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice, name=LONG_NAME)
        assert LONG_NAME in signed_in(cast.alice).get(url("image_detail", cast.producer, image.pk)).content.decode()

    def test_lineage_names_only_what_the_viewer_may_see(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        make_image(cast.acme, cast.alice, name="secret-child", parent=golden)
        make_image(cast.acme, cast.alice, name="open-child", parent=golden, visibility="public")
        page = signed_in(cast.bob).get(url("image_detail", cast.consumer, golden.pk)).content.decode()
        assert "open-child" in page
        assert "secret-child" not in page

    def test_a_consumer_does_not_see_who_works_for_the_producer(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        page = signed_in(cast.bob).get(url("image_detail", cast.consumer, golden.pk)).content.decode()
        activity = page.split('id="activity-title"')[1]
        assert "Acme Producers" in activity
        assert "alice" not in activity.split("</section>")[0]

    @pytest.mark.parametrize("pk", [uuid.uuid4(), uuid.UUID(int=0)])
    def test_an_id_that_never_existed_is_not_found(self, cast: Cast, pk: uuid.UUID) -> None:
        assert signed_in(cast.alice).get(url("image_detail", cast.producer, pk)).status_code == 404

    @pytest.mark.parametrize("part", ["1", "..", "%00", "x' OR 1=1", "8cf15f5e-46fd-4b86-9830-df19458cbf5"])
    def test_what_is_no_id_is_not_found(self, cast: Cast, part: str) -> None:
        answer = signed_in(cast.alice).get(f"/a/{cast.acme.number}/images/{part}/")
        assert answer.status_code in (404, 302)

    def test_a_deleted_image_is_not_found(self, cast: Cast, golden: Image) -> None:
        client = signed_in(cast.alice)
        client.post(url("image_delete", cast.producer, golden.pk))
        assert client.get(url("image_detail", cast.producer, golden.pk)).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "image_detail",
        "image_edit",
        "image_visibility",
        "image_deactivate",
        "image_delete",
        "image_download",
        "reference_edit",
    ],
)
def test_a_stranger_finds_nothing(cast: Cast, golden: Image, name: str) -> None:
    answer = signed_in(cast.rhea).get(reverse(name, kwargs={"number": cast.rival.number, "pk": golden.pk}))
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["image_edit", "image_deactivate", "image_delete"])
def test_a_creator_is_told_why_not(cast: Cast, golden: Image, name: str) -> None:
    answer = signed_in(cast.carol).get(url(name, cast.creator, golden.pk))
    assert answer.status_code == 403
    assert "Only an admin of Acme Producers can" in answer.content.decode()


class TestUploadPage:
    FORM = {"name": "Golden", "region": "IAD", "visibility": "private"}

    def post(self, client: Client, cast: Cast, **fields: object) -> Any:
        return client.post(url("image_upload", cast.producer), {**self.FORM, **fields})

    def test_a_plain_form_makes_an_image(self, cast: Cast) -> None:
        content = bootable_qcow2("Hello")
        answer = signed_in(cast.alice).post(
            url("image_upload", cast.producer),
            {**self.FORM, "tags": "golden, hardened, golden", "file": SimpleUploadedFile("disk.img", content)},
        )
        image = Image.objects.get()
        assert answer.headers["Location"] == url("image_detail", cast.producer, image.pk)
        assert (image.data.disk_format, image.data.size) == ("qcow2", len(content))
        assert [tag.name for tag in image.tags.all()] == ["golden", "hardened"]
        assert not Upload.objects.exists()

    def test_an_error_keeps_the_file_and_what_was_typed(self, cast: Cast) -> None:
        client = signed_in(cast.alice)
        file = SimpleUploadedFile("disk.img", bootable_raw("Hello"))
        answer = client.post(
            url("image_upload", cast.producer), {**self.FORM, "name": "", "description": "Kept <words>", "file": file}
        )
        page = answer.content.decode()
        upload = Upload.objects.get()
        assert answer.status_code == 422
        assert upload.status == "received"
        assert f'value="{upload.pk}"' in page
        assert "Kept &lt;words&gt;" in page
        answer = client.post(url("image_upload", cast.producer), {**self.FORM, "upload": str(upload.pk)})
        assert answer.status_code == 302
        assert Image.objects.get().data == ImageData.objects.get()

    def test_a_form_without_a_file_says_so(self, cast: Cast) -> None:
        answer = signed_in(cast.alice).post(url("image_upload", cast.producer), self.FORM)
        assert answer.status_code == 422
        assert "Choose the disk image to upload." in answer.content.decode()

    def test_a_refused_file_is_told_at_its_field(self, cast: Cast) -> None:
        file = SimpleUploadedFile("notes.txt", b"These are words, not a disk." * 100)
        answer = signed_in(cast.alice).post(url("image_upload", cast.producer), {**self.FORM, "file": file})
        assert answer.status_code == 422
        assert answer.context["form"].errors["file"]
        assert 'value="Golden"' in answer.content.decode()
        assert not Upload.objects.exists()
        assert not ImageData.objects.exists()

    def test_a_file_of_somebody_else_is_no_file_of_ours(self, cast: Cast) -> None:
        theirs = signed_in(cast.bob)
        theirs.post(
            url("image_upload", cast.consumer), {"name": "", "file": SimpleUploadedFile("disk.img", bootable_raw("Hi"))}
        )
        answer = signed_in(cast.alice).post(
            url("image_upload", cast.producer), {**self.FORM, "upload": str(Upload.objects.get().pk)}
        )
        assert "no longer here" in answer.content.decode()
        assert not Image.objects.exists()

    def test_an_observer_may_not_even_begin(self, cast: Cast) -> None:
        assert signed_in(cast.dave).get(url("image_upload", cast.observer)).status_code == 403
        answer = signed_in(cast.dave).post(
            url("image_upload", cast.observer), {"file": SimpleUploadedFile("disk.img", bootable_raw("Hi"))}
        )
        assert answer.status_code == 403
        assert not ImageData.objects.exists()

    def test_another_site_may_not_send_the_form(self, cast: Cast) -> None:
        file = SimpleUploadedFile("disk.img", bootable_raw("Hi"))
        answer = signed_in(cast.alice).post(
            url("image_upload", cast.producer), {**self.FORM, "file": file}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403
        assert not ImageData.objects.exists()

    def test_a_creator_cannot_choose_community(self, cast: Cast) -> None:
        file = SimpleUploadedFile("disk.img", bootable_raw("Hi"))
        answer = signed_in(cast.carol).post(
            url("image_upload", cast.producer), {**self.FORM, "visibility": "community", "file": file}
        )
        assert answer.context["form"].errors["visibility"]

    def test_the_first_recipients_are_asked(self, cast: Cast) -> None:
        file = SimpleUploadedFile("disk.img", bootable_raw("Hi"))
        fields = {**self.FORM, "visibility": "shared", "recipients": "bob, stranger@example.com", "file": file}
        assert signed_in(cast.alice).post(url("image_upload", cast.producer), fields).status_code == 302
        assert Image.objects.get().shares.filter(status="pending").count() == 2

    def test_wrong_recipients_keep_the_file(self, cast: Cast) -> None:
        file = SimpleUploadedFile("disk.img", bootable_raw("Hi"))
        fields = {**self.FORM, "visibility": "shared", "recipients": "1234567890", "file": file}
        answer = signed_in(cast.alice).post(url("image_upload", cast.producer), fields)
        assert answer.context["form"].errors["recipients"]
        assert not Image.objects.exists()
        assert Upload.objects.get().status == "received"

    def test_recipients_need_a_shared_image(self, cast: Cast) -> None:
        file = SimpleUploadedFile("disk.img", bootable_raw("Hi"))
        answer = signed_in(cast.alice).post(
            url("image_upload", cast.producer), {**self.FORM, "recipients": "bob", "file": file}
        )
        assert answer.context["form"].errors["recipients"]

    def test_a_refused_file_leaves_nothing(self, cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
        file = SimpleUploadedFile("notes.txt", b"These are words, not a disk." * 100)
        with django_capture_on_commit_callbacks(execute=True):
            self.post(signed_in(cast.alice), cast, file=file)
        assert not Upload.objects.exists()
        assert list(get_store().stored()) == []

    @pytest.mark.parametrize("name", ["disk.img.gz", "DISK.IMG.GZ"])
    def test_an_archive_of_a_form_is_known_by_its_name(
        self, cast: Cast, work_through: Callable[[], int], name: str
    ) -> None:
        packed = SimpleUploadedFile(name, gzip.compress(bootable_raw("Hi")))
        answer = self.post(signed_in(cast.alice), cast, file=packed)
        assert answer.headers["Location"] == url("image_list", cast.producer)
        assert Upload.objects.get().plan
        work_through()
        assert Image.objects.get().data.size == len(bootable_raw("Hi"))
        assert not Upload.objects.exists()

    def test_a_form_whose_line_broke_can_be_gone_on_with(self, cast: Cast) -> None:
        with pytest.raises(ConnectionError), actions.receive_form_file(by=cast.producer, filename="a.img") as sink:
            sink.feed(bootable_raw("Hi")[:1000])
            raise ConnectionError
        client, upload = signed_in(cast.alice), Upload.objects.get()
        page = client.get(url("image_upload", cast.producer)).content.decode()
        assert f'href="{url("image_upload", cast.producer)}?upload={upload.pk}"' in page
        chosen = client.get(f"{url('image_upload', cast.producer)}?upload={upload.pk}").content.decode()
        assert "Choose “a.img” again" in " ".join(chosen.split())

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"offset": 43, "size": 100}, "Interrupted 43 %"),
            ({"status": "receiving", "offset": 43, "size": 100, "claim": uuid.uuid4()}, "Uploading 43 %"),
            ({"status": "processing", "percent": 12}, "Unpacking 12 %"),
            ({"status": "processing", "plan": {}}, "Unpacking"),
            ({"status": "failed", "problem": "This is a text file."}, "This is a text file."),
            ({"problem": "There is no room left."}, "There is no room left."),
        ],
    )
    def test_unfinished_uploads_say_how_far_they_are(self, cast: Cast, columns: dict[str, object], words: str) -> None:
        actions.start_upload(by=cast.producer, filename="debian.qcow2")
        Upload.objects.update(seen_at=timezone.now(), **columns)
        page = signed_in(cast.alice).get(url("image_upload", cast.producer)).content.decode()
        assert words in page
        assert "Kept until" in page
        assert "tomorrow " in page

    def test_a_form_with_a_file_waits_for_a_slot(self, cast: Cast, settings: Settings) -> None:
        settings.TRANSFERS = 0
        client = signed_in(cast.alice)
        answer = self.post(client, cast, file=SimpleUploadedFile("disk.img", bootable_raw("Hi")))
        assert answer.status_code == 503
        assert "Nothing is lost" in answer.content.decode()
        assert int(answer.headers["Retry-After"]) > 0
        assert self.post(client, cast).status_code == 422

    def test_what_did_not_fit_any_more_comes_back_with_all_that_was_said(self, cast: Cast) -> None:
        facts = {"description": "Our base.", "min_disk": 4, "min_ram": 0, "ports": [22, 443]}
        new = NewImage("Golden", cast.iad, facts=facts, tags=["base"])
        upload = actions.start_upload(by=cast.producer, filename="disk.img")
        actions.receive_upload(upload.pk, by=cast.producer, chunks=[bootable_raw("Hi")])
        Upload.objects.update(plan=new.plan(), problem="IAD takes no new images.")
        cast.iad.closed_at = timezone.now()
        cast.iad.save()
        client, address = signed_in(cast.alice), url("image_upload", cast.producer)
        page = client.get(f"{address}?upload={upload.pk}")
        form = page.context["form"]
        shown = {name: form[name].value() for name in ("name", "description", "min_disk", "min_ram", "tags", "ports")}
        assert shown == {**facts, "name": "Golden", "tags": "base", "ports": "22, 443", "min_ram": None}
        assert form["region"].value() != "IAD"
        assert "IAD takes no new images." in client.get(address).content.decode()

    def test_unfinished_uploads_can_be_used_or_discarded(
        self, cast: Cast, django_capture_on_commit_callbacks: Any
    ) -> None:
        client = signed_in(cast.alice)
        file = SimpleUploadedFile("disk.img", bootable_raw("Hi"))
        client.post(url("image_upload", cast.producer), {**self.FORM, "name": "", "file": file})
        upload = Upload.objects.get()
        assert "Unfinished uploads" in client.get(url("image_upload", cast.producer)).content.decode()
        chosen = client.get(f"{url('image_upload', cast.producer)}?upload={upload.pk}")
        assert chosen.context["chosen"].upload == upload
        with django_capture_on_commit_callbacks(execute=True):
            client.post(url("upload_discard", cast.producer, upload.pk))
        assert not Upload.objects.exists()
        assert not get_store().exists(ImageData.objects.get().store_key)


class TestDownload:
    def test_gives_the_bytes_under_the_images_name(self, cast: Cast) -> None:
        content = bootable_raw("Exactly these")
        image = make_image(cast.acme, cast.alice, data=make_data(content), name="Ångström")
        answer = signed_in(cast.alice).get(url("image_download", cast.producer, image.pk))
        assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]
        assert "%C3%85ngstr%C3%B6m.raw" in answer.headers["Content-Disposition"]

    def test_is_written_down_once_however_many_ranges_it_takes(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        client, address = signed_in(cast.bob), url("image_download", cast.consumer, golden.pk)
        for part in ("bytes=0-99", "bytes=100-199", "bytes=200-"):
            answer = client.get(address, headers={"Range": part})
            assert answer.status_code == 206
            close_file(answer)
        close_file(client.head(address))
        assert Event.objects.filter(verb="downloaded", account=cast.beta, actor=cast.bob).count() == 1

    def test_who_leaves_out_the_first_byte_is_seen_as_well(self, cast: Cast, golden: Image) -> None:
        close_file(
            signed_in(cast.alice).get(url("image_download", cast.producer, golden.pk), headers={"Range": "bytes=1-"})
        )
        assert Event.objects.filter(verb="downloaded", actor=cast.alice).count() == 1

    def test_a_pending_offer_gives_no_bytes(self, cast: Cast, golden: Image) -> None:
        offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
        client = signed_in(cast.bob)
        assert client.get(url("image_detail", cast.consumer, golden.pk)).status_code == 200
        answer = client.get(url("image_download", cast.consumer, golden.pk))
        assert answer.status_code == 403
        assert "Accept the offer first." in answer.content.decode()


class TestChanges:
    def test_edit_keeps_what_was_typed(self, cast: Cast, golden: Image) -> None:
        fields = {"name": "", "properties": "no equals sign", "ports": "22, ssh", "tags": "kept"}
        answer = signed_in(cast.alice).post(url("image_edit", cast.producer, golden.pk), fields)
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"name", "properties", "ports"}
        for typed in ("no equals sign", "22, ssh", "kept"):
            assert typed in answer.content.decode()

    def test_edit_changes_what_was_typed(self, cast: Cast, golden: Image) -> None:
        fields = {
            "name": "Renamed",
            "properties": "hw_disk_bus = virtio\n\nos_admin_user=root",
            "ports": "443 22",
            "tags": "b, a",
            "min_disk": "10",
            "hidden": "on",
        }
        signed_in(cast.alice).post(url("image_edit", cast.producer, golden.pk), fields)
        golden.refresh_from_db()
        assert golden.properties == {"hw_disk_bus": "virtio", "os_admin_user": "root"}
        assert (golden.name, golden.ports, golden.min_disk, golden.hidden) == ("Renamed", [22, 443], 10, True)

    def test_the_edit_form_begins_with_what_is(self, cast: Cast, golden: Image) -> None:
        golden.ports, golden.properties = [22], {"a": "b"}
        golden.save()
        golden.tags.create(name="tagged")
        page = signed_in(cast.alice).get(url("image_edit", cast.producer, golden.pk)).content.decode()
        for known in (golden.name, "tagged", 'value="22"', "a=b"):
            assert known in page

    def test_visibility_says_who_loses_access(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        client = signed_in(cast.alice)
        page = client.get(url("image_visibility", cast.producer, golden.pk)).content.decode()
        assert "1 recipient can no longer see the image" in page
        assert "Only staff can make an image public" in page
        client.post(url("image_visibility", cast.producer, golden.pk), {"visibility": "private"})
        golden.refresh_from_db()
        assert golden.visibility == "private"
        assert signed_in(cast.bob).get(url("image_detail", cast.consumer, golden.pk)).status_code == 404

    def test_public_is_refused_however_it_is_sent(self, cast: Cast, golden: Image) -> None:
        answer = signed_in(cast.alice).post(url("image_visibility", cast.producer, golden.pk), {"visibility": "public"})
        assert answer.status_code == 422
        golden.refresh_from_db()
        assert golden.visibility == "private"

    def test_protection_refuses_the_deletion_and_can_be_undone(self, cast: Cast, golden: Image) -> None:
        client = signed_in(cast.alice)
        said = client.post(url("image_protect", cast.producer, golden.pk), follow=True).content.decode()
        assert url("image_unprotect", cast.producer, golden.pk) in said
        assert client.post(url("image_delete", cast.producer, golden.pk)).status_code == 409
        client.post(url("image_unprotect", cast.producer, golden.pk))
        assert client.post(url("image_delete", cast.producer, golden.pk)).status_code == 302

    def test_deactivating_is_confirmed_and_taken_back(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        client = signed_in(cast.alice)
        assert (
            "Nobody can boot servers" in client.get(url("image_deactivate", cast.producer, golden.pk)).content.decode()
        )
        client.post(url("image_deactivate", cast.producer, golden.pk))
        answer = signed_in(cast.bob).get(url("image_download", cast.consumer, golden.pk))
        assert "The image is deactivated by its owner." in answer.content.decode()
        client.post(url("image_reactivate", cast.producer, golden.pk))
        answer = signed_in(cast.bob).get(url("image_download", cast.consumer, golden.pk))
        assert answer.status_code == 200
        close_file(answer)

    def test_confirmations_open_in_the_dialog(self, cast: Cast, golden: Image) -> None:
        answer = signed_in(cast.alice).get(url("image_delete", cast.producer, golden.pk), headers={"X-Dialog": "1"})
        assert answer.content.strip().startswith(b'<div class="dialog-content">')

    def test_messages_escape_names(self, cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice, name="<script>alert(1)</script>")
        client = signed_in(cast.alice)
        for name in ("image_protect", "image_unprotect"):
            page = client.post(url(name, cast.producer, image.pk), follow=True).content.decode()
            assert "<script>alert" not in page


class TestReferences:
    def test_a_label_is_for_everybody_in_the_account(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        fields = {"label": "Our Debian", "notes": "Ask Bob.", "default_login": "debian", "ports": "22"}
        signed_in(cast.bob).post(url("reference_edit", cast.consumer, golden.pk), fields)
        page = signed_in(cast.dave).get(url("image_detail", cast.observer, golden.pk)).content.decode()
        assert "Our Debian" in page
        assert "Ask Bob." in page
        assert "Our Debian" not in signed_in(cast.alice).get(url("image_list", cast.producer)).content.decode()

    def test_a_community_image_is_added_and_taken_out(self, cast: Cast, golden: Image) -> None:
        Image.objects.update(visibility="community")
        client = signed_in(cast.bob)
        listed = client.post(url("reference_add", cast.consumer, golden.pk), follow=True)
        assert golden.name in [row.name for row in listed.context["rows"]]
        without = client.post(url("reference_remove", cast.consumer, golden.pk), follow=True)
        assert without.context["rows"] == []

    def test_an_observer_cannot_label(self, cast: Cast, golden: Image) -> None:
        share(golden, cast)
        answer = signed_in(cast.dave).post(url("reference_edit", cast.observer, golden.pk), {"label": "x"})
        assert answer.status_code == 403
        assert not Reference.objects.exists()
