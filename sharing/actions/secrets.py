"""Encrypting the secrets of webhooks anew."""

from accounts.actions.secrets import rotate
from accounts.encryption import Rotation
from sharing.actions.webhooks import PURPOSE
from sharing.models import Webhook


def rotate_secrets() -> list[Rotation]:
    """Encrypt the secrets of webhooks under the secret key of today."""
    columns = {"secret": None, "previous_secret": None}
    return [rotate("secrets of webhooks", Webhook.objects.all(), columns, purpose=PURPOSE)]
