"""The background worker takes tasks, keeps its lease, and leaves failures for another try."""

import os
import signal
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from config.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)

done: list[str] = []


def note(word: str) -> None:
    """A task."""
    done.append(word)


def fail() -> None:
    """A task that fails."""
    raise ValueError("on purpose")


def nap(seconds: float) -> None:
    """A task that takes a while."""
    time.sleep(seconds)


@pytest.fixture
def worker() -> Worker:
    done.clear()
    return Worker("mail")


def take_one(worker: Worker) -> None:
    for lease, package in worker.broker.dequeue():
        worker.perform(lease, package)


def test_a_task_is_done_and_taken_off_the_queue(worker: Worker) -> None:
    async_task("tests.config.test_worker.note", "hello", cluster="mail")
    take_one(worker)
    assert done == ["hello"]
    assert not OrmQ.objects.exists()
    assert Task.objects.get().success


def test_a_task_of_another_queue_is_left_alone(worker: Worker) -> None:
    async_task("tests.config.test_worker.note", "hello", cluster="data")
    assert worker.broker.queue_size() == 0
    assert OrmQ.objects.get().key == "data"


def test_a_failed_task_waits_for_another_try(worker: Worker) -> None:
    async_task("tests.config.test_worker.fail", cluster="mail")
    take_one(worker)
    assert OrmQ.objects.get().lock > timezone.now()
    assert "on purpose" in str(Task.objects.get().result)


def test_a_forged_task_is_thrown_away(worker: Worker) -> None:
    OrmQ.objects.create(key="mail", payload="forged", lock=timezone.now() - timedelta(seconds=1))
    take_one(worker)
    assert not OrmQ.objects.exists()


@pytest.mark.database
def test_the_lease_is_renewed_while_the_task_runs(worker: Worker) -> None:
    worker.lease_seconds = 0.3
    async_task("tests.config.test_worker.nap", 0.5, cluster="mail")
    ((lease, package),) = worker.broker.dequeue()
    OrmQ.objects.update(lock=timezone.now())
    seen = []

    def look() -> None:
        time.sleep(0.4)
        seen.append(OrmQ.objects.get(pk=lease).lock > timezone.now())
        connection.close()

    onlooker = threading.Thread(target=look)
    onlooker.start()
    worker.perform(lease, package)
    onlooker.join()
    assert seen == [True]


def test_what_is_due_is_put_on_the_queue() -> None:
    due = timezone.now() - timedelta(minutes=1)
    Schedule.objects.create(func="tests.config.test_worker.note", schedule_type=Schedule.ONCE, next_run=due)
    Worker("control").start_what_is_due()
    assert OrmQ.objects.get().key == "control"


def wait_for_ever() -> None:
    """A task that nobody sees the end of."""
    time.sleep(60)


@pytest.mark.parametrize(("queue", "is_interrupted"), [("data", True), ("mail", False)])
def test_only_long_tasks_are_interrupted_when_the_worker_stops(queue: str, is_interrupted: bool) -> None:
    worker = Worker(queue)
    worker.seconds = 1
    async_task("tests.config.test_worker.wait_for_ever", cluster=queue)
    ((lease, package),) = worker.broker.dequeue()
    before = signal.signal(signal.SIGTERM, worker.stop)
    try:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
        worker.perform(lease, package)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert worker.stopping
    assert Task.objects.exists() is not is_interrupted, "an interrupted task has not ended"
    assert (OrmQ.objects.get(pk=lease).lock < timezone.now()) is is_interrupted, "the next worker takes it at once"
