"""Who sees what of people, groups and events. The default of everything is nothing."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models import Q

from accounts import numbers
from accounts.roles import Kind, Role

if TYPE_CHECKING:
    from accounts.models import Event, Feed, Invitation, Membership, Notification, User
    from accounts.viewer import Viewer

# The id of no row. To ask for it, where there is no id to ask for, takes the same statements as for one that there is:
# then neither the time nor the code tells whether somebody or something was found.
NOBODY = 0


class UserManager(DjangoUserManager["User"]):
    """Makes people through the action, so that everybody has a personal account."""

    def create_user(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> "User":
        """Make a person with a personal account."""
        from accounts import actions

        return actions.create_person(login=username, email=email or "", password=password, **extra_fields)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> "User":
        """Make an administrator with a personal account."""
        return self.create_user(username, email, password, is_staff=True, is_superuser=True, **extra_fields)


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Direct memberships."""

    def with_groups(self) -> "MembershipQuerySet":
        """With the account, team or organization of each, in the same query."""
        return self.select_related(
            "group__as_account__organization",
            "group__as_account__personal_of",
            "group__as_team",
            "group__as_organization",
        )

    def deciding_for(self, group_id: int) -> "MembershipQuerySet":
        """Of the people who decide for a group: active admins and managers."""
        return self.filter(group=group_id, role__in=(Role.ADMIN, Role.MANAGER), user__is_active=True)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, seen from the invited side; the inviting side finds its own through the group."""

    def addressed_to(self, user: "User") -> "InvitationQuerySet":
        """That reached this person: their own, and those of accounts where they are admin. Not what was taken back."""
        administered = user.memberships.filter(kind=Kind.ACCOUNT, role=Role.ADMIN).values("group_id")
        return self.filter(Q(invitee=user) | Q(invited_account__in=administered)).exclude(status="revoked")

    def pending_for(self, user: "User") -> "InvitationQuerySet":
        """That this person may decide on."""
        return self.addressed_to(user).filter(status="pending")

    def with_groups(self) -> "InvitationQuerySet":
        """With what each invites to, whom, and who invited, in the same query."""
        return self.select_related(
            "group__as_account", "group__as_team", "group__as_organization", "invited_account", "invited_by"
        )


class EventQuerySet(models.QuerySet["Event"]):
    """What happened, as far as an account may know it. Rows are only ever added."""

    def update(self, **values: Any) -> int:
        """Refuse: what happened has happened."""
        raise TypeError(APPEND_ONLY)

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Refuse, as ``update``."""
        raise TypeError(APPEND_ONLY)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse, as ``update``."""
        raise TypeError(APPEND_ONLY)

    def visible_to(self, viewer: "Viewer") -> "EventQuerySet":
        """The events of the viewer's account, and the shared part of those in which it is the other side."""
        return self.filter(Q(account=viewer.account) | Q(counterpart__in=viewer.principals))

    def of(self, subject_kind: str, subject_id: object) -> "EventQuerySet":
        """The events about one thing."""
        return self.filter(subject_kind=subject_kind, subject_id=str(subject_id))

    def before(self, mark: "Event") -> "EventQuerySet":
        """Those that come after one of them in the list: the older ones."""
        return self.filter(Q(at__lt=mark.at) | Q(at=mark.at, pk__lt=mark.pk))

    def about(self, text: str) -> "EventQuerySet":
        """About what has this id, or a name with this text in it."""
        named = Q(subject_name__icontains=text) | Q(subject_id__iexact=text)
        return self.filter(named)

    def by_person(self, login: str, viewer: "Viewer") -> "EventQuerySet":
        """By one person of the viewer's own side: nobody can ask for people of the other."""
        return self.filter(actor_login=login).filter(Q(account=viewer.account) | Q(account=None))

    def with_other_side(self, text: str, viewer: "Viewer") -> "EventQuerySet":
        """In which the other side is known by this: what the producer typed, or the account that acted.

        Never by ``counterpart``: whom an address has reached is not for the producer to know.
        """
        number = "".join(text.split())
        typed = Q(address__icontains=text) | Q(address=numbers.grouped(number))
        theirs = (Q(account_number=number) | Q(account_title__icontains=text)) & ~Q(account=viewer.account)
        return self.filter(typed | theirs)


class FeedQuerySet(models.QuerySet["Feed"]):
    """Who reads what happens by a feed reader."""

    def shown_to(self, viewer: "Viewer") -> "FeedQuerySet":
        """The viewer's own for the account of the page; an admin sees those of everybody."""
        of_account = self.filter(account=viewer.account).select_related("user").order_by("user__username")
        return of_account if viewer.is_admin else of_account.filter(user=viewer.user)

    def alive(self) -> "FeedQuerySet":
        """Of people who are in the account, while both may be used.

        It is one condition, so that a dead feed costs what a wrong address costs.
        """
        here = Q(user__memberships__group=models.F("account"))
        return self.filter(here, user__is_active=True, account__closed_at__isnull=True)


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Messages to people."""

    def unread_by(self, user: "User") -> "NotificationQuerySet":
        """What this person has not looked at yet."""
        return self.filter(user=user, read_at__isnull=True)

    def due(self, now: datetime) -> "NotificationQuerySet":
        """What has to go out by mail now, the oldest first."""
        waiting = self.filter(mailed_at__isnull=True, mail_attempts__lt=MAIL_ATTEMPTS, mail_after__lte=now)
        return waiting.select_related("user").order_by("mail_after", "pk")


APPEND_ONLY = "Events are only ever added: nobody changes or deletes what happened."
MAIL_ATTEMPTS = 8  # with the pauses of accounts.tasks, over about seven hours
