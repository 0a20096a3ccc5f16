"""Tokens: signed, short-lived, and worth nothing without a look at who they are for.

A token says who asks, for which account, and by which way they have proven it. Nothing of that is believed without
the database: a token dies with the password or the credential that it was made with, with the membership, with the
person, and when it is revoked. It is signed with the panel's own key, so that nobody can make or change one.
"""

import secrets
import time
from dataclasses import dataclass, replace

from django.core import signing
from django.db.models import Exists
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Membership, User
from accounts.roles import Kind, Role
from accounts.viewer import Viewer
from api.models import ApplicationCredential, RevokedToken

LIFETIME = 3600  # seconds, as Keystone's default
SALT = "api.token"
LONGEST = 1024  # characters; a longer text is no token


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says.

    Attributes:
        user: the id of the person.
        number: of the account; empty for a token without a scope.
        methods: how the person proved who they are ("password", "token", "application_credential").
        credential: the id of the application credential that it was made with; else empty.
        audit_ids: by which it is revoked, and found in logs: its own, then those of the tokens that it was made from,
            the latest first. They open nothing.
        issued: seconds since 1970.
        expires: seconds since 1970.
        stamp: of the password, or of the secret of the credential, as it was then.
    """

    user: int
    number: str
    methods: tuple[str, ...]
    credential: str
    audit_ids: tuple[str, ...]
    issued: int
    expires: int
    stamp: str

    def signed(self) -> str:
        """The text that a program sends as ``X-Auth-Token``."""
        said = [self.user, self.number, self.methods, self.credential, self.audit_ids]
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
    return Token(user.pk, number, methods, name, (_new_audit_id(),), now, ends, stamp)


def read(text: str) -> Token | None:
    """What a token says, if it is one of ours and its time is not over. Asks no database."""
    if len(text) > LONGEST:
        return None
    try:
        user, number, methods, credential, audit_ids, issued, expires, stamp = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    if expires <= time.time():
        return None
    return Token(user, number, tuple(methods), credential, tuple(audit_ids), issued, expires, stamp)


def caller_of(text: str) -> Caller | None:
    """Who sent a token; None when it is none, or is worth nothing any more. One query."""
    token = read(text)
    if token is None:
        return None
    return _scoped(token) if token.number else _unscoped(token)


def viewer_for(membership: Membership, *, most: Role) -> Viewer:
    """The viewer of a token for one account: of the person nothing else counts.

    Args:
        most: the highest role that the token gives.
    """
    account = membership.group.as_account
    return Viewer(membership.user, account, Role(membership.role), (membership,)).by_token(most)


def _scoped(token: Token) -> Caller | None:
    found = Membership.objects.filter(
        ~Exists(RevokedToken.objects.filter(audit_id__in=token.audit_ids)),
        user=token.user,
        user__is_active=True,
        kind=Kind.ACCOUNT,
        group__as_account__number=token.number,
        group__as_account__closed_at__isnull=True,
    ).select_related("user", "group__as_account__organization")
    membership = found.annotate(**_proof(token)).first()
    if membership is None or not _proves(token, membership, membership.user):
        return None
    most = Role(getattr(membership, "credential_role", None) or membership.role)
    return Caller(membership.user, viewer_for(membership, most=most), token)


def _unscoped(token: Token) -> Caller | None:
    revoked = RevokedToken.objects.filter(audit_id__in=token.audit_ids)
    user = User.objects.filter(~Exists(revoked), pk=token.user, is_active=True).annotate(**_proof(token)).first()
    return Caller(user, None, token) if user and _proves(token, user, user) else None


def _proof(token: Token) -> dict[str, object]:
    """Columns with what the token was made with, as it is now."""
    if not token.credential:
        return {}
    live = ApplicationCredential.objects.live().filter(pk=token.credential, user=token.user)
    return {"credential_secret": live.values("secret_hash"), "credential_role": live.values("role")}


def _proves(token: Token, row: object, user: User) -> bool:
    """Whether the password or the credential is still the one of then."""
    secret = getattr(row, "credential_secret", None) if token.credential else user.password
    return bool(secret) and constant_time_compare(token.stamp, _stamp(str(secret)))


def _new_audit_id() -> str:
    return secrets.token_urlsafe(16)


def _stamp(secret: str) -> str:
    return salted_hmac(SALT, secret, algorithm="sha256").hexdigest()[:16]
