"""The verbs of sharing. This is the one door: each locks, checks, changes, records and notifies.

The row of the image is the lock of all its shares and grants. Who gives access also locks the recipients, before the
image, as closing them does; so two actions cannot wait for each other. On SQLite the immediate transaction locks
everything.
"""

from sharing.actions.blocking import block, unblock
from sharing.actions.decisions import accept, leave, reject
from sharing.actions.endings import end_shares_of, follow_image, resolve_email
from sharing.actions.ends import attend_to_ends
from sharing.actions.lasting import ask_for_longer, set_end
from sharing.actions.offers import (
    Offered,
    Outcome,
    Terms,
    can_be_reminded,
    offer,
    offer_again,
    remind,
    remove,
)
from sharing.actions.trusting import stop_trusting, trust
from sharing.actions.undoing import can_be_undone, undo_offers

__all__ = [
    "Offered",
    "Outcome",
    "Terms",
    "accept",
    "ask_for_longer",
    "attend_to_ends",
    "block",
    "can_be_reminded",
    "can_be_undone",
    "end_shares_of",
    "follow_image",
    "leave",
    "offer",
    "offer_again",
    "reject",
    "remind",
    "remove",
    "resolve_email",
    "set_end",
    "stop_trusting",
    "trust",
    "unblock",
    "undo_offers",
]
