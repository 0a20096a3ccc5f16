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

from images.actions.later import run_later
from servers.actions.events import attend_soon, record_server
from servers.actions.operating import forget
from servers.clouds.base import Cloud, CloudBusy, CloudProblem, CloudRefused, Condition, Machine, State
from servers.clouds.finding import cloud_of, machine_of
from servers.models import Server
from servers.querysets import ServerQuerySet

MOST_ATTEMPTS = 5
AGAIN = timedelta(seconds=3)  # after which a cloud that is at it is asked again
FORGOTTEN = timedelta(seconds=20)  # after so long without a change, nobody is at it any more
Status, Wanted = Server.Status, Server.Wanted
STATUS_OF = {
    State.BUILDING: Status.BUILDING,
    State.RUNNING: Status.RUNNING,
    State.STOPPED: Status.STOPPED,
    State.FAILED: Status.FAILED,
}
BY_ITSELF = "It stopped by itself."
LOST = "Its cloud does not have it any more, and its disk is gone. Rebuild it to begin anew from its image."


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
    ids = list(waiting.filter(changed_at__lt=timezone.now() - FORGOTTEN).values_list("pk", flat=True))
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
    elif not server.has_run:
        _begin(cloud, machine, condition)
    else:
        _run(cloud, machine, condition, server)
    return cloud.condition(machine)


def _begin(cloud: Cloud, machine: Machine, condition: Condition) -> None:
    """Have the machine run from a new disk. Somebody who may use the image has asked for this one (``operating``)."""
    if _is_old(machine, condition) or condition.state not in (State.RUNNING, State.BUILDING):
        cloud.create(machine)


def _run(cloud: Cloud, machine: Machine, condition: Condition, server: Server) -> None:
    """Have the machine run from the disk that it has: a lost one is never made anew unasked.

    Raises:
        CloudRefused: the machine is lost.
    """
    wants_reboot = server.reboots_done < server.reboots_wanted
    if condition.state is State.ABSENT:
        raise CloudRefused(LOST)
    if condition.state is State.RUNNING and wants_reboot:
        cloud.reboot(machine)
    elif condition.state in (State.STOPPED, State.FAILED) and (wants_reboot or server.status != Status.RUNNING):
        cloud.start(machine)  # one that stopped by itself stays so until somebody asks


def _is_old(machine: Machine, condition: Condition) -> bool:
    """Whether the cloud has the machine with the disk from before it was rebuilt."""
    return 0 < condition.disk_number < machine.disk_number


@transaction.atomic
def _settle(before: Server, condition: Condition) -> None:
    """Write down what the cloud says.

    Args:
        before: the server as it was when the cloud was asked.
    """
    server = _unchanged(before)
    if server is None:
        return
    if server.wanted == Wanted.DELETED:
        forget(server)
        return
    server.attempts, server.progress, server.problem = 0, None, condition.problem
    server.address, server.cloud_id = condition.address, condition.cloud_id or server.cloud_id
    server.ports = {port: condition.ports.get(int(port), 0) for port in server.ports}
    _note_state(server, condition)
    server.save()
    if server.is_busy:
        run_later("servers.tasks.attend_to_server", str(server.pk), queue="control", moment=timezone.now() + AGAIN)


def _note_state(server: Server, condition: Condition) -> None:
    if condition.state is State.ABSENT or (not server.has_run and _is_old(machine_of(server), condition)):
        _note_absence(server, condition)
        return
    was, server.status = server.status, STATUS_OF[condition.state]
    server.reboots_done = server.reboots_wanted
    if condition.state in (State.RUNNING, State.STOPPED):
        server.started_at = server.started_at or timezone.now()
    if condition.state is State.STOPPED and server.wanted == Wanted.RUNNING:
        server.wanted, server.problem = Wanted.STOPPED, condition.problem or BY_ITSELF
        record_server("stopped by itself", server, None)
    if condition.state is State.FAILED and was != Status.FAILED:
        record_server("failed", server, None, because=server.problem)


def _note_absence(server: Server, condition: Condition) -> None:
    """One whose disk was never begun is simply not there yet; any other is lost."""
    if not server.has_run:
        is_still = condition.state not in (State.RUNNING, State.BUILDING)
        server.status = Status.STOPPED if is_still and server.wanted == Wanted.STOPPED else server.status
        return
    if server.status != Status.FAILED:
        record_server("failed", server, None, because=LOST)
    server.status, server.problem = Status.FAILED, LOST


@transaction.atomic
def _wait(before: Server, busy: CloudBusy) -> None:
    server = _unchanged(before)
    if server is not None:
        server.progress, server.problem = busy.percent, str(busy)[:500]
        server.save()
        run_later("servers.tasks.attend_to_server", str(server.pk), queue="control", moment=timezone.now() + AGAIN)


@transaction.atomic
def _fail(before: Server, problem: CloudProblem) -> None:
    """Try again later, or give up and say why. What is to be deleted is never given up."""
    server = _unchanged(before)
    if server is None:
        return
    server.attempts = min(server.attempts + 1, MOST_ATTEMPTS)
    server.problem, server.progress = str(problem)[:500], None
    if server.is_live and (problem.lasting or server.attempts >= MOST_ATTEMPTS):
        server.status, server.reboots_done = Status.FAILED, server.reboots_wanted
        record_server("failed", server, None, because=server.problem)
    server.save()


def _unchanged(before: Server) -> Server | None:
    """The server, locked; None where the row has changed since the cloud was asked, as what it said may be old.

    Then somebody looks again: whoever changed the row may have been another worker, who has asked for nobody.
    """
    server = _all().select_for_update(of=("self",)).filter(pk=before.pk).first()
    if server is not None and server.changed_at != before.changed_at:
        attend_soon(server)
        return None
    return server


def _all() -> ServerQuerySet:
    return Server.objects.in_the_cloud().select_related("account", "region", "flavor", "image", "data")
