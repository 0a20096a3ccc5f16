"""Runs an action in a process of its own, and kills this before a step of its choice.

A step is a statement or a commit of the database, or a change of the file system. Killing before the first, the
second, the third … tries every state that the death of a process can leave behind.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

SECONDS = 60  # after which an action counts as hung
EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}  # that Python tells before they happen
CALLS = ("pwrite", "write", "fsync", "fdatasync", "ftruncate", "fchmod")  # that it does not tell


def dies(act: Callable[[], object], *, before: int) -> bool:
    """Do something in a process that is killed before a step.

    Returns:
        Whether it was; not if the action has fewer steps.
    """
    connections.close_all()  # a connection must not be shared with the child
    child = os.fork()
    if not child:
        _act_and_exit(act, before)
    status = _wait(child)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the action has failed; its traceback is on standard error"
    return False


def _wait(child: int) -> int:
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGABRT))
    signal.alarm(SECONDS)
    try:
        return os.waitpid(child, 0)[1]
    finally:
        signal.alarm(0)


def _act_and_exit(act: Callable[[], object], before: int) -> None:
    """What the child does; it never comes back to the test."""
    status = 1
    try:
        with connection.execute_wrapper(_count_steps(before)):
            act()
        status = 0
    except BaseException:  # noqa: BLE001 - the parent sees the status, and a person the traceback
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _count_steps(before: int) -> Callable[..., Any]:
    left = before

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepping(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            step()
            return function(*arguments, **options)

        return call

    def hear(event: str, _arguments: tuple[Any, ...]) -> None:
        if event in EVENTS:
            step()

    def execute(run: Callable[..., Any], *arguments: Any) -> Any:
        step()
        return run(*arguments)

    for name in CALLS:
        setattr(os, name, stepping(getattr(os, name)))
    BaseDatabaseWrapper._commit = stepping(BaseDatabaseWrapper._commit)  # type: ignore[attr-defined]
    sys.addaudithook(hear)
    return execute
