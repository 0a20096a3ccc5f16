"""Workers bring about what people want, whatever the cloud says, and while people change their minds."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django_q.models import OrmQ

from accounts.errors import Conflict
from accounts.models import Event, Membership, Notification
from images.actions import deactivate, set_visibility
from images.models import DataHold, Image
from servers import actions
from servers.actions.attending import BY_ITSELF, LONGEST_WAIT, LOST, MOST_ATTEMPTS, UNEXPECTED
from servers.clouds.base import CloudBusy, CloudProblem, CloudRefused, State
from servers.models import Flavor, Server
from sharing import actions as sharing
from sharing.models import Share
from tests.conftest import WorkThrough
from tests.factories import viewer
from tests.people import Cast
from tests.servers.conftest import boot, fresh, running
from tests.servers.memory import MemoryCloud
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db

Verb = Callable[..., Server]
VERBS: dict[str, tuple[Verb, str]] = {
    "stop": (actions.stop_server, "stopped"),
    "reboot": (actions.reboot_server, "running"),
    "rebuild": (actions.rebuild_server, "running"),
    "delete": (actions.delete_server, "deleted"),
}


def attend(server: Server) -> Server:
    actions.attend_to_server(server.pk)
    return fresh(server)


def verbs_of(server: Server) -> list[str]:
    events = Event.objects.filter(subject_kind="server", subject_id=server.pk).order_by("pk")
    return list(events.values_list("verb", flat=True))


class TestEachVerb:
    def test_a_new_server_runs(self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share) -> None:
        server = boot(cast.consumer, lent.image, ports=[22])
        assert (server.status, server.wanted, server.is_busy) == ("building", "running", True)
        server = attend(server)
        assert (server.status, server.is_settled, server.ports) == ("running", True, {"22": 20022})
        assert server.has_run

    def test_stopping_and_starting_keeps_the_disk(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        actions.stop_server(server.pk, by=cast.consumer)
        assert attend(server).status == "stopped"
        actions.start_server(server.pk, by=cast.consumer)
        assert attend(server).status == "running"
        assert (cloud.calls["create"], cloud.machines[server.pk].boots) == (1, 2)

    def test_a_reboot_happens_once(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        actions.reboot_server(server.pk, by=cast.consumer)
        actions.reboot_server(server.pk, by=cast.consumer)
        assert fresh(server).is_busy
        assert attend(attend(server)).is_settled
        assert cloud.calls["reboot"] == 1
        assert verbs_of(server) == ["created", "rebooted"]

    def test_a_rebuild_begins_a_new_disk(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        actions.rebuild_server(server.pk, by=cast.consumer)
        assert not fresh(server).has_run
        server = attend(attend(server))
        assert (server.status, cloud.machines[server.pk].condition.disk_number, cloud.calls["create"]) == (
            "running",
            2,
            2,
        )

    def test_a_cloud_that_tells_no_disks_rebuilds_too(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        cloud.tells_disks = False
        actions.rebuild_server(server.pk, by=cast.consumer)
        assert attend(server).is_settled
        assert cloud.machines[server.pk].condition.disk_number == 2

    def test_what_is_deleted_lets_go_of_the_image(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        assert DataHold.objects.filter(holder=server.holder).exists()
        actions.delete_server(server.pk, by=cast.consumer)
        assert DataHold.objects.filter(holder=server.holder).exists()
        server = attend(server)
        assert (server.status, cloud.machines) == ("deleted", {})
        assert server.gone_at
        assert not DataHold.objects.filter(holder=server.holder).exists()
        actions.attend_to_server(server.pk)
        assert cloud.calls["delete"] == 1

    def test_another_name_is_written_down(self, cast: Cast, server: Server) -> None:
        assert actions.rename_server(server.pk, by=cast.consumer, name="web-2").name == "web-2"
        assert verbs_of(server) == ["created", "renamed"]

    def test_asked_twice_is_asked_once(self, cast: Cast, server: Server) -> None:
        for _ in range(2):
            actions.stop_server(server.pk, by=cast.consumer)
        for _ in range(2):
            actions.start_server(server.pk, by=cast.consumer)
        assert verbs_of(server) == ["created", "stopped", "started"]


class TestRefusals:
    @pytest.mark.parametrize("verb", [*VERBS, "start"])
    def test_an_observer_only_looks(self, verb: str, cast: Cast, server: Server) -> None:
        act = actions.start_server if verb == "start" else VERBS[verb][0]
        with pytest.raises(PermissionDenied, match="Only a creator or an admin"):
            act(server.pk, by=cast.observer)

    @pytest.mark.parametrize("verb", [*VERBS, "start"])
    def test_servers_of_others_are_not_there(self, verb: str, cast: Cast, server: Server) -> None:
        act = actions.start_server if verb == "start" else VERBS[verb][0]
        with pytest.raises(Http404):
            act(server.pk, by=cast.producer)

    def test_a_stopped_server_is_not_rebooted(self, cast: Cast, server: Server) -> None:
        actions.stop_server(server.pk, by=cast.consumer)
        with pytest.raises(Conflict, match="Start it instead"):
            actions.reboot_server(server.pk, by=cast.consumer)

    def test_without_the_image_nothing_is_rebuilt(self, cast: Cast, server: Server, lent: Share) -> None:
        sharing.remove(lent.image_id, lent.pk, by=cast.producer)
        with pytest.raises(Conflict, match="no longer shared with Beta Consumers"):
            actions.rebuild_server(server.pk, by=cast.consumer)
        actions.stop_server(server.pk, by=cast.consumer)
        actions.start_server(attend(server).pk, by=cast.consumer)
        assert attend(server).status == "running", "It goes on from its own disk."

    def test_a_deactivated_image_rebuilds_nothing(self, cast: Cast, server: Server, golden: Image) -> None:
        deactivate(golden.pk, by=cast.producer)
        with pytest.raises(PermissionDenied, match="deactivated"):
            actions.rebuild_server(server.pk, by=cast.consumer)

    def test_a_size_that_became_too_small_rebuilds_nothing(self, cast: Cast, server: Server, golden: Image) -> None:
        Image.objects.filter(pk=golden.pk).update(min_ram=9999)
        with pytest.raises(Conflict, match="9999 MiB"):
            actions.rebuild_server(server.pk, by=cast.consumer)

    def test_a_deleted_server_is_not_there(self, cast: Cast, server: Server) -> None:
        actions.delete_server(server.pk, by=cast.consumer)
        with pytest.raises(Http404):
            actions.start_server(server.pk, by=cast.consumer)


class TestConsent:
    @pytest.fixture
    def failed(self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share) -> Server:
        """A server that failed before it ever ran."""
        cloud.errors["create"] = [CloudRefused("The quota there is used up.")]
        return running(boot(cast.consumer, lent.image))

    def test_one_that_never_ran_asks_again(self, cast: Cast, failed: Server, lent: Share) -> None:
        assert (failed.status, failed.has_run) == ("failed", False)
        sharing.remove(lent.image_id, lent.pk, by=cast.producer)
        with pytest.raises(Conflict, match="no longer shared"):
            actions.start_server(failed.pk, by=cast.consumer)

    def test_with_consent_it_begins(self, cast: Cast, failed: Server) -> None:
        actions.start_server(failed.pk, by=cast.consumer)
        actions.start_server(failed.pk, by=cast.consumer)
        assert attend(failed).status == "running"
        assert verbs_of(failed) == ["created", "failed", "started"]

    def test_stopped_before_its_first_start(self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share) -> None:
        server = boot(cast.consumer, lent.image)
        actions.stop_server(server.pk, by=cast.consumer)
        assert (attend(server).status, cloud.calls["create"]) == ("stopped", 0)
        sharing.remove(lent.image_id, lent.pk, by=cast.producer)
        with pytest.raises(Conflict):
            actions.start_server(server.pk, by=cast.consumer)

    @pytest.mark.parametrize("end", ["remove", "make private", "deactivate"])
    def test_what_is_taken_back_before_a_worker_comes_boots_nothing(
        self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, golden: Image, end: str
    ) -> None:
        server = boot(cast.consumer, golden)
        cloud.errors["create"] = [CloudBusy("Its image is being brought.")]
        attend(server)
        ends: dict[str, Callable[[], object]] = {
            "remove": lambda: sharing.remove(golden.pk, lent.pk, by=cast.producer),
            "make private": lambda: set_visibility(golden.pk, by=cast.producer, visibility="private"),
            "deactivate": lambda: deactivate(golden.pk, by=cast.producer),
        }
        ends[end]()
        server = attend(server)
        assert (server.status, server.has_run, cloud.machines) == ("failed", False, {})
        assert server.problem.startswith("“debian-12-golden” ")

    def test_what_left_its_account_with_a_person_boots_nothing(
        self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, golden: Image
    ) -> None:
        sharing.remove(golden.pk, lent.pk, by=cast.producer)
        personal = viewer(cast.bob, cast.bob.personal_account)
        sharing.accept(offer_one(golden, cast.producer, personal.account.number).pk, by=personal)
        server = boot(cast.consumer, golden)
        Membership.objects.filter(group=cast.beta, user=cast.bob).delete()
        assert "no longer shared with Beta Consumers" in attend(server).problem

    def test_own_and_open_images_boot_without_a_share(
        self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, golden: Image
    ) -> None:
        sharing.remove(golden.pk, lent.pk, by=cast.producer)
        assert running(boot(cast.producer, golden)).has_run
        set_visibility(golden.pk, by=cast.producer, visibility="community")
        assert running(boot(cast.consumer, golden)).has_run

    def test_a_lost_machine_is_never_begun_anew_unasked(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        cloud.machines.clear()
        actions.look_at_server(server.pk)
        assert (fresh(server).status, fresh(server).problem) == ("failed", LOST)
        actions.start_server(server.pk, by=cast.consumer)
        assert (attend(server).status, cloud.calls["create"]) == ("failed", 1)
        actions.rebuild_server(server.pk, by=cast.consumer)
        assert (attend(server).status, cloud.calls["create"]) == ("running", 2)


class TestWhatTheCloudSays:
    def test_one_that_stops_at_once_is_not_started_for_ever(
        self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share
    ) -> None:
        server = boot(cast.consumer, lent.image)
        cloud.becomes = State.STOPPED
        server = attend(server)
        assert (server.wanted, server.status, server.problem) == ("stopped", "stopped", BY_ITSELF)
        attend(server)
        assert cloud.machines[server.pk].boots == 1

    def test_a_reboot_of_one_that_stopped_unnoticed_starts_it(
        self, cast: Cast, cloud: MemoryCloud, server: Server
    ) -> None:
        actions.reboot_server(server.pk, by=cast.consumer)
        cloud.put(server.pk, State.STOPPED)
        assert attend(server).status == "running"

    def test_a_busy_cloud_is_waited_for(
        self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, work_through: WorkThrough
    ) -> None:
        cloud.errors["create"] = [CloudBusy("The image is being sent there.", percent=40)]
        server = running(boot(cast.consumer, lent.image))
        assert (server.status, server.progress, server.problem) == ("building", 40, "The image is being sent there.")
        assert (server.attempts, attend(server).progress) == (0, None)


class TestTrouble:
    @pytest.mark.parametrize("problem", [CloudProblem("Try later."), ZeroDivisionError("A fault of ours.")])
    @pytest.mark.parametrize("verb", VERBS)
    def test_what_did_not_work_is_tried_again(
        self, verb: str, problem: Exception, cast: Cast, cloud: MemoryCloud, server: Server
    ) -> None:
        act, status = VERBS[verb]
        act(server.pk, by=cast.consumer)
        cloud.errors["create" if verb == "rebuild" else verb] = [problem]
        with suppress(ZeroDivisionError):
            attend(server)
        said = "Try later." if isinstance(problem, CloudProblem) else UNEXPECTED
        assert (fresh(server).problem, fresh(server).attempts, fresh(server).is_busy) == (said, 1, True)
        assert (attend(server).status, fresh(server).problem) == (status, "")

    @pytest.mark.parametrize("verb", ["stop", "reboot", "rebuild"])
    def test_in_vain_again_and_again(self, verb: str, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        act, _status = VERBS[verb]
        act(server.pk, by=cast.consumer)
        method = "create" if verb == "rebuild" else verb
        cloud.errors[method] = [CloudProblem("Away.")] * MOST_ATTEMPTS
        for _ in range(MOST_ATTEMPTS):
            server = attend(server)
        assert (server.status, server.problem, server.is_settled) == ("failed", "Away.", True)
        assert verbs_of(server)[-1] == "failed"
        again = actions.stop_server if verb == "stop" else actions.start_server
        again(server.pk, by=cast.consumer)
        assert fresh(server).is_busy
        assert attend(server).status == ("stopped" if verb == "stop" else "running")

    def test_a_deletion_is_never_given_up(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        actions.delete_server(server.pk, by=cast.consumer)
        cloud.errors["delete"] = [CloudRefused("Away.")] * (MOST_ATTEMPTS + 2)
        for _ in range(MOST_ATTEMPTS + 2):
            server = attend(server)
        assert (server.status, server.gone_at) == ("running", None)
        assert attend(server).gone_at

    def test_attempts_come_further_and_further_apart(
        self, cast: Cast, cloud: MemoryCloud, server: Server, commit_at_once: None
    ) -> None:
        cloud.away = CloudProblem("It does not answer.")
        actions.stop_server(server.pk, by=cast.consumer)
        OrmQ.objects.all().delete()
        for _ in range(MOST_ATTEMPTS - 1):
            attend(server)
        moments = list(OrmQ.objects.order_by("pk").values_list("lock", flat=True))
        waits = [later - earlier for earlier, later in pairwise(moments)]
        assert waits == sorted(waits)
        assert waits[0] < timedelta(seconds=10) < waits[-1] < timedelta(seconds=LONGEST_WAIT)

    def test_whoever_made_it_is_told_once_that_it_failed(
        self, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share
    ) -> None:
        cloud.errors["create"] = [CloudRefused("The quota there is used up.")]
        server = running(boot(cast.consumer, lent.image))
        attend(server)
        actions.look_at_servers()
        told = Notification.objects.get(user=cast.bob, subject="“web-1” has failed")
        assert told.path == f"/a/{cast.beta.number}/servers/{server.pk}/"
        assert "The quota there is used up." in told.body
        assert (verbs_of(server), cloud.calls["create"]) == (["created", "failed"], 1)

    def test_who_has_left_hears_nothing(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        Membership.objects.filter(user=cast.bob, group=cast.beta).delete()
        cloud.put(server.pk, State.FAILED, problem="It crashed.")
        actions.look_at_servers()
        assert fresh(server).status == "failed"
        assert not Notification.objects.filter(user=cast.bob, subject__contains="has failed").exists()


class TestChangesOfMind:
    """Somebody wants something else while a worker is at it."""

    @pytest.mark.parametrize(
        ("first", "method", "then", "status"),
        [
            (actions.stop_server, "stop", actions.start_server, "running"),
            (actions.stop_server, "stop", actions.delete_server, "deleted"),
            (actions.stop_server, "stop", actions.rebuild_server, "running"),
            (actions.reboot_server, "reboot", actions.stop_server, "stopped"),
            (actions.rebuild_server, "create", actions.stop_server, "stopped"),
            (actions.rebuild_server, "create", actions.rebuild_server, "running"),
            (actions.rebuild_server, "create", actions.delete_server, "deleted"),
        ],
    )
    def test_the_last_word_holds(
        self,
        first: Verb,
        method: str,
        then: Verb,
        status: str,
        cast: Cast,
        cloud: MemoryCloud,
        server: Server,
    ) -> None:
        first(server.pk, by=cast.consumer)
        cloud.meanwhile[method] = lambda: then(server.pk, by=cast.consumer)
        assert attend(server).status != status or status == "running"
        server = attend(server)
        assert (server.status, server.is_settled) == (status, True)

    def test_what_was_said_before_a_change_is_not_written_down(
        self, cast: Cast, cloud: MemoryCloud, server: Server
    ) -> None:
        actions.stop_server(server.pk, by=cast.consumer)

        def another_worker() -> None:
            attend(server)
            actions.start_server(server.pk, by=cast.consumer)

        cloud.meanwhile["stop"] = another_worker
        assert attend(server).wanted == "running"
        assert attend(server).status == "running"
