"""Sending image data by the API."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from accounts.roles import Role
from api.actions import make_credential
from api.image.patches import NEW
from images import actions
from images.formats import RefusedImage
from images.models import Image, Upload
from images.problems import BrokenUpload
from images.transfers.slots import slots
from sharing.actions import accept, reject
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.api.image.sending import BYTES, QCOW2, RAW, bytes_of, kept, put, queue, show
from tests.images.files import Maker, with_backing_file, with_data_file
from tests.people import Cast
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(api: MakeProgram, cast: Cast) -> Program:
    return api(cast.producer)


class TestSending:
    @pytest.mark.parametrize(("disk_format", "data"), [("raw", RAW), ("qcow2", QCOW2)])
    def test_the_image_is_there_at_once_under_the_same_id(
        self, alice: Program, cast: Cast, disk_format: str, data: bytes
    ) -> None:
        upload = queue(cast, disk_format)
        answer = put(alice, upload, data, X_OpenStack_Image_Size=str(len(data)))
        assert (answer.status_code, answer.content) == (204, b"")
        said = show(alice, upload)
        assert (said["status"], said["size"], said["disk_format"]) == ("active", len(data), disk_format)
        assert said["os_hash_value"] == hashlib.sha512(data).hexdigest()
        assert bytes_of(Image.objects.get(pk=upload.pk)) == data

    def test_an_address_of_a_region_takes_it_too(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        other = alice.put(f"/image/DFW/v2/images/{upload.pk}/file", data=RAW, content_type=BYTES)
        assert other.status_code == 404
        assert alice.put(f"/image/IAD/v2/images/{upload.pk}/file", data=RAW, content_type=BYTES).status_code == 204

    def test_it_is_an_event_like_on_the_pages(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        put(alice, upload)
        event = cast.acme.events.get(verb="created", subject_id=str(upload.pk))
        assert (event.actor, event.detail["source"]) == (cast.alice, "upload")

    @pytest.mark.parametrize("to", ["file", "stage", "import"])
    def test_a_token_opens_no_data_to_everybody_that_it_could_not_open_itself(
        self, cast: Cast, api: MakeProgram, to: str
    ) -> None:
        upload = queue(cast, visibility="community")
        credential, _secret = make_credential(by=cast.producer, name="nightly", role=Role.CREATOR)
        program = api(cast.producer, credential=credential)
        if to == "import":
            address = {"name": "web-download", "uri": "https://images.example.org/jammy.img"}
            answer = program.post(f"/image/v2/images/{upload.pk}/import", json={"method": address})
        else:
            answer = put(program, upload, to=to)
        assert (answer.status_code, show(program, upload)["status"], kept()) == (403, "queued", [])

    def test_an_image_has_the_rights_of_the_token_that_last_said_what_it_is(
        self, alice: Program, cast: Cast, api: MakeProgram
    ) -> None:
        credential, _secret = make_credential(by=cast.producer, name="nightly", role=Role.CREATOR)
        said = {"disk_format": "raw", "container_format": "bare"}
        pk = api(cast.producer, credential=credential).post("/image/v2/images", json=said).json()["id"]
        change = [{"op": "replace", "path": "/visibility", "value": "community"}]
        answer = alice.patch(f"/image/v2/images/{pk}", data=json.dumps(change), content_type=NEW)
        assert answer.status_code == 200
        assert (put(alice, pk).status_code, show(alice, pk)["visibility"]) == (204, "community")

    def test_a_second_time_is_a_conflict(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        put(alice, upload)
        answer = put(alice, upload)
        assert answer.status_code == 409
        assert b"Image status transition from active to saving is not allowed" in answer.content

    def test_while_it_comes_it_is_saving_and_nobody_else_sends_it(
        self, alice: Program, cast: Cast, api: MakeProgram
    ) -> None:
        upload = queue(cast)
        seen: list[Any] = []

        def chunks() -> Iterator[bytes]:
            yield RAW[:1000]
            seen.extend([show(alice, upload)["status"], put(alice, upload)])
            yield RAW[1000:]

        actions.fill(upload.pk, by=cast.producer, chunks=chunks(), size=len(RAW))
        assert (seen[0], seen[1].status_code) == ("saving", 409)
        assert b"from saving to saving" in seen[1].content
        assert show(alice, upload)["status"] == "active"


class TestRefusedBytes:
    @pytest.mark.parametrize(
        ("declared", "data"), [("qcow2", RAW), ("raw", QCOW2), ("vhd", RAW), ("vmdk", QCOW2), ("qcow2", b"\0" * 1000)]
    )
    def test_another_format_than_declared(self, alice: Program, cast: Cast, declared: str, data: bytes) -> None:
        upload = queue(cast, declared)
        answer = put(alice, upload, data)
        found = "qcow2" if data == QCOW2 else "raw"
        assert answer.status_code == 415
        assert f"Image disk_format {declared} does not match stream data {found}" in answer.content.decode()
        assert_as_before(alice, upload)
        if data != b"\0" * 1000:
            Upload.objects.update(plan=(upload.plan or {}) | {"disk_format": found})
            assert put(alice, upload, data).status_code == 204

    @pytest.mark.parametrize(
        ("maker", "reason"),
        [(with_backing_file, "backing file"), (with_data_file, "data file")],
        ids=["backing", "data"],
    )
    def test_what_reads_other_files(
        self, alice: Program, cast: Cast, tmp_path: Path, maker: Maker, reason: str
    ) -> None:
        upload = queue(cast, "qcow2")
        answer = put(alice, upload, maker(tmp_path))
        assert answer.status_code == 415
        assert "an image has to be complete by itself" in answer.content.decode()
        assert_as_before(alice, upload)

    def test_an_empty_file(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        assert put(alice, upload, b"").status_code == 415
        assert_as_before(alice, upload)

    def test_more_than_an_image_may_have(self, alice: Program, cast: Cast, settings: Settings) -> None:
        settings.IMAGE_MAX_BYTES = 4096
        upload = queue(cast)
        assert put(alice, upload).status_code == 413
        assert_as_before(alice, upload)

    def test_more_than_the_account_may_keep(self, alice: Program, cast: Cast, settings: Settings) -> None:
        upload = queue(cast)
        settings.QUOTA = settings.QUOTA | {"bytes": len(RAW) - 1}
        answer = put(alice, upload)
        assert answer.status_code == 413
        assert b"Acme Producers has" in answer.content
        assert_as_before(alice, upload)

    @pytest.mark.parametrize("size", ["x", "-1", "1" * 30, "1.5", "٣", ""])
    def test_a_size_that_is_none(self, alice: Program, cast: Cast, size: str) -> None:
        upload = queue(cast)
        assert put(alice, upload, X_OpenStack_Image_Size=size).status_code == 400
        assert_as_before(alice, upload)

    def test_another_size_than_announced(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        answer = put(alice, upload, X_OpenStack_Image_Size="4096")
        assert answer.status_code == 400
        assert b"X-OpenStack-Image-Size says 4096 bytes, and the body has 8192" in answer.content
        assert_as_before(alice, upload)

    @pytest.mark.parametrize("size", [len(RAW) - 1, len(RAW) + 1, 1])
    def test_chunks_of_another_size_than_announced(self, cast: Cast, size: int) -> None:
        upload = queue(cast)
        with pytest.raises(BrokenUpload):
            actions.fill(upload.pk, by=cast.producer, chunks=[RAW], size=size)
        upload.refresh_from_db()
        assert (upload.status, upload.size, upload.offset, kept()) == ("waiting", None, 0, [])


def assert_as_before(program: Program, upload: Upload) -> None:
    """Queued, with nothing of what came; and still there for the next try."""
    said = show(program, upload)
    nothing = ("size", "virtual_size", "checksum", "os_hash_value", "os_hash_algo")
    assert (said["status"], [said[name] for name in nothing]) == ("queued", [None] * len(nothing))
    upload.refresh_from_db()
    assert (upload.status, upload.size, upload.offset, upload.claim) == ("waiting", None, 0, None)
    assert kept() == []


class TestRefusedRequests:
    @pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
    def test_another_media_type(self, alice: Program, cast: Cast, kind: str) -> None:
        upload = queue(cast)
        answer = alice.put(f"/image/v2/images/{upload.pk}/file", data=RAW, content_type=kind)
        assert answer.status_code == 415
        assert b"Invalid content type" in answer.content

    def test_the_command_line_client_can_show_the_reason(self, alice: Program, cast: Cast) -> None:
        """It sends an empty Accept header with data, and shows people nothing of a plain text."""
        upload = queue(cast)
        answer = put(alice, upload, QCOW2, Accept="")
        assert answer.headers["Content-Type"].startswith("text/html")
        assert put(alice, upload, QCOW2).headers["Content-Type"].startswith("text/plain")

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            ({"disk_format": "", "container_format": ""}, "Properties disk_format, container_format must be set"),
            ({"disk_format": ""}, "Property disk_format must be set prior to saving data."),
            ({"container_format": ""}, "Property container_format must be set prior to saving data."),
        ],
    )
    def test_without_formats(self, alice: Program, cast: Cast, said: dict[str, str], message: str) -> None:
        answer = put(alice, queue(cast, **said))
        assert (answer.status_code, message in answer.content.decode()) == (400, True)

    def test_others_find_nothing(self, cast: Cast, api: MakeProgram) -> None:
        upload = queue(cast)
        for who in (cast.consumer, factories.viewer(cast.carol, cast.acme), factories.viewer(cast.alice)):
            unknown = uuid4()
            answers = [put(api(who), pk) for pk in (upload.pk, unknown, "no-uuid")]
            assert {answer.status_code for answer in answers} == {404}
            assert text(answers[0]).replace(str(upload.pk), str(unknown)) == text(answers[1])
        assert put(api(), upload).status_code == 401

    @pytest.mark.parametrize("answer", ["pending", "accepted", "rejected"])
    def test_members_may_not(self, cast: Cast, api: MakeProgram, answer: str) -> None:
        image = factories.make_image(cast.acme, cast.alice, visibility="shared")
        share = offer_one(image, cast.producer, cast.beta.number)
        decide: dict[str, Callable[..., Any]] = {"accepted": accept, "rejected": reject}
        if answer in decide:
            decide[answer](share.pk, by=cast.consumer)
        for to in ("file", "stage"):
            refused = put(api(cast.consumer), image, to=to)
            assert refused.status_code == 403
            assert b"You are not authorized to complete upload_image action." in refused.content

    def test_observers_may_not(self, cast: Cast, api: MakeProgram) -> None:
        image = factories.make_image(cast.beta, cast.bob)
        assert put(api(cast.observer), image).status_code == 403

    def test_a_role_that_ended_meanwhile_makes_no_image(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast, visibility="community")
        Upload.objects.update(plan=(upload.plan or {}) | {"most": "creator"})
        answer = put(alice, upload)
        assert (answer.status_code, b"Only an admin" in answer.content) == (409, True)
        assert show(alice, upload)["status"] == "uploading"

    def test_no_more_at_once_than_there_are_slots(
        self, alice: Program, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload = queue(cast)
        monkeypatch.setattr(slots, "_most", lambda: 0)
        answer = put(alice, upload, RAW + bytes(64 * 1024))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert_as_before(alice, upload)


class TestDeletedMeanwhile:
    def test_the_sender_hears_that_it_is_gone(
        self,
        alice: Program,
        cast: Cast,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        upload = queue(cast)
        fill = actions.fill

        def fill_slowly(*args: Any, chunks: Iterator[bytes], **options: Any) -> Upload:
            def deleting() -> Iterator[bytes]:
                yield next(chunks)
                assert alice.delete(f"/image/v2/images/{upload.pk}").status_code == 204
                yield from chunks

            return fill(*args, chunks=deleting(), **options)

        monkeypatch.setattr(actions, "fill", fill_slowly)
        with django_capture_on_commit_callbacks(execute=True):
            answer = put(alice, upload, RAW)
        assert answer.status_code == 410
        assert b"could not be found after upload" in answer.content
        assert (list(Image.objects.all()), kept()) == ([], [])

    def test_whoever_was_silent_for_long_hears_that_another_one_sends_it(
        self, alice: Program, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload = queue(cast)
        fill = actions.fill

        def fill_slowly(*args: Any, chunks: Iterator[bytes], **options: Any) -> Upload:
            def overtaken() -> Iterator[bytes]:
                yield next(chunks)
                Upload.objects.update(claim=uuid4())
                yield from chunks

            return fill(*args, chunks=overtaken(), **options)

        monkeypatch.setattr(actions, "fill", fill_slowly)
        assert put(alice, upload).status_code == 409


def test_the_pages_show_what_is_on_its_way(cast: Cast, client: Client, settings: Settings) -> None:
    upload = queue(cast)
    client.force_login(cast.alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    page = client.get(f"/a/{cast.acme.number}/images/").content.decode()
    assert "Waiting for data" in page
    assert f"/uploads/{upload.pk}/discard/" in page
    assert f"?upload={upload.pk}" not in page
    Upload.objects.update(status="receiving", claim=uuid4(), seen_at=timezone.now(), size=1000, percent=40)
    assert "40 %" in client.get(f"/a/{cast.acme.number}/images/").content.decode()


def test_another_client_that_goes_on_after_breaks_is_refused_in_the_same_way(cast: Cast) -> None:
    upload = queue(cast)
    with pytest.raises(RefusedImage):
        actions.receive_upload(upload.pk, by=cast.producer, chunks=[QCOW2], offset=0, size=len(QCOW2))
    upload.refresh_from_db()
    assert (upload.status, upload.size, upload.offset, kept()) == ("waiting", None, 0, [])
    half = len(RAW) // 2
    for start in (0, half):
        actions.receive_upload(
            upload.pk, by=cast.producer, chunks=[RAW[start : start + half]], offset=start, size=len(RAW)
        )
    assert bytes_of(Image.objects.get(pk=upload.pk)) == RAW


def text(answer: Any) -> str:
    body: str = answer.content.decode()
    return body
