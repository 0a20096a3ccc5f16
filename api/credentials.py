"""Application credentials: what is kept of a secret, and whether one that is given opens anything."""

import hashlib
import secrets
import uuid

from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.querysets import NOBODY
from api.models import ApplicationCredential
from api.validators import storable

SECRET_BYTES = 32  # 256 random bits: too many to be guessed, so that one round of SHA-256 keeps them
NOTHING = "0" * 64  # the hash of no secret


def new_id() -> str:
    """An id as Keystone gives them."""
    return uuid.uuid4().hex


def new_secret() -> str:
    """A secret in letters and digits, which no shell and no program takes for an option or a number."""
    return secrets.token_hex(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def credential_for(
    *, secret: str, pk: str = "", user: User | None = None, name: str = ""
) -> ApplicationCredential | None:
    """The credential that a program names, if its secret is right and it opens anything; with its person and account.

    One query of the same shape and one comparison, whatever is wrong: nothing tells whether there is such a
    credential, or such a person.

    Args:
        pk: of the credential; or else:
        user: whose credential it is, None for a person who is not there.
        name: as the person calls it.
    """
    named = {"pk": storable(pk)} if pk else {"user": user.pk if user else NOBODY, "name": storable(name)}
    found = ApplicationCredential.objects.opening().filter(**named).select_related("user", "account__organization")
    credential = found.first()
    is_right = constant_time_compare(hash_of(secret), credential.secret_hash if credential else NOTHING)
    return credential if is_right else None
