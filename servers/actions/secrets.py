"""Encrypting the secrets of servers anew."""

from accounts.actions.secrets import rotate
from accounts.encryption import Rotation
from servers.models import CloudKey, Server
from servers.secrets import KEY_SECRETS, USER_DATA


def rotate_secrets() -> list[Rotation]:
    """Encrypt cloud keys and user data under the secret key of today."""
    keys, servers = CloudKey.objects.exclude(encrypted_secret=""), Server.objects.exclude(encrypted_user_data="")
    return [
        rotate("cloud keys", keys, {"encrypted_secret": None}, purpose=KEY_SECRETS),
        rotate("user data of servers", servers, {"encrypted_user_data": None}, purpose=USER_DATA),
    ]
