"""Who decides on an offer: asked by the action, the notices, the inbox and the counter alike."""

from accounts.models import Account
from accounts.viewer import Viewer
from sharing.models import Share
from sharing.policies import Accepting, accepting_for


def decision_refusal(by: Viewer, share: Share) -> str:
    """Why the viewer cannot accept or reject an offer that they see; empty when they can.

    Args:
        share: with its recipient loaded (``ShareQuerySet.with_sides``).
    """
    account = next((each for each in by.accounts if each.pk == share.recipient_id), None)
    if account is not None:
        return acceptance_refusal(by, account)
    if share.recipient_id in by.decides_for:
        return ""
    return f"Only an admin of {share.recipient_title} can decide on offers."


def acceptance_refusal(by: Viewer, account: Account) -> str:
    """Why the viewer cannot decide for one of their accounts; empty when they can. Policies say who does."""
    if all(each.pk != account.pk for each in by.accounts):  # who manages its organization need not be one of it
        return f"Only an admin of {account.title} can decide on offers."
    accepting = accepting_for(by, account.pk)
    organization = account.organization
    if accepting == Accepting.MANAGERS and organization:
        if any(each.pk == organization.pk for each in by.managed_organizations):
            return ""
        return f"Only a manager of {organization.title} can decide on offers to {account.title}: its policy says so."
    if any(each.pk == account.pk for each in by.administered_accounts):
        return ""
    if accepting == Accepting.CREATORS:
        creates = account.pk == by.account.pk and by.is_creator
        return "" if creates else f"Only an admin or a creator of {account.title} can decide on offers."
    return f"Only an admin of {account.title} can decide on offers."
