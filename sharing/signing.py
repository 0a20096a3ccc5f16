"""How what webhooks send is signed: Standard Webhooks (https://www.standardwebhooks.com), which receivers know."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32
VERSION = "v1"


def new_secret() -> str:
    """A secret for a webhook, as its receiver is told it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(message_id: str, timestamp: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The headers by which a receiver knows who sent this, and when.

    Args:
        message_id: the same at each attempt, so that a repetition is noticed.
        timestamp: seconds since 1970, of this attempt.
        keys: the secrets that are valid now; each signs.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(message_id, timestamp, body, key) for key in keys),
    }


def signature(message_id: str, timestamp: int, body: bytes, key: str) -> str:
    """HMAC-SHA256 of the id, the time and the body, with dots between them."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"
