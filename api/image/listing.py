"""A page of images for programs, and one image."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.viewer import Viewer
from api.image import questions
from api.image.filters import Condition, Op, Wanted, refuse_marker
from api.image.questions import Asking, Kind, Shape
from api.image.records import PREFIX, Facts, image_record, queued_record, rejected_record
from images.actions.claims import SILENT_SECONDS
from images.models import Upload
from sharing.models import Share

SILENCE = timedelta(seconds=SILENT_SECONDS)

Record = dict[str, Any]


def answer(viewer: Viewer, wanted: Wanted) -> Record:
    """What is answered: the page, and where the first and the next one are (wire contract, section E).

    Raises:
        Refusal: as ``page_of``.
    """
    images, more = page_of(viewer, wanted)
    said: Record = {"images": images, "first": wanted.link(), "schema": "/v2/schemas/images"}
    return said | {"next": wanted.link(marker=images[-1]["id"])} if more and images else said


def page_of(viewer: Viewer, wanted: Wanted) -> tuple[list[Record], bool]:
    """The records of a page, and whether there are more. At most one query to know which, and one for each kind.

    A marker takes one more.

    Raises:
        Refusal: 400, where nothing that the viewer can show has the id of the marker.
    """
    values = _values(viewer, wanted)
    question = questions.which(_shape(viewer, wanted))
    if question is None or wanted.limit == 0:
        return [], False
    rows = question.ask(values | _marked(viewer, wanted, values))
    found: dict[Kind, list[UUID]] = {}
    for *_keys, pk, kind in rows[: wanted.limit]:
        found.setdefault(Kind(kind), []).append(pk)
    records: dict[UUID, Record] = {}
    for some, pks in found.items():
        records |= _records(viewer, some, pks, values)
    # What is gone since the first question is left out.
    page = [records[row[-2]] for row in rows[: wanted.limit] if row[-2] in records]
    return page, len(rows) > wanted.limit


def image_of(viewer: Viewer, pk: UUID) -> Record | None:
    """The record of one image whose page the viewer may open; None where there is none. One query."""
    rows = questions.seen(Asking.of(viewer)).ask(_ids(viewer) | {"id": pk, "now": timezone.now()})
    return image_record(Facts(*rows[0])) if rows else None


def _records(viewer: Viewer, kind: Kind, pks: Sequence[UUID], values: dict[str, Any]) -> dict[UUID, Record]:
    match kind:
        case Kind.IMAGE:
            rows = questions.facts(Asking.of(viewer)).ask(values | {"ids": pks})
            return {row[0]: image_record(Facts(*row)) for row in rows}
        case Kind.QUEUED:
            found = Upload.objects.queued(viewer).select_related("account", "fetch")
            return {upload.pk: queued_record(upload) for upload in found.filter(pk__in=pks)}
        case Kind.REJECTED:
            offers = Share.objects.offered_to(viewer).filter(status=Share.Status.REJECTED, image__in=pks)
            return {share.image_id: rejected_record(share) for share in reversed(offers)}


def _shape(viewer: Viewer, wanted: Wanted) -> Shape:
    return Shape(
        asking=Asking.of(viewer),
        conditions=tuple((condition.field, condition.op) for condition in _conditions(wanted)),
        order=wanted.order,
        visibility=wanted.visibility,
        member_status=wanted.member_status,
        has_marker=wanted.marker is not None,
    )


def _conditions(wanted: Wanted) -> tuple[Condition, ...]:
    region = Condition(f"{PREFIX}region", Op.EQ, wanted.region)
    return (*wanted.conditions, region) if wanted.region else wanted.conditions


def _values(viewer: Viewer, wanted: Wanted) -> dict[str, Any]:
    """What stands in the blanks of the first question, without the place of the marker."""
    now = timezone.now()
    values = _ids(viewer) | {"now": now, "silent_since": now - SILENCE, "silent_until": now + SILENCE}
    for number, condition in enumerate(_conditions(wanted)):
        if isinstance(condition.value, tuple):
            values |= {f"value_{number}_{part}": value for part, value in enumerate(condition.value)}
        else:
            values[f"value_{number}"] = condition.value
    return values | {"limit": wanted.limit + 1}


def _ids(viewer: Viewer) -> dict[str, Any]:
    principals = {f"principal_{number}": pk for number, pk in enumerate(sorted(viewer.principals))}
    return {"account": viewer.account.pk, "user": viewer.user.pk, **principals}


def _marked(viewer: Viewer, wanted: Wanted, values: dict[str, Any]) -> dict[str, Any]:
    """Where the page begins: what the image of the marker has in the place of each key."""
    if wanted.marker is None:
        return {}
    for is_image in (True, False):
        question = questions.where((Asking.of(viewer), wanted.order, is_image))
        rows = question.ask(values | {"value_0": [wanted.marker], "limit": 1}) if question else []
        if rows:
            return {f"marker_{number}": key for number, key in enumerate(rows[0][:-1])}
    return refuse_marker(str(wanted.marker))
