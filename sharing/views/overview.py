"""Who has access: to one image, and to all of an account; on a page, and as a file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.exports import as_csv
from accounts.middleware import PanelRequest
from images.models import Image
from images.permissions import Verb, get_image, refusal, require
from sharing.access import Wanted, all_rows, count_by_state, own_people, page_of
from sharing.forms.overview import AccessForm
from sharing.lasting import lasting_by
from sharing.rows import AccessRow
from sharing.rules import rules_of
from sharing.targets import open_to_all

COLUMNS = (
    "image", "image_id", "region", "recipient", "kind", "status", "people", "how", "may_download", "offered_by",
    "offered_at", "offer_open_until", "decided_at", "access_until", "downloads", "last_used_at", "explanation",
)  # fmt: skip


@require_safe
def image_access(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Every recipient of an image of the account."""
    return _render(request, get_image(request.viewer, pk, Verb.SEE_SHARES))


@require_safe
def image_access_csv(request: PanelRequest, pk: UUID) -> HttpResponseBase:
    """The same as a file, with the same filters."""
    image = get_image(request.viewer, pk, Verb.SEE_SHARES)
    return _as_file(request, f"access-{slugify(image.name)[:60] or 'image'}", image)


@require_safe
def share_list(request: PanelRequest) -> HttpResponse:
    """Shared by us: every image of the account, with everybody it is shared with."""
    require(request.viewer, Verb.SEE_SHARES)
    return _render(request, None)


@require_safe
def share_list_csv(request: PanelRequest) -> HttpResponseBase:
    """The same as a file, with the same filters."""
    require(request.viewer, Verb.SEE_SHARES)
    return _as_file(request, f"shared-by-{request.viewer.account.number}", None)


def _render(request: PanelRequest, image: Image | None) -> HttpResponse:
    viewer = request.viewer
    form = AccessForm(request.GET)
    wanted = form.wanted(image)
    page = page_of(viewer, wanted)
    kept = _kept(wanted)
    filters = {name: value for name, value in kept.items() if name != "sort"}
    context = {
        "image": image,
        "form": form,
        "wanted": wanted,
        "rows": page.rows,
        "counts": count_by_state(viewer, image),
        "own_people": own_people(viewer.account),
        "next": f"?{urlencode(kept | {'after': str(page.next)})}" if page.next else "",
        "first": f"?{urlencode(kept)}" if wanted.after else "",
        "filtered": bool(filters),
        "query": urlencode(kept),
        "lasting": lasting_by(rules_of(viewer.account)),
        "act_refusal": refusal(viewer, Verb.OFFER),
        "remove_refusal": refusal(viewer, Verb.REMOVE_SHARE),
        "open_to_all": open_to_all(image) if image else "",
    }
    return render(request, "sharing/access.html", context)


def _kept(wanted: Wanted) -> dict[str, str]:
    """The parameters of the list, without the place in it."""
    given = {"q": wanted.q, "status": wanted.status, "kind": wanted.kind, "used": wanted.used}
    sort = "" if wanted.sort == "newest" else str(wanted.sort)
    return {name: value for name, value in (given | {"sort": sort}).items() if value}


def _as_file(request: PanelRequest, name: str, image: Image | None) -> HttpResponseBase:
    wanted = AccessForm(request.GET).wanted(image)
    return as_csv(name, COLUMNS, (_cells(row) for row in all_rows(request.viewer, wanted)))


def _cells(row: AccessRow) -> Mapping[str, Any]:
    share = row.share
    return {
        "image": share.image.name,
        "image_id": share.image_id,
        "region": share.image.region_id,
        "recipient": share.address_text,
        "kind": share.get_kind_display(),
        "status": share.state_text,
        "people": "" if row.people is None else row.people,
        "how": row.how,
        "may_download": share.export,
        "offered_by": share.offered_by.username,
        "offered_at": _moment(share.offered_at),
        "offer_open_until": _moment(share.offer_expires_at if share.status == share.Status.PENDING else None),
        "decided_at": _moment(share.decided_at),
        "access_until": _moment(share.access_until),
        "downloads": row.uses.taken,
        "last_used_at": _moment(row.last_used),
        "explanation": row.explanation,
    }


def _moment(moment: datetime | None) -> str:
    """In UTC, as ISO 8601 has it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""
