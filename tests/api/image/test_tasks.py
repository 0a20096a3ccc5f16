"""How imports stand, as tasks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from images import actions
from images.actions import NewImage
from images.models import Import, Upload
from sharing.actions import accept
from tests.api.conftest import MakeProgram, Program
from tests.api.image.sending import RAW, put, queue
from tests.conftest import MoveClock
from tests.factories import make_image
from tests.people import Cast
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db
NO_IDS = ["x", "%00", "9" * 40, "00000000-0000-0000-0000-000000000000"]  # PostgreSQL looks for no NUL

URL = "http://images.example.org/jammy.img?signature=secret"


@pytest.fixture
def alice(api: MakeProgram, cast: Cast) -> Program:
    return api(cast.producer)


def begin(cast: Cast) -> Upload:
    """An import that a program has begun."""
    return actions.import_queued(queue(cast).pk, by=cast.producer, url=URL)


def listed(program: Program, query: str = "") -> list[str]:
    return [task["id"] for task in program.get(f"/image/v2/tasks{query}").json()["tasks"]]


def task(program: Program, upload: Upload) -> dict[str, Any]:
    """What a program sees of the import of an image, in two ways."""
    said: dict[str, Any] = program.get(f"/image/v2/tasks/{upload.pk}").json()
    [same] = program.get(f"/image/v2/images/{upload.pk}/tasks").json()["tasks"]
    assert same == said | {"deleted": False, "deleted_at": None}
    return said


class TestStatus:
    def test_one_that_waits_is_pending(self, alice: Program, cast: Cast) -> None:
        upload = begin(cast)
        said = task(alice, upload)
        assert (said["status"], said["type"], said["owner"]) == ("pending", "api_image_import", cast.acme.number)
        assert (said["image_id"], said["user_id"], said["result"]) == (str(upload.pk), "alice", None)
        assert said["input"]["import_req"]["method"] == {"name": "web-download", "host": "images.example.org"}
        assert "secret" not in str(said)

    def test_one_that_comes_is_processing(self, alice: Program, cast: Cast) -> None:
        upload = begin(cast)
        Upload.objects.update(status="receiving", offset=5 * 1024**2)
        assert (task(alice, upload)["status"], task(alice, upload)["message"]) == ("processing", "Copied 5 MiB")

    def test_one_that_stopped_has_failed_and_says_why(self, alice: Program, cast: Cast) -> None:
        upload = begin(cast)
        Upload.objects.update(problem="Nobody answers.")
        assert (task(alice, upload)["status"], task(alice, upload)["message"]) == ("failure", "Nobody answers.")
        Import.objects.update(next_at=upload.expires_at)
        assert task(alice, upload)["status"] == "processing"

    def test_one_that_was_staged_has_succeeded(self, alice: Program, cast: Cast) -> None:
        upload = queue(cast)
        put(alice, upload, to="stage")
        actions.use_staged(upload.pk, by=cast.producer)
        said = task(alice, upload)
        assert (said["status"], said["message"], said["result"]) == ("success", "", {"image_id": str(upload.pk)})

    def test_one_that_was_given_up_has_failed(self, alice: Program, cast: Cast) -> None:
        upload = begin(cast)
        actions.discard_upload(upload.pk, by=cast.producer)
        said = alice.get(f"/image/v2/tasks/{upload.pk}").json()
        assert (said["status"], said["message"]) == ("failure", "It was cancelled.")

    def test_an_image_that_others_make_by_its_id_is_theirs(self, alice: Program, cast: Cast) -> None:
        upload = begin(cast)
        actions.discard_upload(upload.pk, by=cast.producer)
        make_image(cast.beta, cast.bob, pk=upload.pk)
        assert alice.get(f"/image/v2/tasks/{upload.pk}").json()["message"] == "It was cancelled."

    def test_one_whose_data_is_sent_instead_has_failed(self, alice: Program, cast: Cast) -> None:
        upload = begin(cast)
        Upload.objects.update(problem="Nobody answers.")
        seen: list[dict[str, Any]] = []

        def chunks() -> Iterator[bytes]:
            seen.append(task(alice, upload))
            yield RAW

        actions.fill(upload.pk, by=cast.producer, chunks=chunks())
        assert (seen[0]["status"], seen[0]["message"]) == ("failure", "Its data is sent now, instead.")
        assert task(alice, upload)["status"] == "success"

    def test_an_upload_is_no_task(self, alice: Program, cast: Cast) -> None:
        put(alice, upload := queue(cast))
        assert alice.get(f"/image/v2/images/{upload.pk}/tasks").json() == {"tasks": []}
        assert alice.get(f"/image/v2/tasks/{upload.pk}").status_code == 404

    def test_imports_of_the_pages_are_tasks_too(self, alice: Program, cast: Cast) -> None:
        upload = actions.start_import(by=cast.producer, url=URL, new=NewImage("x", cast.iad))
        assert task(alice, upload)["status"] == "pending"

    def test_it_is_shown_for_a_week(self, alice: Program, cast: Cast, move_clock: MoveClock) -> None:
        upload = begin(cast)
        move_clock(timedelta(days=7))
        assert listed(alice) == []
        assert alice.get(f"/image/v2/tasks/{upload.pk}").status_code in (401, 404)


class TestList:
    def test_the_newest_first_a_page_at_a_time(self, alice: Program, cast: Cast) -> None:
        ids = [str(begin(cast).pk) for _ in range(3)][::-1]
        said = alice.get("/image/v2/tasks?limit=2").json()
        assert [each["id"] for each in said["tasks"]] == ids[:2]
        assert (said["first"], said["schema"]) == ("/v2/tasks?limit=2", "/v2/schemas/tasks")
        rest = alice.get(f"/image{said['next']}").json()
        assert ([each["id"] for each in rest["tasks"]], "next" in rest) == (ids[2:], False)
        assert listed(alice, "?sort_dir=asc") == ids[::-1]
        assert listed(alice, f"?sort_dir=asc&marker={ids[2]}") == ids[1::-1]
        assert listed(alice, "?limit=0") == []

    def test_by_status_and_type(self, alice: Program, cast: Cast) -> None:
        one, other = begin(cast), begin(cast)
        Upload.objects.filter(pk=one.pk).update(status="receiving")
        assert listed(alice, "?status=processing&type=import") == [str(one.pk)]
        assert listed(alice, "?status=pending") == [str(other.pk)]
        assert listed(alice, "?status=success") == []

    def test_one_status_after_the_other(self, alice: Program, cast: Cast) -> None:
        """As glanceclient asks when nobody says otherwise."""
        ids = [str(begin(cast).pk) for _ in range(4)]
        Upload.objects.filter(pk__in=(ids[0], ids[2])).update(status="receiving")
        ordered = [ids[2], ids[0], ids[3], ids[1]]  # processing, then pending; the newest first
        query = "?sort_key=status&sort_dir=desc"
        assert listed(alice, query) == ordered
        assert listed(alice, "?sort_key=status&sort_dir=asc") == ordered[::-1]
        for reached in range(4):
            assert listed(alice, f"{query}&marker={ordered[reached]}") == ordered[reached + 1 :]
        assert listed(alice, f"{query}&status=pending&marker={ordered[0]}") == ordered[2:]

    @pytest.mark.parametrize("key", ["expires_at", "type"])
    def test_by_what_is_as_old_as_they_are(self, alice: Program, cast: Cast, key: str) -> None:
        ids = [str(begin(cast).pk) for _ in range(2)]
        assert listed(alice, f"?sort_key={key}&sort_dir=asc") == ids

    @pytest.mark.database
    @pytest.mark.parametrize(
        "query",
        [
            "limit=x",
            "limit=-1",
            "limit=1.5",
            *(f"marker={text}" for text in NO_IDS),
            "status=x",
            "type=x",
            "sort_key=owner",
            "sort_dir=x",
            "limit=",
        ],
    )
    def test_senseless_questions(self, alice: Program, cast: Cast, query: str) -> None:
        begin(cast)
        assert alice.get(f"/image/v2/tasks?{query}").status_code == 400

    def test_it_costs_the_same_however_many_there_are(
        self, alice: Program, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for count in (1, 2):
            for _ in range(count):
                begin(cast)
            with django_assert_num_queries(4):  # who asks; events, images, uploads
                listed(alice)


class TestRights:
    def test_only_admins_see_those_of_the_account(self, cast: Cast, api: MakeProgram) -> None:
        upload = begin(cast)
        for who in (cast.creator, cast.observer):
            for path in ("tasks", f"tasks/{upload.pk}", "tasks/x"):
                answer = api(who).get(f"/image/v2/{path}")
                assert answer.status_code == 403
                assert b"You are not authorized to complete tasks_api_access action." in answer.content
        assert api().get("/image/v2/tasks").status_code == 401

    @pytest.mark.database
    @pytest.mark.parametrize("text", NO_IDS)
    def test_what_is_no_id_is_not_found(self, alice: Program, text: str) -> None:
        assert alice.get(f"/image/v2/tasks/{text}").status_code == 404

    def test_others_find_nothing(self, cast: Cast, api: MakeProgram) -> None:
        upload = begin(cast)
        assert listed(api(cast.consumer)) == []
        for path in (f"tasks/{upload.pk}", f"images/{upload.pk}/tasks", "tasks/x", "images/x/tasks"):
            assert api(cast.consumer).get(f"/image/v2/{path}").status_code == 404

    def test_consumers_do_not_learn_where_an_image_came_from(
        self, alice: Program, cast: Cast, api: MakeProgram
    ) -> None:
        upload = queue(cast)
        put(alice, upload, to="stage")
        image = actions.use_staged(upload.pk, by=cast.producer)
        share = offer_one(image, cast.producer, cast.beta.number)
        accept(share.pk, by=cast.consumer)
        assert api(cast.consumer).get(f"/image/v2/images/{image.pk}/tasks").json() == {"tasks": []}
