"""Tokens: signed, short-lived, and worth nothing without a look at who they are for.

A token says who asks, for which account, and by which way they have proven it. Nothing of that is believed without
the database: a token dies with the password or the credential that it was made with, with the membership, with the
person, and when it is revoked. It is signed with the panel's own key, so that nobody can make or change one.
"""

import secrets
import time
from dataclasses import dataclass, replace

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Membership, User
from accounts.roles import Role
from accounts.viewer import Viewer
from api import holders
from api.models import ApplicationCredential

LIFETIME = 3600  # seconds, as Keystone's default
SALT = "api.token"
LONGEST = 1024  # characters; a longer text is no token


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says.

    Attributes:
        login: of the person.
        number: of the account; empty for a token without a scope.
        methods: how the person proved who they are ("password", "token", "application_credential").
        credential: the id of the application credential that it was made with; else empty.
        audit_ids: by which it is revoked, and found in logs: its own, then those of the tokens that it was made from,
            the latest first. They open nothing.
        issued: seconds since 1970.
        expires: seconds since 1970.
        stamp: of the password, or of the secret of the credential, as it was then.
    """

    login: str
    number: str
    methods: tuple[str, ...]
    credential: str
    audit_ids: tuple[str, ...]
    issued: int
    expires: int
    stamp: str

    def signed(self) -> str:
        """The text that a program sends as ``X-Auth-Token``."""
        said = [self.login, self.number, self.methods, self.credential, self.audit_ids]
        return signing.dumps([*said, self.issued, self.expires, self.stamp], salt=SALT)

    def exchanged(self, *, number: str) -> "Token":
        """A new token made from this one: it ends no later, and whatever ends this one ends it, too.

        Args:
            number: of the account that the new one is for; empty for none.
        """
        methods = tuple(dict.fromkeys((*self.methods, "token")))
        audit_ids = (_new_audit_id(), *self.audit_ids)
        return replace(self, number=number, methods=methods, audit_ids=audit_ids, issued=int(time.time()))


@dataclass(frozen=True)
class Caller:
    """Who sent a request with a token.

    Attributes:
        viewer: for the account of the token, with its role and no more; None for a token without a scope.
    """

    user: User
    viewer: Viewer | None
    token: Token


def issue(
    user: User,
    *,
    number: str = "",
    methods: tuple[str, ...],
    credential: ApplicationCredential | None = None,
) -> Token:
    """A new token for somebody who has proven who they are."""
    now = int(time.time())
    ends = now + LIFETIME
    if credential and credential.expires_at:
        ends = min(ends, int(credential.expires_at.timestamp()))
    stamp = _stamp(credential.secret_hash if credential else user.password)
    name = credential.pk if credential else ""
    return Token(user.username, number, methods, name, (_new_audit_id(),), now, ends, stamp)


def read(text: str) -> Token | None:
    """What a token says, if it is one of ours and its time is not over. Asks no database."""
    if len(text) > LONGEST:
        return None
    try:
        login, number, methods, credential, audit_ids, issued, expires, stamp = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    if expires <= time.time():
        return None
    return Token(login, number, tuple(methods), credential, tuple(audit_ids), issued, expires, stamp)


def caller_of(text: str) -> Caller | None:
    """Who sent a token; None when it is none, or is worth nothing any more. One query."""
    token = read(text)
    holder = token and holders.find(token.login, token.number, token.credential, token.audit_ids)
    if not token or not holder or not constant_time_compare(token.stamp, _stamp(holder.secret)):
        return None
    if holder.membership is None:
        return Caller(holder.user, None, token)
    return Caller(holder.user, viewer_for(holder.membership, most=holder.most, credential=token.credential), token)


def viewer_for(membership: Membership, *, most: Role, credential: str = "") -> Viewer:
    """The viewer of a token for one account, as ``Viewer.by_token``: of the person nothing else counts.

    Args:
        membership: in the account; it is the token's own, and shows the role of the token from now on.
        most: the highest role that the token gives.
        credential: the id of the one that it was made with; empty for none.
    """
    own = Role(membership.role)
    membership.role = role = most if own.includes(most) else own
    return Viewer(membership.user, membership.group.as_account, role, (membership,), most, credential)


def _new_audit_id() -> str:
    return secrets.token_urlsafe(16)


def _stamp(secret: str) -> str:
    return salted_hmac(SALT, secret, algorithm="sha256").hexdigest()[:16]
