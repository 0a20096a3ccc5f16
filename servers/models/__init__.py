"""What servers keeps."""

from servers.models.budget import Budget, ServerRules
from servers.models.copies import CloudCopy, CloudMember
from servers.models.formation import Formation, FormationPart
from servers.models.keys import CloudKey, SshKey
from servers.models.limit import ServerLimit
from servers.models.regions import Flavor, RegionCloud
from servers.models.server import Server, Snapshot

__all__ = [
    "Budget",
    "CloudCopy",
    "CloudKey",
    "CloudMember",
    "Flavor",
    "Formation",
    "FormationPart",
    "RegionCloud",
    "Server",
    "ServerLimit",
    "ServerRules",
    "Snapshot",
    "SshKey",
]
