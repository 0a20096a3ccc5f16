"""What a policy refuses, before and after it does: for those who set it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, AnyGroup, Event, Organization
from sharing.actions.policies import WOULD_REFUSE
from sharing.models import Policy, Share, Trust
from sharing.policies import Judge
from sharing.querysets import ShareQuerySet

MOST_JUDGED = 500  # of the latest: more nobody reads
MOST_SHOWN = 20
WRITTEN_DOWN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Refused:
    """An accepted image that a policy does not take."""

    share: Share
    reasons: Sequence[str]


@dataclass(frozen=True)
class Preview:
    """What a policy says against what is accepted.

    Attributes:
        judged: how many accepted images were looked at.
        is_all: whether these are all.
    """

    judged: int
    refused: Sequence[Refused]
    is_all: bool

    @property
    def shown(self) -> Sequence[Refused]:
        """The first of them."""
        return self.refused[:MOST_SHOWN]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return len(self.refused) - len(self.shown)


@dataclass(frozen=True)
class Written:
    """What would have been refused in the last 30 days.

    Attributes:
        number: how often.
        events: the latest.
    """

    number: int
    events: Sequence[Event]


def preview_of(group: AnyGroup, policy: Policy) -> Preview:
    """What a policy would refuse of what is accepted, if it were enforced with what it says now. Two queries."""
    shares = list(accepted_by(group)[: MOST_JUDGED + 1])
    would_be = Policy(**{name: getattr(policy, name) for name in ("only_trusted", "only_inspected", "max_age_days")})
    would_be.group, would_be.mode = group.group_ptr, Policy.Mode.ENFORCED
    judge = Judge([would_be], _organizations(group, shares), _trusted(group))
    judged = [
        Refused(share, [verdict.reason for verdict in judge.verdicts(share.image, share.recipient_id or 0)])
        for share in shares[:MOST_JUDGED]
    ]
    return Preview(len(judged), [each for each in judged if each.reasons], is_all=len(shares) <= MOST_JUDGED)


def accepted_by(group: AnyGroup) -> ShareQuerySet:
    """What an account has accepted; for an organization, what it and all its accounts have."""
    recipients = Q(recipient=group.pk)
    if isinstance(group, Organization):
        recipients |= Q(recipient__as_account__organization=group.pk)
    return Share.objects.live().giving_access().filter(recipients).with_sides().order_by("-decided_at", "-pk")


def _organizations(group: AnyGroup, shares: Sequence[Share]) -> dict[int, int | None]:
    if isinstance(group, Account):
        return {group.pk: group.organization_id}
    recipients = {share.recipient_id for share in shares if share.recipient_id}
    return dict.fromkeys(recipients - {group.pk}, group.pk)


def _trusted(group: AnyGroup) -> dict[int, set[int]]:
    ids = {group.pk, group.organization_id} if isinstance(group, Account) else {group.pk}
    trusted: dict[int, set[int]] = {}
    for recipient, producer in Trust.objects.filter(recipient__in=ids - {None}).values_list("recipient", "producer"):
        trusted.setdefault(recipient, set()).add(producer)
    return trusted


def written_down(group: AnyGroup) -> Written:
    """What the policy of a group would have refused lately. Two queries."""
    side = Q(account=group.pk)
    if isinstance(group, Organization):
        side = Q(account__organization=group.pk) | Q(counterpart=group.pk)
    events = Event.objects.filter(
        side, verb=WOULD_REFUSE, detail__policy=group.pk, at__gt=timezone.now() - WRITTEN_DOWN_FOR
    )
    return Written(events.count(), list(events.order_by("-at", "-id")[:MOST_SHOWN]))
