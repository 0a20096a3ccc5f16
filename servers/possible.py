"""What can be done with a server as it is now, and why not: the same for pages, menus and actions.

Who may do it is another question (``servers.permissions``), and whether its image can still be booted a third one.
"""

from accounts.errors import Conflict
from servers.models import Server

Status, Wanted = Server.Status, Server.Wanted
BEING_SAVED = "An image is being made from it. Wait until that is done, or cancel it."


def refuse(reason: str) -> None:
    """Refuse what cannot be done now.

    Raises:
        Conflict: there is a reason.
    """
    if reason:
        raise Conflict(reason)


def is_to_be(server: Server, wanted: str) -> bool:
    """Whether people have asked for this already, and it was not given up: to ask again changes nothing."""
    return server.wanted == wanted and server.status != Status.FAILED


def why_not_start(server: Server) -> str:
    """Why it cannot be started now; empty when it can."""
    if is_to_be(server, Wanted.RUNNING):
        return "It runs already, or is about to."
    return why_not_change(server)


def why_not_stop(server: Server) -> str:
    """Why it cannot be stopped now; empty when it can: also while it is built, and when it has failed."""
    if is_to_be(server, Wanted.STOPPED):
        return "It is stopped already, or about to be."
    return why_not_change(server)


def why_not_reboot(server: Server) -> str:
    """Why it cannot be rebooted now; empty when it can."""
    if (server.status, server.wanted) != (Status.RUNNING, Wanted.RUNNING):
        return "Only a running server can be rebooted. Start it instead."
    return "It is being rebooted." if server.is_busy else why_not_change(server)


def why_not_change(server: Server) -> str:
    """Why what is on its disk cannot change by force now; empty when it can."""
    return BEING_SAVED if server.is_being_saved else ""


def why_not_save(server: Server, *, live: bool) -> str:
    """Why no image can be made from it now; empty when one can.

    Args:
        live: whether its cloud can do that while it runs.
    """
    if server.is_being_saved:
        return BEING_SAVED
    if not server.has_run:
        return "It is still being built. Wait until it runs."
    if server.status == Status.FAILED:
        return "It has failed. Start it or stop it first."
    if server.is_busy:
        return "It is about to change. Wait until it runs, or is stopped."
    if server.status == Status.RUNNING and not live:
        return "Stop it first: its cloud cannot make images of running servers."
    return ""
