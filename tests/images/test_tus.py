"""The tus protocol, rule by rule (https://tus.io/protocols/resumable-upload)."""

import base64
import gzip
import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.viewer import Viewer
from images import actions
from images.actions import claims, reception
from images.demo_disks import bootable_raw
from images.models import ImageData, Upload
from images.stores import get_store
from images.transfers.slots import hold
from images.views.tus import ALGORITHMS, BYTES
from tests.people import Cast

pytestmark = pytest.mark.django_db

DISK = bootable_raw("Hello")
HALF = len(DISK) // 2
TUS = {"Tus-Resumable": "1.0.0"}


class Sender:
    """Somebody with a client of the protocol."""

    def __init__(self, user: User, viewer: Viewer, **options: Any) -> None:
        self.client = Client(**options)
        self.client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        self.collection = reverse("upload_collection", kwargs={"number": viewer.account.number})

    def create(self, size: object = len(DISK), *, headers: Mapping[str, Any] | None = None, **told: str) -> Any:
        """POST: make an upload."""
        named = {"Upload-Metadata": metadata(**told)} if told else {}
        every = TUS | named | {"Upload-Length": str(size)} | dict(headers or {})
        return self.client.post(self.collection, headers=every, content_type="")

    def begin(self, size: int = len(DISK), **told: str) -> str:
        """The address of a new upload."""
        answer = self.create(size, headers=None, **told)
        assert answer.status_code == 201, answer.content
        return str(answer.headers["Location"])

    def head(self, url: str) -> Any:
        """HEAD: how far it is."""
        return self.client.head(url, headers=TUS)

    def patch(self, url: str, offset: object, body: bytes, *, kind: str = BYTES, **headers: str) -> Any:
        """PATCH: send bytes."""
        told = {name.replace("_", "-"): text for name, text in headers.items()}
        every = TUS | {"Upload-Offset": str(offset), "Content-Type": kind, "Content-Length": str(len(body))} | told
        return self.client.patch(url, body, content_type=kind, headers=every)

    def delete(self, url: str) -> Any:
        """DELETE: discard it."""
        return self.client.delete(url, headers=TUS)

    def state(self, url: str) -> dict[str, Any]:
        """GET: what our own script asks for."""
        found: dict[str, Any] = self.client.get(url).json()
        return found


def metadata(**told: str) -> str:
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in told.items())


def checksum(algorithm: str, body: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"


def where(answer: Any) -> tuple[int, int]:
    return answer.status_code, int(answer.headers["Upload-Offset"])


@pytest.fixture
def carol(cast: Cast) -> Sender:
    return Sender(cast.carol, cast.creator)


class TestCore:
    def test_a_file_comes_in_two_parts(self, carol: Sender) -> None:
        url = carol.begin(filename="disk.img")
        assert where(carol.head(url)) == (200, 0)
        assert where(carol.patch(url, 0, DISK[:HALF])) == (204, HALF)
        head = carol.head(url)
        assert where(head) == (200, HALF)
        assert head.headers["Upload-Length"] == str(len(DISK))
        assert where(carol.patch(url, HALF, DISK[HALF:])) == (204, len(DISK))
        data = ImageData.objects.get()
        assert data.os_hash_value == hashlib.sha512(DISK).hexdigest()
        assert where(carol.head(url)) == (200, len(DISK))

    def test_every_answer_names_the_version_and_is_kept_by_nobody(self, carol: Sender) -> None:
        url = carol.begin()
        options = carol.client.options(url)
        for answer in (carol.head(url), carol.patch(url, 5, b""), carol.patch(url, 0, b"", kind="text/plain"), options):
            assert answer.headers["Tus-Resumable"] == "1.0.0"
            assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("version", ["0.2.2", "2.0.0", ""])
    @pytest.mark.parametrize("method", ["head", "patch", "delete"])
    def test_another_version_is_told_ours_and_changes_nothing(self, carol: Sender, method: str, version: str) -> None:
        url = carol.begin()
        headers = {"Tus-Resumable": version, "Upload-Offset": "0"} if version else {"Upload-Offset": "0"}
        answer = getattr(carol.client, method)(url, headers=headers)
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
        assert Upload.objects.get().status == "waiting"

    def test_options_tell_what_the_server_can_do_to_whoever_asks(self, carol: Sender) -> None:
        answer = carol.client.options(carol.collection)
        told = {name: answer.headers[name] for name in answer.headers if name.startswith("Tus-")}
        assert answer.status_code == 204
        assert told == {
            "Tus-Resumable": "1.0.0",
            "Tus-Version": "1.0.0",
            "Tus-Extension": "creation,creation-with-upload,expiration,checksum,termination",
            "Tus-Max-Size": str(settings.IMAGE_MAX_BYTES),
            "Tus-Checksum-Algorithm": "sha1,md5,sha256,sha512",
        }

    @pytest.mark.parametrize("offset", [1, HALF + 1, len(DISK)])
    def test_a_wrong_offset_is_a_conflict(self, carol: Sender, offset: int) -> None:
        url = carol.begin()
        assert carol.patch(url, offset, b"" if offset == len(DISK) else DISK[-1:]).status_code == 409
        assert where(carol.head(url)) == (200, 0)

    @pytest.mark.parametrize("offset", ["", "-1", "1.5", "x", "٣", "9" * 19])
    def test_a_senseless_offset_is_refused(self, carol: Sender, offset: str) -> None:
        answer = carol.patch(carol.begin(), offset, DISK)
        assert answer.status_code == 400
        assert "Upload-Offset has to be a number" in answer.json()["error"]

    @pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain", "multipart/form-data; boundary=x"])
    def test_another_content_type_is_refused(self, carol: Sender, kind: str) -> None:
        assert carol.patch(carol.begin(), 0, DISK, kind=kind).status_code == 415

    def test_more_than_announced_is_refused_before_it_is_read(self, carol: Sender) -> None:
        url = carol.begin(size=HALF)
        assert carol.patch(url, 0, DISK).status_code == 413
        assert where(carol.head(url)) == (200, 0)

    def test_an_upload_that_never_was_is_not_found(self, carol: Sender) -> None:
        url = f"{carol.collection}{uuid.uuid4()}/"
        assert {carol.head(url).status_code, carol.patch(url, 0, DISK).status_code, carol.delete(url).status_code} == {
            404
        }

    def test_others_find_nothing(self, carol: Sender, cast: Cast) -> None:
        url = carol.begin()
        bob = Sender(cast.bob, cast.consumer)
        mine = Sender(cast.alice, cast.producer).begin()
        assert bob.head(url.replace(cast.acme.number, cast.beta.number)).status_code == 404
        assert bob.head(url).status_code == 404
        assert carol.head(mine).status_code == 404

    def test_a_method_can_be_named_in_a_header(self, carol: Sender) -> None:
        url = carol.begin()
        headers = TUS | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        assert where(carol.client.post(url, DISK, content_type=BYTES, headers=headers)) == (204, len(DISK))
        headers = TUS | {"X-HTTP-Method-Override": "DELETE"}
        assert carol.client.post(url, content_type="", headers=headers).status_code == 204
        assert not Upload.objects.exists()

    def test_only_one_sends_at_a_time(self, carol: Sender, cast: Cast) -> None:
        url = carol.begin()
        actions.claims.claim(Upload.objects.get())
        for answer in (carol.head(url), carol.patch(url, 0, DISK)):
            assert answer.status_code == 423
            assert int(answer.headers["Retry-After"]) > 0

    def test_whoever_falls_silent_is_followed_by_the_next(self, carol: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        url = carol.begin()
        actions.claims.claim(Upload.objects.get())
        monkeypatch.setattr(claims, "SILENT_SECONDS", 0)
        assert where(carol.head(url)) == (200, 0)
        assert where(carol.patch(url, 0, DISK)) == (204, len(DISK))

    def test_bytes_that_came_but_were_not_finished_are_finished_when_asked(
        self, carol: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = carol.begin()
        with monkeypatch.context() as patched:
            patched.setattr(reception.Reception, "complete", killed)
            with pytest.raises(KeyboardInterrupt):
                carol.patch(url, 0, DISK)
        Upload.objects.update(claim=None)
        assert Upload.objects.get().offset == len(DISK)
        assert where(carol.head(url)) == (200, len(DISK))
        assert Upload.objects.get().status == "received"

    def test_a_refused_file_is_gone_and_says_why(self, carol: Sender) -> None:
        words = b"These are words, not a disk. " * 100
        url = carol.begin(size=len(words))
        answer = carol.patch(url, 0, words)
        assert answer.status_code == 422
        assert carol.head(url).status_code == 410
        assert carol.state(url)["error"] == answer.json()["error"]
        assert carol.delete(url).status_code == 204


def killed(*_args: object) -> None:
    raise KeyboardInterrupt


class TestCreation:
    def test_what_was_noted_is_told_again(self, carol: Sender) -> None:
        noted = metadata(filename="größe ✓.img", fingerprint="abc") + ",relevant"
        url = carol.create(headers={"Upload-Metadata": noted}).headers["Location"]
        assert carol.head(url).headers["Upload-Metadata"] == noted
        assert carol.state(url)["filename"] == "größe ✓.img"
        assert carol.state(url)["fingerprint"] == "abc"

    @pytest.mark.parametrize("size", ["", "-1", "ten", "1e3", "9" * 19])
    def test_a_senseless_length_is_refused(self, carol: Sender, size: str) -> None:
        answer = carol.create(size)
        assert answer.status_code == 400
        assert "Upload-Length" in answer.json()["error"]

    def test_an_empty_file_is_no_image(self, carol: Sender) -> None:
        assert carol.create(0).json()["error"] == "This file is empty. Choose the disk image itself."

    def test_more_than_an_image_may_have_is_too_much(self, carol: Sender, settings: Settings) -> None:
        settings.IMAGE_MAX_BYTES = 1000
        assert carol.create(1001).status_code == 413

    @pytest.mark.parametrize(
        ("noted", "sentence"),
        [
            ("filename x", "base64"),
            ("filename ////", "base64"),
            ("filename " + base64.b64encode(b"a\0b").decode(), "base64"),
            ("filename YQ==,filename Yg==", "different names"),
            ("filename YQ== Yg==", "different names"),
            ("filename YQ==,", "different names"),
            ("nämé YQ==", "different names"),
            ("a" * 9000, "8000"),
            (metadata(region="NOWHERE"), "There is no region “NOWHERE”."),
            (metadata(unpack="maybe"), "“unpack” has to be true or false."),
            (metadata(checksum="sha256:12"), "This is no md5, sha256 or sha512."),
            (metadata(checksum="crc32:12345678"), "This is no md5, sha256 or sha512."),
        ],
    )
    def test_senseless_metadata_is_refused_with_a_sentence(self, carol: Sender, noted: str, sentence: str) -> None:
        answer = carol.create(headers={"Upload-Metadata": noted})
        assert answer.status_code == 400
        assert sentence in answer.json()["error"]
        assert not Upload.objects.exists()

    def test_the_region_decides_about_the_store(self, carol: Sender, cast: Cast) -> None:
        cast.dfw.store = "far"
        cast.dfw.save()
        carol.begin(region="DFW")
        assert Upload.objects.get().store == "far"

    def test_a_closed_region_takes_none(self, carol: Sender, cast: Cast) -> None:
        cast.dfw.closed_at = timezone.now()
        cast.dfw.save()
        assert "takes no new images" in carol.create(region="DFW").json()["error"]

    def test_what_the_file_must_hash_to_is_checked(self, carol: Sender) -> None:
        wrong = carol.begin(checksum=f"sha256:{'0' * 64}")
        assert carol.patch(wrong, 0, DISK).status_code == 422
        right = carol.begin(checksum=f"SHA256:{hashlib.sha256(DISK).hexdigest().upper()}")
        assert where(carol.patch(right, 0, DISK)) == (204, len(DISK))

    def test_bytes_may_come_with_it(self, carol: Sender) -> None:
        headers = TUS | {"Upload-Length": str(len(DISK))}
        answer = carol.client.post(carol.collection, DISK[:HALF], content_type=BYTES, headers=headers)
        assert where(answer) == (201, HALF)
        assert where(carol.patch(answer.headers["Location"], HALF, DISK[HALF:])) == (204, len(DISK))

    def test_a_form_is_not_read(self, carol: Sender) -> None:
        headers = TUS | {"Upload-Length": "5"}
        assert carol.client.post(carol.collection, {"a": "b"}, headers=headers).status_code == 415

    def test_an_archive_counts_as_come_while_it_is_unpacked(
        self, carol: Sender, work_through: Callable[[], int]
    ) -> None:
        packed = gzip.compress(DISK)
        url = carol.begin(size=len(packed), filename="disk.img.gz", unpack="true")
        assert where(carol.patch(url, 0, packed)) == (204, len(packed))
        assert carol.state(url)["status"] == "processing"
        assert where(carol.head(url)) == (200, len(packed))
        assert carol.patch(url, 0, DISK).status_code == 409
        assert carol.patch(url, len(packed), b"").status_code == 409
        work_through()
        assert carol.state(url)["data"]["sha512"] == hashlib.sha512(DISK).hexdigest()

    def test_a_length_that_a_form_did_not_tell_comes_with_the_next_part(self, carol: Sender, cast: Cast) -> None:
        with pytest.raises(ConnectionError), actions.receive_form_file(by=cast.creator, filename="a.img") as sink:
            sink.feed(DISK[:HALF])
            raise ConnectionError
        upload = Upload.objects.get()
        url = f"{carol.collection}{upload.pk}/"
        head = carol.head(url)
        assert where(head) == (200, HALF)
        assert head.headers["Upload-Defer-Length"] == "1"
        assert carol.patch(url, HALF, DISK[HALF:], Upload_Length="5").status_code == 413
        assert where(carol.patch(url, HALF, DISK[HALF:], Upload_Length=str(len(DISK)))) == (204, len(DISK))
        assert Upload.objects.get().status == "received"

    def test_a_length_that_was_told_stays(self, carol: Sender) -> None:
        url = carol.begin()
        assert carol.patch(url, 0, DISK[:HALF], Upload_Length=str(HALF)).status_code == 400


class TestExpiration:
    def test_it_is_told_and_moves_on_with_every_part(self, carol: Sender) -> None:
        url = carol.begin()
        Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
        soon = carol.head(url).headers["Upload-Expires"]
        later = carol.patch(url, 0, DISK[:HALF]).headers["Upload-Expires"]
        assert soon != later
        assert later.endswith("GMT")

    def test_whose_time_is_over_is_gone(self, carol: Sender) -> None:
        url = carol.begin()
        Upload.objects.update(expires_at=timezone.now())
        assert carol.head(url).status_code == 410
        assert "start over" in carol.patch(url, 0, DISK).json()["error"]


class TestChecksum:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_a_part_that_is_right_is_kept(self, carol: Sender, algorithm: str) -> None:
        url = carol.begin()
        answer = carol.patch(url, 0, DISK[:HALF], Upload_Checksum=checksum(algorithm, DISK[:HALF]))
        assert where(answer) == (204, HALF)

    def test_a_part_that_is_wrong_is_not_kept(self, carol: Sender) -> None:
        url = carol.begin()
        carol.patch(url, 0, DISK[:HALF])
        answer = carol.patch(url, HALF, DISK[HALF:], Upload_Checksum=checksum("sha1", b"something else"))
        assert (answer.status_code, answer.json()["code"]) == (460, "wrong-part")
        assert where(carol.head(url)) == (200, HALF)
        right = carol.patch(url, HALF, DISK[HALF:], Upload_Checksum=checksum("sha1", DISK[HALF:]))
        assert where(right) == (204, len(DISK))
        assert ImageData.objects.get().os_hash_value == hashlib.sha512(DISK).hexdigest()

    @pytest.mark.parametrize("header", ["crc32 AAAA", "sha1", "sha1 x", "", "sha1 Kq5s NclP", "sha1 \xff"])
    def test_a_senseless_one_is_refused(self, carol: Sender, header: str) -> None:
        url = carol.begin()
        assert carol.patch(url, 0, DISK, Upload_Checksum=header).status_code in {400, 460}
        assert where(carol.head(url)) == (200, 0)


class TestTermination:
    def test_it_takes_the_bytes_away(self, carol: Sender, django_capture_on_commit_callbacks: Any) -> None:
        url = carol.begin()
        carol.patch(url, 0, DISK[:HALF])
        key = Upload.objects.get().store_key
        with django_capture_on_commit_callbacks(execute=True):
            assert carol.delete(url).status_code == 204
        assert carol.head(url).status_code == 404
        assert key not in {stored.key for stored in get_store().stored()}


class TestGuards:
    @pytest.mark.parametrize("method", ["post", "patch", "delete"])
    def test_another_site_is_refused(self, cast: Cast, method: str) -> None:
        carol = Sender(cast.carol, cast.creator, enforce_csrf_checks=True)
        headers = TUS | {"Origin": "https://evil.example", "Upload-Length": "5"}
        answer = getattr(carol.client, method)(carol.collection, headers=headers, content_type="")
        assert answer.status_code in {403, 405}
        assert not Upload.objects.exists()

    def test_the_token_is_asked_for_in_a_header(self, cast: Cast) -> None:
        carol = Sender(cast.carol, cast.creator, enforce_csrf_checks=True)
        assert carol.create().status_code == 403
        page = carol.client.get(reverse("image_upload", kwargs={"number": cast.acme.number}))
        token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        assert carol.create(headers={"X-CSRFToken": token}).status_code == 201

    def test_a_get_cannot_be_made_a_delete_without_the_token(self, cast: Cast) -> None:
        url = Sender(cast.carol, cast.creator).begin()
        carol = Sender(cast.carol, cast.creator, enforce_csrf_checks=True)
        answer = carol.client.get(url, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
        assert answer.status_code == 403
        assert Upload.objects.exists()

    def test_nobody_else_may_ask_from_a_page(self, carol: Sender) -> None:
        answer = carol.client.options(carol.collection, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]

    def test_no_more_transfers_than_there_are_slots(self, carol: Sender, settings: Settings) -> None:
        settings.TRANSFERS = 1
        url = carol.begin()
        with hold():
            answer = carol.patch(url, 0, DISK)
            assert where(carol.head(url)) == (200, 0)
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert where(carol.patch(url, 0, DISK)) == (204, len(DISK))

    def test_an_import_is_no_upload_of_a_client(self, carol: Sender) -> None:
        url = carol.begin()
        Upload.objects.update(origin="import")
        assert {carol.head(url).status_code, carol.delete(url).status_code} == {404}
        assert carol.state(url)["status"] == "waiting"


class TestList:
    def test_it_names_what_one_has_begun_oneself(self, carol: Sender, cast: Cast) -> None:
        url = carol.begin(filename="disk.img", fingerprint="abc")
        carol.patch(url, 0, DISK[:HALF])
        [found] = carol.client.get(carol.collection).json()["uploads"]
        assert found["url"] == url
        assert (found["offset"], found["size"], found["fingerprint"]) == (HALF, len(DISK), "abc")
        assert Sender(cast.alice, cast.producer).client.get(carol.collection).json() == {"uploads": []}

    def test_what_has_come_is_not_gone_on_with(self, carol: Sender) -> None:
        carol.patch(carol.begin(), 0, DISK)
        assert carol.client.get(carol.collection).json() == {"uploads": []}
