"""What has to hold before anything is offered, whoever it is offered to and by whatever way."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.errors import Conflict, wrong
from accounts.models import Account, Event, User
from accounts.viewer import Viewer
from images.models import Image
from sharing.actions.terms import Terms
from sharing.lasting import checked_end
from sharing.limits import HOW_TO_ASK, offers_per_day
from sharing.models import AddressKind, Rules, Share
from sharing.targets import Target, open_to_all, over

ONE_DAY = timedelta(days=1)


class LimitReached(ValidationError):
    """More offers than an account may make for now.

    Attributes:
        until: when it may make that many again, if nothing else is offered.
    """

    def __init__(self, text: str, until: datetime) -> None:
        super().__init__({"recipients": ValidationError(text, code="too_many")})
        self.until = until


def require_shared(image: Image, by: Viewer) -> None:
    """Let no program open an image by offering it: with a token that is a step of its own (OpenStack Image v2).

    Raises:
        PermissionDenied: the viewer came with a token, and the image is not shared.
    """
    if by.most and image.visibility != Image.Visibility.SHARED:
        raise PermissionDenied(f"Not allowed to create members for image {image.pk}: only shared images have members.")


def require_offerable(image: Image) -> None:
    """Refuse to offer what everybody can use anyway, and what nobody can.

    Raises:
        Conflict: the image is open to everybody, or obsolete.
    """
    if reason := open_to_all(image) or over(image):
        raise Conflict(reason)


def require_addressed(share: Share) -> None:
    """Refuse what needs somebody to write to: a claim code reaches nobody before somebody has used it.

    Raises:
        Conflict: it is an offer by claim code.
    """
    if share.kind == AddressKind.CODE:
        raise Conflict("This offer is a claim code, and goes to nobody by itself: make a new code, and pass it on.")


def check_daily_limit(account: Account, by: User, wanted: int) -> None:
    """Keep an account, and a person with many accounts, from flooding people: also offers removed again count.

    Raises:
        LimitReached: with how many were made and how many are allowed.
    """
    since = timezone.now() - ONE_DAY
    offered = Event.objects.filter(Q(account=account) | Q(actor=by), verb="offered", at__gt=since)
    made, allowed = offered.count(), offers_per_day(account)
    if made + wanted > allowed:
        text = (
            f"You and {account.title} have made {made} offers today; {allowed} are allowed. "
            f"Share with fewer recipients, with a group instead, or go on tomorrow. {HOW_TO_ASK}"
        )
        raise LimitReached(text, _free_again(offered, made + wanted - allowed))


def _free_again(offered: "QuerySet[Event]", too_many: int) -> datetime:
    """When so many of the offers of the last day are a day old; a day from now, where there are not so many."""
    moments = offered.order_by("at").values_list("at", flat=True)[too_many - 1 : too_many]
    return (next(iter(moments), None) or timezone.now()) + ONE_DAY


def checked_terms(terms: Terms, image: Image, rules: Rules | None, targets: Iterable[Target] = ()) -> Terms:
    """The terms as they are kept: with the end that rules ask for, and later versions only of a family.

    Nobody gets the data of what was made from an image that could only be booted, whatever is offered.

    Raises:
        ValidationError: an end that is past or later than rules allow; or the marketplace is among the recipients,
            and the terms hold something back.
    """
    terms = replace(terms, export=terms.export and not image.is_boot_only)
    _require_all_for_marketplace(terms, targets)
    return replace(
        terms,
        access_until=checked_end(rules, terms.access_until),
        offers_future=terms.offers_future and image.family_id is not None,
    )


def _require_all_for_marketplace(terms: Terms, targets: Iterable[Target]) -> None:
    """What is in the marketplace is everybody's to use, download and copy, without an end."""
    if (terms.export and terms.access_until is None) or all(each.kind != AddressKind.MARKETPLACE for each in targets):
        return
    text = "The marketplace gives an image to everybody, to download too and without an end. Offer it to it alone."
    raise wrong("recipients", text, "open")
