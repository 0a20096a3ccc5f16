"""A page waits for a cloud shortly, and neither pages nor workers wait for the same one again and again."""

import time
from dataclasses import replace
from socket import create_server

import pytest
from django_q.exceptions import TimeoutException

from servers import actions
from servers.actions.attending import TOO_LONG
from servers.asking import AWAY_SECONDS, PAGE_SECONDS, SILENT_SECONDS
from servers.clouds.base import CloudProblem, CloudRefused, at_most, patience
from servers.clouds.openstack.access import Access
from servers.clouds.openstack.keys import test_key as try_key
from servers.clouds.openstack.problems import CloudSilent
from servers.consoles import output_of
from servers.keys import in_time
from servers.models import Flavor, Server
from sharing.models import Share
from tests.people import Cast
from tests.servers.conftest import boot, running
from tests.servers.memory import EVERYTHING, MemoryCloud

pytestmark = pytest.mark.django_db
AWAY = CloudProblem("The cloud is away.")


@pytest.fixture
def far(cloud: MemoryCloud, server: Server) -> MemoryCloud:
    """The cloud, behind a network. One machine runs there, and has said something."""
    cloud.abilities = replace(EVERYTHING, far=True)
    cloud.machines[server.pk].printed = b"Hello"
    return cloud


def test_a_page_waits_shortly(far: MemoryCloud, server: Server) -> None:
    seen: list[float] = []
    far.meanwhile["console"] = lambda: seen.append(patience())
    assert output_of(server).text == "Hello"
    assert seen == [PAGE_SECONDS]
    assert in_time(patience) == PAGE_SECONDS
    assert patience() == float("inf"), "Workers have time."


def test_one_page_asks_at_a_time(far: MemoryCloud, server: Server) -> None:
    far.meanwhile["console"] = lambda: output_of(server, offset=3)
    assert output_of(server).text == "Hello"
    assert far.calls["console"] == 1
    assert output_of(server).text == "Hello"


def test_whoever_comes_meanwhile_asks_again_and_misses_nothing(far: MemoryCloud, server: Server) -> None:
    seen = []
    far.meanwhile["console"] = lambda: seen.append(output_of(server, offset=3))
    output_of(server)
    assert [(each.text, each.problem, each.end, each.pause) for each in seen] == [("", "", 3, "2s")]


def test_a_silent_cloud_is_left_alone_for_a_while(
    far: MemoryCloud, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.errors["console"] = [AWAY]
    assert [output_of(server).problem for _page in range(3)] == ["The cloud is away."] * 3
    assert far.calls["console"] == 1
    later = time.time() + AWAY_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert output_of(server).text == "Hello"


def test_what_is_refused_once_is_no_silence(far: MemoryCloud, server: Server) -> None:
    far.errors["console"] = [CloudRefused("There is no console yet.")]
    assert output_of(server).problem == "There is no console yet."
    assert output_of(server).text == "Hello"


def test_what_is_at_hand_is_asked_as_often_as_pages_like(cloud: MemoryCloud, server: Server) -> None:
    cloud.errors["console"] = [AWAY]
    assert output_of(server).problem == "The cloud is away."
    assert output_of(server).problem == ""


def test_no_request_outlasts_the_patience_of_a_page() -> None:
    """The cloud takes the connection, and says nothing."""
    with create_server(("127.0.0.1", 0)) as silent:
        access = Access("Oslo", f"http://127.0.0.1:{silent.getsockname()[1]}/v3", "key", "secret")
        began = time.monotonic()
        with at_most(0.2):
            assert "The cloud of Oslo does not answer" in try_key(access).problem
        assert time.monotonic() - began < 5


class TestWorkers:
    """A region that lets one worker wait in vain lets no other one for a minute."""

    @pytest.fixture
    def silent(self, far: MemoryCloud) -> MemoryCloud:
        problem = CloudProblem("It does not answer.")
        problem.silent = True
        far.away = problem
        return far

    def test_one_waits_in_vain_and_the_next_does_not(
        self, cast: Cast, silent: MemoryCloud, server: Server, lent: Share
    ) -> None:
        asked = silent.calls.total()
        for name in ("web-2", "web-3"):
            waiting = running(boot(cast.consumer, lent.image, name=name))
            assert (waiting.status, waiting.attempts, waiting.problem) == ("building", 1, "It does not answer.")
        assert actions.look_at_servers() == 0
        assert silent.calls.total() == asked + 1

    def test_after_a_minute_somebody_asks_again(
        self, cast: Cast, silent: MemoryCloud, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert actions.look_at_servers() == 0
        silent.away, later = None, time.time() + SILENT_SECONDS + 1
        assert actions.look_at_servers() == 0
        monkeypatch.setattr(time, "time", lambda: later)
        assert actions.look_at_servers() == 1

    def test_only_no_answer_at_all_is_silence(self) -> None:
        assert CloudSilent("Oslo").silent
        assert not CloudSilent("Oslo", "is out of order (it answers 500)").silent

    def test_what_a_cloud_says_is_no_silence(self, cast: Cast, far: MemoryCloud, server: Server, lent: Share) -> None:
        """Or one account could keep all others waiting."""
        far.errors["create"] = [CloudProblem("It is out of order (500).")]
        assert running(boot(cast.consumer, lent.image, name="web-2")).attempts == 1
        assert running(boot(cast.consumer, lent.image, name="web-3")).status == "running"

    def test_one_that_takes_too_long_counts_as_an_attempt(
        self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share
    ) -> None:
        def take_too_long() -> None:
            raise TimeoutException

        cloud.meanwhile["create"] = take_too_long
        server = running(boot(cast.consumer, lent.image))
        assert (server.attempts, server.problem, server.claim) == (1, TOO_LONG, None)
        assert running(server).status == "running"
