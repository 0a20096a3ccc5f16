"""Who sees what of people, groups and events. The default of everything is nothing."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models import Q

from accounts.roles import Kind, Role

if TYPE_CHECKING:
    from accounts.models import Event, Invitation, Membership, Notification, User
    from accounts.viewer import Viewer


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
    """What happened, as far as an account may know it."""

    def visible_to(self, viewer: "Viewer") -> "EventQuerySet":
        """The events of the viewer's account, and the shared part of those in which it is the other side."""
        return self.filter(Q(account=viewer.account) | Q(counterpart__in=viewer.principals))

    def of(self, subject_kind: str, subject_id: object) -> "EventQuerySet":
        """The events about one thing."""
        return self.filter(subject_kind=subject_kind, subject_id=str(subject_id))


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Messages to people."""

    def unread_by(self, user: "User") -> "NotificationQuerySet":
        """What this person has not looked at yet."""
        return self.filter(user=user, read_at__isnull=True)

    def due(self, now: datetime) -> "NotificationQuerySet":
        """What has to go out by mail now, the oldest first."""
        waiting = self.filter(mailed_at__isnull=True, mail_attempts__lt=MAIL_ATTEMPTS, mail_after__lte=now)
        return waiting.select_related("user").order_by("mail_after", "pk")


MAIL_ATTEMPTS = 8  # with the pauses of accounts.tasks, over about seven hours
