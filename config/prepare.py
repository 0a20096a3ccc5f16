"""Brings a panel's data up to date before it starts: tables, the shared cache, static files, demo people, servers."""

import hashlib
import os
import socket
import sys
from pathlib import Path

import django


def main() -> None:
    """Do what is not done yet; when nothing is to do, this takes about a second."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    refuse_taken_port(settings.HOST, settings.PORT)
    if migrations_missing():
        call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("sync_schedules", verbosity=0)
    collect_static(settings.STATIC_ROOT)
    if settings.DEMO:
        call_command("load_demo")
    if not settings.PRODUCTION:
        call_command("set_up_servers", verbosity=0)


def refuse_taken_port(host: str, port: int) -> None:
    """Say at once that the port is taken, rather than after everything else was done."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(
                f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port: make run PORT={port + 1}"
            )


def migrations_missing() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def collect_static(root: Path) -> None:
    """Collect and compress the static files if one of them, or a package, has changed since the last time."""
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    state = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            state.update(f"{path} {storage.path(path)} {Path(storage.path(path)).stat().st_mtime_ns}\n".encode())
    stamp = root / ".collected"
    if stamp.is_file() and stamp.read_text() == state.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(state.hexdigest())


if __name__ == "__main__":
    main()
