"""The verbs of credentials. Each locks, checks, changes, records and notifies."""

from api.actions.credentials import make_credential, revoke_as_staff, revoke_credential, used

__all__ = ["make_credential", "revoke_as_staff", "revoke_credential", "used"]
