"""What the accounts of an organization share outside: rows and numbers for its managers.

By what the producers named, and by the same measure as the rules (``sharing.rules``): nothing shows who is behind an
address. What sleeps (an image that is private now) or is over reaches nobody, and is not shown.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Account, Membership, Organization
from images.models import Image
from sharing.models import AddressKind, Share
from sharing.querysets import ShareQuerySet, gives_access, is_waiting
from sharing.rules import people_of

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
    shares = Share.objects.live().filter(gives_access() | is_waiting(), image__account__organization=organization.pk)
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


def _conditions() -> dict[Filter, Q]:
    in_account = Membership.objects.filter(group=OuterRef("image__account"), user=OuterRef("offered_by"))
    return {
        Filter.ALL: Q(),
        Filter.NEVER: Q(status=Share.Status.PENDING),
        Filter.OLD: Q(offered_at__lt=timezone.now() - OLD),
        Filter.ENDLESS: Q(access_until=None),
        Filter.LEFT: ~Exists(in_account.filter(user__is_active=True)),
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
