"""What the pages of budgets and of sizes of servers have in common, and what others show of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.hooks import GroupPage
from accounts.models import Account, AnyGroup, Organization
from accounts.permissions import Verb, may
from accounts.templatetags.panel import memory
from accounts.viewer import Viewer
from images.models import Region
from servers.budgets import Level, level_of
from servers.costs import Usage, usage_of
from servers.models import Budget, Flavor, ServerRules
from servers.money import money


@dataclass(frozen=True)
class Line:
    """An account of an organization: what its servers cost, and its budget.

    Attributes:
        level: None where it has no budget.
    """

    account: Account
    usage: Usage
    level: Level | None


@dataclass(frozen=True)
class Ledger:
    """The accounts of an organization, by name, with what they may spend and have spent this month."""

    lines: Sequence[Line]

    @property
    def amount(self) -> Decimal:
        """What all budgets come to."""
        return sum((line.level.amount for line in self.lines if line.level), Decimal(0))

    @property
    def budgets(self) -> int:
        """How many accounts have one."""
        return sum(1 for line in self.lines if line.level)

    @property
    def usage(self) -> Usage:
        """What the servers of all accounts cost."""
        total = [line.usage for line in self.lines]
        hourly = sum((usage.hourly for usage in total), Decimal(0))
        return Usage(sum((usage.spent for usage in total), Decimal(0)), hourly, sum(usage.servers for usage in total))


def ledger_of(organization: Organization) -> Ledger:
    """What the accounts of an organization may spend and have spent. Three queries, however many accounts."""
    accounts = list(organization.accounts.filter(closed_at=None).order_by("title", "pk"))
    usage = usage_of([account.pk for account in accounts])
    budgets = {budget.account_id: budget for budget in Budget.objects.filter(organization=organization.pk)}
    return Ledger([_line(account, organization, usage, budgets) for account in accounts])


def _line(
    account: Account, organization: Organization, usage: Mapping[int, Usage], budgets: Mapping[int, Budget]
) -> Line:
    budget, used = budgets.get(account.pk), usage[account.pk]
    return Line(account, used, Level(account, organization, budget.amount, used) if budget else None)


def pages_of(viewer: Viewer, group: AnyGroup) -> list[GroupPage]:
    """The pages beside the people of an organization. No query."""
    if not isinstance(group, Organization):
        return []
    where = {"number": viewer.account.number, "pk": group.pk}
    pages = [GroupPage("sizes", "Server sizes", reverse("organization_sizes", kwargs=where))]
    if may(viewer, Verb.SET_BUDGETS, group):
        pages.append(GroupPage("budgets", "Budgets", reverse("organization_budgets", kwargs=where)))
    return pages


def budget_section(request: HttpRequest, viewer: Viewer) -> str:
    """How the budget of the account stands, on its page. One query, and one where it has a budget."""
    level = level_of(viewer.account)
    return render_to_string("servers/budgets/section.html", {"level": level}, request) if level else ""


def joining_terms(organization: Organization) -> list[str]:
    """What of servers holds for an account that joins an organization. One query."""
    terms = [
        f"Managers of {organization.title} see what the servers of its accounts cost, and can set budgets for them."
    ]
    sizes = flavors_by_region(organization)
    chosen = [f"{flavor.name} ({flavor.region_id})" for flavors in sizes.values() for flavor in flavors]
    return [*terms, f"Its servers may have these sizes only: {', '.join(chosen)}."] if chosen else terms


def flavors_by_region(organization: Organization | None = None) -> dict[Region, list[Flavor]]:
    """The sizes that staff offer, the smallest first; of an organization, those that it chose. One query."""
    flavors = Flavor.objects.filter(closed_at=None, region__cloud__closed_at=None, region__cloud__isnull=False)
    if organization is not None:
        rules = ServerRules.flavors.through.objects.filter(serverrules=organization.pk)
        flavors = flavors.filter(pk__in=rules.values("flavor"))
    by_region: dict[Region, list[Flavor]] = {}
    for flavor in flavors.select_related("region").order_by("region__name", "price", "ram", "pk"):
        by_region.setdefault(flavor.region, []).append(flavor)
    return by_region


def size_in_words(flavor: Flavor) -> str:
    """What a size has and costs."""
    disk = f"{flavor.disk} GiB of disk" if flavor.disk else "disk as the image"
    return f"{flavor.vcpus} vCPU, {memory(flavor.ram)} of memory, {disk}, {money(flavor.price)} an hour"
