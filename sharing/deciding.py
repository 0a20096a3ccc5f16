"""Who decides on an offer: asked by the action, the notices, the inbox and the counter alike."""

from accounts.viewer import Viewer
from sharing.models import Share


def decision_refusal(by: Viewer, share: Share) -> str:
    """Why the viewer cannot accept or reject an offer that they see; empty when they can.

    Args:
        share: with its recipient loaded (``ShareQuerySet.with_sides``).
    """
    if share.recipient_id in by.decides_for:
        return ""
    return f"Only an admin of {share.recipient_title} can decide on offers."
