"""The one client for every address that a person gives: imports, checksum files, webhooks.

Whoever can make a server fetch an address can make it fetch from inside of the network it stands in (OSSA-2026-004:
encoded addresses and redirects got past the checks of Glance). docs/adr/0014 tells what is checked here, and when.
"""

from images.outside.addresses import Address
from images.outside.client import Answer, Limits, Reply, opened, sent, text_at
from images.outside.places import IMPORTS, WEBHOOKS
from images.outside.problems import (
    BrokenTransfer,
    OutOfTime,
    OutsideProblem,
    RefusedAddress,
    ServerBusy,
    ServerRefused,
    TooSlow,
    Unreachable,
)

__all__ = [
    "IMPORTS",
    "WEBHOOKS",
    "Address",
    "Answer",
    "BrokenTransfer",
    "Limits",
    "OutOfTime",
    "OutsideProblem",
    "RefusedAddress",
    "Reply",
    "ServerBusy",
    "ServerRefused",
    "TooSlow",
    "Unreachable",
    "opened",
    "sent",
    "text_at",
]
