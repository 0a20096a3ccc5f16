"""How cases begin and end by what happens to images, offers and requests.

The row of the image, or of the account where there is none, is the lock of its cases: it is taken before the case, as
the producer's own verbs take it before the share. So of two who decide at once one wins, and the other is told.
"""

from typing import Any

from django.utils import timezone

import images.actions
from accounts.models import User
from accounts.viewer import Viewer
from images.models import Image, QuotaRequest
from sharing.models import AddressKind, Case, Share
from sharing.rules import open_refusal, rules_of


def open_case(kind: Case.Kind, image: Image, by: User, **fields: Any) -> Case:
    """Let staff decide something about an image."""
    return Case.objects.create(
        kind=kind, image=image, account=image.account, opened_by=by, opened_at=timezone.now(), **fields
    )


def close_case(case: Case, status: Case.Status, by: User, *, answer: str = "") -> None:
    """Say what became of a case."""
    case.status, case.decided_at, case.decided_by, case.answer = status, timezone.now(), by, answer
    case.save(update_fields=["status", "decided_at", "decided_by", "answer"])


def open_for_marketplace(share: Share, *, by: Viewer) -> None:
    """An image was offered to the marketplace: staff decide, in the transaction of the offer."""
    open_case(Case.Kind.MARKETPLACE, share.image, by.user, text=share.message, share=share)


def end_marketplace_offer(share: Share, *, by: Viewer) -> None:
    """An offer to the marketplace is being taken back, in the transaction that does it."""
    for case in share.cases.waiting():
        close_case(case, Case.Status.WITHDRAWN, by.user)
    images.actions.take_off_marketplace(share.image, by=by)


def follow_image(image: Image, by: Viewer) -> None:
    """After an image's visibility or owner changed, or it was deleted: the marketplace and its cases follow."""
    follow_listing(image, by)
    for case in image.cases.waiting():
        has_moved = case.account_id != image.account_id
        if not image.is_live or (case.kind == Case.Kind.PUBLIC and (has_moved or _is_public(image))):
            close_case(case, Case.Status.WITHDRAWN, by.user)
        elif has_moved:
            case.account = image.account
            case.save(update_fields=["account"])


def _is_public(image: Image) -> bool:
    return image.visibility == Image.Visibility.PUBLIC


def follow_listing(image: Image, by: Viewer) -> None:
    """What staff have accepted is listed as long as its owner keeps it open to others.

    Where rules have forbidden that meanwhile, what is listed stays, and nothing comes back into the marketplace.
    """
    share = Share.objects.filter(image=image, kind=AddressKind.MARKETPLACE, status=Share.Status.ACCEPTED).first()
    if share and share.decided_by and image.is_live and image.visibility != Image.Visibility.PRIVATE:
        if not open_refusal(rules_of(image.account)):
            images.actions.list_in_marketplace(image, by=by, accepted_by=share.decided_by)
    else:
        images.actions.take_off_marketplace(image, by=by)


def follow_quota_request(asked: QuotaRequest, by: User) -> None:
    """An account asked for a larger quota, or was answered: on the desk or elsewhere."""
    if asked.is_open:
        Case.objects.create(
            kind=Case.Kind.QUOTA,
            account=asked.account,
            quota_request=asked,
            text=asked.reason,
            opened_by=by,
            opened_at=asked.requested_at,
        )
        return
    for case in Case.objects.waiting().filter(quota_request=asked):
        close_case(case, _STATUS_OF_ANSWER[QuotaRequest.Status(asked.status)], by, answer=asked.answer)


_STATUS_OF_ANSWER = {
    QuotaRequest.Status.GRANTED: Case.Status.APPROVED,
    QuotaRequest.Status.REFUSED: Case.Status.REJECTED,
    QuotaRequest.Status.WITHDRAWN: Case.Status.WITHDRAWN,
}
