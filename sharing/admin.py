"""Shares and trust in the administration: to look at. What changes a right goes through the actions of sharing."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ModelAdmin, ReadOnly
from sharing.desk_admin import CaseAdmin, OfferLimitAdmin
from sharing.models import OfferRequest, Policy, Rules, Share, Trust


@admin.register(Share)
class ShareAdmin(ReadOnly, ModelAdmin):
    """Every offer, with what it was addressed to and whom that reaches."""

    list_display = ["image", "kind", "address_text", "recipient_title", "state_text", "offered_by", "offered_at"]
    list_filter = ["status", "kind", "export", "image__region", "offered_at"]
    search_fields = [
        "image__name",
        "=image__id",
        "address",
        "=image__account__number",
        "=recipient__as_account__number",
    ]
    search_help_text = "Name or id of the image, address, or number of either account"
    date_hierarchy = "offered_at"
    list_per_page = 50
    exclude = ["recipient", "before"]  # a technical name, and what undoing needs
    readonly_fields = ["recipient_title"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        """With both sides in the same query."""
        return Share.objects.with_sides().select_related("offered_by", "decided_by")


@admin.register(Trust)
class TrustAdmin(ReadOnly, ModelAdmin):
    """Who may share with whom without asking."""

    list_display = ["__str__", "trusted_by", "trusted_at"]
    list_filter = ["trusted_at"]
    search_fields = [
        "recipient__as_account__title",
        "=recipient__as_account__number",
        "producer__as_account__title",
        "producer__as_organization__title",
    ]
    list_per_page = 50
    fields = ["producer_title", "recipient_title", "trusted_by", "trusted_at"]
    readonly_fields = ["producer_title", "recipient_title"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trust]:
        """With both sides in the same query."""
        return Trust.objects.select_related(
            "recipient__as_account",
            "recipient__as_team",
            "recipient__as_organization",
            "producer__as_account",
            "producer__as_team",
            "producer__as_organization",
            "trusted_by",
        )


@admin.register(Policy)
class PolicyAdmin(ReadOnly, ModelAdmin):
    """Which images of others accounts and organizations take."""

    list_display = ["title", "mode", "only_trusted", "only_inspected", "max_age_days", "accepting", "by_sign_in"]
    list_filter = ["mode", "accepting", "by_sign_in"]
    search_fields = ["group__as_account__title", "=group__as_account__number", "group__as_organization__title"]
    list_per_page = 50
    fields = ["title", "mode", "only_trusted", "only_inspected", "max_age_days", "accepting", "by_sign_in"]
    readonly_fields = ["title"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        """With whose they are in the same query."""
        return Policy.objects.select_related("group__as_account", "group__as_organization")


@admin.register(Rules)
class RulesAdmin(ReadOnly, ModelAdmin):
    """How the accounts of organizations may share."""

    list_display = ["organization", "outside", "open_to_all", "default_days", "max_days"]
    list_filter = ["outside", "open_to_all"]
    list_select_related = ["organization"]
    search_fields = ["organization__title"]
    list_per_page = 50


@admin.register(OfferRequest)
class OfferRequestAdmin(ReadOnly, ModelAdmin):
    """Offers that wait for a second person, and what became of them."""

    list_display = [
        "image", "kind", "address_text", "organization", "state_text", "requested_by", "requested_at", "decided_by",
    ]  # fmt: skip
    list_filter = ["status", "kind", "requested_at"]
    search_fields = ["image__name", "=image__id", "address", "organization__title", "=image__account__number"]
    date_hierarchy = "requested_at"
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[OfferRequest]:
        """With both sides in the same query."""
        return OfferRequest.objects.with_sides()


__all__ = ["CaseAdmin", "OfferLimitAdmin"]
