"""Who asks a cloud about a server at this moment: one worker at a time, so that none undoes what another has just done.

The row alone says so, in any process and after a power cut. Whoever has claimed it gives signs of life while the cloud
takes its time; silence lets the next one have it.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from servers.actions.events import attend_soon
from servers.models import CloudCopy, Server, Snapshot
from servers.querysets import ServerQuerySet

BEAT_SECONDS = 5
SILENCE = timedelta(seconds=4 * BEAT_SECONDS)  # after which a claim is given to the next who asks

Claimable = Server | Snapshot | CloudCopy


def is_alive(row: Claimable) -> bool:
    """Whether whoever claimed it gave a sign of life lately."""
    if row.claim is None or row.seen_at is None:
        return False
    # A sign of life from the future is one from before the clock was set back: it tells nothing.
    return abs(timezone.now() - row.seen_at) < SILENCE


def claim(row: Claimable, **columns: Any) -> None:
    """Take a locked row for oneself, and set these columns with it. Of the others nothing is written.

    A server that was claimed has not changed for people.
    """
    columns |= {"claim": uuid.uuid4(), "seen_at": timezone.now()}
    for name, value in columns.items():
        setattr(row, name, value)
    pk: Any = row.pk  # of one kind or another
    type(row).objects.filter(pk=pk).update(**columns)


@transaction.atomic
def claim_server(server_id: UUID) -> Server | None:
    """The server as it is now, claimed; None if nothing of it is left, or somebody is at it."""
    server = with_all().select_for_update(of=("self",)).filter(pk=server_id).first()
    if server is None or is_alive(server):
        return None
    claim(server)
    return server


def ours(before: Server) -> Server | None:
    """The claimed server as it is now, locked for the transaction; None if somebody else has claimed it since."""
    return with_all().select_for_update(of=("self",)).filter(pk=before.pk, claim=before.claim).first()


def let_go_of_claim(before: Server) -> None:
    """Let the next worker have it. Nothing happens where somebody else has claimed it since."""
    Server.objects.filter(pk=before.pk, claim=before.claim).update(claim=None)


@transaction.atomic
def hand_back(before: Server) -> None:
    """Let the next worker have it, and call one if people want anything of it since: theirs may have met this claim."""
    server = ours(before)
    let_go_of_claim(before)
    if server and server.is_busy:
        attend_soon(server)


def with_all() -> ServerQuerySet:
    """Servers of which something may be left, with what a cloud has to know of them, in the same query."""
    servers = Server.objects.in_the_cloud()
    return servers.select_related("account", "region", "flavor", "image", "data", "created_by")


@contextmanager
def signs_of_life(row: Claimable) -> Iterator[None]:
    """Tell others that somebody is at it, for as long as a cloud takes to answer."""
    over = Event()
    thread = Thread(target=_beat, args=(row, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(row: Claimable, over: Event) -> None:
    pk: Any = row.pk  # of one kind or another
    while not over.wait(BEAT_SECONDS):
        try:
            type(row).objects.filter(pk=pk, claim=row.claim).update(seen_at=timezone.now())
        except DatabaseError:
            continue  # the next one may get through
        finally:
            connection.close()
