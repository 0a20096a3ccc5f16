"""Background tasks that begin at a given time."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.tasks import async_task


class _NotBefore(ORM):
    """Puts tasks on the queue as if somebody had a lease on them until then.

    django-q2's schedules begin up to half a minute late, which is long after a wait of a second.
    """

    def __init__(self, queue: str, moment: datetime) -> None:
        super().__init__(list_key=queue)
        self.moment = moment

    def enqueue(self, task: str) -> int:
        pk: int = OrmQ.objects.create(key=self.list_key, payload=task, lock=self.moment).pk
        return pk


def run_later(function: str, *arguments: Any, queue: str, moment: datetime) -> None:
    """Run a task at a moment, once the transaction is committed. A worker looks at its queue once a second."""
    transaction.on_commit(lambda: enqueue_at(moment, function, *arguments, queue=queue))


def enqueue_at(moment: datetime, function: str, *arguments: Any, queue: str, **named: Any) -> None:
    """Run a task at a moment. The task is stored in the transaction of what it belongs to."""
    async_task(function, *arguments, cluster=queue, broker=_NotBefore(queue, moment), **named)
