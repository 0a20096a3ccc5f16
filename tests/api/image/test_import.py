"""Staging and importing image data by the API."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Event
from images import actions
from images.models import Image, Import, Upload
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.api.image.sending import QCOW2, RAW, bytes_of, kept, put, queue, show
from tests.conftest import WorkThrough
from tests.images.outside.servers import EveryPort, file_of, ranged, serving
from tests.people import Cast
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db

STAGED: dict[str, Any] = {"method": {"name": "glance-direct"}}


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    """Imports may go to servers of the test, on any port."""
    settings.IMPORT_HOSTS = ["127.0.0.1"]
    settings.IMPORT_PORTS = EveryPort()


@pytest.fixture
def alice(api: MakeProgram, cast: Cast) -> Program:
    return api(cast.producer)


@pytest.fixture
def run(
    work_through: WorkThrough, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Callable[..., Any]:
    """Have something imported, and let the workers do it."""

    def run(program: Program, upload: object, url: str) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            answer = bring(program, upload, fetched(url))
        with django_capture_on_commit_callbacks(execute=True):
            work_through()
        return answer

    return run


def bring(program: Program, upload: object, said: Any = STAGED) -> Any:
    """Ask for an import."""
    return program.post(f"/image/v2/images/{getattr(upload, 'pk', upload)}/import", json=said)


def fetched(url: object, **more: Any) -> dict[str, Any]:
    return {"method": {"name": "web-download", "uri": url}, **more}


def sentence(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


class TestStaging:
    def test_what_was_staged_is_an_image_when_somebody_says_so(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        answer = put(alice, upload, to="stage")
        assert (answer.status_code, answer.content) == (204, b"")
        said = show(alice, upload)
        assert (said["status"], said["size"], Image.objects.exists()) == ("uploading", None, False)
        assert alice.get(f"/image/v2/images/{upload.pk}/file").status_code == 204
        answer = bring(alice, upload)
        assert (answer.status_code, answer.content) == (202, b"")
        assert show(alice, upload)["status"] == "active"
        assert bytes_of(Image.objects.get(pk=upload.pk)) == RAW

    def test_while_it_comes_it_is_uploading(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        seen: list[Any] = []

        def chunks() -> Iterator[bytes]:
            yield RAW[:1000]
            seen.extend([show(alice, upload)["status"], bring(alice, upload).status_code])
            yield RAW[1000:]

        actions.fill(upload.pk, by=cast.producer, chunks=chunks(), staged=True)
        assert seen == ["uploading", 409]

    @pytest.mark.parametrize("to", ["stage", "file"])
    def test_nothing_is_sent_over_it(self, alice: Program, cast: Cast, to: str) -> None:
        upload = queue(cast)
        put(alice, upload, to="stage")
        answer = put(alice, upload, to=to)
        assert (answer.status_code, "Image status transition from uploading to" in sentence(answer)) == (409, True)

    def test_what_is_refused_leaves_it_queued(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        assert put(alice, upload, QCOW2, to="stage").status_code == 415
        assert (show(alice, upload)["status"], kept()) == ("queued", [])
        assert put(alice, upload).status_code == 204
        assert show(alice, upload)["status"] == "active"

    def test_it_is_not_completed_by_itself_after_a_crash(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        put(alice, upload, to="stage")
        assert actions.attend_to_uploads() == 0
        assert show(alice, upload)["status"] == "uploading"

    def test_formats_can_be_said_later(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast, disk_format="", container_format="")
        assert put(alice, upload, QCOW2, to="stage").status_code == 204
        answer = bring(alice, upload)
        assert (answer.status_code, "'container_format' needs to be set" in sentence(answer)) == (409, True)
        Upload.objects.update(plan=(upload.plan or {}) | {"container_format": "bare", "disk_format": "raw"})
        assert bring(alice, upload).status_code == 415
        Upload.objects.update(plan=(upload.plan or {}) | {"container_format": "bare", "disk_format": "qcow2"})
        assert bring(alice, upload).status_code == 202

    def test_only_octets_are_staged(self, alice: Program, cast: Cast) -> None:
        answer = alice.put(f"/image/v2/images/{queue(cast).pk}/stage", data=RAW, content_type="text/plain")
        assert answer.status_code == 415

    def test_an_account_without_room_hears_so(self, alice: Program, cast: Cast, settings: Settings) -> None:
        upload = queue(cast)
        settings.QUOTA = settings.QUOTA | {"bytes": 100}
        assert put(alice, upload, to="stage").status_code == 413


class TestFetching:
    def test_an_address_becomes_the_image_of_the_same_id(
        self, alice: Program, cast: Cast, run: Callable[..., Any]
    ) -> None:
        upload = queue(cast, "qcow2")
        with serving(file_of(QCOW2)) as server:
            answer = run(alice, upload, server.url("/jammy.qcow2"))
        assert (answer.status_code, answer.content) == (202, b"")
        said = show(alice, upload)
        assert (said["status"], said["stockroom_source"], said["size"]) == ("active", "import", len(QCOW2))
        assert bytes_of(Image.objects.get(pk=upload.pk)) == QCOW2

    def test_until_then_it_is_importing(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        assert bring(alice, upload, fetched("http://127.0.0.1:1/jammy.img")).status_code == 202
        said = show(alice, upload)
        assert (said["status"], said["os_glance_importing_to_stores"]) == ("importing", "IAD")
        assert put(alice, upload).status_code == 409
        again = bring(alice, upload, fetched("http://127.0.0.1:1/jammy.img"))
        assert (again.status_code, "needs to be in 'queued' state" in sentence(again)) == (409, True)

    def test_the_event_names_the_server_alone(self, alice: Program, cast: Cast) -> None:
        bring(alice, upload := queue(cast), fetched("http://127.0.0.1:1/jammy.img?signature=secret"))
        event = Event.objects.get(verb="import started")
        assert (event.subject_id, event.actor, event.detail["host"]) == (str(upload.pk), cast.alice, "127.0.0.1")
        assert "secret" not in str(event.detail)

    def test_its_task_tells_by_which_request_it_began(self, alice: Program, cast: Cast) -> None:
        staged, upload = queue(cast), queue(cast)
        put(alice, staged, to="stage")
        for image, body in ((staged, STAGED), (upload, fetched("http://127.0.0.1:1/jammy.img"))):
            answer = bring(alice, image, body)
            assert answer.status_code == 202
            [task] = alice.get(f"/image/v2/images/{image.pk}/tasks").json()["tasks"]
            assert task["request_id"] == answer.headers["x-openstack-request-id"]

    def test_what_is_refused_leaves_it_queued_with_the_reason_and_can_be_tried_with_another_file(
        self, alice: Program, cast: Cast, run: Callable[..., Any]
    ) -> None:
        upload = queue(cast, "qcow2")
        with serving(file_of(RAW)) as server:
            run(alice, upload, server.url("/jammy.qcow2"))
        said = show(alice, upload)
        assert (said["status"], said["os_glance_failed_import"], said["checksum"]) == ("queued", "IAD", None)
        assert "does not match stream data raw" in said["stockroom_problem"]
        assert kept() == []
        with serving(ranged(QCOW2)) as server:
            assert run(alice, upload, server.url("/other.qcow2")).status_code == 202
        assert bytes_of(Image.objects.get(pk=upload.pk)) == QCOW2
        assert sorted(Event.objects.of("import", upload.pk).values_list("verb", flat=True)) == [
            "import failed", "import retried", "import started",
        ]  # fmt: skip

    def test_what_did_not_come_can_be_sent_instead(self, alice: Program, cast: Cast, run: Callable[..., Any]) -> None:
        upload = queue(cast)
        with serving(lambda handler: handler.send_error(404)) as server:
            run(alice, upload, server.url("/gone.img"))
        assert show(alice, upload)["status"] == "queued"
        assert put(alice, upload).status_code == 204
        assert bytes_of(Image.objects.get(pk=upload.pk)) == RAW
        assert not Import.objects.exists()

    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd", "http://169.254.169.254/latest/meta-data", "http://[::1]/x", "http://alice:pw@127.0.0.1/",
            "http://2130706433/x", "", "x", "http://127.0.0.1/\ufffe", "http://127.0.0.1/" + "x" * 3000,
        ],
    )  # fmt: skip
    def test_where_the_panel_does_not_go(self, alice: Program, cast: Cast, url: str) -> None:
        upload = queue(cast)
        assert bring(alice, upload, fetched(url)).status_code == 400
        said = show(alice, upload)
        assert (said["status"], bool(said["stockroom_problem"])) == ("queued", True)

    def test_an_account_without_room_hears_so(self, alice: Program, cast: Cast, settings: Settings) -> None:
        upload = queue(cast)
        settings.QUOTA = settings.QUOTA | {"imports": 0}
        answer = bring(alice, upload, fetched("http://127.0.0.1:1/x"))
        assert (answer.status_code, show(alice, upload)["status"]) == (413, "queued")

    def test_what_had_failed_needs_room_again(
        self, alice: Program, cast: Cast, settings: Settings, run: Callable[..., Any]
    ) -> None:
        upload = queue(cast, "qcow2")
        with serving(file_of(RAW)) as server:
            run(alice, upload, server.url("/jammy.qcow2"))
        settings.QUOTA = settings.QUOTA | {"images": 0}
        assert put(alice, upload, QCOW2).status_code == 413


class TestRefusedRequests:
    @pytest.mark.parametrize(
        ("said", "message"),
        [
            ([], "has to be a JSON object"),
            ("x", "has to be a JSON object"),
            ({}, "Import request requires a 'method' field."),
            ({"method": None}, "Import request requires a 'name' field."),
            ({"method": []}, "Import request requires a 'name' field."),
            ({"method": {}}, "Import request requires a 'name' field."),
            ({"method": {"name": 3}}, "Import request requires a 'name' field."),
            ({"method": {"name": ["glance-direct"]}}, "Import request requires a 'name' field."),
            ({"method": {"name": "teleport"}}, "Unknown import method name 'teleport'."),
            ({"method": {"name": "glance-download"}}, "Unknown import method name 'glance-download'."),
            ({"method": {"name": "copy-image"}, "all_stores": True}, "'copy-image' is not available"),
            ({"method": {"name": "web-download"}}, "needs a 'uri'"),
            ({"method": {"name": "web-download", "uri": {}}}, "needs a 'uri'"),
            (STAGED | {"all_stores": "yes"}, "'all_stores' must be boolean value only"),
            (STAGED | {"all_stores_must_succeed": 1}, "'all_stores_must_succeed' must be boolean value only"),
        ],
    )
    def test_bodies_of_any_shape(self, alice: Program, cast: Cast, said: Any, message: str) -> None:
        answer = bring(alice, queue(cast), said)
        assert (answer.status_code, message in answer.content.decode().replace("&#x27;", "'")) == (400, True)

    @pytest.mark.parametrize(
        ("stores", "status"), [(["IAD"], 202), (["DFW"], 409), (["IAD", "DFW"], 409), ("IAD", 409)]
    )
    def test_the_store_is_the_region(self, alice: Program, cast: Cast, stores: Any, status: int) -> None:
        said = fetched("http://127.0.0.1:1/x", stores=stores, all_stores_must_succeed=False)
        assert bring(alice, queue(cast), said).status_code == status

    def test_all_stores_and_some_of_them(self, alice: Program, cast: Cast) -> None:
        said = fetched("http://127.0.0.1:1/x", stores=["IAD"], all_stores=True)
        assert bring(alice, queue(cast), said).status_code == 400

    def test_nothing_was_staged(self, alice: Program, cast: Cast) -> None:
        answer = bring(alice, queue(cast))
        assert (answer.status_code, "Image needs to be staged before" in sentence(answer)) == (409, True)

    @pytest.mark.parametrize("said", [STAGED, fetched("http://127.0.0.1:1/x")])
    def test_an_image_that_has_its_data(self, alice: Program, cast: Cast, said: Any) -> None:
        answer = bring(alice, factories.make_image(cast.acme, cast.alice), said)
        assert (answer.status_code, "cannot be target for import" in sentence(answer)) == (409, True)

    def test_others_find_nothing_and_members_may_not(self, cast: Cast, api: MakeProgram) -> None:
        upload, unknown = queue(cast), uuid4()
        for who in (cast.consumer, cast.creator):
            answers = [bring(api(who), pk, fetched("http://127.0.0.1:1/x")) for pk in (upload.pk, unknown)]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert sentence(answers[0]).replace(str(upload.pk), str(unknown)) == sentence(answers[1])
        image = factories.make_image(cast.acme, cast.alice, visibility="shared")
        offer_one(image, cast.producer, cast.beta.number)
        assert bring(api(cast.consumer), image).status_code == 403
        own = factories.make_image(cast.beta, cast.bob)
        assert bring(api(cast.observer), own).status_code == 403
        assert bring(api(), upload).status_code == 401
