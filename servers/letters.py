"""Who is told what of servers, in the panel and by mail. The words are in templates/servers/letters."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Membership, User
from accounts.records import notify
from servers.models import Server, Snapshot


def failed(server: Server) -> None:
    """Tell whoever made a server that it failed, and why."""
    _tell("failed", server.created_by, server)


def stopped_by_itself(server: Server) -> None:
    """Tell them that it stopped without anybody of the account having asked for that."""
    _tell("stopped_by_itself", server.created_by, server)


def snapshot_failed(snapshot: Snapshot) -> None:
    """Tell whoever wanted an image of a server that there will be none, and why."""
    _tell("snapshot_failed", snapshot.created_by, snapshot.server, snapshot=snapshot)


def _tell(name: str, person: User, server: Server, **context: Any) -> None:
    """Whoever is no longer in the account hears nothing of it."""
    if not (person.is_active and Membership.objects.filter(group=server.account_id, user=person).exists()):
        return
    text = render_to_string(f"servers/letters/{name}.txt", {"server": server, "account": server.account, **context})
    subject, _newline, body = text.strip().partition("\n")
    path = reverse("server_detail", kwargs={"number": server.account.number, "pk": server.pk})
    notify([person], subject=subject.strip(), body=body.strip(), path=path)
