"""How many people a group or organization reaches."""

from collections.abc import Collection

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Membership
from accounts.querysets import NOBODY


def count_people(group_ids: Collection[int]) -> dict[int, int]:
    """How many active people are in each of these groups and organizations. One query.

    People of an account are in its organization through the account (design: "Membership begins with consent").
    """
    counted = (
        _active_in(group_ids)
        .values(reached=Coalesce("group__as_account__organization_id", "group_id"))
        .annotate(people=Count("user", distinct=True))
    )
    return {row["reached"]: row["people"] for row in counted}


def count_together(group_ids: Collection[int]) -> int:
    """How many active people are in any of these accounts, groups and organizations, each of them once. One query."""
    people: int = _active_in(group_ids).aggregate(people=Count("user", distinct=True))["people"]
    return people


def _active_in(group_ids: Collection[int]) -> QuerySet[Membership]:
    """The memberships that make people belong to these. An empty list is asked for as well."""
    wanted = list(group_ids) or [NOBODY]
    inside = Q(group__in=wanted) | Q(group__as_account__organization__in=wanted)
    return Membership.objects.filter(inside, user__is_active=True)


def in_words(people: int) -> str:
    """A number of people as text."""
    return "1 person" if people == 1 else f"{people} people"
