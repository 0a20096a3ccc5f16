"""The background worker: one process per queue, over the tables, tasks and schedules of django-q2.

``python -m config.worker mail`` works on the queue "mail" until SIGTERM, and finishes the task at hand first. Tasks of
the queue "data" may take hours and go on from where they were, so that they are interrupted instead.

django-q2's own ``qcluster`` hands tasks to its processes through a multiprocessing queue. A process that is killed
while it waits there takes the queue's lock with it, and its successor waits for ever without a word
(docs/adr/0002 tells the trial). Here nothing is shared but the database, so a worker may die at any moment:
its lease on the task runs out, and whoever is next takes the task.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Queue
from threading import Event, Thread
from types import FrameType
from typing import Any

import django

SCHEDULER_SECONDS = 30
INTERRUPTED = {"data"}  # queues whose tasks can go on from where they were


class Interruption(BaseException):
    """The worker has to stop, and the task at hand goes on later. No task should mistake it for an error."""


class Worker:
    """Takes the tasks of one queue, one after the other."""

    def __init__(self, queue: str) -> None:
        from django.conf import settings
        from django_q.brokers import get_broker
        from django_q.conf import Conf

        self.broker = get_broker(queue)
        self.seconds = settings.TASK_SECONDS[queue]
        self.lease_seconds = Conf.RETRY
        self.stopping = False
        self.working = False
        self.scheduled_at = float("-inf")

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Take no more tasks; leave the one at hand if another worker can go on with it."""
        already, self.stopping = self.stopping, True
        if self.working and not already and self.broker.list_key in INTERRUPTED:
            raise Interruption

    def run(self) -> None:
        """Work until told to stop. An empty queue is looked at again when there is news, or after a second."""
        from django.conf import settings

        from config.waking import News

        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        news = News(self.broker.list_key)
        while not self.stopping:
            self.start_what_is_due()
            found = self.broker.dequeue()
            for lease, package in found or ():
                self.perform(lease, package)
            if not found:
                news.wait(settings.QUEUE_SECONDS)
        news.close()

    def start_what_is_due(self) -> None:
        """Put tasks of schedules whose time has come on the queue."""
        from django_q.scheduler import scheduler

        if time.monotonic() - self.scheduled_at >= SCHEDULER_SECONDS:
            self.scheduled_at = time.monotonic()
            scheduler(broker=self.broker)

    def perform(self, lease: int, package: str) -> None:
        """Run one task and record how it ended: a success is taken off the queue, the others come back.

        Args:
            lease: key of the queue row, ours until its ``lock``.
            package: the signed task.
        """
        from django_q.monitor import monitor
        from django_q.signing import BadSignature, SignedPackage
        from django_q.worker import worker

        try:
            task: dict[str, Any] = SignedPackage.loads(package)
        except BadSignature:
            self.broker.fail(lease)
            return
        tasks, results = feed(task | {"ack_id": lease, "cluster": self.broker.list_key}), feed()
        try:
            with self.renewed(lease):
                worker(tasks, results, Timer(), self.seconds)
        except Interruption:
            self.give_back(lease)
            return
        results.put("STOP")
        monitor(results, self.broker)

    @contextmanager
    def renewed(self, lease: int) -> Iterator[None]:
        """Keep the lease while the task runs, so that a killed worker's task comes back soon however long it takes."""
        done = Event()
        keeper = Thread(target=self.renew, args=(lease, done), daemon=True)
        keeper.start()
        self.working = True
        try:
            yield
        finally:
            self.working = False
            done.set()
            keeper.join()

    def renew(self, lease: int, done: Event) -> None:
        from django.db import connection
        from django.utils import timezone
        from django_q.models import OrmQ

        while not done.wait(self.lease_seconds / 3):
            OrmQ.objects.filter(pk=lease).update(lock=timezone.now() + timedelta(seconds=self.lease_seconds))
        connection.close()

    def give_back(self, lease: int) -> None:
        """Let the next worker have the task at once."""
        from django.utils import timezone
        from django_q.models import OrmQ

        OrmQ.objects.filter(pk=lease).update(lock=timezone.now() - timedelta(seconds=1))


class Timer:
    """What django-q2's worker expects of a shared value; its guard is not used here, SIGALRM ends a late task."""

    value = -1.0

    def get_lock(self) -> "Timer":
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_exception: object) -> None: ...


def feed(*tasks: dict[str, Any]) -> "Queue[dict[str, Any] | str]":
    """A queue as django-q2's worker and monitor read it: up to the word STOP."""
    queue: Queue[dict[str, Any] | str] = Queue()
    for task in tasks:
        queue.put(task)
    if tasks:
        queue.put("STOP")
    return queue


def main(queue: str) -> None:
    os.nice(5)  # pages come before background work
    # django-q2 reads its queue's name when it is imported.
    os.environ["Q_CLUSTER_NAME"] = queue
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    Worker(queue).run()


if __name__ == "__main__":
    main(sys.argv[1])
