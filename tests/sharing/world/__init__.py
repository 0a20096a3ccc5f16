"""What sharing promises, said once more in dicts and sets, without a database and without a line of the panel's code.

The histories (``tests/sharing/histories``) play the same steps here and in the panel, and compare who has what.
Everybody and everything goes by a plain name: "alice" is the person, and also her personal account.
"""

from tests.sharing.world.deciding import Deciding
from tests.sharing.world.living import Living
from tests.sharing.world.ruling import Ruling


class World(Deciding, Ruling, Living):
    """Everything there is, and everything that can happen."""
