"""What people do with their servers. Each says what is wanted; a worker brings it about (``attending``)."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.actions.events import record_copy
from images.actions.holds import hold, let_go
from images.permissions import Verb as ImageVerb
from images.permissions import get_image
from servers.actions.events import attend_soon, record_server
from servers.fitting import why_not_boot
from servers.models import Server
from servers.permissions import Verb, get_server
from sharing.models import Share


@transaction.atomic
def start_server(server_id: UUID, *, by: Viewer) -> Server:
    """Let a stopped server run again, from its own disk: that needs no consent anew. Twice is not an error.

    Raises:
        Http404, PermissionDenied: as ``get_server``.
    """
    server = get_server(by, server_id, Verb.OPERATE, lock=True)
    if server.wanted != Server.Wanted.RUNNING or server.status == Server.Status.FAILED:
        _want(server, Server.Wanted.RUNNING)
        record_server("started", server, by)
    return server


@transaction.atomic
def stop_server(server_id: UUID, *, by: Viewer) -> Server:
    """Stop a server; its disk stays. Twice is not an error.

    Raises:
        Http404, PermissionDenied: as ``get_server``.
    """
    server = get_server(by, server_id, Verb.OPERATE, lock=True)
    if server.wanted != Server.Wanted.STOPPED:
        _want(server, Server.Wanted.STOPPED)
        record_server("stopped", server, by)
    return server


@transaction.atomic
def reboot_server(server_id: UUID, *, by: Viewer) -> Server:
    """Start a running server again from its own disk.

    Raises:
        Http404, PermissionDenied: as ``get_server``.
        Conflict: it does not run.
    """
    server = get_server(by, server_id, Verb.OPERATE, lock=True)
    if server.wanted != Server.Wanted.RUNNING or server.status != Server.Status.RUNNING:
        raise Conflict("Only a running server can be rebooted. Start it instead.")
    server.reboots_wanted = server.reboots_done + 1
    _want(server, Server.Wanted.RUNNING)
    record_server("rebooted", server, by)
    return server


@transaction.atomic
def rebuild_server(server_id: UUID, *, by: Viewer) -> Server:
    """Begin a server anew from its image; what is on its disk is lost. This is use: consent is asked for again.

    Raises:
        Http404, PermissionDenied: as ``get_server``; or the account may not boot the image any more.
        Conflict: the image is gone, or does not fit any more.
    """
    server = get_server(by, server_id, Verb.OPERATE)
    require_image(server, by)
    by = lock_groups(by)
    image = get_image(by, server.image_id, ImageVerb.USE, lock=True)
    server = get_server(by, server_id, Verb.OPERATE, lock=True)
    if reason := why_not_boot(image, server.flavor, by.account):
        raise Conflict(reason)
    server.disk_number += 1
    server.status = Server.Status.BUILDING
    server.data = image.data
    hold(image.data, server.holder)
    server.shares.set(Share.objects.held_by(by, image))
    _want(server, Server.Wanted.RUNNING)
    record_copy("booted", image, by, server=server.name)
    record_server("rebuilt", server, by)
    return server


def require_image(server: Server, by: Viewer) -> None:
    """Refuse to begin a server anew from an image that the account does not have any more.

    Raises:
        PermissionDenied: with the reason.
        Conflict: the image is not there for this account any more.
    """
    if not type(server.image).objects.visible_to(by).filter(pk=server.image_id).exists():
        raise Conflict(
            f"“{server.image_name}” is no longer shared with {by.account.title}, or was deleted, so that the server "
            "cannot be rebuilt from it. It goes on as it is; create an image from it to keep what is on its disk."
        )
    get_image(by, server.image_id, ImageVerb.USE)


@transaction.atomic
def rename_server(server_id: UUID, *, by: Viewer, name: str) -> Server:
    """Give a server another name.

    Raises:
        Http404, PermissionDenied: as ``get_server``.
        ValidationError: per field.
    """
    server = get_server(by, server_id, Verb.OPERATE, lock=True)
    server.clean_name(name)
    old, server.name = server.name, name
    if name != old:
        server.save(update_fields=["name", "changed_at"])
        record_server("renamed", server, by, old=old)
    return server


@transaction.atomic
def delete_server(server_id: UUID, *, by: Viewer) -> Server:
    """Delete a server and its disk.

    Raises:
        Http404, PermissionDenied: as ``get_server``.
    """
    server = get_server(by, server_id, Verb.DELETE, lock=True)
    end_server(server, by)
    return server


def end_server(server: Server, by: Viewer) -> None:
    """Have a server deleted, under its lock: also where an account is closed or a formation ends."""
    server.deleted_at, server.deleted_by = timezone.now(), by.user
    _want(server, Server.Wanted.DELETED)
    record_server("deleted", server, by)


def forget(server: Server) -> None:
    """Nothing of a server is left in its cloud: let go of the image data. Called under its lock."""
    server.status, server.gone_at, server.problem, server.progress = Server.Status.DELETED, timezone.now(), "", None
    server.encrypted_user_data, server.ssh_keys = "", []
    server.save()
    let_go(server.holder)


def _want(server: Server, wanted: str) -> None:
    server.wanted = wanted
    server.attempts, server.problem = 0, ""
    if server.status == Server.Status.FAILED and server.is_live:
        server.status = Server.Status.BUILDING if server.started_at is None else Server.Status.STOPPED
    server.save()
    attend_soon(server)
