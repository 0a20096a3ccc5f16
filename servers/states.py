"""How a server stands, and what a viewer can do with it, in words."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.permissions import Verb as ImageVerb
from images.permissions import refusal as image_refusal
from servers import possible
from servers.actions.operating import image_of
from servers.clouds.base import CloudRefused
from servers.clouds.finding import cloud_of
from servers.fitting import why_not_boot
from servers.models import Server
from servers.permissions import Verb, refusal
from servers.possible import why_not_change, why_not_reboot, why_not_start, why_not_stop

Status, Wanted = Server.Status, Server.Wanted
LOOKS = {Status.RUNNING: "active", Status.STOPPED: "deactivated", Status.FAILED: "failed"}


@dataclass(frozen=True)
class State:
    """How a server stands.

    Attributes:
        words: "Rebooting".
        look: a status of components that has the fitting colour and shape.
    """

    words: str
    look: str

    @classmethod
    def of(cls, server: Server) -> "State":
        """What a server is at, or what it has come to."""
        if server.is_settled:
            return cls(server.get_status_display(), LOOKS[Status(server.status)])
        return cls(_being_done(server), "pending")


def _being_done(server: Server) -> str:
    if server.wanted == Wanted.STOPPED:
        return "Stopping"
    if server.status == Status.BUILDING:
        return "Building"
    return "Rebooting" if server.status == Status.RUNNING else "Starting"


@dataclass(frozen=True)
class Reasons:
    """Why a viewer cannot do something with a server now; empty for what they can do."""

    start: str
    stop: str
    reboot: str
    rebuild: str
    rename: str
    save: str
    delete: str

    @classmethod
    def of(cls, server: Server, viewer: Viewer) -> "Reasons":
        """The reasons, of which those of the role come first."""
        role = refusal(viewer, Verb.OPERATE)
        return cls(
            start=role or why_not_start(server),
            stop=role or why_not_stop(server),
            reboot=role or why_not_reboot(server),
            rebuild=role or why_not_rebuild(server, viewer),
            rename=role,
            save=refusal(viewer, Verb.SNAPSHOT) or image_refusal(viewer, ImageVerb.CREATE) or why_not_save(server),
            delete=refusal(viewer, Verb.DELETE),
        )


def why_not_rebuild(server: Server, viewer: Viewer) -> str:
    """Why somebody who may operate a server cannot begin it anew from its image; empty when they can."""
    if reason := why_not_change(server):
        return reason
    try:
        image = image_of(server, viewer)
    except (Conflict, PermissionDenied) as refused:
        return str(refused)
    return why_not_boot(image, server.flavor, viewer.account)


def why_not_save(server: Server) -> str:
    """Why no image can be made from a server now; empty when one can. At most two queries."""
    try:
        cloud = cloud_of(server.region, server.account)
    except CloudRefused as refused:
        return str(refused)
    return possible.why_not_save(server, live=cloud.abilities.live_snapshots)
