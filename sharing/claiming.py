"""Showing a claim code: from the code to its offer, and how a session remembers that it was shown."""

import time
from datetime import datetime

from allauth.core import ratelimit
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.errors import wrong
from accounts.models import Account
from sharing.codes import digest_of
from sharing.models import Share

# One answer for codes that nobody made, that were used, taken back or are too old: what is not there tells nothing.
NOT_THERE = (
    "This code does not work. It may have been used, taken back or become too old, or it is another one. "
    "Ask whoever gave it to you for a new one."
)
TOO_MANY = "There were too many tries. Wait some minutes, and try again."
SHOWN_FOR = 30 * 60  # seconds in which one may look at the offer and accept it, without the code again
_KEPT = "shown_codes"


def find_offer(request: HttpRequest, code: str) -> Share:
    """The offer that a code stands for, which anybody may see who has the code. One query, whatever was typed.

    Raises:
        ValidationError: there is none to claim, and nothing says why; or there were too many tries.
    """
    digest = digest_of(code)
    if not ratelimit.consume(request, action="claim", key="everybody"):
        raise ValidationError(TOO_MANY, code="too_many_tries")
    share = Share.objects.by_code().waiting().filter(claim_code__digest=digest).first()
    if share is None:
        raise wrong("code", NOT_THERE, "unknown")
    return share


def shown_offer(share_id: int, offered_at: datetime, account: Account) -> Share | None:
    """An offer whose code somebody has shown, as if it had been made to an account; None when it has ended since.

    Nothing is written: it is still the offer of whoever comes first.

    Args:
        offered_at: out of ``shown``.
    """
    share = Share.objects.by_code().waiting().filter(pk=share_id, offered_at=offered_at).first()
    if share:
        share.recipient = account.group_ptr
    return share


def remember(request: HttpRequest, share: Share) -> None:
    """Keep in the session that this person has shown the code of an offer. The code itself is kept nowhere."""
    request.session[_KEPT] = {str(share.pk): [share.offered_at.isoformat(), time.time() + SHOWN_FOR]}


def shown(request: HttpRequest, share_id: int) -> datetime | None:
    """When the offer was made whose code this person has shown a moment ago; None when they have not."""
    offered_at, until = request.session.get(_KEPT, {}).get(str(share_id), ("", 0))
    return datetime.fromisoformat(offered_at) if until > time.time() else None


def forget(request: HttpRequest) -> None:
    """Nothing is shown any more."""
    request.session.pop(_KEPT, None)
