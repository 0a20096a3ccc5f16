"""Who makes an image of a server at this moment. The row alone says so, in any process and after a power cut.

Whoever has claimed it gives signs of life while the cloud takes its time; silence lets the next one have it.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

from django.db import DatabaseError, connection
from django.utils import timezone

from servers.models import Snapshot

BEAT_SECONDS = 10
SILENCE = timedelta(seconds=3 * BEAT_SECONDS)  # after which a claim is given to the next who asks


def is_alive(snapshot: Snapshot) -> bool:
    """Whether whoever claimed it gave a sign of life lately."""
    if snapshot.claim is None or snapshot.seen_at is None:
        return False
    # A sign of life from the future is one from before the clock was set back: it tells nothing.
    return abs(timezone.now() - snapshot.seen_at) < SILENCE


def claim(snapshot: Snapshot) -> None:
    """Take a locked row for oneself."""
    snapshot.status, snapshot.progress = Snapshot.Status.RUNNING, 0
    snapshot.claim, snapshot.seen_at = uuid.uuid4(), timezone.now()
    snapshot.save(update_fields=["status", "progress", "claim", "seen_at"])


@contextmanager
def signs_of_life(snapshot: Snapshot) -> Iterator[None]:
    """Tell others that somebody is at it, for as long as a cloud takes to answer."""
    over = Event()
    thread = Thread(target=_beat, args=(snapshot, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(snapshot: Snapshot, over: Event) -> None:
    while not over.wait(BEAT_SECONDS):
        try:
            Snapshot.objects.filter(pk=snapshot.pk, claim=snapshot.claim).update(seen_at=timezone.now())
        except DatabaseError:
            continue  # the next one may get through
        finally:
            connection.close()
