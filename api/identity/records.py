"""People, accounts, roles and tokens in the JSON of Identity v3."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from accounts.models import Account, Organization, User
from accounts.roles import Role
from api.identity.asked import DEFAULT_ID, DEFAULT_NAME
from api.identity.catalogue import catalogue
from api.identity.discovery import address
from api.models import ApplicationCredential
from api.tokens import Caller, Token

Record = dict[str, Any]

# What each role is called by programs of OpenStack, with the roles that it implies (docs/adr/0026). "admin" is left
# out: to them, it is whoever runs the cloud.
OPENSTACK_ROLES: dict[Role, tuple[str, ...]] = {
    Role.OBSERVER: ("reader",),
    Role.CREATOR: ("member", "reader"),
    Role.ADMIN: ("manager", "member", "reader"),
}
ROLE_NAMES = OPENSTACK_ROLES[Role.ADMIN]


def token_record(caller: Caller, request: HttpRequest) -> Record:
    """What a token says, with the catalogue, unless the program asked for none (``?nocatalog``)."""
    token = caller.token
    said: Record = {"methods": list(token.methods), "user": _user_of_token(caller.user)}
    said |= {"audit_ids": _audit_ids(token), "expires_at": _time(token.expires), "issued_at": _time(token.issued)}
    if token.credential:
        said["application_credential"] = _credential(token)
    if caller.viewer:
        said |= {"project": _project_of_token(caller.viewer.account), "is_domain": False}
        said["roles"] = [{"id": name, "name": name} for name in OPENSTACK_ROLES[caller.viewer.role]]
        if request.GET.get("nocatalog", "false").lower() in {"false", "0"}:
            said["catalog"] = catalogue(request)
    return {"token": said}


def user_record(user: User, request: HttpRequest) -> Record:
    """A person. The id is the login, which is public; the address is private."""
    return {
        "id": user.username,
        "name": user.username,
        "description": user.get_full_name(),
        "domain_id": DEFAULT_ID,
        "enabled": user.is_active,
        "password_expires_at": None,
        "options": {},
        "links": {"self": address(request, f"/users/{user.username}")},
    }


def project_record(account: Account, request: HttpRequest) -> Record:
    """An account."""
    domain = domain_of(account)["id"]
    return {
        "id": account.number,
        "name": account.title,
        "domain_id": domain,
        "description": "",
        "enabled": account.is_open,
        "parent_id": domain,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": address(request, f"/projects/{account.number}")},
    }


def domain_record(id: str, name: str, request: HttpRequest) -> Record:  # noqa: A002  # Keystone's word
    """The default domain, or an organization."""
    return {
        "id": id,
        "name": name,
        "description": "",
        "enabled": True,
        "tags": [],
        "options": {},
        "links": {"self": address(request, f"/domains/{id}")},
    }


def role_record(name: str, request: HttpRequest) -> Record:
    """A role. Its name is its id."""
    links = {"self": address(request, f"/roles/{name}")}
    return {"id": name, "name": name, "domain_id": None, "description": "", "options": {}, "links": links}


def listed(kind: str, records: Iterable[Record], request: HttpRequest) -> Record:
    """A list as Identity answers: all on one page."""
    links = {"next": None, "self": request.build_absolute_uri(), "previous": None}
    return {kind: list(records), "links": links}


def domain_of(account: Account) -> dict[str, str]:
    """The domain that an account is shown in: its organization, or else the default one."""
    organization = account.organization
    return _organization(organization) if organization and organization.is_open else default_domain()


def default_domain() -> dict[str, str]:
    """The domain of all people."""
    return {"id": DEFAULT_ID, "name": DEFAULT_NAME}


def _organization(organization: Organization) -> dict[str, str]:
    return {"id": str(organization.pk), "name": organization.title}


def _user_of_token(user: User) -> Record:
    return {"domain": default_domain(), "id": user.username, "name": user.username, "password_expires_at": None}


def _project_of_token(account: Account) -> Record:
    return {"domain": domain_of(account), "id": account.number, "name": account.title}


def _credential(token: Token) -> Record:
    names = ApplicationCredential.objects.filter(pk=token.credential).values_list("name", flat=True)
    return {"id": token.credential, "name": names.first(), "restricted": True}


def _audit_ids(token: Token) -> list[str]:
    """The token's own, and that of the first one in its chain (Identity v3, "audit_ids")."""
    return list(dict.fromkeys((token.audit_ids[0], token.audit_ids[-1])))


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
