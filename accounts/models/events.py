"""What happened, and who was told. Rows are only ever added; they hold values that outlive what they speak of."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.querysets import APPEND_ONLY, EventQuerySet, NotificationQuerySet


class Event(models.Model):
    """One thing that happened, written in the transaction in which it happened. Append-only.

    It has a part that both sides of a share see (when, verb, subject, address as typed, accounts) and a private
    part (person, network address, detail) for one's own account and staff.
    """

    at = models.DateTimeField(auto_now_add=True)
    verb = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=40)
    subject_name = models.CharField(max_length=255)
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
        help_text="The account for which somebody acted.",
    )
    account_number = models.CharField(max_length=10, blank=True)
    account_title = models.CharField(max_length=120, blank=True)
    counterpart = models.ForeignKey(
        "auth.Group",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The other side, which sees the shared part.",
    )
    address = models.CharField(max_length=254, blank=True)
    # The private part.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_login = models.CharField(max_length=32, blank=True)
    network_address = models.GenericIPAddressField(null=True, blank=True)
    detail: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["account", "-at", "-id"], name="event_of_account"),
            models.Index(fields=["counterpart", "-at", "-id"], name="event_of_counterpart"),
            models.Index(fields=["subject_kind", "subject_id", "-at"], name="event_of_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=True) | ~Q(account_number=""), name="event_account_with_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_name}"

    def save(self, *args: Any, **options: Any) -> None:
        """Write a new event; refuse to change one."""
        if not self._state.adding:
            raise TypeError(APPEND_ONLY)
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Refuse: what happened has happened."""
        raise TypeError(APPEND_ONLY)


class Notification(models.Model):
    """A message to one person, in the panel and by mail; or by mail only, to an address that no person has."""

    class Kind(models.TextChoices):
        """What a message is about. People choose for each whether it also comes by mail; the panel shows all."""

        OFFERS = "offers", "Offers to you and to what you decide for"
        DECISIONS = "decisions", "Decisions on your offers"
        ENDS = "ends", "Reminders, and what ends or was taken back"
        NEWS = "news", "Your images, your quota, and the people you work with"
        SECURITY = "security", "Security: always by mail"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    email = models.EmailField(blank=True, help_text="Where the mail goes when there is no person.")
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.NEWS)
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Plain text, without the link.")
    path = models.CharField(max_length=255, blank=True, help_text="The page to open: a path, never a secret.")
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mail_after = models.DateTimeField(default=timezone.now, help_text="Not mailed before; put off by each attempt.")
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_of_person"),
            models.Index(fields=["mail_after"], condition=Q(mailed_at__isnull=True), name="notification_to_mail"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, email="") | (Q(user__isnull=True) & ~Q(email="")),
                name="notification_has_one_receiver",
            )
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def gist(self) -> str:
        """The paragraph that says what happened: the first after the greeting."""
        return self._paragraphs[0]

    @property
    def rest(self) -> str:
        """What the mail says beyond the gist."""
        return "\n\n".join(self._paragraphs[1:])

    @property
    def _paragraphs(self) -> list[str]:
        paragraphs = self.body.strip().split("\n\n")
        has_greeting = len(paragraphs) > 1 and paragraphs[0].startswith("Hello")
        return paragraphs[1:] if has_greeting else paragraphs
