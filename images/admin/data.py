"""Where image data lies, who needs it, and what is on its way."""

from typing import Any

from django.contrib import admin
from django.db.models import Field, Model
from django.forms import ChoiceField
from django.http import HttpRequest

from accounts.admin import ModelAdmin, ReadOnly
from accounts.models import Account
from images.models import DataHold, ImageData, Import, Region, Upload
from images.stores import store_names


@admin.register(Region)
class RegionAdmin(ModelAdmin):
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


@admin.register(ImageData)
class ImageDataAdmin(ReadOnly, ModelAdmin):
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
class DataHoldAdmin(ReadOnly, ModelAdmin):
    """Who needs image data for a while."""

    list_display = ("holder", "data", "created_at", "expires_at")
    search_fields = ("holder", "data__id")


@admin.register(Upload)
class UploadAdmin(ReadOnly, ModelAdmin):
    """Uploads on their way."""

    list_display = ("filename", "account", "created_by", "status", "size", "created_at", "expires_at")
    list_filter = ("status",)
    list_select_related = ("account", "created_by")
    search_fields = ("filename", "id", "account__title", "account__number", "created_by__username")


@admin.register(Import)
class ImportAdmin(ReadOnly, ModelAdmin):
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
