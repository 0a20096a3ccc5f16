"""What the review desk shows: the queue and its counters, and everything needed to decide on one case."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from django.db.models import Count, Min, OuterRef, Q, Window

from accounts.models import Account, Organization, User
from accounts.permissions import may_verify
from images.activity import CountOf
from images.looks import Look
from images.models import Image
from images.quotas import levels_of, wanted_by, write_limits
from sharing.limits import offers_per_day
from sharing.models import Case, OfferRequest, Report
from sharing.permissions import cases_for, decide_refusal, give_back_refusal
from sharing.querysets import CaseQuerySet

PAGE_SIZE = 50
MOST_EARLIER = 10
MOST_REPORTS = 50
ICONS = {
    Case.Kind.PUBLIC: "globe",
    Case.Kind.MARKETPLACE: "store",
    Case.Kind.REPORT: "flag",
    Case.Kind.QUOTA: "plus",
    Case.Kind.OFFERS: "share",
}
STATUS_LOOKS = {
    Case.Status.OPEN: "pending",
    Case.Status.TAKEN: "info",
    Case.Status.APPROVED: "accepted",
    Case.Status.REJECTED: "rejected",
    Case.Status.WITHDRAWN: "expired",
}


class Shown(StrEnum):
    """Which part of the queue one looks at."""

    WAITING = "waiting"
    MINE = "mine"
    DECIDED = "decided"
    APPROVALS = "approvals"


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    case: Case
    user: User

    @property
    def icon(self) -> str:
        """The shape of its kind."""
        return ICONS[Case.Kind(self.case.kind)]

    @property
    def status(self) -> str:
        """The name under which the component knows the status."""
        return STATUS_LOOKS[Case.Status(self.case.status)]

    @property
    def status_text(self) -> str:
        """The status in words, with who has it."""
        if self.case.taken_by and self.case.is_waiting:
            return "Taken by you" if self.case.taken_by == self.user else f"Taken by {self.case.taken_by}"
        return self.case.verdict

    @property
    def take_refusal(self) -> str:
        """Why the person cannot take it; empty when they can, or have."""
        return decide_refusal(self.user, self.case)

    @property
    def is_mine(self) -> bool:
        """Whether the person has taken it."""
        return self.case.is_waiting and self.case.taken_by == self.user


@dataclass(frozen=True)
class Queue:
    """A page of the queue.

    Attributes:
        after: the id after which the next page begins; None when this is the last.
    """

    rows: Sequence[Row] = field(default_factory=list)
    after: int | None = None


def queue_of(user: User, shown: Shown, kind: str = "", after: int | None = None) -> Queue:
    """A page of cases: the oldest first while they wait, the latest first once they are decided. One query or two.

    Args:
        kind: of ``Case.Kind``; empty for all.
        after: begin after this case.
    """
    reports = Report.objects.filter(case=OuterRef("pk")).order_by().values("pk")
    cases = _shown(cases_for(user), user, shown).with_all().annotate(reported=CountOf(reports))
    if kind:
        cases = cases.filter(kind=kind)
    mark = Case.objects.filter(pk=after).first() if after else None
    if mark:
        cases = cases.filter(_beyond(mark, shown))
    found = list(cases[: PAGE_SIZE + 1])
    rows = [Row(case, user) for case in found[:PAGE_SIZE]]
    return Queue(rows, rows[-1].case.pk if len(found) > PAGE_SIZE else None)


def _shown(cases: CaseQuerySet, user: User, shown: Shown) -> CaseQuerySet:
    if shown is Shown.DECIDED:
        return cases.decided()
    return cases.waiting().filter(taken_by=user) if shown is Shown.MINE else cases.waiting()


def _beyond(mark: Case, shown: Shown) -> Q:
    if shown is Shown.DECIDED:
        return Q(decided_at__lt=mark.decided_at) | Q(decided_at=mark.decided_at, pk__lt=mark.pk)
    return Q(opened_at__gt=mark.opened_at) | Q(opened_at=mark.opened_at, pk__gt=mark.pk)


def counts_of(user: User) -> dict[str, int]:
    """How many cases wait: of each kind, altogether, and taken by this person. One query."""
    columns = {str(kind.value): Count("pk", filter=Q(kind=kind)) for kind in Case.Kind}
    waiting = cases_for(user).waiting().order_by()
    return waiting.aggregate(**columns, waiting=Count("pk"), mine=Count("pk", filter=Q(taken_by=user)))


@dataclass(frozen=True)
class Waiting:
    """How many offers wait for a second person of one organization.

    Attributes:
        since: when the oldest of them was asked for.
    """

    organization: Organization
    number: int
    since: datetime


def approvals() -> list[Waiting]:
    """Where offers wait for a second person, the oldest first: for staff to see that somebody does not decide.

    Not which offers: they are of private images, which staff see through a request or a report only. Two queries.
    """
    waiting = OfferRequest.objects.open().order_by().values("organization")
    rows = list(waiting.annotate(number=Count("pk"), since=Min("requested_at")).order_by("since", "organization"))
    organizations = Organization.objects.in_bulk([row["organization"] for row in rows[:PAGE_SIZE]])
    return [Waiting(organizations[row["organization"]], row["number"], row["since"]) for row in rows[:PAGE_SIZE]]


@dataclass(frozen=True)
class CasePage:
    """Everything that somebody of the desk needs to decide on one case."""

    case: Case
    user: User

    @property
    def row(self) -> Row:
        """The case as it stands in the queue."""
        return Row(self.case, self.user)

    @property
    def image(self) -> Image | None:
        """What the case is about, while it waits: afterwards a private image is nobody's business again."""
        image = self.case.image
        return image if image and image.is_live and (self.case.is_waiting or image.is_open_to_all) else None

    @property
    def look(self) -> Look | None:
        """What is known of the inside of the image."""
        return Look(self.image.data) if self.image else None

    @cached_property
    def reports(self) -> list[Report]:
        """What people have said of the image, the first of them. One query, for reported images."""
        if self.case.kind != Case.Kind.REPORT:
            return []
        reports = self.case.reports.select_related("reported_by", "account").annotate(total=Window(Count("pk")))
        return list(reports[:MOST_REPORTS])

    @property
    def more_reports(self) -> int:
        """How many reports there are beside those."""
        return self.reports[0].total - len(self.reports) if self.reports else 0  # type: ignore[attr-defined]  # annotated

    @cached_property
    def earlier(self) -> list[Row]:
        """The last decisions about the same account. One query."""
        cases = cases_for(self.user).decided().filter(account=self.case.account).exclude(pk=self.case.pk)
        return [Row(case, self.user) for case in cases.select_related("image", "account", "decided_by")[:MOST_EARLIER]]

    @property
    def account(self) -> Account:
        """The producer, or who asks."""
        return self.case.account

    @property
    def since(self) -> datetime:
        """When the account was made."""
        return self.account.created_at

    @cached_property
    def wanted(self) -> str:
        """What an account asks for, in words."""
        if self.case.quota_request:
            return write_limits(wanted_by(self.case.quota_request))
        return f"{self.case.offers_per_day} offers a day" if self.case.offers_per_day else ""

    @cached_property
    def has_now(self) -> str:
        """What the account has now of it, in words."""
        if self.case.quota_request:
            return " · ".join(f"{level.label}: {level.text}" for level in levels_of(self.account).values())
        return f"{offers_per_day(self.account)} offers a day" if self.case.offers_per_day else ""

    @cached_property
    def decide_refusal(self) -> str:
        """Why the person cannot decide; empty when they can."""
        return decide_refusal(self.user, self.case)

    @cached_property
    def give_back_refusal(self) -> str:
        """Why the person cannot give the case back; empty when they can."""
        return give_back_refusal(self.user, self.case)

    @cached_property
    def may_verify(self) -> bool:
        """Whether the person says who is verified, and is not in the account themselves."""
        return may_verify(self.user) and not getattr(self.case, "of_own_account", False)

    @property
    def approve_label(self) -> str:
        """What approving does."""
        return {
            Case.Kind.PUBLIC: "Make public",
            Case.Kind.MARKETPLACE: "List it",
            Case.Kind.REPORT: "Uphold and deactivate",
            Case.Kind.QUOTA: "Grant",
            Case.Kind.OFFERS: "Grant",
        }[Case.Kind(self.case.kind)]

    @property
    def reject_label(self) -> str:
        """What rejecting does."""
        return "Do not uphold" if self.case.kind == Case.Kind.REPORT else "Reject"

    @property
    def can_be_unlisted(self) -> bool:
        """Whether the image is in the marketplace by this case."""
        share = self.case.share
        return not self.case.is_waiting and share is not None and share.status == share.Status.ACCEPTED
