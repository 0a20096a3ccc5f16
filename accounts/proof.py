"""Proof of who somebody is, by what signing in asks of them, without signing anybody in.

There are two: for an admin who accepts an offer at a producer's desk, and for a program that asks for a token.

Everything goes through the adapter, the counters and the second factor of signing in, which all processes share:
guessing here locks signing in, and the other way round. No session is made or changed. Whatever is wrong, the answer
is the same, and the statements and the slow hash of the password are, too: nobody finds out which part was right.
"""

from dataclasses import dataclass, field
from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts.adapter import AccountAdapter
from accounts.addresses import Address, Kind, find_person
from accounts.middleware import is_welcome
from accounts.models import Account, Membership, User
from accounts.querysets import NOBODY

NO_LOGIN = "-"  # nobody has this login
TOO_MANY = "too_many_tries"
ALL = Q()  # admins of the account
_FACTORS = Authenticator.Type


@dataclass(frozen=True)
class Credentials:
    """What a person types to sign in. Its text never shows the secret parts.

    Attributes:
        name: login or email address.
        code: of an authenticator app, or a recovery code; empty for people without a second factor.
    """

    name: Address
    password: str = field(repr=False)
    code: str = field(repr=False, default="")


@sensitive_variables()
def prove_admin(
    request: HttpRequest, credentials: Credentials, *, account: Account | None, who: Q = ALL
) -> User | None:
    """The person whose credentials these are, if they are an admin of the account.

    Whoever is none, or not one of those who may, uses up no recovery code.

    Args:
        account: None where there is none, or where it does not take such a proof: that costs the same.
        who: which of its admins may, as a condition on their memberships.

    Returns:
        None when anything is wrong, and nothing says what: login, password, second factor, role, an address that was
        never confirmed, a person who may not sign in.

    Raises:
        ValidationError: code ``TOO_MANY``: too many tries with this login or from this network address. Whether
            anybody has the login makes no difference.
    """
    if not ratelimit.consume(request, action="prove"):
        raise _too_many()
    attempt = count_attempt(request, credentials.name)
    person = _person(request, credentials)
    if not _decides(person, account, who):
        person = None
    if not _passes_second_factor(request, person, credentials):
        return None
    attempt.take_back_attempt()
    return person


def count_attempt(request: HttpRequest, name: Address) -> AccountAdapter:
    """Count a try where signing in counts, before anything is compared.

    Returns:
        What takes the try back (``take_back_attempt``). Only a try that was right in everything is taken back:
        otherwise, whoever is never locked out would know that the password was right.

    Raises:
        ValidationError: code ``TOO_MANY``, as for ``prove_admin``.
    """
    adapter = cast("AccountAdapter", get_adapter(request))
    known_as = "email" if name.kind == Kind.EMAIL else "username"
    try:
        adapter.count_attempt(request, **{known_as: name.value})
    except ValidationError:
        raise _too_many() from None
    return adapter


@sensitive_variables()
def prove_by_password(request: HttpRequest, credentials: Credentials) -> User | None:
    """The person whose login and password these are, if these are all that signing in asks of them.

    Nobody is there to type the code of a second factor into a program: people who have one are refused, and the
    answer and the statements are those for a wrong password. Counting is the caller's (``count_attempt``), who may
    want more of the person before the try is taken back.

    Returns:
        None when anything is wrong, as for ``prove_admin``.
    """
    person = _person(request, credentials)
    factors = Authenticator.objects.filter(user=person.pk if person else NOBODY, type=_FACTORS.TOTP)
    return None if factors.exists() else person


def _too_many() -> ValidationError:
    return ValidationError("There were too many tries. Wait five minutes, and try again.", code=TOO_MANY)


def _person(request: HttpRequest, credentials: Credentials) -> User | None:
    """Whose login and password these are. Always one look for the person, and one slow hash by the backend."""
    found = find_person(credentials.name)
    username = found.username if found else NO_LOGIN
    user = authenticate(request, username=username, password=credentials.password)
    AuthenticationBackend.unstash_authenticated_user()  # inactive people, whom signing in leads to a page of their own
    confirmed = EmailAddress.objects.filter(user=found.pk if found else NOBODY, verified=True).exists()
    return found if found and confirmed and user == found and is_welcome(found, request) else None


def _decides(person: User | None, account: Account | None, who: Q) -> bool:
    deciding = Membership.objects.deciding_for(account.pk if account else NOBODY).filter(who)
    return deciding.filter(user=person.pk if person else NOBODY).exists()


def _passes_second_factor(request: HttpRequest, person: User | None, credentials: Credentials) -> bool:
    """Whether the code is right, for whoever has a second factor.

    Guesses count where signing in counts those at the second factor of the person; without a person, at nobody's.
    """
    who = f"user-{person.pk}" if person else f"nobody-{credentials.name.value}"
    key = f"mfa-auth-{who}"  # as allauth.mfa.base.internal.flows.check_rate_limit names it
    may_try = ratelimit.consume(request, action="login_failed", key=key, dry_run=True)
    rows = Authenticator.objects.filter(user=person.pk if person else NOBODY)
    factors: dict[str, Authenticator] = {factor.type: factor for factor in rows}
    is_right = _is_right(factors if may_try else {}, credentials.code)
    # As when signing in: recovery codes alone are no second factor.
    passes = person is not None and (is_right or _FACTORS.TOTP not in factors)
    if not passes:
        ratelimit.consume(request, action="login_failed", key=key)
    return passes


def _is_right(factors: dict[str, Authenticator], code: str) -> bool:
    """Whether a code is the app's and was not used before, or a recovery code, which is used up by this."""
    if _FACTORS.TOTP in factors and factors[_FACTORS.TOTP].wrap().validate_code(code):
        return True
    if _FACTORS.RECOVERY_CODES in factors:
        return bool(factors[_FACTORS.RECOVERY_CODES].wrap().validate_code(code))
    with transaction.atomic():  # the statements of a recovery code, for those who have none
        return bool(list(Authenticator.objects.select_for_update().filter(pk=NOBODY)))
