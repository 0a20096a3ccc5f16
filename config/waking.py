"""Tells a worker of this host at once that there is something to do, so that it need not look all the time.

A named pipe for each queue, in the data folder. It carries nothing but the news, which may get lost without harm: a
worker looks by itself now and then, and the queue is in the database. On another host it is all that happens.
"""

import os
import select
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django_q.brokers.orm import ORM
from django_q.conf import Conf

MOST_NEWS = 65536  # bytes: as many as a pipe holds


def pipe_of(queue: str) -> Path:
    """Where news of a queue goes."""
    return Path(settings.DATA_DIR) / f"news-{queue}"


class Broker(ORM):
    """The tables of django-q2, with news of each new task."""

    def enqueue(self, task: str) -> Any:
        """Put a task on the queue; its workers hear of it when everybody can see it."""
        key = super().enqueue(task)
        transaction.on_commit(lambda: tell(self.list_key or Conf.CLUSTER_NAME), using=Conf.ORM)
        return key


def tell(queue: str) -> None:
    """Wake the workers of a queue. Nobody waits for them, and they need not be there."""
    with suppress(OSError):
        pipe = os.open(pipe_of(queue), os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, b"!")
        finally:
            os.close(pipe)


class News:
    """What a worker waits for."""

    def __init__(self, queue: str) -> None:
        with suppress(OSError):  # it is there, or this file system knows no pipes
            os.mkfifo(pipe_of(queue), 0o600)
        self._pipe = _opened(pipe_of(queue))

    def wait(self, seconds: float) -> None:
        """Return when there is news, or after so many seconds."""
        select.select([self._pipe] if self._pipe is not None else [], [], [], seconds)
        if self._pipe is None:
            return
        with suppress(BlockingIOError):  # another worker of the queue was faster
            os.read(self._pipe, MOST_NEWS)

    def close(self) -> None:
        """Wait no more."""
        if self._pipe is not None:
            os.close(self._pipe)


def _opened(path: Path) -> int | None:
    """The pipe; open for writing too, or it would count as ended whenever nobody else has it open."""
    with suppress(OSError):
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)
    return None
