"""Looking at servers of which nobody wants anything: they may have stopped, failed, or come back by themselves."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from uuid import UUID

from django.db.models import F, Q

from servers.actions.attending import STATUS_OF, settle
from servers.actions.claims import claim_server, hand_back, signs_of_life, with_all
from servers.asking import unless_silent
from servers.clouds.base import CloudProblem, Condition, State
from servers.clouds.finding import cloud_of, machine_of
from servers.models import Server

AT_ONCE = 200  # servers in memory
Status = Server.Status


def look_at_servers() -> int:
    """Look at every server that is as it is wanted, or has failed. Those that are as they were cost no query of theirs.

    A cloud that does not answer is asked once, not for each of its servers.

    Returns:
        How many were looked at.
    """
    settled = Q(status=F("wanted"), reboots_done=F("reboots_wanted")) | Q(status=Status.FAILED)
    rows = Server.objects.live().filter(settled).order_by("region", "account", "pk")
    places = groupby(list(rows.values_list("region", "account", "pk")), key=lambda row: row[:2])
    return sum(_look_at_all(row[2] for row in group) for _place, group in places)


def look_at_server(server_id: UUID) -> None:
    """Write down what the cloud says of a server that nobody wants anything of."""
    server = claim_server(server_id)
    if server is None:
        return
    if server.is_busy:
        hand_back(server)
        return
    try:
        with signs_of_life(server):
            condition = cloud_of(server.region, server.account).condition(machine_of(server))
    except CloudProblem:
        hand_back(server)  # its cloud is away; it does not mean that the server is
        return
    if _is_news(server, condition):
        settle(server, condition)
    else:
        hand_back(server)


def _look_at_all(ids: Iterable[UUID]) -> int:
    """Look at servers of one account in one region, until its cloud does not answer."""
    seen = 0
    for servers in _parts(iter(ids)):
        try:
            with unless_silent(servers[0].region):
                for server in _looked_at(servers):
                    seen += 1
                    if server:
                        look_at_server(server.pk)  # once more, as nobody has claimed it yet
        except CloudProblem:
            break
    return seen


def _looked_at(servers: Sequence[Server]) -> Iterator[Server | None]:
    """Each of them of which its cloud says something new; None for each of the others."""
    cloud = cloud_of(servers[0].region, servers[0].account)
    for server in servers:
        yield server if _is_news(server, cloud.condition(machine_of(server))) else None


def _parts(ids: Iterator[UUID]) -> Iterator[Sequence[Server]]:
    while part := list(islice(ids, AT_ONCE)):
        if servers := list(with_all().filter(pk__in=part)):
            yield servers


def _is_news(server: Server, condition: Condition) -> bool:
    """Whether the cloud says anything of a settled server that is not known."""
    if server.status == Status.FAILED:
        return STATUS_OF.get(condition.state) == server.wanted  # it came back
    if condition.state is State.ABSENT:
        return server.has_run
    ports = {port: condition.ports.get(int(port), 0) for port in server.ports}
    said = STATUS_OF[condition.state], condition.address, condition.cloud_id or server.cloud_id, ports
    known = server.status, server.address, server.cloud_id, server.ports
    return said != known or (condition.state is State.RUNNING and condition.problem != server.problem)
