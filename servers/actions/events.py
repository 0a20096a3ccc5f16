"""The events of servers, and the tasks that follow them."""

from typing import Any

from django.db import transaction
from django_q.tasks import async_task

from accounts.models import Event
from accounts.records import record
from accounts.viewer import Viewer
from servers.models import Server


def record_server(verb: str, server: Server, by: Viewer | None, **detail: Any) -> Event:
    """Write one event about a server, in the transaction of the change.

    Args:
        verb: past tense ("stopped").
        by: None where it happened by itself.
    """
    return record(
        verb,
        subject_kind="server",
        subject_id=server.pk,
        subject_name=server.name,
        by=by,
        account=server.account,
        **detail,
    )


def attend_soon(server: Server) -> None:
    """Have a worker bring about what is wanted of a server, as soon as this transaction is through."""
    transaction.on_commit(lambda: async_task("servers.tasks.attend_to_server", str(server.pk), cluster="servers"))
