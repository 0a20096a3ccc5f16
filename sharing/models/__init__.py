"""What sharing keeps."""

from sharing.models.approvals import OfferRequest
from sharing.models.cases import Case, Report
from sharing.models.codes import ClaimCode
from sharing.models.handover import HandOver
from sharing.models.limits import OfferLimit
from sharing.models.policies import Policy, Rules
from sharing.models.shares import AddressKind, Share, title_of
from sharing.models.trust import Block, Trust
from sharing.models.webhooks import Delivery, Webhook

__all__ = [
    "AddressKind",
    "Block",
    "Case",
    "ClaimCode",
    "Delivery",
    "HandOver",
    "OfferLimit",
    "OfferRequest",
    "Policy",
    "Report",
    "Rules",
    "Share",
    "Trust",
    "Webhook",
    "title_of",
]
