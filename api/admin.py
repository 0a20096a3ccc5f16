"""The administration of the API: which programs sign in for whom, and the end of that."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from accounts.admin import ModelAdmin, ReadOnly, acting
from api import actions
from api.models import ApplicationCredential
from api.permissions import may_revoke_as_staff


@admin.register(ApplicationCredential)
class CredentialAdmin(ReadOnly, ModelAdmin):
    """Application credentials of everybody. Not even what is kept of a secret is shown."""

    list_display = ("name", "user", "account", "role", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("role", ("revoked_at", admin.EmptyFieldListFilter), ("last_used_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "account")
    search_fields = ("id", "name", "user__username", "account__title", "account__number")
    exclude = ("secret_hash",)
    actions = ("revoke",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may run the operations of the list."""
        return may_revoke_as_staff(request.user)

    @admin.action(description="Revoke (programs that use them are refused at once)", permissions=["operate"])
    def revoke(self, request: HttpRequest, credentials: QuerySet[ApplicationCredential]) -> None:
        """End each of them; its person is told."""
        for credential in credentials:
            try:
                actions.revoke_as_staff(credential.pk, by=acting(request))
            except Http404:
                self.message_user(request, f"“{credential.name}” was revoked before.", messages.WARNING)
            else:
                self.message_user(request, f"“{credential.name}” is revoked.", messages.SUCCESS)
