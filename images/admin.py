"""The Django admin of images. Records are read only; what staff may do goes through the same actions as the pages."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model, QuerySet
from django.forms import ChoiceField
from django.http import HttpRequest

from accounts.admin import ReadOnly
from accounts.errors import Conflict
from accounts.models import Account
from images import actions
from images.models import (
    DataHold,
    Image,
    ImageData,
    ImageGroupObjectPermission,
    ImageTag,
    Import,
    Quota,
    QuotaRequest,
    Reference,
    Region,
    Upload,
)
from images.quota_admin import QuotaAdmin, QuotaRequestAdmin
from images.stores import store_names

Operation = Callable[..., Image]

admin.site.register(Quota, QuotaAdmin)
admin.site.register(QuotaRequest, QuotaRequestAdmin)


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Regions are the staff's own: they are edited here and nowhere else."""

    list_display = ("code", "name", "is_default", "store", "closed_at")
    search_fields = ("code", "name")

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """The store of a region is one of those that the settings name."""
        if db_field.name != "store":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return ChoiceField(choices=[(name, name) for name in store_names()], help_text=db_field.help_text)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A region is closed, never deleted: images name it."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()


class TagInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """The tags of an image."""

    model = ImageTag
    extra = 0


class GrantInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """Who reaches an image through shares. Only sharing writes these."""

    model = ImageGroupObjectPermission
    extra = 0
    fields = ("group", "permission", "active", "access_until")


@admin.register(Image)
class ImageAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
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


@admin.register(ImageData)
class ImageDataAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Image data."""

    list_display = ("id", "disk_format", "size", "store", "created_at", "verified_at", "damaged_at", "removed_at")
    list_filter = (
        "disk_format",
        "store",
        ("damaged_at", admin.EmptyFieldListFilter),
        ("removed_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("id", "checksum", "os_hash_value", "images__name")
    show_full_result_count = False


@admin.register(DataHold)
class DataHoldAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who needs image data for a while."""

    list_display = ("holder", "data", "created_at", "expires_at")
    search_fields = ("holder", "data__id")


@admin.register(Upload)
class UploadAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Uploads on their way."""

    list_display = ("filename", "account", "created_by", "status", "size", "created_at", "expires_at")
    list_filter = ("status",)
    list_select_related = ("account", "created_by")
    search_fields = ("filename", "id", "account__title", "account__number", "created_by__username")


@admin.register(Reference)
class ReferenceAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What consumers call images of others."""

    list_display = ("image", "account", "label", "created_by", "updated_at")
    list_select_related = ("image", "account", "created_by")
    search_fields = ("label", "image__name", "image__id", "account__title", "account__number")


@admin.register(ImageGroupObjectPermission)
class GrantAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Grants: what shares result in. Only sharing writes these."""

    list_display = ("content_object", "group", "permission", "active", "access_until")
    list_filter = ("permission__codename", "active")
    list_select_related = ("content_object", "group", "permission")
    search_fields = ("content_object__name", "content_object__id", "group__name")
    show_full_result_count = False


@admin.register(Import)
class ImportAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Imports on their way: where the bytes of an upload are fetched from."""

    list_display = ("upload", "host", "account", "status", "attempts", "restarts", "next_at", "since")
    list_filter = ("upload__status",)
    list_select_related = ("upload__account",)
    search_fields = ("upload__filename", "upload__id", "upload__account__title", "upload__account__number")
    fields = ("upload", "host", "account", "status", "attempts", "restarts", "next_at", "since")

    @admin.display(ordering="upload__account")
    def account(self, fetch: Import) -> Account:
        return fetch.upload.account

    @admin.display(ordering="upload__status")
    def status(self, fetch: Import) -> str:
        return fetch.upload.get_status_display()
