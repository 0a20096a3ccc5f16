"""Webhooks: where an account has its events sent, and what became of each."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from sharing.querysets import DeliveryQuerySet, WebhookQuerySet

SEPARATOR = "|"  # around and between the verbs of a webhook; no verb has it


class Webhook(models.Model):
    """An address to which the events of an account are sent, signed with a secret that both sides know.

    After a change of the secret, what is sent bears the signatures of both for a day.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField("address", max_length=2000)
    verbs = models.TextField(blank=True, help_text="|of|the|events| that are sent; empty for all.")
    secret = models.TextField(help_text="Encrypted.")
    previous_secret = models.TextField(blank=True, help_text="Encrypted.")
    previous_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that failed, since the last that did not.")
    gave_up_at = models.DateTimeField(null=True, blank=True, help_text="The panel paused it by itself then.")
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(previous_secret="", previous_until__isnull=True)
                | (~Q(previous_secret="") & Q(previous_until__isnull=False)),
                name="webhook_previous_secret_with_its_end",
            ),
            models.CheckConstraint(
                condition=Q(gave_up_at__isnull=True) | Q(is_active=False), name="webhook_gave_up_and_is_paused"
            ),
        ]
        indexes = [models.Index(fields=["account"], condition=Q(is_active=True), name="webhook_that_is_active")]

    def __str__(self) -> str:
        return self.url

    @property
    def chosen_verbs(self) -> list[str]:
        """The verbs of the events that are sent; empty for all."""
        return [verb for verb in self.verbs.split(SEPARATOR) if verb]

    @property
    def state(self) -> str:
        """Active, paused by somebody, or given up by the panel."""
        if self.is_active:
            return "active"
        return "failed" if self.gave_up_at else "deactivated"

    @property
    def state_text(self) -> str:
        """The state in words."""
        return {"active": "Active", "failed": "Paused after failures", "deactivated": "Paused"}[self.state]


class Delivery(models.Model):
    """One event on its way to one webhook. The row is written in the transaction of the event."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey("accounts.Event", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now, help_text="Not sent before; put off by each attempt.")
    response_status = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(100)])
    response_start = models.CharField(max_length=200, blank=True, help_text="How the answer begins, if it is text.")
    milliseconds = models.PositiveIntegerField(null=True, blank=True, help_text="That the last attempt took.")
    error = models.CharField(max_length=500, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="delivery_once_per_webhook_and_event"),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_at__isnull=False)
                | (~Q(status="delivered") & Q(delivered_at__isnull=True)),
                name="delivery_delivered_with_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "id"], condition=Q(status="waiting"), name="delivery_that_waits"),
            models.Index(fields=["made_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"

    @property
    def message_id(self) -> str:
        """What the receiver tells a repetition by: the same at each attempt.

        Not the number of the row: one event is queued for both sides together, and a gap between two numbers would
        tell a producer that somebody is on the other side, and listens.
        """
        return f"msg_{self.webhook_id}_{self.event_id}"

    @property
    def state(self) -> str:
        """The status as pages show it: also whether it was tried in vain."""
        shown = {"delivered": "accepted", "failed": "failed", "waiting": "pending"}
        return shown[self.status]

    @property
    def state_text(self) -> str:
        """The status in words."""
        is_late = self.status == self.Status.WAITING and self.attempts
        return f"Waiting, {self.attempts} in vain" if is_late else self.get_status_display()
