"""Offers that wait for a second person: approved, refused, withdrawn.

Approving takes its locks in the order in which offering does: the groups, then the image, then the request.
"""

from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from accounts.addresses import Address
from accounts.errors import Conflict
from accounts.models import Membership, User
from accounts.permissions import lock_rows
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image
from sharing import circulars
from sharing.actions.holding import close_request, record_request
from sharing.actions.offers import offer
from sharing.actions.terms import Terms, Way
from sharing.addresses import address_of, resolve
from sharing.models import AddressKind, OfferRequest

Status = OfferRequest.Status


@transaction.atomic
def approve_offer(request_id: int, *, by: User) -> OfferRequest:
    """Make an offer that waited, in the name of the person who asked for it, if they still may and it still can be.

    Args:
        by: a manager of the organization, or staff who may change offer requests; never who asked.

    Raises:
        Http404: no such request for this person.
        PermissionDenied: they may not decide, or they asked for it themselves.
        Conflict: somebody has decided already, or who asked may not make this offer any more.
        ValidationError: rules, limits or the recipient stand against it now.
    """
    asked = find_request(request_id, by)
    addresses, groups = _named(asked)
    reached = [*resolve(addresses).values(), *groups]
    lock_rows({asked.account.pk, asked.organization_id, *(group.pk for group in reached)})
    request = _locked(asked, by)
    requester = Viewer.of(request.requested_by, number=request.account.number)
    if requester is None:
        raise Conflict(f"{request.requested_by.get_full_name()} no longer works for {request.account.title}.")
    close_request(request, Status.APPROVED, by, "")
    record_request("approved", request, by)
    _make(request, requester, addresses, groups)
    circulars.approval_decided(request)
    return request


def _make(request: OfferRequest, requester: Viewer, addresses: list[Address], groups: list[Group]) -> None:
    terms = Terms(request.message, request.export, request.access_until, request.offers_future)
    try:
        offer(request.image_id, by=requester, addresses=addresses, groups=groups, terms=terms, way=Way(approved=True))
    except PermissionDenied as refused:
        raise Conflict(f"{requester.user.get_full_name()} may not make this offer any more. {refused}") from refused


@transaction.atomic
def refuse_offer(request_id: int, *, by: User, answer: str = "") -> OfferRequest:
    """Say no to an offer that waited. Who asked reads the answer.

    Raises:
        Http404, PermissionDenied, Conflict: as ``approve_offer``.
    """
    request = _locked(find_request(request_id, by), by)
    close_request(request, Status.REFUSED, by, answer)
    record_request("refused", request, by, reason=answer)
    circulars.approval_decided(request)
    return request


@transaction.atomic
def withdraw_offer(image_id: UUID, request_id: int, *, by: Viewer) -> OfferRequest:
    """Ask no longer: whoever asked, or an admin of the account.

    Raises:
        Http404: no such request of the viewer's account.
        PermissionDenied: somebody else asked for it.
        Conflict: it has been decided.
    """
    rows = OfferRequest.objects.with_sides().filter(image=image_id, image__account=by.account.pk, pk=request_id)
    request = rows.select_for_update(of=("self",)).first()
    if request is None:
        raise Http404
    if reason := withdraw_refusal(by, request):
        raise PermissionDenied(reason)
    _require_open(request)
    close_request(request, Status.WITHDRAWN, by.user, "")
    record_request("withdrew", request, by.user)
    return request


def withdraw_refusal(viewer: Viewer, request: OfferRequest) -> str:
    """Why the viewer cannot withdraw a request of the account; empty when they can."""
    if viewer.is_admin or request.requested_by_id == viewer.user.pk:
        return ""
    return f"Only {request.requested_by.get_full_name()}, who asked, or an admin can withdraw this."


def find_request(request_id: int, user: User) -> OfferRequest:
    """A request that somebody decides on.

    Raises:
        Http404: they neither manage the organization nor are staff for this.
    """
    request = OfferRequest.objects.with_sides().filter(pk=request_id).first()
    if request is None or not (_manages(user, request.organization_id) or may_approve_anywhere(user)):
        raise Http404
    return request


def may_approve_anywhere(user: User) -> bool:
    """Whether somebody may stand in for the managers of any organization: staff with the right."""
    return user.is_active and user.is_staff and user.has_perm("sharing.change_offerrequest")


def approve_refusal(user: User, request: OfferRequest) -> str:
    """Why somebody who sees a request cannot decide on it; empty when they can."""
    if request.requested_by_id == user.pk:
        return "You asked for this yourself: a second person has to decide."
    return ""


def _manages(user: User, organization_id: int) -> bool:
    managers = Membership.objects.filter(group=organization_id, role=Role.MANAGER)
    return managers.filter(user=user, group__as_organization__closed_at=None).exists()


def _locked(asked: OfferRequest, by: User) -> OfferRequest:
    """The request under the lock of its image, if it waits and this person may decide."""
    Image.objects.select_for_update(of=("self",)).get(pk=asked.image_id)
    request = OfferRequest.objects.with_sides().select_for_update(of=("self",)).get(pk=asked.pk)
    if reason := approve_refusal(by, request):
        raise PermissionDenied(reason)
    _require_open(request)
    if request.account.organization_id != request.organization_id:
        raise Conflict(f"{request.account.title} is no longer in {request.organization.title}.")
    return request


def _require_open(request: OfferRequest) -> None:
    if request.status != Status.OPEN:
        who = request.decided_by.get_full_name() if request.decided_by else "Somebody"
        raise Conflict(f"{who} has decided on this already: {request.state_text.lower()}.")
    if request.is_expired:
        raise Conflict("Nobody decided on this in time. It can be asked for again.")


def _named(request: OfferRequest) -> tuple[list[Address], list[Group]]:
    if request.kind in (AddressKind.TEAM, AddressKind.ORGANIZATION):
        return [], [Group.objects.get(pk=int(request.address))]
    return [address_of(request.kind, request.address)], []
