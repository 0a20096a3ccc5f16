"""The verbs of credentials and tokens. Each locks, checks, changes, records and notifies."""

from api.actions.credentials import make_credential, revoke_as_staff, revoke_credential, used
from api.actions.tokens import revoke_token

__all__ = ["make_credential", "revoke_as_staff", "revoke_credential", "revoke_token", "used"]
