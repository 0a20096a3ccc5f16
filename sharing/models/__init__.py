"""What sharing keeps."""

from sharing.models.approvals import OfferRequest
from sharing.models.policies import Policy, Rules
from sharing.models.shares import AddressKind, Share, title_of
from sharing.models.trust import Block, Trust

__all__ = ["AddressKind", "Block", "OfferRequest", "Policy", "Rules", "Share", "Trust", "title_of"]
