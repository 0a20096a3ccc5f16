"""Each verb that the code records has its words, so that Activity, feeds and mails read as sentences."""

import ast
from collections.abc import Iterator

import pytest

from accounts.verbs import known
from tests.architecture.source import called_name, parsed, python_files

FILES = [path for path in python_files() if path.name != "verbs.py"]


def takers() -> dict[str, int]:
    """The functions that are given a verb, by name, and where it stands among their arguments."""
    found: dict[str, int] = {}
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef):
                names = [
                    argument.arg for argument in (*node.args.posonlyargs, *node.args.args) if argument.arg != "self"
                ]
                found |= {node.name: names.index("verb")} if "verb" in names else {}
    return {name: place for name, place in found.items() if "record" in name or name == "_turn_down"}


def texts(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can be: one, or either side of a condition."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=yes, orelse=no):
            yield from texts(yes)
            yield from texts(no)


def recorded() -> set[str]:
    """The verbs that stand in the code."""
    places = takers()
    verbs: set[str] = set()
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and (name := called_name(node)) in places:
                given = [
                    *node.args[places[name] : places[name] + 1],
                    *(k.value for k in node.keywords if k.arg == "verb"),
                ]
                verbs.update(text for argument in given for text in texts(argument))
    return verbs


@pytest.mark.parametrize("verb", sorted(recorded()))
def test_a_verb_has_words(verb: str) -> None:
    assert verb in known(), f"Say in accounts/verbs.py how “{verb}” reads in a sentence."


@pytest.mark.parametrize("verb", sorted(known()))
def test_words_are_still_needed(verb: str) -> None:
    written = (path.read_text(encoding="utf-8") for path in FILES)
    assert any(f'"{verb}"' in text for text in written), f"Nothing records “{verb}” any more: take it out of the table."


def test_the_walk_found_verbs() -> None:
    assert len(recorded()) > 50
