"""Every action leaves an event, in the transaction of its change."""

import ast
from functools import cache

import pytest

from tests.architecture.source import called_name, functions, parsed, python_files

RECORDERS = {"record"}
SILENT = {
    "add_planned": "as start_upload; the offers that come of it are events",
    "choose_mail": "about one's own messages",
    "edit_queued": "as start_upload",
    "emptied": "as start_upload",
    "fill": "as start_upload",
    "mark_all_read": "about one's own notifications",
    "mark_read": "about one's own notification",
    "open_for_marketplace": "the offer to the marketplace is an event",
    "receive_form_file": "as start_upload",
    "receive_upload": "as start_upload",
    "remove_planned": "as start_upload",
    "require_plan": "looks whether an image may be planned, and changes nothing",
    "start_queued": "as start_upload",
    "start_upload": "an upload is nobody else's business until it is an image, and that is an event",
}


def action_files() -> list[ast.Module]:
    return [parsed(path) for path in python_files() if path.name == "actions.py" or path.parent.name == "actions"]


@cache
def calls() -> dict[str, set[str]]:
    """What each function of the actions calls, by name; of functions with one name, what any of them calls.

    Methods of values (``share.delete()``, ``reception.finish()``) are nobody's actions, whatever they are called: of
    calls with a dot, those count whose beginning is a module.
    """
    graph: dict[str, set[str]] = {}
    for tree in action_files():
        modules = imported_modules(tree)
        for function in functions(tree):
            nodes = (node for node in ast.walk(function) if isinstance(node, ast.Call))
            graph.setdefault(function.name, set()).update(called_name(node) for node in nodes if is_of(modules, node))
    return graph


def imported_modules(tree: ast.Module) -> set[str]:
    """The names of modules in a file; what begins with a small letter and was imported may be one."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}


def is_of(modules: set[str], call: ast.Call) -> bool:
    first = call.func
    while isinstance(first, ast.Attribute):
        first = first.value
    return isinstance(call.func, ast.Name) or (isinstance(first, ast.Name) and first.id in modules)


def actions() -> list[str]:
    """The public functions that somebody does: those with ``by``."""
    return sorted(
        function.name
        for tree in action_files()
        for function in functions(tree)
        if not function.name.startswith("_") and "by" in {argument.arg for argument in function.args.kwonlyargs}
    )


def records(name: str, graph: dict[str, set[str]], seen: frozenset[str] = frozenset()) -> bool:
    called = graph.get(name, set()) - seen
    return bool(called & RECORDERS) or any(records(other, graph, seen | {name}) for other in called if other in graph)


@pytest.mark.parametrize("name", actions())
def test_an_action_records_an_event(name: str) -> None:
    assert name in SILENT or records(name, calls()), (
        f"{name} changes something and leaves no trace: call accounts.records.record() in it, or add it to SILENT "
        "with the reason why nobody will ever ask about it."
    )


@pytest.mark.parametrize("name", SILENT)
def test_an_exception_is_still_needed(name: str) -> None:
    assert name in actions(), f"{name} is no action any more: take it off SILENT."
    assert not records(name, calls()), f"{name} records an event now: take it off SILENT."


def test_the_walk_found_actions() -> None:
    assert len(actions()) >= 10
