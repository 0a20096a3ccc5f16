from accounts.models.events import Event, Notification
from accounts.models.groups import Account, AnyGroup, Organization, Team
from accounts.models.people import Invitation, Membership, User

__all__ = [
    "Account",
    "AnyGroup",
    "Event",
    "Invitation",
    "Membership",
    "Notification",
    "Organization",
    "Team",
    "User",
]
