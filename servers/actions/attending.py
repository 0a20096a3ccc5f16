"""Bringing together what people want of a server and what its cloud does. Nobody does this: workers do.

Each step may be done twice, and a worker may die between any two: the next one asks the cloud what there is, and goes
on from that.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_q.tasks import async_task

from servers.actions.events import record_server
from servers.actions.operating import forget
from servers.clouds.base import Cloud, CloudBusy, CloudProblem, Condition, Machine, State
from servers.clouds.finding import cloud_of, machine_of
from servers.models import Server
from servers.querysets import ServerQuerySet

MOST_ATTEMPTS = 5
Status, Wanted = Server.Status, Server.Wanted
STATUS_OF = {State.RUNNING: Status.RUNNING, State.STOPPED: Status.STOPPED, State.FAILED: Status.FAILED}
BY_ITSELF = "It stopped by itself."


def attend_to_server(server_id: UUID) -> None:
    """Bring about what is wanted of a server, and write down what its cloud says afterwards."""
    server = _all().filter(pk=server_id).first()
    if server is None:
        return
    try:
        condition = _brought_about(server)
    except CloudBusy as busy:
        _wait(server, busy)
    except CloudProblem as problem:
        _fail(server, problem)
    else:
        _settle(server, condition)


def attend_to_servers() -> int:
    """Go on with every server that is not as it is wanted, because a worker died or a cloud did not answer."""
    unsettled = ~Q(status=F("wanted")) | ~Q(reboots_done=F("reboots_wanted"))
    waiting = Server.objects.in_the_cloud().filter(unsettled).exclude(~Q(wanted=Wanted.DELETED), status=Status.FAILED)
    ids = list(waiting.filter(changed_at__lt=timezone.now() - timedelta(seconds=20)).values_list("pk", flat=True))
    for pk in ids:
        async_task("servers.tasks.attend_to_server", str(pk), cluster="control")
    return len(ids)


def look_at_server(server_id: UUID) -> None:
    """Write down what the cloud says of a server that nobody wants anything of: it may have stopped by itself."""
    server = _all().filter(pk=server_id).first()
    if server is None or not server.is_settled:
        return
    try:
        condition = cloud_of(server.region, server.account).condition(machine_of(server))
    except CloudProblem:
        return  # its cloud is away; it does not mean that the server is
    _settle(server, condition)


def _brought_about(server: Server) -> Condition:
    cloud, machine = cloud_of(server.region, server.account), machine_of(server)
    if server.wanted == Wanted.DELETED:
        cloud.delete(machine)
        return Condition(state=State.ABSENT)
    condition = cloud.condition(machine)
    if server.wanted == Wanted.STOPPED:
        if condition.state in (State.RUNNING, State.BUILDING):
            cloud.stop(machine)
    else:
        _run(cloud, machine, condition, server)
    return cloud.condition(machine)


def _run(cloud: Cloud, machine: Machine, condition: Condition, server: Server) -> None:
    is_new = condition.state is State.ABSENT or 0 < condition.disk_number < machine.disk_number
    if is_new or (condition.state is State.FAILED and server.started_at is None):
        cloud.create(machine)
    elif server.status == Status.RUNNING and condition.state is State.STOPPED:
        return  # it stopped by itself, and nobody has asked for it since
    elif condition.state in (State.STOPPED, State.FAILED):
        cloud.start(machine)
    elif server.reboots_done < server.reboots_wanted:
        cloud.reboot(machine)


@transaction.atomic
def _settle(before: Server, condition: Condition) -> None:
    """Write down what the cloud says, unless somebody has changed their mind meanwhile.

    Args:
        before: the server as it was when the cloud was asked.
    """
    server = _locked(before)
    if server is None:
        return
    if server.wanted == Wanted.DELETED and condition.state is State.ABSENT and before.wanted == Wanted.DELETED:
        forget(server)
        return
    if (server.wanted, server.disk_number) != (before.wanted, before.disk_number):
        return  # whoever changed it has asked for a worker as well
    server.attempts, server.progress, server.problem = 0, None, condition.problem
    server.address, server.cloud_id = condition.address, condition.cloud_id
    server.ports = {port: condition.ports.get(int(port), 0) for port in server.ports}
    if condition.state is State.RUNNING:
        server.started_at = server.started_at or timezone.now()
        server.reboots_done = before.reboots_wanted
    if _stopped_by_itself(server, condition):
        server.wanted, server.problem = Wanted.STOPPED, condition.problem or BY_ITSELF
        server.reboots_done = server.reboots_wanted
        record_server("stopped by itself", server, None)
    if condition.state is State.ABSENT and server.wanted == Wanted.STOPPED:
        server.status = Status.STOPPED
    server.status = STATUS_OF.get(condition.state, server.status)
    server.save()


def _stopped_by_itself(server: Server, condition: Condition) -> bool:
    was_running = server.status == Status.RUNNING and server.wanted == Wanted.RUNNING
    return was_running and condition.state is State.STOPPED


@transaction.atomic
def _wait(before: Server, busy: CloudBusy) -> None:
    server = _locked(before)
    if server is not None:
        server.progress, server.problem = busy.percent, str(busy)
        server.save()


@transaction.atomic
def _fail(before: Server, problem: CloudProblem) -> None:
    """Try again later, or give up and say why. What is to be deleted is never given up."""
    server = _locked(before)
    if server is None or server.wanted != before.wanted:
        return
    server.attempts = min(server.attempts + 1, MOST_ATTEMPTS)
    server.problem, server.progress = str(problem)[:500], None
    if server.is_live and (problem.lasting or server.attempts >= MOST_ATTEMPTS):
        server.status, server.reboots_done = Status.FAILED, server.reboots_wanted
        record_server("failed", server, None, because=server.problem)
    server.save()


def _all() -> ServerQuerySet:
    return Server.objects.in_the_cloud().select_related("account", "region", "flavor", "image", "data")


def _locked(server: Server) -> Server | None:
    return _all().select_for_update(of=("self",)).filter(pk=server.pk).first()
