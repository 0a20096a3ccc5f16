"""What the accounts of an organization share outside: rows and numbers for its managers.

By what the producers named, and by the same measure as the rules (``sharing.rules``): nothing shows who is behind an
address. What sleeps (an image that is private now) or is over reaches nobody, and is not shown.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Event, Membership, Organization
from accounts.viewer import Viewer
from images.models import Image
from sharing.models import AddressKind, Share
from sharing.querysets import ShareQuerySet, gives_access, is_waiting
from sharing.rules import people_of

ASKED = "asked for a review"
ASKED_AT_MOST_EVERY = timedelta(days=1)
OLD = timedelta(days=90)


class Filter(StrEnum):
    """Which shares one looks at."""

    ALL = ""
    NEVER = "never-accepted"
    OLD = "old"
    ENDLESS = "no-end"
    LEFT = "people-left"
    EMAIL = "by-email"
    OPEN = "open"


TITLES: Mapping[Filter, str] = {
    Filter.ALL: "All",
    Filter.NEVER: "Never accepted",
    Filter.OLD: "Older than 90 days",
    Filter.ENDLESS: "Without an end",
    Filter.LEFT: "Shared by people who left",
    Filter.EMAIL: "By email address",
    Filter.OPEN: "Open to everybody",
}


class Sort(StrEnum):
    """The order of the table."""

    NEWEST = "newest"
    OLDEST = "oldest"
    IMAGE = "image"
    ACCOUNT = "account"
    RECIPIENT = "recipient"
    END = "end"


_ORDER: Mapping[Sort, tuple[str, ...]] = {
    Sort.NEWEST: ("-offered_at",),
    Sort.OLDEST: ("offered_at",),
    Sort.IMAGE: ("image__name", "-offered_at"),
    Sort.ACCOUNT: ("image__account__title", "-offered_at"),
    Sort.RECIPIENT: ("address", "-offered_at"),
    Sort.END: ("access_until", "-offered_at"),
}


def exposed_shares(organization: Organization) -> ShareQuerySet:
    """The shares by which accounts of an organization reach somebody outside, or have asked somebody outside."""
    shares = (
        Share.objects.annotate(has_left=_has_left())
        .live()
        .filter(gives_access() | is_waiting(), image__account__organization=organization.pk)
    )
    return shares.exclude(_is_inside(organization.pk)).select_related(
        "image__account", "image__region", "recipient__as_team", "recipient__as_organization", "offered_by"
    )


def _is_inside(organization_id: int) -> Q:
    numbers = Account.objects.filter(organization=organization_id, number=OuterRef("address"))
    by_login = Membership.objects.filter(user__username=OuterRef("address"), user__is_active=True)
    seen = by_login.filter(Q(group=organization_id) | Q(group=OuterRef("image__account")))
    strangers = Membership.objects.filter(group=OuterRef("recipient"), user__is_active=True)
    strangers = strangers.exclude(Exists(people_of(organization_id, OuterRef("user"))))
    return (
        Q(Exists(numbers), kind=AddressKind.NUMBER)
        | Q(Exists(seen), kind=AddressKind.LOGIN)
        | Q(~Exists(strangers), kind=AddressKind.TEAM)
        | Q(kind=AddressKind.ORGANIZATION, address=str(organization_id))
    )


def chosen(shares: ShareQuerySet, which: Filter) -> ShareQuerySet:
    """The shares that a filter leaves."""
    return shares.filter(_conditions()[which])


def _has_left() -> "ExpressionWrapper[Combinable]":
    in_account = Membership.objects.filter(group=OuterRef("image__account"), user=OuterRef("offered_by"))
    return ExpressionWrapper(~Exists(in_account.filter(user__is_active=True)), BooleanField())


def _conditions() -> dict[Filter, Q]:
    return {
        Filter.ALL: Q(),
        Filter.NEVER: Q(status=Share.Status.PENDING),
        Filter.OLD: Q(offered_at__lt=timezone.now() - OLD),
        Filter.ENDLESS: Q(access_until=None),
        Filter.LEFT: Q(has_left=True),
        Filter.EMAIL: Q(kind=AddressKind.EMAIL),
    }


def ordered(shares: ShareQuerySet, sort: Sort) -> ShareQuerySet:
    """The shares in an order that is the same at each request."""
    first, *more = _ORDER[sort]
    key = F(first).asc(nulls_last=True) if sort is Sort.END else first
    return shares.order_by(key, *more, "pk")


def open_images(organization: Organization) -> "QuerySet[Image]":
    """The images of its accounts that everybody can use."""
    images = Image.objects.open_to_all().filter(account__organization=organization.pk)
    return images.select_related("account", "region").order_by("account__title", "name", "pk")


def counts_of(organization: Organization) -> dict[Filter, int]:
    """How many each filter leaves. Two queries."""
    conditions = {which: Count("pk", filter=condition) for which, condition in _conditions().items() if condition}
    named = {which.name: count for which, count in conditions.items()}
    numbers = exposed_shares(organization).order_by().aggregate(ALL=Count("pk"), **named)
    return {Filter[name]: number for name, number in numbers.items()} | {Filter.OPEN: open_images(organization).count()}


@dataclass(frozen=True)
class Exposed:
    """A line of the table.

    Attributes:
        url: of the image, where the manager works in its account.
        is_asked: the admins of the account were asked to look less than a day ago.
    """

    share: Share
    url: str
    is_asked: bool

    @property
    def key(self) -> str:
        """What tells the row's elements apart on a page."""
        return str(self.share.pk)

    @property
    def has_left(self) -> bool:
        """Whether the person who shared it is no longer in the account."""
        return bool(getattr(self.share, "has_left", False))


def lines_of(shares: Sequence[Share], viewer: Viewer) -> list[Exposed]:
    """The lines for shares of a page. One query."""
    asked = asked_lately({str(share.image_id) for share in shares})
    own = {account.pk: account.number for account in viewer.accounts}
    return [
        Exposed(share, _image_url(share, own), is_asked=(str(share.image_id), share.address_text) in asked)
        for share in shares
    ]


def _image_url(share: Share, own: Mapping[int, str]) -> str:
    number = own.get(share.image.account_id)
    return reverse("image_detail", kwargs={"number": number, "pk": share.image_id}) if number else ""


def asked_lately(image_ids: Collection[str]) -> set[tuple[str, str]]:
    """Which shares the admins of their accounts were asked about: image and address."""
    events = Event.objects.filter(verb=ASKED, subject_kind="image", subject_id__in=image_ids)
    return set(events.filter(at__gt=timezone.now() - ASKED_AT_MOST_EVERY).values_list("subject_id", "address"))


COLUMNS = ("image", "image id", "account", "account number", "recipient", "kind", "status", "offered", "offered by",
           "left the account", "ends")  # fmt: skip
OPEN_COLUMNS = ("image", "image id", "account", "account number", "visibility", "in the marketplace since")


def exported(shares: ShareQuerySet) -> Iterator[dict[str, Any]]:
    """The shares as rows of a file, read as they are written."""
    for share in shares.iterator(chunk_size=500):
        image = share.image
        values = (image.name, image.pk, image.account.title, image.account.number, share.address_text,
                  share.get_kind_display(), share.state_text, share.offered_at.isoformat(),
                  share.offered_by.username, bool(getattr(share, "has_left", False)),
                  share.access_until.isoformat() if share.access_until else "")  # fmt: skip
        yield dict(zip(COLUMNS, values, strict=True))


def exported_images(images: "QuerySet[Image]") -> Iterator[dict[str, Any]]:
    """The open images as rows of a file."""
    for image in images.iterator(chunk_size=500):
        listed = image.listed_at.isoformat() if image.listed_at else ""
        values = (image.name, image.pk, image.account.title, image.account.number, image.visibility, listed)
        yield dict(zip(OPEN_COLUMNS, values, strict=True))
