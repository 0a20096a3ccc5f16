"""What OpenStack Image v2 lets a member do with its status, by the panel's own verbs."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from accounts.viewer import Viewer
from sharing.actions.decisions import accept, leave, reconsider, reject
from sharing.deciding import decision_refusal
from sharing.members import offers_reaching
from sharing.models import Share

Status = Share.Status


@transaction.atomic
def set_member_status(image_id: UUID, status: Share.Status, *, by: Viewer) -> Share:
    """Decide for the viewer's account on an image of others. Deciding the same twice changes nothing.

    Everything that was offered to the account itself follows, so that the status says what is so: accepted, it has the
    image; else it has nothing, except through its organization. What was rejected is accepted only where nothing else
    waits or is accepted.

    Returns:
        A share that has this status now.

    Raises:
        Http404: nothing of the image was offered to the account, or it is over.
        PermissionDenied: somebody else decides, with who.
        Conflict: the producer's rules forbid it by now; or the time for deciding is over.
        NotTaken: a policy does not take the image.
    """
    shares = _own(by, image_id)
    changed = []
    if status == Status.REJECTED and any(share.status == Status.ACCEPTED for share in shares):
        changed += leave(image_id, by=by, holders={by.account.pk})
    changed += [_CHANGES[status](share.pk, by=by) for share in _concerned(shares, status)]
    if changed:
        return changed[0]
    if reason := decision_refusal(by, shares[0]):  # nor does anybody else say again what is so
        raise PermissionDenied(reason)
    return next(share for share in shares if share.status == status)


def _own(by: Viewer, image_id: UUID) -> list[Share]:
    """What was offered to the viewer's account itself."""
    reaching = list(offers_reaching(by, image_id))
    own = [share for share in reaching if share.recipient_id == by.account.pk]
    others = [share for share in reaching if share.status != Status.REJECTED]
    if others and not own:
        raise PermissionDenied(f"This image came through {others[0].recipient_title}: only its managers decide on it.")
    if not own:
        raise Http404
    return own


def _concerned(shares: Sequence[Share], status: Status) -> list[Share]:
    """The shares that have to change for this status to be so."""
    waiting = [share for share in shares if share.status == Status.PENDING]
    match status:
        case Status.PENDING:
            return [share for share in shares if share.status == Status.ACCEPTED] or ([] if waiting else [*shares])
        case Status.ACCEPTED:
            return waiting or ([] if any(share.status == Status.ACCEPTED for share in shares) else [*shares])
    return waiting


_CHANGES: dict[Share.Status, Callable[..., Share]] = {
    Status.ACCEPTED: accept,
    Status.REJECTED: reject,
    Status.PENDING: reconsider,
}
