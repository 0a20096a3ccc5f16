"""How many people a group or organization reaches."""

from collections.abc import Collection

from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from accounts.models import Membership
from sharing.querysets import NOBODY


def count_people(group_ids: Collection[int]) -> dict[int, int]:
    """How many active people are in each of these groups and organizations. One query.

    People of an account are in its organization through the account (design: "Membership begins with consent").
    """
    wanted = list(group_ids) or [NOBODY]
    rows = Membership.objects.filter(
        Q(group__in=wanted) | Q(group__as_account__organization__in=wanted), user__is_active=True
    )
    counted = rows.values(reached=Coalesce("group__as_account__organization_id", "group_id")).annotate(
        people=Count("user", distinct=True)
    )
    return {row["reached"]: row["people"] for row in counted}


def in_words(people: int) -> str:
    """A number of people as text."""
    return "1 person" if people == 1 else f"{people} people"
