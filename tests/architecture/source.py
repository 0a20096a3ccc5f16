"""The project's own source, as the architecture tests read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# An app imports only to the right of itself.
APPS = ("api", "servers", "sharing", "images", "accounts")


def python_files(*, migrations: bool = False) -> list[Path]:
    """Every Python file of the apps and the configuration."""
    files = (path for app in (*APPS, "config") for path in (ROOT / app).rglob("*.py"))
    return sorted(path for path in files if ("migrations" in path.parts) == migrations)


def templates() -> list[Path]:
    """Every page and fragment; letters are plain text."""
    return sorted((ROOT / "templates").rglob("*.html"))


def short(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions at the top of a module."""
    return (node for node in tree.body if isinstance(node, ast.FunctionDef))


def called_name(call: ast.Call) -> str:
    """``save`` of ``image.save()``, ``record`` of ``record()``."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
