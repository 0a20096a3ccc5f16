"""The world that the tests run in: a data folder of their own, the database asked for, and no silent skipping.

Loaded before Django's settings are read (``-p`` in pyproject.toml), because it decides where the data lives.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

DATABASES = ("sqlite", "postgresql")
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=DATABASES, default="sqlite", help="what the tests keep their data in")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Make the data folder, and start the database, before pytest-django reads the settings."""
    # Playwright runs an event loop in the thread that the tests use the ORM from; nothing else does.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if IS_WORKER:
        os.environ["STOCKROOM_DATA_DIR"] = tempfile.mkdtemp(dir=os.environ["STOCKROOM_DATA_DIR"])
    else:
        prepare(early_config)
    return (yield)


def prepare(config: pytest.Config) -> None:
    switches = ("DEBUG", "STOCKROOM_PRODUCTION", "STOCKROOM_DEMO", "STOCKROOM_STORES")
    for variable in ("DATABASE_URL", "CACHE_URL", "EMAIL_URL", *switches):
        os.environ.pop(variable, None)  # the tests do not depend on who runs them
    folder = Path(tempfile.mkdtemp(prefix="stockroom-tests-"))
    folder.chmod(0o711)  # the database may run as another user, below this folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["STOCKROOM_DATA_DIR"] = str(folder)
    if config.known_args_namespace.database == "postgresql":
        from tests.plugins.postgresql import PostgreSQL

        server = PostgreSQL(folder / "postgresql")
        os.environ["DATABASE_URL"] = server.start()
        config.add_cleanup(server.stop)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end: all modules and some thousand tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test proves nothing, so a session with one has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and (reporter.stats.get("skipped") or reporter.stats.get("xfailed")):
        reporter.write_line("Tests were skipped: install what they need, or remove them.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
