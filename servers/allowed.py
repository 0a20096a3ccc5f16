"""Which sizes of servers an account may use, as its organization decides.

Not what a share decides: who may have an image, and on which machines an account runs, are questions for two different
people. A producer asks nothing of a recipient's servers but what the image needs (its smallest disk and memory).
"""

from dataclasses import dataclass

from accounts.models import Account
from servers.models import Flavor, ServerRules


@dataclass(frozen=True)
class Allowed:
    """The sizes that an account may use.

    Attributes:
        decider: the name of the organization that chose them; empty where nobody did.
        flavors: ids of the chosen ones, of all regions together; none: all are allowed, also those to come.
    """

    decider: str = ""
    flavors: frozenset[int] = frozenset()

    @classmethod
    def of(cls, account: Account) -> "Allowed":
        """What the organization of an account allows. One query; none for an account without one."""
        if account.organization is None:
            return cls()
        chosen = ServerRules.flavors.through.objects.filter(serverrules=account.organization_id)
        return cls(account.organization.title, frozenset(chosen.values_list("flavor", flat=True)))

    def why_not(self, flavor: Flavor) -> str:
        """Why the account cannot use a size; empty when it can."""
        if not self.flavors or flavor.pk in self.flavors:
            return ""
        return f"{self.decider} does not allow this size."
