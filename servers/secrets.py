"""The secrets that servers keeps: those of cloud keys, and the user data of servers. Encrypted at rest."""

from accounts.encryption import SecretLost, decrypt
from servers.models import CloudKey, Server

USER_DATA, KEY_SECRETS = "user data of servers", "secrets of cloud keys"  # the purposes of their encryption


def secret_of(key: CloudKey) -> str:
    """The secret of a cloud key.

    Args:
        key: with its region.

    Raises:
        SecretLost: the panel cannot read it any more; with what to do.
    """
    try:
        return decrypt(key.encrypted_secret, purpose=KEY_SECRETS)
    except SecretLost:
        raise SecretLost(
            f"This panel cannot read the cloud key for {key.region.name} any more, because its own secret key was "
            "changed. Replace the cloud key; the servers there go on meanwhile."
        ) from None


def user_data_of(server: Server) -> str:
    """What the guest is told when it first boots.

    Nothing, if the panel cannot read it any more but the guest has read it already: it is not asked for again, and a
    server must still be stopped, started and deleted.

    Raises:
        SecretLost: the guest has not read it, and never can.
    """
    if not server.encrypted_user_data:
        return ""
    try:
        return decrypt(server.encrypted_user_data, purpose=USER_DATA)
    except SecretLost:
        if server.has_run or not server.is_live:
            return ""
        raise SecretLost(
            "This panel cannot read its user data any more, because the panel's own secret key was changed. Delete "
            "the server, and create it again with the user data."
        ) from None
