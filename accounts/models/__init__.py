from accounts.models.events import Event, Notification
from accounts.models.feeds import Feed
from accounts.models.groups import Account, AnyGroup, Organization, Team
from accounts.models.people import Invitation, Membership, User

__all__ = [
    "Account",
    "AnyGroup",
    "Event",
    "Feed",
    "Invitation",
    "Membership",
    "Notification",
    "Organization",
    "Team",
    "User",
]
