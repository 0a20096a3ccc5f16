"""One worker at a time sees to a server; one that is killed anywhere is followed by one that finishes."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from django_q.models import OrmQ

from servers import actions
from servers.actions import claims
from servers.actions.claims import SILENCE
from servers.clouds.base import State
from servers.models import Flavor, Server
from sharing.models import Share
from tests.conftest import MoveClock, WorkThrough
from tests.people import Cast
from tests.servers.actions.test_attending import attend
from tests.servers.conftest import boot, fresh
from tests.servers.memory import Killed, MemoryCloud

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("commit_at_once")]

Verb = Callable[..., Server]
VERBS: dict[str, tuple[Verb, str]] = {
    "stop": (actions.stop_server, "stop"),
    "start": (actions.start_server, "start"),
    "reboot": (actions.reboot_server, "reboot"),
    "rebuild": (actions.rebuild_server, "create"),
    "delete": (actions.delete_server, "delete"),
}


def ready_for(verb: str, server: Server, cast: Cast) -> Server:
    if verb == "start":
        actions.stop_server(server.pk, by=cast.consumer)
        server = attend(server)
    return VERBS[verb][0](server.pk, by=cast.consumer)


@pytest.mark.parametrize("when", ["dies_at", "dies_after"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_killed_worker_is_followed_by_one_that_finishes(
    verb: str, when: str, cast: Cast, cloud: MemoryCloud, server: Server, move_clock: MoveClock
) -> None:
    ready_for(verb, server, cast)
    getattr(cloud, when).add(VERBS[verb][1])
    with pytest.raises(Killed):
        attend(server)
    calls = cloud.calls.total()
    assert attend(server).is_busy
    assert cloud.calls.total() == calls, "Whoever has claimed it may still be at it."
    move_clock(SILENCE)
    server = attend(server)
    assert (server.is_settled, server.claim) == (True, None)
    wanted = {"stop": State.STOPPED, "delete": None}.get(verb, State.RUNNING)
    machine = cloud.machines.get(server.pk)
    assert (machine and machine.condition.state) == wanted
    assert machine is None or machine.condition.disk_number == server.disk_number


def test_the_clock_finds_what_nobody_is_at(
    cast: Cast, cloud: MemoryCloud, server: Server, move_clock: MoveClock, work_through: WorkThrough
) -> None:
    actions.stop_server(server.pk, by=cast.consumer)
    cloud.dies_at.add("stop")
    with pytest.raises(Killed):
        attend(server)
    OrmQ.objects.all().delete()
    assert actions.attend_to_servers() == 0
    move_clock(SILENCE + timedelta(seconds=1))
    assert actions.attend_to_servers() == 1
    work_through()
    assert fresh(server).status == "stopped"
    assert actions.attend_to_servers() == 0


def test_a_worker_for_the_deletion_does_not_overtake_the_one_that_makes_it(
    cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, work_through: WorkThrough
) -> None:
    server = boot(cast.consumer, lent.image)

    def delete_at_once() -> None:
        actions.delete_server(server.pk, by=cast.consumer)
        attend(server)

    cloud.meanwhile["create"] = delete_at_once
    work_through()
    assert fresh(server).gone_at
    assert cloud.machines == {}


def test_a_worker_that_was_taken_for_dead_leaves_no_machine_behind(
    cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, move_clock: MoveClock
) -> None:
    server = boot(cast.consumer, lent.image)

    def deleted_and_forgotten() -> None:
        actions.delete_server(server.pk, by=cast.consumer)
        move_clock(SILENCE)
        assert attend(server).gone_at

    cloud.meanwhile["create"] = deleted_and_forgotten
    attend(server)
    assert cloud.machines == {}


def test_what_a_worker_that_was_taken_for_dead_finds_is_not_written_down(
    cast: Cast, cloud: MemoryCloud, server: Server, move_clock: MoveClock
) -> None:
    actions.stop_server(server.pk, by=cast.consumer)

    def another_worker() -> None:
        move_clock(SILENCE)
        attend(server)
        actions.start_server(server.pk, by=cast.consumer)
        attend(server)

    cloud.meanwhile["stop"] = another_worker
    assert attend(server).status == "running"


def test_whoever_is_at_it_gives_signs_of_life(
    cast: Cast, cloud: MemoryCloud, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaten: list[Server] = []

    def beat(row: Server, over: Event) -> None:
        beaten.append(row)
        over.wait()

    monkeypatch.setattr(claims, "_beat", beat)
    actions.stop_server(server.pk, by=cast.consumer)
    attend(server)
    assert beaten == [server]


def test_a_clock_that_was_set_back_lets_the_next_one_in(cast: Cast, server: Server, move_clock: MoveClock) -> None:
    assert claims.claim_server(server.pk)
    assert claims.claim_server(server.pk) is None
    move_clock(-timedelta(hours=1))
    assert claims.claim_server(server.pk)
