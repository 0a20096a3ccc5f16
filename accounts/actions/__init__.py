"""The verbs of people, accounts, groups and organizations. Each locks, checks, changes, records and notifies."""

from accounts.actions.feeds import make_feed, revoke_feed
from accounts.actions.groups import close, create_account, create_organization, create_team, rename
from accounts.actions.invitations import (
    accept_invitation,
    decline_invitation,
    invite,
    invite_account,
    resolve_invitations,
    revoke_invitation,
)
from accounts.actions.memberships import (
    change_role,
    leave,
    leave_organization,
    remove_account,
    remove_member,
)
from accounts.actions.notices import choose_mail, mark_all_read, mark_read
from accounts.actions.people import (
    create_first_administrator,
    create_person,
    deactivate_person,
    edit_person,
    email_was_confirmed,
    reactivate_person,
    remove_second_factors,
)
from accounts.actions.secrets import rotate_secrets
from accounts.actions.staff import make_reviewer, unverify, verify

__all__ = [
    "accept_invitation",
    "change_role",
    "choose_mail",
    "close",
    "create_account",
    "create_first_administrator",
    "create_organization",
    "create_person",
    "create_team",
    "deactivate_person",
    "decline_invitation",
    "edit_person",
    "email_was_confirmed",
    "invite",
    "invite_account",
    "leave",
    "leave_organization",
    "make_feed",
    "make_reviewer",
    "mark_all_read",
    "mark_read",
    "reactivate_person",
    "remove_account",
    "remove_member",
    "remove_second_factors",
    "rename",
    "resolve_invitations",
    "revoke_feed",
    "revoke_invitation",
    "rotate_secrets",
    "unverify",
    "verify",
]
