"""Who may do what with servers, formations and cloud keys, as data. docs/permissions.md is made from it.

The table is the design's, "Who may do what with an image of their own account", its last lines.
"""

from enum import StrEnum
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.models import User
from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.viewer import Viewer
from servers.models import Formation, Server


class Verb(StrEnum):
    """What can be done. The text completes "Only an admin of … can …"."""

    SEE = "see its servers and their consoles"
    CREATE = "create servers"
    OPERATE = "start, stop and rebuild servers"
    SNAPSHOT = "make images from servers"
    DELETE = "delete servers"
    ARRANGE = "make, change and launch formations"
    MANAGE_KEYS = "manage its cloud keys"


NEEDED_ROLE: dict[Verb, Role] = {
    Verb.SEE: Role.OBSERVER,
    Verb.CREATE: Role.CREATOR,
    Verb.OPERATE: Role.CREATOR,
    Verb.SNAPSHOT: Role.CREATOR,
    Verb.DELETE: Role.CREATOR,
    Verb.ARRANGE: Role.CREATOR,
    Verb.MANAGE_KEYS: Role.ADMIN,
}


def refusal(viewer: Viewer, verb: Verb) -> str:
    """Why the viewer may not do this in their account; empty when they may."""
    if viewer.role.includes(NEEDED_ROLE[verb]):
        return ""
    able = [role for role in ROLES_OF_KIND[Kind.ACCOUNT] if role.includes(NEEDED_ROLE[verb])]
    return f"Only {' or '.join(role.with_article for role in able)} of {viewer.account.title} can {verb}."


def require(viewer: Viewer, verb: Verb) -> None:
    """Refuse what the viewer may not do.

    Raises:
        PermissionDenied: with the reason, for the person.
    """
    if reason := refusal(viewer, verb):
        raise PermissionDenied(reason)


def get_server(viewer: Viewer, pk: UUID, verb: Verb, *, lock: bool = False) -> Server:
    """Fetch and check in one call, for pages, actions and API alike.

    Args:
        lock: take the row for the transaction; the order of locks is image, then server.

    Raises:
        Http404: it is not a live server of the viewer's account; the same as for an id that never existed.
        PermissionDenied: they can see it but may not do this; with the reason.
    """
    servers = Server.objects.visible_to(viewer).select_related("account", "region__cloud", "image", "flavor", "data")
    if lock:
        servers = servers.select_for_update(of=("self",))
    server = servers.filter(pk=pk).first()
    if server is None:
        raise Http404
    require(viewer, verb)
    return server


def may_set_regions(user: User | AnonymousUser) -> bool:
    """Whether somebody says what runs the servers of regions, in which sizes: staff with the right to change clouds."""
    return user.is_active and user.is_staff and user.has_perm("servers.change_regioncloud")


def may_set_limits(user: User | AnonymousUser) -> bool:
    """Whether somebody decides how many servers accounts may have: staff with the right to change server limits."""
    return user.is_active and user.is_staff and user.has_perm("servers.change_serverlimit")


def get_formation(viewer: Viewer, pk: UUID, verb: Verb) -> Formation:
    """Fetch and check in one call. Whoever changes one has taken the row of the account before.

    Raises:
        Http404: it is not a formation of the viewer's account; the same as for an id that never existed.
        PermissionDenied: they can see it but may not do this; with the reason.
    """
    formations = Formation.objects.visible_to(viewer).select_related("account", "region", "created_by")
    formation = formations.filter(pk=pk).first()
    if formation is None:
        raise Http404
    require(viewer, verb)
    return formation


def role_rights() -> tuple[str, dict[str, Role]]:
    """The table, for the page that shows what each role may do."""
    return "Servers", {str(verb): role for verb, role in NEEDED_ROLE.items()}
