"""Accounts, as the projects and domains of OpenStack: one's own, and of all others nothing, not even that they exist.

Everybody else's are 403, and never 404: the `openstack` client then takes what was typed for the id of a project, and
a producer can share with a number that they may not look up (wire contract, rule 4).
"""

from typing import Any

from django.http import HttpRequest, JsonResponse

from accounts import numbers
from accounts.models import Account
from api.endpoints import ApiRequest, IdentityEndpoint, json_answer
from api.errors import Refusal
from api.identity.ownership import accounts_known_to
from api.identity.records import default_domain, domain_of, domain_record, listed, project_record


class Projects(IdentityEndpoint):
    """The caller's own accounts, or those that the query asks for."""

    needs_scope = False

    def get(self, request: ApiRequest) -> JsonResponse:
        """Those with this name, in this domain.

        Raises:
            Refusal: 403, the caller has none of these; whether anybody has is not for them to know.
        """
        found = [account for account in accounts_known_to(request.caller) if _is_asked_for(account, request)]
        if request.GET and not found:
            raise forbidden("list_projects")
        return json_answer(listed("projects", (project_record(each, request) for each in found), request))


class OwnProjects(IdentityEndpoint):
    """The accounts for which the caller can ask for a token."""

    needs_scope = False

    def get(self, request: ApiRequest) -> JsonResponse:
        """All of them."""
        found = accounts_known_to(request.caller)
        return json_answer(listed("projects", (project_record(each, request) for each in found), request))


class Project(IdentityEndpoint):
    """One account."""

    needs_scope = False

    def get(self, request: ApiRequest, project_id: str) -> JsonResponse:
        """What it is called.

        Raises:
            Refusal: 403, it is none of the caller's.
        """
        number = numbers.normalise(project_id)
        account = next((each for each in accounts_known_to(request.caller) if each.number == number), None)
        if account is None:
            raise forbidden("get_project")
        return json_answer({"project": project_record(account, request)})


class Domains(IdentityEndpoint):
    """The default domain, and the organizations of the caller's accounts."""

    needs_scope = False

    def get(self, request: ApiRequest) -> JsonResponse:
        """Those with this name.

        Raises:
            Refusal: 403, the caller knows none of this name.
        """
        name = request.GET.get("name")
        found = [(key, title) for key, title in domains_known_to(request).items() if name in {None, title}]
        if not found:
            raise forbidden("list_domains")
        return json_answer(listed("domains", (domain_record(*each, request) for each in found), request))


class Domain(IdentityEndpoint):
    """One domain."""

    needs_scope = False

    def get(self, request: ApiRequest, domain_id: str) -> JsonResponse:
        """What it is called.

        Raises:
            Refusal: 403, the caller knows none with this id.
        """
        title = domains_known_to(request).get(domain_id)
        if title is None:
            raise forbidden("get_domain")
        return json_answer({"domain": domain_record(domain_id, title, request)})


class Nothing(IdentityEndpoint):
    """What nobody can ask for a token for: a whole domain, and the system.

    Attributes:
        kind: what there is none of.
    """

    needs_scope = False
    kind = "domains"

    def get(self, request: HttpRequest) -> JsonResponse:
        """An empty list."""
        return json_answer(listed(self.kind, [], request))


def domains_known_to(request: ApiRequest) -> dict[str, str]:
    """The names of domains by their ids."""
    domains = [default_domain(), *(domain_of(account) for account in accounts_known_to(request.caller))]
    return {domain["id"]: domain["name"] for domain in domains}


def forbidden(action: str) -> Refusal:
    """403, in Keystone's words."""
    return Refusal(403, f"You are not authorized to perform the requested action: identity:{action}.")


def _is_asked_for(account: Account, request: ApiRequest) -> bool:
    asked: dict[str, Any] = {"name": account.title, "id": account.number, "domain_id": domain_of(account)["id"]}
    return all(request.GET.get(name, value) == value for name, value in asked.items())
