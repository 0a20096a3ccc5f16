"""Where servers run: one small interface (``base``), and a module or package for each kind of cloud."""

from servers.clouds.base import (
    Abilities,
    Cloud,
    CloudBusy,
    CloudMissing,
    CloudProblem,
    CloudRefused,
    Condition,
    Console,
    Machine,
    Progress,
    Source,
    State,
)
from servers.clouds.finding import cloud_of, machine_of

__all__ = [
    "Abilities",
    "Cloud",
    "CloudBusy",
    "CloudMissing",
    "CloudProblem",
    "CloudRefused",
    "Condition",
    "Console",
    "Machine",
    "Progress",
    "Source",
    "State",
    "cloud_of",
    "machine_of",
]
