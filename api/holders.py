"""Who holds a token: the person, the account and the membership behind it, in one query that Django writes once.

Every request of a program begins with this question, so it is asked as cheaply as possible: Django takes longer to
write such a query than the database to answer it (api/prepared.py), and only columns are read that requests need.
What else somebody asks of these rows is read when they ask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import CharField, Exists, F, OuterRef, Subquery

from accounts.models import Account, Membership, Organization, User
from accounts.roles import Kind, Role
from api.models import ApplicationCredential, RevokedToken
from api.prepared import Blank, ListBlank, OneOf, Question, kept

ModelType = TypeVar("ModelType", bound=models.Model)


class Part(Generic[ModelType]):
    """The columns of a row that become an instance again; its other columns are read when somebody asks for them.

    Args:
        columns: of the model, and how the row calls them.
        row: all columns of a row.
    """

    def __init__(self, model: type[ModelType], columns: Mapping[str, str], row: Sequence[str]) -> None:
        fields = model._meta.concrete_fields  # noqa: SLF001  # Django's public name
        self._model = model
        self._names = [field.attname for field in fields if field.attname in columns]
        self._values = itemgetter(*(row.index(columns[name]) for name in self._names))

    def of(self, row: Sequence[Any]) -> ModelType:
        """The instance in a row."""
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, self._values(row))


# The columns of each model, as lookups of a membership.
USER = {name: f"user__{name}" for name in ("id", "username", "name", "password", "is_active", "is_demo")}
MEMBERSHIP = {name: name for name in ("id", "user_id", "group_id", "kind", "role")}
GROUP = {"id": "group_id", "name": "group__name"}
OF_ACCOUNT = ("title", "closed_at", "verified_at", "number", "organization_id", "personal_of_id")
ACCOUNT = GROUP | {"group_ptr_id": "group_id"} | {name: f"group__as_account__{name}" for name in OF_ACCOUNT}
OF_ORGANIZATION = ("title", "closed_at", "verified_at")
ORGANIZATION = dict.fromkeys(("id", "group_ptr_id"), "group__as_account__organization_id") | {
    name: f"group__as_account__organization__{name}" for name in ("name", *OF_ORGANIZATION)
}
SCOPED = tuple(dict.fromkeys([*USER.values(), *MEMBERSHIP.values(), *ACCOUNT.values(), *ORGANIZATION.values()]))
UNSCOPED = tuple(USER)

THE_PERSON, THE_MEMBERSHIP = Part(User, USER, SCOPED), Part(Membership, MEMBERSHIP, SCOPED)
THE_GROUP, THE_ACCOUNT = Part(Group, GROUP, SCOPED), Part(Account, ACCOUNT, SCOPED)
THE_ORGANIZATION = Part(Organization, ORGANIZATION, SCOPED)
SOMEBODY = Part(User, dict(zip(UNSCOPED, UNSCOPED, strict=True)), UNSCOPED)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a token, as far as the database knows them now.

    Attributes:
        membership: in the account of the token, with person and account; None for a token without a scope.
        secret: what the token has to have been made with: the hash of the password, or of the credential's secret.
        most: the highest role that the token gives.
    """

    user: User
    membership: Membership | None
    secret: str
    most: Role


def find(login: str, number: str, credential: str, audit_ids: tuple[str, ...]) -> Holder | None:
    """Who holds a token with this in it; None when nobody does any more. One query.

    Whoever may not sign in, or is not in the account, or whose account is closed, or whose credential or token is
    revoked, holds none. When a credential ends is in the token: it ends no later.
    """
    values = {"login": login, "number": number, "credential": credential, "audit_ids": audit_ids}
    rows = (_scoped(bool(credential)) if number else _unscoped(None)).ask(values)
    if not rows:
        return None
    return _with_account(rows[0]) if number else _alone(rows[0])


def _text(name: str) -> Blank:
    return Blank(name, CharField())


def _is_live() -> Any:
    return ~Exists(RevokedToken.objects.filter(OneOf(F("audit_id"), ListBlank("audit_ids", CharField()))))


@kept
def _scoped(with_credential: bool) -> Question:  # noqa: FBT001  # the shape of the question
    found = Membership.objects.filter(
        _is_live(),
        user__username=_text("login"),
        user__is_active=True,
        kind=Kind.ACCOUNT,
        group__as_account__number=_text("number"),
        group__as_account__closed_at__isnull=True,
    )
    credential = ApplicationCredential.objects.filter(
        pk=_text("credential"), revoked_at__isnull=True, user=OuterRef("user"), account=OuterRef("group")
    )
    secret: list[Any] = [F("user__password"), F("role")]
    if with_credential:
        secret = [Subquery(credential.values("secret_hash")), Subquery(credential.values("role"))]
    return Question.of(found.values_list(*SCOPED, *secret))


@kept
def _unscoped(_shape: None) -> Question:
    found = User.objects.filter(_is_live(), username=_text("login"), is_active=True)
    return Question.of(found.order_by().values_list(*UNSCOPED))


def _with_account(row: Sequence[Any]) -> Holder | None:
    *_known, secret, most = row
    if secret is None:  # the credential is revoked
        return None
    account, membership = THE_ACCOUNT.of(row), THE_MEMBERSHIP.of(row)
    account.group_ptr = group = THE_GROUP.of(row)
    account.organization = THE_ORGANIZATION.of(row) if account.organization_id else None
    membership.user = user = _plain(THE_PERSON.of(row))
    membership.group = group
    return Holder(user, membership, secret, Role(most))


def _alone(row: Sequence[Any]) -> Holder:
    user = _plain(SOMEBODY.of(row))
    return Holder(user, None, user.password, Role.OBSERVER)


def _plain(user: User) -> User:
    """A person as whoever they are for the account of the token: a token has no rights of staff."""
    user.is_staff = user.is_superuser = False
    user._perm_cache = set()  # type: ignore[attr-defined]  # noqa: SLF001  # what Django's backend has found
    return user
