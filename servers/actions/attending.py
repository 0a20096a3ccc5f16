"""Bringing together what people want of a server and what its cloud does. Nobody does this: workers do, one at a time
for each server (``claims``).

Each step may be done twice, and a worker may die between any two: the next one asks the cloud what there is, and goes
on from that. People may change their mind while a cloud is asked; whoever asked it then sees that somebody goes on.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_q.exceptions import TimeoutException
from django_q.tasks import async_task

from images.actions.later import run_later
from servers import letters
from servers.actions.bringing import bring_image
from servers.actions.claims import SILENCE, claim_server, hand_back, let_go_of_claim, ours, signs_of_life
from servers.actions.events import attend_soon, record_server
from servers.actions.members import admit
from servers.actions.operating import forget
from servers.asking import unless_silent
from servers.clouds.base import Cloud, CloudBusy, CloudProblem, CloudRefused, Condition, ImageNeeded, Machine, State
from servers.clouds.finding import cloud_of, machine_of
from servers.models import Server
from servers.reaching import why_not_booted

MOST_ATTEMPTS = 8
AGAIN_SECONDS = 3  # until one looks again at what a cloud has on its way
LONGEST_WAIT = 300  # seconds between two attempts
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
TOO_LONG = "Its cloud took too long."
UNEXPECTED = "The panel could not do this; those who run it find the reason in its log."


def attend_to_server(server_id: UUID) -> None:
    """Bring about what is wanted of a server, and write down what its cloud says afterwards."""
    server = claim_server(server_id)
    if server is None:
        return
    if server.is_settled:
        hand_back(server)  # another worker was quicker
        return
    try:
        with signs_of_life(server), unless_silent(server.region):
            condition = _brought_about(server)
    except ImageNeeded:
        _wait_for_image(server)
    except CloudBusy as busy:
        _wait(server, busy)
    except CloudProblem as problem:
        _fail(server, problem)
    except TimeoutException:  # no Exception: nothing between here and the worker takes it for another one
        _fail(server, CloudProblem(TOO_LONG))
    except Exception:
        _fail(server, CloudProblem(UNEXPECTED))
        raise
    else:
        settle(server, condition)


def attend_to_servers() -> int:
    """Go on with every server that is not as it is wanted, because a worker died or the queue was lost."""
    unsettled = ~Q(status=F("wanted")) | ~Q(reboots_done=F("reboots_wanted"))
    waiting = Server.objects.in_the_cloud().filter(unsettled).exclude(~Q(wanted=Wanted.DELETED), status=Status.FAILED)
    now = timezone.now()
    # What was tried in vain waits for its next attempt, which is on the queue.
    due = Q(attempts=0, changed_at__lt=now - FORGOTTEN)
    due |= Q(changed_at__lt=now - FORGOTTEN - timedelta(seconds=LONGEST_WAIT))
    ids = list(waiting.filter(due).exclude(claim__isnull=False, seen_at__gt=now - SILENCE).values_list("pk", flat=True))
    for pk in ids:
        async_task("servers.tasks.attend_to_server", str(pk), cluster="servers")
    return len(ids)


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
        _begin(cloud, machine, condition, server)
    else:
        _run(cloud, machine, condition, server)
    return cloud.condition(machine)


def _begin(cloud: Cloud, machine: Machine, condition: Condition, server: Server) -> None:
    """Have the machine run from a new disk. Somebody who could use the image has asked for this one (``operating``),
    maybe long ago: it is asked for again.

    Raises:
        CloudRefused: the image was taken back meanwhile.
    """
    is_up = condition.state in (State.RUNNING, State.BUILDING)
    if not is_up or condition.disk_number != machine.disk_number:  # a cloud that does not tell the number sees itself
        admit(server)
        if reason := why_not_booted(server):
            raise CloudRefused(reason)
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


def settle(before: Server, condition: Condition) -> None:
    """Write down what the cloud says of a claimed server, and go on with it if something is left to do.

    Args:
        before: the server as it was when the cloud was asked.
    """
    if not _is_written(before, condition):
        _leave_no_orphan(before)


@transaction.atomic
def _is_written(before: Server, condition: Condition) -> bool:
    server = ours(before)
    if server is None:
        return False
    if not _is_still_wanted(server, before):
        if server.disk_number == before.disk_number and condition.state is State.RUNNING:
            Server.objects.filter(pk=server.pk, started_at=None).update(started_at=timezone.now())
    elif server.wanted == Wanted.DELETED:
        forget(server)
    else:
        _note(server, condition)
        server.save()
        _go_on(server, seconds=AGAIN_SECONDS)
    return True


def _leave_no_orphan(before: Server) -> None:
    """Whoever was taken for dead may have made a machine of which nobody knows any more."""
    if Server.objects.filter(pk=before.pk, gone_at__isnull=False).exists():
        cloud_of(before.region, before.account).delete(machine_of(before))


def _is_still_wanted(server: Server, before: Server) -> bool:
    """Whether people still want what they wanted when the cloud was asked. If not, somebody goes on at once.

    Args:
        server: locked; nobody claims it any more afterwards.
    """
    server.claim = None
    if _wishes(server) == _wishes(before):
        return True
    let_go_of_claim(before)
    attend_soon(server)
    return False


def _wishes(server: Server) -> tuple[str, int, int]:
    return server.wanted, server.disk_number, server.reboots_wanted


def _note(server: Server, condition: Condition) -> None:
    server.attempts, server.progress = 0, None
    server.address, server.cloud_id = condition.address, condition.cloud_id or server.cloud_id
    server.ports = {port: condition.ports.get(int(port), 0) for port in server.ports}
    stays_so = server.is_settled and server.status == STATUS_OF.get(condition.state) == Status.STOPPED
    server.problem = condition.problem or (server.problem if stays_so else "")  # why it stopped by itself
    if condition.state is State.ABSENT or (not server.has_run and 0 < condition.disk_number < server.disk_number):
        _note_absence(server, condition)
        return
    server.reboots_done = server.reboots_wanted
    if condition.state is State.FAILED:
        give_up(server, condition.problem or "Its machine has failed.")
        return
    server.status = STATUS_OF[condition.state]
    if condition.state in (State.RUNNING, State.STOPPED):
        server.started_at = server.started_at or timezone.now()
    if condition.state is State.STOPPED and server.wanted == Wanted.RUNNING:
        server.wanted, server.problem = Wanted.STOPPED, condition.problem or BY_ITSELF
        record_server("stopped by itself", server, None)
        letters.stopped_by_itself(server)


def _note_absence(server: Server, condition: Condition) -> None:
    """One whose disk was never begun is simply not there yet; any other is lost."""
    if server.has_run:
        give_up(server, LOST)
    elif server.wanted == Wanted.STOPPED and condition.state not in (State.RUNNING, State.BUILDING):
        server.status = Status.STOPPED


def give_up(server: Server, because: str) -> None:
    """Say on a locked row that it failed, and tell people once: whoever looks again finds nothing new."""
    is_news = server.status != Status.FAILED
    server.status, server.problem, server.progress = Status.FAILED, because[:500], None
    server.reboots_done = server.reboots_wanted
    if is_news:
        record_server("failed", server, None, because=server.problem)
        letters.failed(server)


def _wait_for_image(before: Server) -> None:
    """Have the image of a server brought to its cloud, and look again in a while."""
    try:
        _wait(before, bring_image(before))
    except CloudRefused as refused:
        _fail(before, refused)


@transaction.atomic
def _wait(before: Server, busy: CloudBusy) -> None:
    server = ours(before)
    if server and _is_still_wanted(server, before):
        server.progress, server.problem = busy.percent, str(busy)[:500]
        server.save()
        _go_on(server, seconds=AGAIN_SECONDS)


@transaction.atomic
def _fail(before: Server, problem: CloudProblem) -> None:
    """Try again later, or give up and say why. What is to be deleted is never given up."""
    server = ours(before)
    if server is None or not _is_still_wanted(server, before):
        return
    server.attempts = min(server.attempts + 1, MOST_ATTEMPTS)
    server.problem, server.progress = str(problem)[:500], None
    if server.is_live and (problem.lasting or server.attempts == MOST_ATTEMPTS):
        give_up(server, server.problem)
    server.save()
    _go_on(server, seconds=min(AGAIN_SECONDS * 2**server.attempts, LONGEST_WAIT))


def _go_on(server: Server, *, seconds: int) -> None:
    """See to it again in a while, if there is something left to do."""
    if server.is_busy:
        moment = timezone.now() + timedelta(seconds=seconds)
        run_later("servers.tasks.attend_to_server", str(server.pk), queue="servers", moment=moment)
