"""Tasks: how imports stand, those of the pages too (API reference of Image v2, "Tasks" and "Show tasks").

A task is an import, and has the id of the image that it makes. It is seen for ``LIFETIME``, whatever became of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from accounts.models import Account, Event
from accounts.querysets import EventQuerySet
from accounts.viewer import Viewer
from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.errors import Refusal
from api.image import reading
from api.image.ids import is_id
from api.image.records import moment
from images.actions.claims import lacks_data
from images.models import Image, Upload

LIFETIME = timedelta(days=7)  # an import takes a day at most
MOST = 1000  # tasks on a page
USUAL = 25
BATCH = 100  # tasks that are looked at together
STATUSES = ("pending", "processing", "success", "failure")
TYPES = ("import", "api_image_import")  # by which clients filter, and what it is
SORT_KEYS = ("created_at", "expires_at", "type", "status")  # all but the last one mean when it began
NO_ACCESS = "You are not authorized to complete tasks_api_access action."
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Task:
    """An import, as programs see it.

    Attributes:
        event: by which it began.
        status: one of ``STATUSES``.
        message: why it failed, or how far it is.
        updated_at: when something last happened to it.
        region: where the image is, or will be; empty if nobody knows any more.
    """

    event: Event
    status: str
    message: str
    updated_at: datetime
    region: str = ""

    @property
    def id(self) -> str:
        """The id of the image as well."""
        return self.event.subject_id

    def stub(self) -> dict[str, Any]:
        """As a list of tasks shows it."""
        return {
            "id": self.id,
            "type": TYPES[1],
            "status": self.status,
            "owner": self.event.account_number,
            "created_at": moment(self.event.at),
            "updated_at": moment(self.updated_at),
            "expires_at": moment(self.event.at + LIFETIME),
            "self": f"/v2/tasks/{self.id}",
            "schema": "/v2/schemas/task",
        }

    def record(self) -> dict[str, Any]:
        """All of it. Of the address that is fetched only the server: the rest may be signed, and then opens it."""
        host = self.event.detail.get("host")
        method = {"name": "web-download", "host": host} if host else {"name": "glance-direct"}
        return self.stub() | {
            "image_id": self.id,
            "user_id": self.event.actor_login,
            "request_id": self.event.detail.get("request_id") or None,
            "input": {"image_id": self.id, "import_req": {"method": method}, "backend": [self.region]},
            "message": self.message,
            "result": {"image_id": self.id} if self.status == "success" else None,
        }


class Tasks(ImageEndpoint):
    """``/v2/tasks``."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The imports of the account, the newest first. Three queries for each hundred."""
        asked = cast("ApiRequest", request)
        _require_access(asked.viewer)
        limit, found = _limit(asked), _wanted(asked)
        shown = list(islice(found, limit))
        another = next(found, None)
        said = {key: value for key, value in asked.GET.items() if key != "marker"}
        answer: dict[str, Any] = {
            "tasks": [task.stub() for task in shown],
            "first": f"/v2/tasks?{urlencode(said)}" if said else "/v2/tasks",
            "schema": "/v2/schemas/tasks",
        }
        if shown and another:
            answer["next"] = f"/v2/tasks?{urlencode(said | {'marker': shown[-1].id})}"
        return json_answer(answer)


class OneTask(ImageEndpoint):
    """``/v2/tasks/{task_id}``."""

    def get(self, request: HttpRequest, task_id: str) -> JsonResponse:
        """Show it."""
        asked = cast("ApiRequest", request)
        _require_access(asked.viewer)
        found = tasks_of(_begun(asked.viewer.account).filter(subject_id=task_id.lower())) if is_id(task_id) else []
        if not found:
            raise Refusal(404, f"No task found with ID {task_id}")
        return json_answer(found[0].record())


class TasksOfImage(ImageEndpoint):
    """``/v2/images/{image_id}/tasks``."""

    def get(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """How its import stands. Where an image came from is its owner's business."""
        asked = cast("ApiRequest", request)
        found = reading.find(asked.viewer, image_id, region=asked.region_code)
        is_own = isinstance(found, Image | Upload) and found.account_id == asked.viewer.account.pk
        begun = _begun(asked.viewer.account).filter(subject_id=image_id.lower())
        tasks = tasks_of(begun) if is_own else []
        return json_answer({"tasks": [task.record() | {"deleted": False, "deleted_at": None} for task in tasks]})


def tasks_of(begun: Iterable[Event]) -> list[Task]:
    """How imports stand that began with these events of one account. Two queries, and one for the events.

    What was thrown away leaves its id to whoever chooses it: another account's image is none of these.
    """
    events = list(begun)
    if not events:
        return []
    ids, account = [UUID(event.subject_id) for event in events], events[0].account_id
    own = Q(account=account) | Q(handed_over_at__isnull=False)
    made = Image.objects.filter(own, pk__in=ids).in_bulk()
    coming = Upload.objects.filter(account=account, pk__in=ids).defer("state").select_related("fetch").in_bulk()
    return [_task(event, made.get(pk), coming.get(pk)) for event, pk in zip(events, ids, strict=True)]


def _task(event: Event, image: Image | None, upload: Upload | None) -> Task:
    if image:
        return Task(event, "success", "", image.created_at, image.region_id)
    if upload is None:
        return Task(event, "failure", "It was cancelled.", event.at)
    status, message = _standing(upload)
    return Task(event, status, message, upload.seen_at or event.at, str((upload.plan or {}).get("region", "")))


def _standing(upload: Upload) -> tuple[str, str]:
    """The status of an import that is no image yet, and what there is to say."""
    if lacks_data(upload) or upload.status == Upload.Status.RECEIVED:
        return "failure", upload.problem
    if upload.origin != Upload.Origin.IMPORT:
        return "failure", "Its data is sent now, instead."
    is_waiting = upload.status == Upload.Status.WAITING and not upload.problem
    return ("pending", "") if is_waiting else ("processing", upload.problem or f"Copied {upload.offset // MIB} MiB")


# --- What is asked for ------------------------------------------------------------------------------


def _require_access(viewer: Viewer) -> None:
    """The imports of everybody in an account are for its admins to see, as on the pages (wire contract, section B)."""
    if not viewer.is_admin:
        raise Refusal(403, NO_ACCESS)


def _begun(account: Account) -> EventQuerySet:
    begun = Event.objects.filter(account=account, subject_kind="import", verb="import started")
    return begun.filter(at__gt=timezone.now() - LIFETIME)


def _wanted(asked: ApiRequest) -> Iterator[Task]:
    """The tasks that a list has, from its marker on."""
    status = _one_of(asked, "status", STATUSES)
    _one_of(asked, "type", TYPES)
    is_by_status = _one_of(asked, "sort_key", SORT_KEYS) == "status"
    is_ascending = _one_of(asked, "sort_dir", ("desc", "asc")) == "asc"
    begun = _begun(asked.viewer.account).order_by(*(("at", "pk") if is_ascending else ("-at", "-pk")))
    mark = _marker(asked, begun)
    behind = _behind(mark, begun, is_ascending=is_ascending) if mark else begun
    if not is_by_status:
        return _of_status(status, behind)
    statuses = sorted(STATUSES, reverse=not is_ascending)
    reached = statuses.index(tasks_of([mark])[0].status) if mark else 0
    parts = [(statuses[reached], behind), *((each, begun) for each in statuses[reached + 1 :])]
    return chain.from_iterable(_of_status(each, rows) for each, rows in parts if status in ("", each))


def _of_status(status: str, begun: EventQuerySet) -> Iterator[Task]:
    """Those of a status, or all. They are looked at by the hundred."""
    rows = begun.iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        yield from (task for task in tasks_of(batch) if status in ("", task.status))


def _marker(asked: ApiRequest, begun: EventQuerySet) -> Event | None:
    """The event of the task behind which a list goes on; None for its beginning."""
    if not (marker := asked.GET.get("marker", "")):
        return None
    mark = begun.filter(subject_id=marker.lower()).first() if is_id(marker) else None
    if mark is None:
        raise Refusal(400, f"No task found with ID {marker[:40]}")
    return mark


def _behind(mark: Event, begun: EventQuerySet, *, is_ascending: bool) -> EventQuerySet:
    newer = Q(at__gt=mark.at) | Q(at=mark.at, pk__gt=mark.pk)
    return begun.filter(newer) if is_ascending else begun.before(mark)


def _limit(asked: ApiRequest) -> int:
    text = asked.GET.get("limit", str(USUAL))
    if not (text.isascii() and text.removeprefix("-").isdecimal()):
        raise Refusal(400, "limit param must be an integer")
    if text.startswith("-"):
        raise Refusal(400, "limit param must be positive")
    return min(MOST, int(text[:10]))


def _one_of(asked: ApiRequest, name: str, known: Sequence[str]) -> str:
    """A parameter that has few values; empty if it is not given."""
    value = asked.GET.get(name, "")
    if name in asked.GET and value not in known:
        raise Refusal(400, f"Invalid {name} value: {value[:40]}")
    return value
