"""Guardian is met in one place: its answers know neither role, visibility nor dates."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source import parsed, python_files, short

DOORS = {
    "images/models/grants.py": "declares the direct-foreign-key tables",
    "images/permissions.py": "the façade",
}


def imports_guardian(path: Path) -> bool:
    return any(
        name.partition(".")[0] == "guardian" for node in ast.walk(parsed(path)) for name in imported_modules(node)
    )


def imported_modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case _:
            return []


@pytest.mark.parametrize("path", python_files(), ids=short)
def test_guardian_is_imported_by_its_facade_only(path: Path) -> None:
    assert short(path) in DOORS or not imports_guardian(path), (
        f"{short(path)} imports guardian: call images.permissions instead, which applies our own law."
    )
