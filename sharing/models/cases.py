"""Cases: what staff decide on the review desk, and the reports that lead there."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from sharing.querysets import CaseQuerySet

WAITING = ("open", "taken")


class Case(models.Model):
    """Something that staff decide: one of them takes it, and approves or rejects. Who decided what, and when, stays."""

    class Kind(models.TextChoices):
        PUBLIC = "public", "Make public"
        MARKETPLACE = "marketplace", "List in the marketplace"
        REPORT = "report", "Reported image"
        QUOTA = "quota", "Larger quota"
        OFFERS = "offers", "More offers a day"

    class Status(models.TextChoices):
        OPEN = "open", "Waiting"
        TAKEN = "taken", "Taken"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    kind = models.CharField(max_length=12, choices=Kind)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        related_name="cases",
        help_text="Whose image or quota it is about.",
    )
    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, null=True, blank=True, related_name="cases")
    share = models.ForeignKey(
        "sharing.Share",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="cases",
        help_text="The offer to the marketplace; empty once it was removed.",
    )
    quota_request = models.OneToOneField(
        "images.QuotaRequest", on_delete=models.PROTECT, null=True, blank=True, related_name="case"
    )
    offers_per_day = models.PositiveIntegerField(null=True, blank=True, help_text="So many are asked for.")
    text = models.TextField(max_length=2000, blank=True, help_text="What was asked for, in the words of who asked.")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.TextField(max_length=1000, blank=True, help_text="Why, for whoever asked.")

    objects = CaseQuerySet.as_manager()

    class Meta:
        permissions = [("review_case", "Can decide on the review desk")]
        constraints = [
            models.UniqueConstraint(
                fields=["image", "kind"], condition=Q(status__in=WAITING), name="case_one_waiting_per_image_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by__isnull=True)
                | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="case_taken_at_with_taken_by",
            ),
            models.CheckConstraint(
                condition=Q(status__in=WAITING, decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status__in=WAITING) & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="case_decided_at_with_decided_by",
            ),
            models.CheckConstraint(
                condition=~Q(status="open") | Q(taken_at__isnull=True), name="case_open_is_taken_by_nobody"
            ),
            models.CheckConstraint(
                condition=~Q(status="taken") | Q(taken_at__isnull=False), name="case_taken_is_taken_by_somebody"
            ),
            models.UniqueConstraint(
                fields=["account", "kind"],
                condition=Q(status__in=WAITING, image__isnull=True),
                name="case_one_waiting_per_account_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="quota", quota_request__isnull=False)
                | (~Q(kind="quota") & Q(quota_request__isnull=True)),
                name="case_about_a_quota_has_its_request",
            ),
            models.CheckConstraint(
                condition=Q(kind="offers", offers_per_day__isnull=False)
                | (~Q(kind="offers") & Q(offers_per_day__isnull=True)),
                name="case_about_offers_has_their_number",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["quota", "offers"], image__isnull=True)
                | (~Q(kind__in=["quota", "offers"]) & Q(image__isnull=False)),
                name="case_about_an_image_or_an_account",
            ),
            models.CheckConstraint(
                condition=Q(kind="marketplace") | Q(share__isnull=True), name="case_share_of_the_marketplace"
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at", "id"], condition=Q(status__in=WAITING), name="case_waiting"),
            models.Index(fields=["-decided_at", "-id"], condition=~Q(status__in=WAITING), name="case_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.title}"

    @property
    def title(self) -> str:
        """What it is about."""
        return self.image.name if self.image else self.account.title

    @property
    def is_waiting(self) -> bool:
        """Whether staff have still to decide."""
        return self.status in WAITING

    @property
    def verdict(self) -> str:
        """The status in the words of its kind: a report is upheld, not approved."""
        words = VERDICTS.get((Case.Kind(self.kind), Case.Status(self.status)))
        return words or self.get_status_display()


VERDICTS = {
    (Case.Kind.PUBLIC, Case.Status.APPROVED): "Made public",
    (Case.Kind.MARKETPLACE, Case.Status.APPROVED): "Listed",
    (Case.Kind.REPORT, Case.Status.APPROVED): "Upheld",
    (Case.Kind.REPORT, Case.Status.REJECTED): "Not upheld",
    (Case.Kind.REPORT, Case.Status.WITHDRAWN): "Image deleted",
    (Case.Kind.OFFERS, Case.Status.APPROVED): "Granted",
    (Case.Kind.QUOTA, Case.Status.APPROVED): "Granted",
    (Case.Kind.QUOTA, Case.Status.REJECTED): "Refused",
}


class Report(models.Model):
    """What one person tells staff about an image. All reports of an image that wait are one case."""

    class Reason(models.TextChoices):
        MALWARE = "malware", "Malicious software"
        SECRETS = "secrets", "Passwords, keys or personal data in it"
        LICENCE = "licence", "Its licence does not allow it to be passed on"
        UNTRUE = "untrue", "It is not what it says it is"
        SPAM = "spam", "Unwanted offers or advertising"
        OTHER = "other", "Something else"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    reason = models.CharField(max_length=7, choices=Reason)
    text = models.TextField(max_length=2000, blank=True)
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", help_text="For staff only."
    )
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", help_text="In which they met the image."
    )

    class Meta:
        ordering = ["reported_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "reported_by"], name="report_once_per_person_and_case"),
        ]
        indexes = [models.Index(fields=["reported_by", "-reported_at"], name="report_of_person")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} by {self.reported_by}"
