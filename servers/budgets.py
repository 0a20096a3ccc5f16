"""How the budgets of accounts stand, and whether something new fits into one.

A budget is refused against, never enforced on what is there: at 100 % nothing that runs is stopped, but nothing new
boots. It counts for as long as the account is in the organization that set it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, QuerySet

from accounts.models import Account, Organization
from servers.costs import Usage, usage_of
from servers.models import Budget, Server
from servers.money import money, rounded

HIGH = 80  # percent; from here on people are warned
FULL = 100


@dataclass(frozen=True)
class Level:
    """How a budget stands at this moment.

    Attributes:
        amount: what may be spent in a month.
        usage: what its servers have cost this month, and cost.
    """

    account: Account
    organization: Organization
    amount: Decimal
    usage: Usage

    @classmethod
    def of(cls, budget: Budget, usage: Usage) -> "Level":
        """How a budget stands."""
        return cls(budget.account, budget.organization, budget.amount, usage)

    @property
    def percent(self) -> int:
        """How much of it is spent; more than 100 where servers went on. Never rounded up."""
        if self.amount:
            return int(self.usage.spent * 100 / self.amount)
        return FULL if self.usage.spent else 0

    @property
    def is_full(self) -> bool:
        """Whether nothing is left."""
        return self.usage.spent >= self.amount

    @property
    def is_high(self) -> bool:
        """Whether little is left."""
        return self.percent >= HIGH

    @property
    def text(self) -> str:
        """How much of it is spent, in words."""
        return f"{money(rounded(self.usage.spent))} of {money(self.amount)} spent"

    @property
    def what_then(self) -> str:
        """What it means that all or nearly all of it is spent."""
        more = f"a manager of {self.organization.title} can give {self.account.title} more"
        if self.is_full:
            return f"{self.text}. Nothing that runs is stopped, but nothing new boots: {more}."
        return f"{self.text}. When all of it is spent, nothing that runs is stopped, but nothing new boots: {more}."

    @property
    def threshold(self) -> int:
        """What people are told has been reached, in percent; 0 for nothing."""
        if not self.usage.spent:
            return 0
        return next((mark for mark in (FULL, HIGH) if self.percent >= mark), 0)


def level_of(account: Account) -> Level | None:
    """How the budget of an account stands; None where it has none. One query, and one where it has one."""
    return next(iter(levels_of([account])), None) if account.organization_id else None


def levels_of(accounts: Iterable[Account]) -> list[Level]:
    """How the budgets of accounts stand, of those that have one. Two queries."""
    budgets = list(counting_budgets().filter(account__in=[account.pk for account in accounts]))
    usage = usage_of([budget.account_id for budget in budgets]) if budgets else {}
    return [Level.of(budget, usage[budget.account_id]) for budget in budgets]


def counting_budgets() -> QuerySet[Budget]:
    """Budgets of accounts that are in the organization that set them."""
    return Budget.objects.filter(account__organization=F("organization")).select_related("account", "organization")


def why_not_afford(account: Account, price: Decimal, *, besides: Server | None = None) -> str:
    """Why no servers can boot that cost so much an hour; empty when they can. Asked under the lock of the account.

    What is spent, one hour of everything that is there and one of what is new have to fit into the budget. What costs
    nothing always fits.

    Args:
        price: of all new servers together, an hour.
        besides: the server that is about to boot, where it is counted already.
    """
    level = level_of(account) if price else None
    if level is None:
        return ""
    hourly = level.usage.hourly - (besides.price if besides else 0)
    if rounded(level.usage.spent) + hourly + price <= level.amount:
        return ""
    return (
        f"It does not fit into the budget: {account.title} may spend {money(level.amount)} on servers this month and "
        f"has spent {money(rounded(level.usage.spent))}. Its servers cost {money(hourly)} an hour, and this would cost "
        f"{money(price)} an hour more. Delete servers, or ask a manager of {level.organization.title} for more."
    )
