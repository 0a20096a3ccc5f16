"""Images, and who reaches them."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ModelAdmin, ReadOnly, TabularInline
from accounts.errors import Conflict
from images import actions
from images.models import Image, ImageGroupObjectPermission, ImageTag, Reference

Operation = Callable[..., Image]


class TagInline(ReadOnly, TabularInline):
    """The tags of an image."""

    model = ImageTag
    extra = 0


class GrantInline(ReadOnly, TabularInline):
    """Who reaches an image through shares. Only sharing writes these."""

    model = ImageGroupObjectPermission
    extra = 0
    fields = ("group", "permission", "active", "access_until")


@admin.register(Image)
class ImageAdmin(ReadOnly, ModelAdmin):
    """Images, with what staff may do to those of any account."""

    list_display = ("name", "account", "region", "visibility", "status", "source", "protected", "created_at")
    list_filter = ("visibility", "status", "source", "region", "protected", "hidden")
    list_select_related = ("account", "region")
    search_fields = ("name", "id", "account__title", "account__number")
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = (TagInline, GrantInline)
    actions = ("deactivate", "reactivate", "make_public", "unlist")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        """Reviewers see what everybody sees; only an administrator, who runs the panel, has every record."""
        images = super().get_queryset(request)
        return images if request.user.is_superuser else images.open_to_all()  # type: ignore[attr-defined]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may run the operations below: changing a row by hand is for nobody."""
        return request.user.has_perm("images.change_image")

    @admin.action(description="Deactivate: nobody boots or copies them", permissions=["operate"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        self._run(request, queryset, actions.deactivate_for_owner, "deactivated")

    @admin.action(description="Reactivate", permissions=["operate"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        self._run(request, queryset, actions.reactivate_for_owner, "reactivated")

    @admin.action(description="Make public: in everybody's list", permissions=["operate"])
    def make_public(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        self._run(request, queryset, actions.publish, "made public")

    @admin.action(description="Take out of everybody's list", permissions=["operate"])
    def unlist(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        self._run(request, queryset, actions.unpublish, "taken out of everybody's list")

    def _run(self, request: HttpRequest, queryset: QuerySet[Image], operation: Operation, done: str) -> None:
        """Run an operation on each live image, and tell how many there were."""
        ids: list[UUID] = list(queryset.exclude(status=Image.Status.DELETED).values_list("pk", flat=True))
        try:
            for pk in ids:
                operation(pk, by=request.user)
        except (PermissionDenied, Conflict) as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.message_user(request, f"{len(ids)} {'image was' if len(ids) == 1 else 'images were'} {done}.")


@admin.register(Reference)
class ReferenceAdmin(ReadOnly, ModelAdmin):
    """What consumers call images of others."""

    list_display = ("image", "account", "label", "created_by", "updated_at")
    list_select_related = ("image", "account", "created_by")
    search_fields = ("label", "image__name", "image__id", "account__title", "account__number")


@admin.register(ImageGroupObjectPermission)
class GrantAdmin(ReadOnly, ModelAdmin):
    """Grants: what shares result in. Only sharing writes these."""

    list_display = ("content_object", "group", "permission", "active", "access_until")
    list_filter = ("permission__codename", "active")
    list_select_related = ("content_object", "group", "permission")
    search_fields = ("content_object__name", "content_object__id", "group__name")
    show_full_result_count = False
