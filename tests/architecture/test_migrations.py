"""A migration says in its name what it does."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import python_files, short

NAME = re.compile(r"\d{4}_[a-z][a-z0-9_]*")
MACHINE_MADE = re.compile(r"\d{4}_(auto_|alter_field$|\d|.*_and_more$)")
MIGRATIONS = [path for path in python_files(migrations=True) if path.name != "__init__.py"]


@pytest.mark.parametrize("path", MIGRATIONS, ids=short)
def test_a_migration_has_a_name(path: Path) -> None:
    assert NAME.fullmatch(path.stem), f"Rename {short(path)}: four digits, then words that say what it does."
    assert not MACHINE_MADE.match(path.stem), (
        f"Rename {short(path)}: makemigrations --name with words that say what it does."
    )
