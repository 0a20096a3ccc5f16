"""A panel of its own for one benchmark: Django over an empty database that is gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django

DATABASES = ("sqlite", "postgresql")


@contextmanager
def panel(database: str = "sqlite") -> Iterator[None]:
    """Set Django up, once per process.

    Args:
        database: one of ``DATABASES``.
    """
    folder = Path(tempfile.mkdtemp(prefix="stockroom-bench-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user, below this folder
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "STOCKROOM_DATA_DIR": str(folder)}
        os.environ.pop("DATABASE_URL", None)
        if database == "postgresql":
            os.environ["DATABASE_URL"] = _postgresql(folder / "postgresql", stack)
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield


def _postgresql(folder: Path, stack: ExitStack) -> str:
    from tests.plugins.postgresql import PostgreSQL

    server = PostgreSQL(folder)
    url = server.start()
    stack.callback(server.stop)
    server.call("createdb", f"--host={folder}", "--username=postgres", "stockroom")
    return url
