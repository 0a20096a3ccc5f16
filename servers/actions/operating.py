"""What people do with their servers. Each says what is wanted; a worker brings it about (``attending``)."""

from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.actions.events import record_copy
from images.actions.holds import hold, let_go
from images.models import Image
from images.permissions import Verb as ImageVerb
from images.permissions import get_image
from servers.actions.events import attend_soon, record_server
from servers.actions.snapshots import fail_snapshot
from servers.budgets import why_not_afford
from servers.fitting import why_not_boot
from servers.models import Server
from servers.permissions import Verb, get_server
from servers.possible import is_to_be, refuse, why_not_change, why_not_reboot, why_not_start, why_not_stop
from sharing.models import Share

UNTIL_SEEN = {
    Server.Wanted.RUNNING.value: Server.Status.STOPPED,
    Server.Wanted.STOPPED.value: Server.Status.RUNNING,
}


@transaction.atomic
def start_server(server_id: UUID, *, by: Viewer) -> Server:
    """Let a stopped server run again, from its own disk: that needs no consent anew. Twice is not an error.

    One that has never run has no disk of its own yet: to start it is to boot the image, which is use.

    Raises:
        Http404, PermissionDenied: as ``get_server``; or, of one that has never run, as ``rebuild_server``.
        Conflict: an image is being made from it; or it has never run, and cannot be booted from its image any more.
    """
    server = get_server(by, server_id, Verb.OPERATE)
    if not server.has_run and not is_to_be(server, Server.Wanted.RUNNING):
        server, by = _begun_from_image(server, by)
        refuse(why_not_afford(by.account, server.price, besides=server))
    else:
        server = get_server(by, server_id, Verb.OPERATE, lock=True)
    if not is_to_be(server, Server.Wanted.RUNNING):
        refuse(why_not_start(server))
        _want(server, Server.Wanted.RUNNING)
        record_server("started", server, by)
    return server


@transaction.atomic
def stop_server(server_id: UUID, *, by: Viewer) -> Server:
    """Stop a server; its disk stays. Twice is not an error.

    Raises:
        Http404, PermissionDenied: as ``get_server``.
        Conflict: an image is being made from it.
    """
    server = get_server(by, server_id, Verb.OPERATE, lock=True)
    if not is_to_be(server, Server.Wanted.STOPPED):
        refuse(why_not_stop(server))
        _want(server, Server.Wanted.STOPPED)
        record_server("stopped", server, by)
    return server


@transaction.atomic
def reboot_server(server_id: UUID, *, by: Viewer) -> Server:
    """Start a running server again from its own disk. Twice at once is once.

    Raises:
        Http404, PermissionDenied: as ``get_server``.
        Conflict: it does not run, or an image is being made from it.
    """
    server = get_server(by, server_id, Verb.OPERATE, lock=True)
    if server.reboots_wanted == server.reboots_done:
        refuse(why_not_reboot(server))
        server.reboots_wanted += 1
        server.attempts, server.problem = 0, ""
        server.save()
        attend_soon(server)
        record_server("rebooted", server, by)
    return server


@transaction.atomic
def rebuild_server(server_id: UUID, *, by: Viewer) -> Server:
    """Begin a server anew from its image; what is on its disk is lost. This is use: consent is asked for again.

    Raises:
        Http404, PermissionDenied: as ``get_server``; or the account may not boot the image any more.
        Conflict: the image is gone, or does not fit any more; or an image is being made from the server.
    """
    server, by = _begun_from_image(get_server(by, server_id, Verb.OPERATE), by)
    server.disk_number += 1
    server.started_at = None
    _want(server, Server.Wanted.RUNNING)
    record_server("rebuilt", server, by)
    return server


def _begun_from_image(server: Server, by: Viewer) -> tuple[Server, Viewer]:
    """Ask for consent to boot a server from its image once more, and note that this is done.

    Returns:
        The server, locked, and the viewer with the rights of this moment.

    Raises:
        PermissionDenied: the account may not boot the image any more.
        Conflict: the image is gone, or does not fit any more.
    """
    image_of(server, by)  # nobody holds up somebody else's image without the right
    by = lock_groups(by, [by.account.organization])  # so that budgets and sizes stay as they are
    image = image_of(server, by, lock=True)
    server = get_server(by, server.pk, Verb.OPERATE, lock=True)
    refuse(why_not_change(server) or why_not_boot(image, server.flavor, by.account))
    server.data = image.data
    hold(image.data, server.holder)
    server.shares.set(Share.objects.held_by(by, image))
    record_copy("booted", image, by, server=server.name)
    return server, by


def image_of(server: Server, by: Viewer, *, lock: bool = False) -> Image:
    """The image of a server, for beginning anew from it.

    Raises:
        PermissionDenied: the account has it, but may not boot it; with the reason.
        Conflict: the image is not there for this account any more.
    """
    try:
        return get_image(by, server.image_id, ImageVerb.USE, lock=lock)
    except Http404 as gone:
        raise Conflict(
            f"“{server.image_name}” is no longer shared with {by.account.title}, or was deleted, so that no server can "
            "be built from it."
        ) from gone


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
    """Have a server deleted, under its lock: also where an account is closed or a formation ends.

    An image that is being made from it ends with it: its disk goes.
    """
    for snapshot in server.snapshots.open().select_for_update(of=("self",)):
        fail_snapshot(snapshot, "The server was deleted before its image was there.")
    server.deleted_at, server.deleted_by = timezone.now(), by.user
    _want(server, Server.Wanted.DELETED)
    record_server("deleted", server, by)


def forget(server: Server) -> None:
    """Nothing of a server is left in its cloud: let go of the image data. Called under its lock."""
    server.status, server.gone_at, server.problem, server.progress = Server.Status.DELETED, timezone.now(), "", None
    server.encrypted_user_data, server.ssh_keys, server.claim = "", [], None
    server.save()
    let_go(server.holder)


def _want(server: Server, wanted: str) -> None:
    """Note what people want. Until a worker has looked, the server counts as not yet so: one may just be busy at it."""
    server.wanted = wanted
    server.attempts, server.problem, server.progress = 0, "", None
    server.reboots_done = server.reboots_wanted
    if server.is_live:
        server.status = UNTIL_SEEN[wanted] if server.has_run else Server.Status.BUILDING
    server.save()
    attend_soon(server)
