"""What has to hold before anything is offered, whoever it is offered to and by whatever way."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.errors import Conflict, wrong
from accounts.models import Account, Event, User
from images.models import Image
from sharing.actions.terms import Terms
from sharing.lasting import checked_end
from sharing.limits import HOW_TO_ASK, offers_per_day
from sharing.models import AddressKind, Rules, Share
from sharing.targets import Target, open_to_all, over


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
        ValidationError: with how many were made and how many are allowed.
    """
    since = timezone.now() - timedelta(days=1)
    offered = Event.objects.filter(Q(account=account) | Q(actor=by), verb="offered", at__gt=since)
    made, allowed = offered.count(), offers_per_day(account)
    if made + wanted > allowed:
        text = (
            f"You and {account.title} have made {made} offers today; {allowed} are allowed. "
            f"Share with fewer recipients, with a group instead, or go on tomorrow. {HOW_TO_ASK}"
        )
        raise wrong("recipients", text, "too_many")


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
