"""Who sees which share. The default is nothing."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.querysets import NOBODY

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import Account, User
    from accounts.viewer import Viewer
    from images.models import Image
    from sharing.models import Block, Case, Delivery, HandOver, OfferRequest, Share, Trust, Webhook

LINE_ATTEMPTS = 4  # so often a delivery is tried before later ones of its webhook go first


def is_waiting(*, at: Any = None) -> Q:
    """Pending and not run out at this moment.

    Args:
        at: the moment that counts, as the database can compare it; now when none is given.
    """
    moment = timezone.now() if at is None else at
    return Q(Q(offer_expires_at=None) | Q(offer_expires_at__gt=moment), status="pending")


def gives_access() -> Q:
    """Accepted and not ended at this moment."""
    return Q(Q(access_until=None) | Q(access_until__gt=timezone.now()), status="accepted")


class ShareQuerySet(models.QuerySet["Share"]):
    """Shares, from the producer's side (``of_image``) or the consumer's (``offered_to``)."""

    def of_image(self, image: "Image") -> "ShareQuerySet":
        """The Image Sharing table: everything about one image of ours."""
        return self.filter(image=image).select_related(
            "offered_by",
            "decided_by",
            "recipient__as_account",
            "recipient__as_team",
            "recipient__as_organization",
        )

    def for_producer(self) -> "ShareQuerySet":
        """With what the producer knows: the image, who offered it, and the producer's own groups."""
        return self.select_related(
            "image__data",
            "image__region",
            "image__family",
            "offered_by",
            "decided_by",
            "recipient__as_team",
            "recipient__as_organization",
        )

    def live(self) -> "ShareQuerySet":
        """Of images that are shared and exist: others reach nobody."""
        return self.filter(image__visibility="shared").exclude(image__status="deleted")

    def waiting(self) -> "ShareQuerySet":
        """That nobody has decided on, and still can."""
        return self.filter(is_waiting())

    def open(self) -> "ShareQuerySet":
        """That wait for a decision at this moment."""
        return self.live().waiting()

    def by_code(self) -> "ShareQuerySet":
        """That are offered to whoever has a claim code: without their code, they are for nobody's eyes."""
        return self.live().filter(kind="code").with_sides()

    def giving_access(self) -> "ShareQuerySet":
        """That give access at this moment, image permitting."""
        return self.filter(gives_access())

    def offered_to(self, viewer: "Viewer") -> "ShareQuerySet":
        """The offers that the viewer may know of: to the account, to themselves, and to what they manage."""
        return self.reaching(viewer).with_sides()

    def reaching(self, viewer: "Viewer") -> "ShareQuerySet":
        """The same without the sides, where only a column or two is asked for."""
        return self.live().not_blocked().filter(recipient__in=viewer.decides_for | {viewer.account.pk})

    def not_blocked(self) -> "ShareQuerySet":
        """Without those of producers whom the recipient has blocked. What was accepted stays until it is removed."""
        from sharing.models import Block

        blocks = Block.objects.filter(recipient=OuterRef("recipient"), producer=OuterRef("image__account"))
        return self.filter(Q(status="accepted") | ~Exists(blocks))

    def held_by(self, viewer: "Viewer", image: "Image") -> "ShareQuerySet":
        """The shares by which the viewer has an image of somebody else."""
        return self.live().giving_access().filter(image=image, recipient__in=viewer.principals).with_sides()

    def with_sides(self) -> "ShareQuerySet":
        """With the image, its producer and the recipient, in the same query."""
        return self.select_related(
            "image__account__organization",
            "image__region",
            "image__data__content_check",
            "recipient__as_account",
            "recipient__as_team",
            "recipient__as_organization",
        )

    def with_recipient(self) -> "ShareQuerySet":
        """With the recipient, of whatever kind, and who decided, where the image is at hand already."""
        return self.select_related(
            "decided_by", "recipient__as_account", "recipient__as_team", "recipient__as_organization"
        )

    def with_label(self, viewer: "Viewer") -> "ShareQuerySet":
        """With ``own_label``: what the viewer's account calls the image; empty or None where it has no name for it."""
        from images.models import Reference

        own = Reference.objects.filter(account=viewer.account, image=OuterRef("image")).values("label")
        return self.annotate(own_label=Subquery(own))


class TrustQuerySet(models.QuerySet["Trust"]):
    """Who is trusted by whom."""

    def of_producer(self, account: "Account", *, recipients: Collection[int]) -> "dict[int, User]":
        """Which of these recipients trust an account or its organization: by recipient, who said so first.

        An empty list is asked for as well: a query less would tell the producer that none of the addresses exists.
        """
        producers = {account.pk, account.organization_id}
        rows = self.filter(recipient__in=recipients or [NOBODY], producer__in=producers - {None})
        newest_first = rows.select_related("trusted_by").order_by("-trusted_at", "-pk")
        return {row.recipient_id: row.trusted_by for row in newest_first}  # the oldest is written last, and stays

    def of_accounts(self, account_ids: Collection[int]) -> "TrustQuerySet":
        """Whom these accounts trust, with both sides in the same query."""
        return self.filter(recipient__in=account_ids).select_related(
            "recipient__as_account",
            "recipient__as_organization",
            "producer__as_account",
            "producer__as_organization",
            "trusted_by",
        )


class BlockQuerySet(models.QuerySet["Block"]):
    """Who does not want to hear of whom."""

    def of_producer(self, account: "Account", *, recipients: Collection[int]) -> set[int]:
        """Which of these recipients block an account. An empty list is asked for as well, as with trust."""
        return set(
            self.filter(recipient__in=recipients or [NOBODY], producer=account).values_list("recipient", flat=True)
        )

    def silences(self, share: "Share") -> bool:
        """Whether the recipient hears nothing of a share. Asked for unknown recipients as well, like the others."""
        blocks = self.filter(recipient=share.recipient_id or NOBODY, producer=share.image.account_id)
        return blocks.exists() and share.status != "accepted"

    def of_recipients(self, ids: Collection[int]) -> "BlockQuerySet":
        """Whom these accounts, groups and organizations have blocked, with both sides in the same query."""
        return self.filter(recipient__in=ids).select_related(
            "recipient__as_account", "recipient__as_team", "recipient__as_organization", "producer", "blocked_by"
        )


class HandOverQuerySet(models.QuerySet["HandOver"]):
    """Images that are to change hands."""

    def open(self) -> "HandOverQuerySet":
        """That somebody can still answer at this moment."""
        return self.filter(status="open", expires_at__gt=timezone.now()).exclude(image__status="deleted")

    def asked_of(self, viewer: "Viewer") -> "HandOverQuerySet":
        """That the viewer's side is asked to decide on."""
        return self.open().filter(_is_asked(viewer)).with_sides()

    def concerning(self, viewer: "Viewer") -> "HandOverQuerySet":
        """The same, marked (``is_asked``), and those that the viewer's account has asked for."""
        found = self.open().annotate(is_asked=ExpressionWrapper(_is_asked(viewer), models.BooleanField()))
        return found.filter(Q(is_asked=True) | Q(giver=viewer.account.pk)).with_sides()

    def with_sides(self) -> "HandOverQuerySet":
        """With the image, who gives it and who is asked, in the same query."""
        return self.select_related("image__region", "image__data__content_check", "giver", "recipient__as_account")


def _is_asked(viewer: "Viewer") -> Q:
    """Hand-overs to the viewer's side. Nobody is asked by a giver whom they block; the giver sees it wait."""
    from sharing.models import Block

    blocked = Block.objects.filter(recipient=OuterRef("recipient"), producer=OuterRef("giver"))
    return Q(~Exists(blocked), recipient__in=viewer.decides_for | {viewer.account.pk})


class OfferRequestQuerySet(models.QuerySet["OfferRequest"]):
    """Offers that a second person has to approve."""

    def open(self) -> "OfferRequestQuerySet":
        """That somebody can still decide on."""
        return self.filter(status="open", expires_at__gt=timezone.now()).exclude(image__status="deleted")

    def with_sides(self) -> "OfferRequestQuerySet":
        """With the image, its account and the people, in the same query."""
        return self.select_related(
            "image__account",
            "image__region",
            "image__data__content_check",
            "requested_by",
            "decided_by",
            "organization",
        )


class CaseQuerySet(models.QuerySet["Case"]):
    """What staff decide."""

    def waiting(self) -> "CaseQuerySet":
        """That nobody has decided on, the oldest first."""
        return self.filter(status__in=["open", "taken"]).order_by("opened_at", "pk")

    def decided(self) -> "CaseQuerySet":
        """That are over, the latest first."""
        return self.exclude(status__in=["open", "taken"]).order_by("-decided_at", "-pk")

    def with_all(self) -> "CaseQuerySet":
        """With whom and what they are about, in the same query."""
        return self.select_related(
            "account__organization",
            "account__personal_of",
            "image__account",
            "image__region",
            "image__data__content_check",
            "share",
            "quota_request",
            "opened_by",
            "taken_by",
            "decided_by",
        )


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Where accounts have their events sent."""

    def of(self, account: "Account") -> "WebhookQuerySet":
        """Those of one account, the oldest first."""
        return self.filter(account=account).order_by("pk")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Events on their way to webhooks."""

    def waiting(self) -> "DeliveryQuerySet":
        """That have to be sent, now or later."""
        return self.filter(status="waiting")

    def due(self, now: "datetime") -> "DeliveryQuerySet":
        """That can be sent now: for each webhook one at a time and in order, the oldest first.

        One that failed holds up those behind it while it is tried a few times, so that a receiver that is away for an
        hour gets everything in order afterwards. Then they go first, so that one that is never taken blocks nothing.
        """
        earlier = self.model.objects.filter(webhook=OuterRef("webhook"), pk__lt=OuterRef("pk"))
        in_line = Exists(earlier.filter(status="waiting", attempts__lt=LINE_ATTEMPTS))
        ready = self.filter(~in_line, status="waiting", next_at__lte=now, webhook__is_active=True)
        return ready.order_by("next_at", "pk")

    def with_details(self) -> "DeliveryQuerySet":
        """With their events and webhooks, in the same query."""
        return self.select_related("event__account", "webhook__account")
