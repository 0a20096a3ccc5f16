"""Servers that stop, fail or come back by themselves are noticed, told once, and cheap as long as nothing happens."""

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from accounts.models import Notification
from servers import actions
from servers.actions.attending import BY_ITSELF
from servers.clouds.base import CloudProblem, State
from servers.models import Server
from sharing.models import Share
from tests.people import Cast
from tests.servers.actions.test_attending import attend, verbs_of
from tests.servers.conftest import boot, fresh, running
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db


def told(cast: Cast, subject: str) -> int:
    return Notification.objects.filter(user=cast.bob, subject=subject).count()


def test_one_that_stopped_by_itself_is_told_once(cast: Cast, cloud: MemoryCloud, server: Server) -> None:
    cloud.put(server.pk, State.STOPPED)
    for _ in range(3):
        assert actions.look_at_servers() == 1
    server = fresh(server)
    assert (server.status, server.wanted, server.problem) == ("stopped", "stopped", BY_ITSELF)
    assert verbs_of(server) == ["created", "stopped by itself"]
    assert told(cast, "“web-1” has stopped") == 1
    actions.start_server(server.pk, by=cast.consumer)
    assert (attend(server).status, fresh(server).problem) == ("running", "")


def test_a_crash_is_told_once(cast: Cast, cloud: MemoryCloud, server: Server) -> None:
    cloud.put(server.pk, State.FAILED, problem="It crashed.")
    for _ in range(3):
        actions.look_at_servers()
    assert (fresh(server).status, fresh(server).problem) == ("failed", "It crashed.")
    assert verbs_of(server) == ["created", "failed"]
    assert told(cast, "“web-1” has failed") == 1


def test_why_it_failed_stays_told(cast: Cast, cloud: MemoryCloud, server: Server) -> None:
    Server.objects.filter(pk=server.pk).update(status="failed", problem="The cloud did not answer.")
    cloud.put(server.pk, State.STOPPED)
    actions.look_at_servers()
    assert (fresh(server).status, fresh(server).problem) == ("failed", "The cloud did not answer.")


def test_one_that_came_back_runs(cast: Cast, cloud: MemoryCloud, server: Server) -> None:
    Server.objects.filter(pk=server.pk).update(status="failed", problem="The cloud did not answer.")
    actions.look_at_servers()
    assert (fresh(server).status, fresh(server).problem) == ("running", "")


def test_a_warning_comes_and_goes(cast: Cast, cloud: MemoryCloud, server: Server) -> None:
    cloud.put(server.pk, State.RUNNING, problem="Its disk is full.")
    actions.look_at_servers()
    assert (fresh(server).status, fresh(server).problem) == ("running", "Its disk is full.")
    cloud.put(server.pk, State.RUNNING, problem="")
    actions.look_at_servers()
    assert fresh(server).problem == ""


def test_a_cloud_that_is_away_is_asked_once(cast: Cast, cloud: MemoryCloud, server: Server) -> None:
    for _ in range(3):
        running(boot(cast.consumer, server.image))
    cloud.away, before = CloudProblem("It does not answer."), cloud.calls["condition"]
    assert actions.look_at_servers() == 0
    actions.look_at_server(server.pk)
    assert (fresh(server).status, fresh(server).claim) == ("running", None)
    assert cloud.calls["condition"] == before + 2


def test_nobody_looks_at_a_busy_server(cast: Cast, cloud: MemoryCloud, server: Server) -> None:
    actions.stop_server(server.pk, by=cast.consumer)
    before = cloud.calls["condition"]
    actions.look_at_server(server.pk)
    assert actions.look_at_servers() == 0
    assert cloud.calls["condition"] == before
    assert (attend(server).status, fresh(server).claim) == ("stopped", None)


def test_settled_servers_cost_no_query_each(
    cast: Cast, cloud: MemoryCloud, server: Server, lent: Share, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert actions.look_at_servers() == 1
    for _ in range(4):
        running(boot(cast.consumer, lent.image))
    with django_assert_num_queries(2):
        assert actions.look_at_servers() == 5


@pytest.mark.parametrize("answer", ["nothing new", "no answer"])
def test_what_people_want_while_somebody_looks_waits_for_no_clock(
    cast: Cast, cloud: MemoryCloud, server: Server, commit_at_once: None, answer: str
) -> None:
    def wish() -> None:
        actions.stop_server(server.pk, by=cast.consumer)
        actions.attend_to_server(server.pk)
        assert fresh(server).status == "running", "Whoever looks has it."
        OrmQ.objects.all().delete()

    cloud.meanwhile["condition"] = wish
    if answer == "no answer":
        cloud.errors["condition"] = [CloudProblem("The cloud is away.")]
    actions.look_at_server(server.pk)
    assert OrmQ.objects.count() == 1
