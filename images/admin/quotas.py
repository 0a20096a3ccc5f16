"""Quotas: staff set them, and answer those who ask for more, through the actions."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin import ModelAdmin, Question, ReadOnly, acting, answer_page
from accounts.errors import Conflict
from accounts.models import Account
from images import actions
from images.forms import AnswerForm, QuotaForm
from images.models import Quota, QuotaRequest
from images.permissions import may_set_quotas
from images.quotas import Counted, levels_of, wanted_by, write_limits
from images.sizes import short_size


class ForQuotaStaff:
    """Whoever may change quotas sees and answers everything about them; nobody else sees them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_set_quotas(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_set_quotas(request.user)


@admin.register(Quota)
class QuotaAdmin(ForQuotaStaff, ModelAdmin):
    """What single accounts may have. What is empty is as for everybody; less than there is deletes nothing."""

    form = QuotaForm
    list_display = ("account", "size", "images", "uploads", "imports", "note", "updated_at")
    list_select_related = ("account",)
    search_fields = ("account__title", "account__number", "note")
    autocomplete_fields = ("account",)
    readonly_fields = ("has_now",)
    fields = ("account", "has_now", "bytes", "images", "uploads", "imports", "note")

    @admin.display(description="Image data", ordering="bytes", empty_value="as for everybody")
    def size(self, quota: Quota) -> str | None:
        """With its unit."""
        return None if quota.bytes is None else short_size(quota.bytes)

    @admin.display(description="Has now")
    def has_now(self, quota: Quota) -> str:
        """What counts, of what it may have."""
        return _levels_in_words(quota.account)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_set_quotas(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_set_quotas(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: empty the fields, and the account has what everybody has."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Quota | None = None) -> tuple[str, ...]:
        return ("account", *self.readonly_fields) if obj else ()

    def get_fields(self, request: HttpRequest, obj: Quota | None = None) -> tuple[str, ...]:
        return self.fields if obj else tuple(name for name in self.fields if name != "has_now")

    def save_model(self, request: HttpRequest, obj: Quota, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's
        """Set it by the action, which locks the account and records the change."""
        limits = {counted: getattr(obj, counted) for counted in Counted}
        actions.set_quota(obj.account, by=acting(request), limits=limits, note=obj.note)


@admin.register(QuotaRequest)
class QuotaRequestAdmin(ForQuotaStaff, ReadOnly, ModelAdmin):
    """Who asks for more. Staff grant it or refuse it; the admins of the account are told."""

    list_display = ("account", "wanted", "requested_by", "requested_at", "status")
    list_filter = ("status", "requested_at")
    list_select_related = ("account", "requested_by")
    search_fields = ("account__title", "account__number", "requested_by__username", "reason", "answer")
    ordering = ("-requested_at",)
    date_hierarchy = "requested_at"
    actions = ("grant", "refuse")
    change_form_template = "admin/images/quotarequest/change_form.html"
    fields = (
        "account", "wanted", "has_now", "reason", "requested_by", "requested_at", "status", "answer", "decided_by",
        "decided_at",
    )  # fmt: skip
    readonly_fields = ("wanted", "has_now")

    @admin.display(description="Wants altogether")
    def wanted(self, asked: QuotaRequest) -> str:
        """What it asks for, in words."""
        return write_limits(wanted_by(asked))

    @admin.display(description="Has now")
    def has_now(self, asked: QuotaRequest) -> str:
        """What counts for the account, of what it may have."""
        return _levels_in_words(asked.account)

    def has_answer_permission(self, request: HttpRequest) -> bool:
        """Who may answer."""
        return may_set_quotas(request.user)

    @admin.action(description="Grant: the account may have what it asks for", permissions=["answer"])
    def grant(self, request: HttpRequest, queryset: QuerySet[QuotaRequest]) -> None:
        self._answer(request, queryset, partial(actions.grant_quota_request, by=acting(request)), "granted")

    @admin.action(description="Refuse, with an answer", permissions=["answer"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[QuotaRequest]) -> HttpResponse | None:
        """Ask for the answer first."""
        form = AnswerForm(request.POST if "answer" in request.POST else None)
        if not form.is_valid():
            return self._answer_page(request, queryset, form)
        answer = form.cleaned_data["answer"]
        refuse = partial(actions.refuse_quota_request, by=acting(request), answer=answer)
        self._answer(request, queryset, refuse, "refused")
        return None

    def _answer_page(self, request: HttpRequest, queryset: QuerySet[QuotaRequest], form: AnswerForm) -> HttpResponse:
        questions = [
            Question(
                pk=asked.pk,
                title=f"{asked.account} asks for {write_limits(wanted_by(asked))}",
                note=_levels_in_words(asked.account),
                words=asked.reason,
            )
            for asked in queryset.filter(status=QuotaRequest.Status.OPEN)
        ]
        title = "Refuse a larger quota"
        return answer_page(self, request, form, questions, title=title, operation="refuse", button="Refuse")

    def _answer(
        self,
        request: HttpRequest,
        queryset: QuerySet[QuotaRequest],
        operation: Callable[[int], QuotaRequest],
        done: str,
    ) -> None:
        """Run an operation on each request, and tell what became of it."""
        for pk in queryset.values_list("pk", flat=True):
            try:
                asked = operation(pk)
            except Conflict as refused:
                self.message_user(request, str(refused), messages.ERROR)
            else:
                self.message_user(request, f"The request of {asked.account.title} is {done}; its admins are told.")


def _levels_in_words(account: Account) -> str:
    return " · ".join(f"{level.label}: {level.text}" for level in levels_of(account).values())
