"""The review desk in the administration: the same cases, decided by the same actions; and offers a day."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin import ModelAdmin, Question, ReadOnly, TabularInline, acting, answer_page
from accounts.errors import Conflict
from sharing.actions import desk, limits
from sharing.forms import CaseAnswerForm
from sharing.models import Case, OfferLimit, Report
from sharing.permissions import cases_for, may_review, may_set_offer_limits


class ReportInline(ReadOnly, TabularInline):
    """What people said of the image."""

    model = Report
    extra = 0
    fields = ("reason", "text", "reported_by", "account", "reported_at")


@admin.register(Case)
class CaseAdmin(ReadOnly, ModelAdmin):
    """Cases. What an image holds is shown on the review desk only, where each look is an event."""

    list_display = ("__str__", "account", "status", "opened_at", "taken_by", "decided_by", "decided_at")
    list_filter = ("kind", "status", "opened_at")
    list_select_related = ("account", "image", "taken_by", "decided_by")
    search_fields = ("account__title", "account__number", "image__name", "=image__id", "text", "answer")
    ordering = ("-opened_at",)
    date_hierarchy = "opened_at"
    inlines = (ReportInline,)
    actions = ("take", "give_back", "approve", "reject", "deactivate")
    change_form_template = "admin/sharing/case/change_form.html"
    fields = (
        "kind", "status", "account", "text", "offers_per_day", "opened_by", "opened_at", "taken_by", "taken_at",
        "answer", "decided_by", "decided_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Those that the person sees on the desk."""
        return cases_for(request.user)

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Who decides."""
        return may_review(request.user)

    @admin.action(description="Take", permissions=["review"])
    def take(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        self._run(request, queryset, partial(desk.take, by=acting(request)), "is yours to decide")

    @admin.action(description="Give back", permissions=["review"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        self._run(request, queryset, partial(desk.give_back, by=acting(request)), "waits for somebody to take it")

    @admin.action(description="Approve: do what is asked for; uphold a report", permissions=["review"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        self._run(request, queryset, partial(desk.approve, by=acting(request)), "is approved")

    @admin.action(description="Reject, with an answer", permissions=["review"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Case]) -> HttpResponse | None:
        """Ask for the answer first."""
        form = CaseAnswerForm(request.POST if "answer" in request.POST else None)
        if form.is_valid() and not form.cleaned_data["answer"]:
            form.add_error("answer", "Say why, so that whoever asked knows what to do.")
        if not form.is_valid():
            waiting = queryset.waiting().select_related("account", "image")  # type: ignore[attr-defined]
            questions = [Question(case.pk, str(case), str(case.account), case.text) for case in waiting]
            return answer_page(self, request, form, questions, title="Reject", operation="reject", button="Reject")
        answer = form.cleaned_data["answer"]
        self._run(request, queryset, partial(desk.reject, by=acting(request), answer=answer), "is rejected")
        return None

    @admin.action(description="Deactivate the image at once", permissions=["review"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        with_image = queryset.exclude(image=None)
        self._run(request, with_image, partial(desk.deactivate_at_once, by=acting(request)), "is deactivated")

    def _run(self, request: HttpRequest, queryset: QuerySet[Case], operation: Callable[[int], Case], done: str) -> None:
        """Run an operation on each case, and tell what became of it."""
        for pk in queryset.values_list("pk", flat=True):
            try:
                case = operation(pk)
            except (Conflict, PermissionDenied) as refused:
                self.message_user(request, str(refused), messages.ERROR)
            except ValidationError as refused:
                self.message_user(request, " ".join(refused.messages), messages.ERROR)
            else:
                self.message_user(request, f"“{case.title}” {done}.")


class OfferLimitForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """How many offers an account may make a day."""

    class Meta:
        model = OfferLimit
        fields = ("account", "offers_per_day", "note")


@admin.register(OfferLimit)
class OfferLimitAdmin(ModelAdmin):
    """How many offers a day single accounts make. Others have the default; deleting a line gives it back."""

    form = OfferLimitForm
    list_display = ("account", "offers_per_day", "note", "updated_at")
    list_select_related = ("account",)
    search_fields = ("account__title", "account__number", "note")
    autocomplete_fields = ("account",)
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may change them."""
        return may_set_offer_limits(request.user)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission

    def get_readonly_fields(self, request: HttpRequest, obj: OfferLimit | None = None) -> tuple[str, ...]:
        return ("account",) if obj else ()

    def save_model(self, request: HttpRequest, obj: OfferLimit, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's
        """Set it by the action, which locks the account and records the change."""
        limits.set_offer_limit(obj.account, by=acting(request), limit=obj.offers_per_day, note=obj.note)

    def delete_model(self, request: HttpRequest, obj: OfferLimit) -> None:
        """As for everybody, by the action."""
        limits.set_offer_limit(obj.account, by=acting(request), limit=None)
