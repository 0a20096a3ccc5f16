"""The administration of servers. Staff set the clouds and sizes of regions; everything else is looked at."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.admin import ModelAdmin, ReadOnly, TabularInline, acting
from accounts.errors import Conflict
from accounts.templatetags.panel import memory
from servers import actions
from servers.forms.regions import RegionCloudForm
from servers.limits import Counted, levels_of
from servers.models import (
    Budget,
    CloudCopy,
    CloudKey,
    CloudMember,
    Flavor,
    Formation,
    FormationPart,
    RegionCloud,
    Server,
    ServerLimit,
    SshKey,
)
from servers.money import money
from servers.permissions import may_set_limits, may_set_regions
from servers.reports import report_of

Operation = Callable[..., None]


class ForStaffOfRegions:
    """Whoever may change clouds of regions sets clouds and sizes. What is not wanted any more is closed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_set_regions(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_set_regions(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: servers name them."""
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may run the operations of the lists."""
        return may_set_regions(request.user)


@admin.register(RegionCloud)
class RegionCloudAdmin(ForStaffOfRegions, ModelAdmin):
    """What runs the servers of each region."""

    form = RegionCloudForm
    list_display = ("region", "kind", "auth_url", "closed_at")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("region",)
    search_fields = ("region__code", "region__name", "auth_url")
    autocomplete_fields = ("region",)
    readonly_fields = ("closed_at",)
    actions = ("ask", "close", "reopen")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = ["region", "kind", "auth_url", "region_name", "certificates", "endpoints"]
        return [*fields, "closed_at"] if obj else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("region", "closed_at") if obj else ("closed_at",)

    def save_model(self, request: HttpRequest, obj: RegionCloud, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's
        """Set it by the action, which looks for servers in the cloud of before and records the change."""
        actions.set_cloud(obj, by=acting(request))

    @admin.action(description="Ask: what the cloud says of itself now", permissions=["operate"])
    def ask(self, request: HttpRequest, clouds: QuerySet[RegionCloud]) -> None:
        for cloud in clouds.select_related("region"):
            report = report_of(cloud)
            facts = [f"{name}: {fact}" for name, fact in report.facts.items() if fact]
            said = " · ".join([report.problem or "all is well", *facts])
            level = messages.WARNING if report.problem else messages.SUCCESS
            self.message_user(request, f"{cloud.region.name}: {said}", level)

    @admin.action(description="Close for new servers (those that there are go on)", permissions=["operate"])
    def close(self, request: HttpRequest, clouds: QuerySet[RegionCloud]) -> None:
        regions = [cloud.region for cloud in clouds.select_related("region")]
        _run_each(self, request, regions, actions.close_cloud, "is closed for new servers; those that there are go on")

    @admin.action(description="Open for new servers again", permissions=["operate"])
    def reopen(self, request: HttpRequest, clouds: QuerySet[RegionCloud]) -> None:
        regions = [cloud.region for cloud in clouds.select_related("region")]
        _run_each(self, request, regions, actions.reopen_cloud, "is open for new servers again")


@admin.register(Flavor)
class FlavorAdmin(ForStaffOfRegions, ModelAdmin):
    """The sizes of servers. A change reaches new servers only: those that there are keep what they were made with."""

    list_display = ("name", "region", "code", "vcpus", "memory", "size", "cost", "closed_at")
    list_filter = ("region", ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("region",)
    search_fields = ("name", "code", "region__code", "region__name")
    autocomplete_fields = ("region",)
    actions = ("close", "reopen")

    @admin.display(description="Memory", ordering="ram")
    def memory(self, flavor: Flavor) -> str:
        return memory(flavor.ram)

    @admin.display(description="Disk", ordering="disk")
    def size(self, flavor: Flavor) -> str:
        return f"{flavor.disk} GiB" if flavor.disk else "as large as the image"

    @admin.display(description="Price per hour", ordering="price")
    def cost(self, flavor: Flavor) -> str:
        return money(flavor.price)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = ["region", "code", "name", "vcpus", "ram", "disk", "price"]
        return [*fields, "closed_at"] if obj else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Servers are known to their cloud by region and code."""
        return ("region", "code", "closed_at") if obj else ("closed_at",)

    def save_model(self, request: HttpRequest, obj: Flavor, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's
        """Set it by the action, which records the change."""
        actions.set_flavor(obj, by=acting(request))

    @admin.action(description="Close for new servers (those that there are go on)", permissions=["operate"])
    def close(self, request: HttpRequest, flavors: QuerySet[Flavor]) -> None:
        _run_each(self, request, list(flavors), actions.close_flavor, "is closed for new servers; the others go on")

    @admin.action(description="Open for new servers again", permissions=["operate"])
    def reopen(self, request: HttpRequest, flavors: QuerySet[Flavor]) -> None:
        _run_each(self, request, list(flavors), actions.reopen_flavor, "is open for new servers again")


@admin.register(Server)
class ServerAdmin(ReadOnly, ModelAdmin):
    """Servers, as their accounts have them. User data and keys are nobody else's business, and what they were made
    from only that of an administrator, who has every record of images too.
    """

    list_display = ("name", "account", "region", "flavor", "status", "wanted", "created_at", "gone_at")
    list_filter = ("status", "wanted", "region", ("gone_at", admin.EmptyFieldListFilter))
    list_select_related = ("account", "region", "flavor")
    search_fields = ("name", "id", "account__title", "account__number")
    date_hierarchy = "created_at"
    show_full_result_count = False

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        always = ("encrypted_user_data", "ssh_keys", "shares")
        return always if request.user.is_superuser else (*always, "image", "image_name", "data")


@admin.register(ServerLimit)
class ServerLimitAdmin(ModelAdmin):
    """What single accounts may have. What is empty is as for everybody; fewer than there are ends no server."""

    list_display = ("account", "servers", "vcpus", "ram", "ports", "note", "updated_at")
    list_select_related = ("account",)
    search_fields = ("account__title", "account__number", "note")
    autocomplete_fields = ("account",)
    readonly_fields = ("has_now",)

    @admin.display(description="Has now")
    def has_now(self, limit: ServerLimit) -> str:
        """What counts, of what it may have."""
        return " · ".join(level.text for level in levels_of(limit.account))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_set_limits(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_set_limits(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_set_limits(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_set_limits(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: empty the fields, and the account has what everybody has."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: ServerLimit | None = None) -> tuple[str, ...]:
        return ("account", "has_now") if obj else ()

    def get_fields(self, request: HttpRequest, obj: ServerLimit | None = None) -> tuple[str, ...]:
        return ("account", *(["has_now"] if obj else []), *Counted, "note")

    def save_model(self, request: HttpRequest, obj: ServerLimit, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's
        """Set it by the action, which locks the account and records the change."""
        limits = {counted: getattr(obj, counted) for counted in Counted}
        actions.set_server_limit(obj.account, by=acting(request), limits=limits, note=obj.note)


class PartInline(ReadOnly, TabularInline):
    """The parts of a formation. The names of their images are their accounts' business."""

    model = FormationPart
    fields = ("name", "flavor", "count")
    extra = 0


@admin.register(Formation)
class FormationAdmin(ReadOnly, ModelAdmin):
    """Formations, as their accounts have them."""

    list_display = ("name", "account", "region", "created_by", "created_at")
    list_filter = ("region",)
    list_select_related = ("account", "region", "created_by")
    search_fields = ("name", "account__title", "account__number")
    inlines = (PartInline,)


@admin.register(Budget)
class BudgetAdmin(ReadOnly, ModelAdmin):
    """What organizations let their accounts spend on servers; their managers decide it."""

    list_display = ("account", "organization", "amount", "warned_month", "warned_percent")
    list_select_related = ("account", "organization")
    search_fields = ("account__title", "account__number", "organization__title")


@admin.register(CloudKey)
class CloudKeyAdmin(ReadOnly, ModelAdmin):
    """Which accounts have a key for which cloud. The secret is shown to nobody."""

    list_display = ("account", "region", "project_id", "tested_at", "problem", "created_by", "created_at", "removed_at")
    list_filter = ("region", ("removed_at", admin.EmptyFieldListFilter))
    list_select_related = ("account", "region", "created_by")
    search_fields = ("account__title", "account__number", "region__code", "project_id")
    exclude = ("encrypted_secret",)


@admin.register(SshKey)
class SshKeyAdmin(ReadOnly, ModelAdmin):
    """Public keys of people."""

    list_display = ("user", "name", "fingerprint", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "name", "fingerprint")


@admin.register(CloudCopy)
class CloudCopyAdmin(ReadOnly, ModelAdmin):
    """What is brought to clouds, and what went wrong with it. The names of images are their accounts' business."""

    list_display = ("data_id", "account", "region", "status", "progress", "attempts", "problem", "changed_at")
    list_filter = ("status", "region")
    list_select_related = ("account", "region")
    search_fields = ("data__id", "account__title", "account__number")
    exclude = ("name",)


@admin.register(CloudMember)
class CloudMemberAdmin(ReadOnly, ModelAdmin):
    """Whom the panel has let into registered images in their clouds, and who could not be let in or go."""

    list_display = ("image_id", "account", "member_id", "accepted_at", "problem", "created_at")
    list_filter = (("problem", admin.EmptyFieldListFilter), "image__region")
    list_select_related = ("account",)
    search_fields = ("image__id", "account__title", "account__number", "member_id")
    exclude = ("image", "shares")


def _run_each(admin: ModelAdmin, request: HttpRequest, rows: list[Any], operation: Operation, done: str) -> None:
    """Run an operation on each region or size, and tell of each what came of it."""
    for row in rows:
        try:
            operation(row, by=acting(request))
        except Conflict as refusal:
            admin.message_user(request, str(refusal), messages.ERROR)
        else:
            admin.message_user(request, f"{row.name} {done}.")
