"""People and roles, as far as programs ask: oneself, and what the roles are called."""

from django.http import HttpRequest, JsonResponse

from accounts.models import User
from api.endpoints import ApiRequest, IdentityEndpoint, json_answer
from api.errors import Refusal
from api.identity.ownership import accounts_known_to
from api.identity.projects import forbidden
from api.identity.records import ROLE_NAMES, listed, project_record, role_record, user_record


class Users(IdentityEndpoint):
    """The caller."""

    needs_scope = False

    def get(self, request: ApiRequest) -> JsonResponse:
        """The caller, if that is who is asked for by name.

        Raises:
            Refusal: 403 for everybody else, and for a list of all.
        """
        user = own(request, request.GET.get("name", ""), "list_users")
        return json_answer(listed("users", [user_record(user, request)], request))


class Person(IdentityEndpoint):
    """One person."""

    needs_scope = False

    def get(self, request: ApiRequest, user_id: str) -> JsonResponse:
        """The caller.

        Raises:
            Refusal: 403 for everybody else, whether or not there is such a person.
        """
        return json_answer({"user": user_record(own(request, user_id, "get_user"), request)})


class ProjectsOfPerson(IdentityEndpoint):
    """The accounts of one person."""

    needs_scope = False

    def get(self, request: ApiRequest, user_id: str) -> JsonResponse:
        """Those of the caller.

        Raises:
            Refusal: 403 for everybody else.
        """
        own(request, user_id, "list_user_projects")
        found = accounts_known_to(request.caller)
        return json_answer(listed("projects", (project_record(each, request) for each in found), request))


class Roles(IdentityEndpoint):
    """The roles that there are."""

    needs_scope = False

    def get(self, request: HttpRequest) -> JsonResponse:
        """All of them, or the one of this name."""
        found = (name for name in ROLE_NAMES if request.GET.get("name", name) == name)
        return json_answer(listed("roles", (role_record(name, request) for name in found), request))


class RoleView(IdentityEndpoint):
    """One role."""

    needs_scope = False

    def get(self, request: HttpRequest, role_id: str) -> JsonResponse:
        """What it is called.

        Raises:
            Refusal: 404, there is no such role.
        """
        if role_id not in ROLE_NAMES:
            raise Refusal(404, f"Could not find role: {role_id}.")
        return json_answer({"role": role_record(role_id, request)})


def own(request: ApiRequest, login: str, action: str) -> User:
    """The caller, if that is who is meant.

    Raises:
        Refusal: 403, it is not.
    """
    user = request.caller.user
    if login.casefold() != user.username:
        raise forbidden(action)
    return user
