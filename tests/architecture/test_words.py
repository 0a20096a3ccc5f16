"""One word per concept: docs/glossary.md lists them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import parsed, python_files, short

OURS = {
    "ami": "image",
    "deny": "reject",
    "grantee": "recipient",
    "owner_account": "account",
    "recipient_account": "recipient",
    "tenant": "account",
    "unshare": "remove",
}


def defined_names(path: Path) -> Iterator[tuple[int, str]]:
    """Names that this file makes, with their lines; names of others' making are not ours to choose."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.FunctionDef(name=name, lineno=line) | ast.ClassDef(name=name, lineno=line):
                yield line, name
            case ast.arg(arg=name, lineno=line) | ast.Name(id=name, ctx=ast.Store(), lineno=line):
                yield line, name


def as_words(name: str) -> str:
    """``_snake_case_`` of any name, so that whole words can be found in it."""
    return f"_{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', name).lower().strip('_')}_"


@pytest.mark.parametrize("path", python_files(), ids=short)
def test_names_use_the_words_of_the_glossary(path: Path) -> None:
    wrong = [
        f"{short(path)}:{line}: {name}: we say {ours!r}, not {theirs!r}"
        for line, name in defined_names(path)
        for theirs, ours in OURS.items()
        if f"_{theirs}_" in as_words(name)
    ]
    assert not wrong, "\n".join(wrong)
