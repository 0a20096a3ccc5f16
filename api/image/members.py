"""Members of an image: the producer adds and removes them, each consumer sees and decides for itself.

As Glance has it (wire contract, rules 10 and 13 to 15, and section D), with its defects mended, and with more that can
be named: beside a number also a login, an email address, ``organization:<id>`` and ``group:<id>``. Whoever is named is
asked first, also where the panel would accept at once.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts import numbers
from accounts.viewer import Viewer
from api.bodies import read_json
from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.errors import Refusal
from api.image.ids import CANONICAL
from api.image.records import moment
from images.models import Image, Upload
from images.permissions import Verb, require
from sharing import actions
from sharing.actions import LimitReached, NotTaken, Offered, Outcome, PlanFull, Terms, Way
from sharing.actions.terms import USUAL
from sharing.members import (
    Member,
    is_current,
    member_named,
    member_of,
    members_of,
    own_member,
    own_membership,
    planned_members,
)
from sharing.models import OfferRequest, Share
from sharing.naming import Name, name_from, sort_out

MEMBER_SCHEMA = "/v2/schemas/member"
MEMBERS_SCHEMA = "/v2/schemas/members"
ONLY_SHARED = "Not allowed to {} members for image {}: Only shared images have members."


@dataclass(frozen=True)
class Place:
    """The image that an address is about.

    Attributes:
        visibility: of the image, or the one that a queued one will have.
        is_own: whether the account of the token owns it.
        planned: members that a queued one will have.
    """

    pk: UUID
    visibility: str
    is_own: bool
    is_queued: bool = False
    planned: tuple[Member, ...] = ()


class Members(ImageEndpoint):
    """``/v2/images/{image_id}/members``."""

    def get(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """List them: for the owner all, for a consumer itself."""
        asked = cast("ApiRequest", request)
        place = find(asked, image_id)
        members = [record(member, place.pk) for member in _listed(asked.viewer, place)]
        return json_answer({"members": members, "schema": MEMBERS_SCHEMA})

    def post(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """Offer the image to one more: ``{"member": "…"}``. Whoever has rejected it is not asked again.

        Of a queued image it is noted, and whoever is named is asked once there is an image.
        """
        asked = cast("ApiRequest", request)
        text = _member_in(read_json(request))
        place = find(asked, image_id)
        require_sharing(asked.viewer, place)
        name = name_from(text)
        if place.is_queued:
            with suppress(Http404):  # it has become an image meanwhile
                return json_answer(record(_plan(asked.viewer, place, name), place.pk))
            place = find(asked, image_id)
            require_offerable(asked.viewer, place)
        [offered] = offer(asked.viewer, place, [name], Way(again=False))
        member = member_named(place.pk, name) if offered.outcome is Outcome.HELD else member_of(offered.share)
        if member is None or not (offered.outcome.changed or member.is_held):
            raise Refusal(409, f"Member {text} is duplicated for image {place.pk}")
        return json_answer(record(member, place.pk))


class OneMember(ImageEndpoint):
    """``/v2/images/{image_id}/members/{member}``."""

    def get(self, request: HttpRequest, image_id: str, member: str) -> JsonResponse:
        """Show it: the owner any, a consumer itself."""
        asked = cast("ApiRequest", request)
        place = find(asked, image_id)
        return json_answer(record(_found(asked.viewer, place, member), place.pk))

    def put(self, request: HttpRequest, image_id: str, member: str) -> JsonResponse:
        """Decide for the own account: ``{"status": "accepted"}``, "rejected" or "pending" again."""
        asked = cast("ApiRequest", request)
        status = _status_in(read_json(request))
        place = find(asked, image_id)
        _found(asked.viewer, place, member)
        if place.is_own:
            raise Refusal(403, "You are not authorized to complete modify_member action. The member itself decides.")
        return json_answer(record(_decided(asked.viewer, place, status), place.pk))

    def delete(self, request: HttpRequest, image_id: str, member: str) -> HttpResponse:
        """Take the image back from one. Its own membership no member deletes: it rejects."""
        asked = cast("ApiRequest", request)
        place = find(asked, image_id)
        _found(asked.viewer, place, member)
        if not place.is_own:
            text = "You are not authorized to complete delete_member action. Reject the image instead."
            raise Refusal(403, text)
        name = name_from(member)
        if place.is_queued:
            with suppress(Http404):  # as above
                actions.remove_planned(place.pk, name, by=asked.viewer)
                return HttpResponse(status=204)
        _remove(asked.viewer, place, name)
        return HttpResponse(status=204)


def find(asked: ApiRequest, image_id: str) -> Place:
    """The image of an address, in the region of the service. One query, and another for a queued one.

    It says nothing of whether the viewer may know of it: who does not own it has to be a member, or to see it.

    Raises:
        Refusal: 404; there is none.
    """
    viewer, region = asked.viewer, asked.region_code
    if not CANONICAL.fullmatch(image_id):
        raise not_found(image_id)
    pk = UUID(image_id)
    row = Image.objects.live().filter(pk=pk).values_list("account", "visibility", "region").first()
    if row is not None and region in ("", row[2]):
        return Place(pk, row[1], row[0] == viewer.account.pk)
    queued = None if row else Upload.objects.queued(viewer).filter(pk=pk).first()
    plan = (queued.plan or {}) if queued else {}
    if queued is None or region not in ("", plan.get("region")):
        own_membership(viewer, pk)  # as much is asked about somebody else's image: what it costs tells nothing
        raise not_found(image_id)
    planned = tuple(planned_members(plan.get("members", [])))
    return Place(pk, str(plan.get("visibility", "")), is_own=True, is_queued=True, planned=planned)


def offer(viewer: Viewer, place: Place, names: Sequence[Name], way: Way, terms: Terms = USUAL) -> list[Offered]:
    """Offer an image of the viewer's account.

    Raises:
        Refusal: 413, with the seconds after which more can be offered.
        PermissionDenied, Conflict, ValidationError: as ``sharing.actions.offer``.
    """
    addresses, groups = sort_out(names, viewer)
    try:
        return actions.offer(place.pk, by=viewer, addresses=addresses, groups=groups, terms=terms, way=way)
    except LimitReached as reached:
        wait = max(1, math.ceil((reached.until - timezone.now()).total_seconds()))
        raise Refusal(413, " ".join(reached.messages), {"Retry-After": str(wait)}) from None


def require_own(viewer: Viewer, place: Place) -> None:
    """Refuse what only the owner of an image does.

    Raises:
        Refusal: 404 for what is not for the viewer's eyes; else 403.
    """
    if place.is_own:
        return
    if own_membership(viewer, place.pk) is None:
        _require_visible(viewer, place)
    raise Refusal(
        403, "You are not authorized to complete add_member action. Its owner decides with whom it is shared."
    )


def require_sharing(viewer: Viewer, place: Place) -> None:
    """Refuse what the viewer may not do, before anything is said about what they wrote.

    Raises:
        Refusal: 404 or 403.
        PermissionDenied: with the reason.
    """
    require_own(viewer, place)
    require(viewer, Verb.OFFER)
    _require_members(place, "create")


def require_offerable(viewer: Viewer, place: Place) -> None:
    """The same for what needs an image that has its data.

    Raises:
        Refusal: as ``require_sharing``; or 409 for an image without data.
        PermissionDenied: as ``require_sharing``.
    """
    require_sharing(viewer, place)
    if place.is_queued:
        raise Refusal(409, f"The image {place.pk} has no data yet: send it first.")


def record(member: Member, image_id: UUID) -> dict[str, Any]:
    """The JSON of a member, as Glance writes it. One that waits for approval says so: ``stockroom_held``."""
    since = moment(member.since)
    said = {
        "member_id": member.name,
        "image_id": str(image_id),
        "status": member.status,
        "created_at": since,
        "updated_at": since if member.changed is member.since else moment(member.changed),
        "schema": MEMBER_SCHEMA,
    }
    return said | {"stockroom_held": True} if member.is_held else said


def not_found(image_id: object) -> Refusal:
    """404, the same for an image that never existed and for one that is not for the viewer's eyes."""
    return Refusal(404, f"Image {image_id} not found.")


def _listed(viewer: Viewer, place: Place) -> list[Member]:
    """The members that the viewer may know of.

    Raises:
        Refusal: 404 or 403.
    """
    if place.is_own:
        _require_members(place, "list")
        return [*place.planned] if place.is_queued else members_of(place.pk)
    if own := own_membership(viewer, place.pk):
        return [own]
    _require_visible(viewer, place)
    _require_members(place, "list")
    return []


def _found(viewer: Viewer, place: Place, text: str) -> Member:
    """The member of a name, if the viewer may know of it.

    Raises:
        Refusal: 404.
    """
    if place.is_own:
        found = _named(place, text)
    else:
        own = own_membership(viewer, place.pk)
        if own is None:
            _require_visible(viewer, place)
        found = own if _is_own_number(viewer, text) else None
    if found is None:
        raise Refusal(404, f"{text} not found in the member list of the image {place.pk}.")
    return found


def _named(place: Place, text: str) -> Member | None:
    try:
        name = name_from(text)
    except ValidationError:
        return None
    if place.is_queued:
        return next((member for member in place.planned if member.name == str(name)), None)
    return member_named(place.pk, name)


def _decided(viewer: Viewer, place: Place, status: object) -> Member:
    """What the account is after its decision.

    Raises:
        Refusal: 403 where a policy does not take the image; 400 for a status that there is not.
        Http404, PermissionDenied, Conflict: as ``sharing.actions.set_member_status``.
    """
    if status not in Share.Status.values:
        raise Refusal(400, 'Incorrect request: Status must be "pending", "accepted" or "rejected".')
    try:
        return own_member(viewer, actions.set_member_status(place.pk, Share.Status(status), by=viewer))
    except NotTaken as refused:
        raise Refusal(403, " ".join(refused.messages)) from None


def _is_own_number(viewer: Viewer, text: str) -> bool:
    return numbers.normalise(text) == viewer.account.number


def _plan(viewer: Viewer, place: Place, name: Name) -> Member:
    """Add a member to a queued image.

    Raises:
        Refusal: 413; it has as many as it may.
        Http404, PermissionDenied, Conflict, ValidationError: as ``sharing.actions.add_planned``.
    """
    try:
        return actions.add_planned(place.pk, name, by=viewer)
    except PlanFull as full:
        raise Refusal(413, " ".join(full.messages)) from None


def _remove(viewer: Viewer, place: Place, name: Name) -> None:
    which = {"image": place.pk, "kind": name.kind, "address": name.value}
    if share := Share.objects.filter(is_current(), **which).first():
        actions.remove(place.pk, share.pk, by=viewer)
    elif request := OfferRequest.objects.open().filter(**which).first():
        actions.withdraw_offer(place.pk, request.pk, by=viewer)


def _require_visible(viewer: Viewer, place: Place) -> None:
    if not Image.objects.visible_to(viewer).filter(pk=place.pk).exists():
        raise not_found(place.pk)


def _require_members(place: Place, verb: str) -> None:
    if place.visibility != Image.Visibility.SHARED:
        raise Refusal(403, ONLY_SHARED.format(verb, place.pk))


def _member_in(said: object) -> str:
    """The name in the body of a request, with what Glance says of others (its 500s are 400 here)."""
    if not isinstance(said, dict):
        raise Refusal(400, 'Expected a member in the form: {"member": "image_id"}')
    if "member" not in said:
        raise Refusal(400, "Member to be added not specified")
    if said["member"] == "":
        raise Refusal(400, "Member can't be empty")
    if not isinstance(said["member"], str):
        raise Refusal(400, "Member has to be a text: an account number, a login or an email address.")
    return said["member"]


def _status_in(said: object) -> object:
    if not isinstance(said, dict):
        raise Refusal(400, 'Expected a status in the form: {"status": "status"}')
    if "status" not in said:
        raise Refusal(400, "Status not specified")
    return said["status"]
