"""Models are written in actions only, so that every write locks, checks, records and notifies."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import called_name, parsed, python_files, short

ROOMS = {
    "actions",
    "actions.py",
    "demo",  # a world in the past, in states that no action leads to; what it can, it does by actions
}
ELSEWHERE = {
    "accounts/records.py": "events and notifications are the last step of every action",
    "accounts/management/commands/sync_schedules.py": "django-q2's own rows; what runs when is not somebody's deed",
    "accounts/tasks.py": "marks in the outbox what was mailed",
    "config/worker.py": "renews the lease on a row of django-q2's queue, which no app knows",
    "servers/clouds/openstack/images.py": "makes images in a cloud, which are no rows of ours",
    "images/permissions.py": "the façade through which grants are written",
}
ALWAYS = {"bulk_create", "bulk_update", "create", "get_or_create", "save", "update_or_create"}
NOT_MODELS = {"cache", "session", "store", "super"}


def writes(path: Path) -> Iterator[ast.Call]:
    calls = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))
    return (call for call in calls if isinstance(call.func, ast.Attribute) and is_write(call, call.func.value))


def is_write(call: ast.Call, receiver: ast.expr) -> bool:
    if receiver_name(receiver) in NOT_MODELS:
        return False
    match called_name(call):
        case "delete":
            return not call.args
        case "update":  # of a queryset: keywords only; a dictionary's or a hash's takes a value
            return not call.args
        case name:
            return name in ALWAYS


def receiver_name(receiver: ast.expr) -> str:
    match receiver:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)):
            return name.strip("_")
        case _:
            return ""


@pytest.mark.parametrize("path", python_files(), ids=short)
def test_writes_stand_in_actions(path: Path) -> None:
    if ROOMS & set(path.parts) or short(path) in ELSEWHERE:
        return
    lines = [f"{short(path)}:{call.lineno}: {ast.unparse(call)[:80]}" for call in writes(path)]
    assert not lines, (
        "Move each write into a function of the app's actions.py (lock, check, change, record, notify), and call "
        "that; or add the file to ELSEWHERE with its reason:\n" + "\n".join(lines)
    )


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_exception_is_still_needed(name: str) -> None:
    found = [path for path in python_files() if short(path) == name and any(writes(path))]
    assert found, f"{name} writes nothing any more: take it off ELSEWHERE."


def test_the_scan_sees_writes() -> None:
    seen = sum(1 for path in python_files() for _ in writes(path))
    assert seen > 20, "The scan finds hardly any write: mend is_write."
