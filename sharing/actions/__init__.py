"""The verbs of sharing. This is the one door: each locks, checks, changes, records and notifies.

The row of the image is the lock of all its shares and grants. Who gives access also locks the recipients, before the
image, as closing them does; so two actions cannot wait for each other. On SQLite the immediate transaction locks
everything.
"""

from sharing.actions.afterwards import can_be_reminded, remind, remove
from sharing.actions.approvals import approve_offer, refuse_offer, withdraw_offer
from sharing.actions.blocking import block, unblock
from sharing.actions.bulk import OfferedImage, offer_each
from sharing.actions.claims import MadeCode, claim_offer, make_claim_code, renew_claim_code
from sharing.actions.conditions import LimitReached
from sharing.actions.decisions import accept, leave, reconsider, reject
from sharing.actions.deliveries import prune_deliveries, send_deliveries
from sharing.actions.endings import end_shares_of, follow_image, resolve_email
from sharing.actions.ends import attend_to_ends
from sharing.actions.handover import (
    Wish,
    ask_to_take_over,
    cancel_hand_over,
    end_hand_overs_of,
    follow_deletion,
    resolve_hand_overs,
    take_over,
    turn_down_hand_over,
)
from sharing.actions.lasting import ask_for_longer, set_end
from sharing.actions.members import set_member_status
from sharing.actions.offers import offer, offer_again
from sharing.actions.planned import PlanFull, add_planned, offer_to_planned, remove_planned
from sharing.actions.policies import NotTaken, set_policy
from sharing.actions.reviews import ask_for_review
from sharing.actions.rules import set_rules
from sharing.actions.signing import offer_signed_in, refuse_sign_in, sign_in_failed
from sharing.actions.terms import Offered, Outcome, Terms, Way
from sharing.actions.trusting import stop_trusting, trust
from sharing.actions.undoing import can_be_undone, undo_offers
from sharing.actions.versions import (
    followers_of,
    forget_family,
    give_version,
    stop_later_versions,
    take_later_versions,
)
from sharing.actions.webhooks import (
    create_webhook,
    edit_webhook,
    end_webhooks_of,
    pause_webhook,
    queue_deliveries,
    remove_webhook,
    resend,
    resume_webhook,
    rotate_secret,
    send_test,
)

__all__ = [
    "LimitReached",
    "MadeCode",
    "NotTaken",
    "Offered",
    "OfferedImage",
    "Outcome",
    "PlanFull",
    "Terms",
    "Way",
    "Wish",
    "accept",
    "add_planned",
    "approve_offer",
    "ask_for_longer",
    "ask_for_review",
    "ask_to_take_over",
    "attend_to_ends",
    "block",
    "can_be_reminded",
    "can_be_undone",
    "cancel_hand_over",
    "claim_offer",
    "create_webhook",
    "edit_webhook",
    "end_hand_overs_of",
    "end_shares_of",
    "end_webhooks_of",
    "follow_deletion",
    "follow_image",
    "followers_of",
    "forget_family",
    "give_version",
    "leave",
    "make_claim_code",
    "offer",
    "offer_again",
    "offer_each",
    "offer_signed_in",
    "offer_to_planned",
    "pause_webhook",
    "prune_deliveries",
    "queue_deliveries",
    "reconsider",
    "refuse_offer",
    "refuse_sign_in",
    "reject",
    "remind",
    "remove",
    "remove_planned",
    "remove_webhook",
    "renew_claim_code",
    "resend",
    "resolve_email",
    "resolve_hand_overs",
    "resume_webhook",
    "rotate_secret",
    "send_deliveries",
    "send_test",
    "set_end",
    "set_member_status",
    "set_policy",
    "set_rules",
    "sign_in_failed",
    "stop_later_versions",
    "stop_trusting",
    "take_later_versions",
    "take_over",
    "trust",
    "turn_down_hand_over",
    "unblock",
    "undo_offers",
    "withdraw_offer",
]
