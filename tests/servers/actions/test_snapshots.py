"""Images made from servers: asked for, made, killed anywhere, cancelled, refused."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test import TestCase
from pytest_django.fixtures import Settings

import images.hooks
from accounts.errors import Conflict
from accounts.models import Event, Notification
from images.actions import label
from images.models import Image, ImageData, Quota
from images.problems import QuotaExceeded
from images.stores import get_store
from servers import actions
from servers.actions.claims import SILENCE
from servers.clouds.base import CloudBusy, CloudRefused
from servers.models import Server, Snapshot
from sharing.models import Share
from tests.conftest import MoveClock
from tests.people import Cast
from tests.servers.conftest import boot, fresh
from tests.servers.memory import MemoryCloud

pytestmark = [pytest.mark.django_db, pytest.mark.database]


class Killed(BaseException):
    """The worker died: nothing that would tidy up runs, as after ``kill -9``."""


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.SERVERS_DIR = tmp_path / "servers"
    return tmp_path / "servers" / "snapshots"


@pytest.fixture
def snapshot(cast: Cast, server: Server) -> Snapshot:
    """One that waits."""
    return actions.start_snapshot(server.pk, by=cast.consumer, name="web-1-kept")


def made(snapshot: Snapshot) -> Snapshot:
    with TestCase.captureOnCommitCallbacks(execute=True):
        actions.run_snapshot(snapshot.pk)
    return Snapshot.objects.get(pk=snapshot.pk)


def stored() -> set[str]:
    """What lies in the store, finished or not, and no image data names."""
    named = set(ImageData.objects.values_list("store_key", flat=True))
    return {each.key for each in get_store().stored()} - named


class TestMade:
    def test_it_is_a_private_image_of_the_account_with_its_parent(
        self, cast: Cast, snapshot: Snapshot, cloud: MemoryCloud, golden: Image
    ) -> None:
        label(golden.pk, by=cast.consumer, default_login="debian", ports=[22])
        image = made(snapshot).image
        assert image
        assert (image.account, image.name, image.parent) == (cast.beta, "web-1-kept", golden)
        assert (image.source, image.visibility) == (Image.Source.SNAPSHOT, Image.Visibility.PRIVATE)
        assert (image.default_login, image.ports) == ("debian", [22])
        with closing(get_store().read(image.data.store_key)) as kept:
            assert b"".join(kept) == cloud.disk

    def test_a_second_task_makes_no_second_image(self, cast: Cast, snapshot: Snapshot) -> None:
        assert made(snapshot).image == made(snapshot).image
        assert Image.objects.filter(account=cast.beta).count() == 1

    def test_both_events_are_written(self, cast: Cast, snapshot: Snapshot, server: Server) -> None:
        image = made(snapshot).image
        assert image
        assert Event.objects.of("server", server.pk).filter(verb="had an image made").exists()
        assert Event.objects.of("image", image.pk).get(verb="created").actor == cast.bob

    def test_it_boots(self, cast: Cast, snapshot: Snapshot) -> None:
        image = made(snapshot).image
        assert image
        assert boot(cast.consumer, image).image == image


class TestKilled:
    @pytest.mark.parametrize("moment", ["before any byte", "between two bytes", "before it is written down"])
    def test_the_next_worker_begins_anew_and_nothing_is_left(
        self,
        moment: str,
        snapshot: Snapshot,
        cloud: MemoryCloud,
        folder: Path,
        move_clock: MoveClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with monkeypatch.context() as patch:
            die(patch, cloud, moment)
            with pytest.raises(Killed):
                actions.run_snapshot(snapshot.pk)
        assert made(snapshot).status == "running", "Somebody may still be at it."
        move_clock(SILENCE)
        assert actions.attend_to_snapshots() == 1
        assert made(snapshot).image
        assert stored() == set()
        assert list(folder.iterdir()) == []


def die(patch: pytest.MonkeyPatch, cloud: MemoryCloud, moment: str) -> None:
    """Have the next worker die, with no chance to tidy up."""

    def kill(*_arguments: Any, **_named: Any) -> Any:
        raise Killed

    def half(*_arguments: Any, **_named: Any) -> Iterator[bytes]:
        yield cloud.disk[: len(cloud.disk) // 2]
        raise Killed

    patch.setattr("servers.actions.snapshots._give_back", lambda _snapshot, **_named: None)
    patch.setattr("images.streams.ImageStore.abort", kill, raising=False)
    if moment == "before it is written down":
        patch.setattr("servers.actions.snapshots._complete", kill)
    else:
        patch.setattr(cloud, "snapshot", kill if moment == "before any byte" else half)


class TestRefused:
    def test_an_observer_makes_none(self, cast: Cast, server: Server) -> None:
        with pytest.raises(PermissionDenied, match="Only a creator or an admin"):
            actions.start_snapshot(server.pk, by=cast.observer, name="kept")

    def test_nobody_else_knows_of_the_server(self, cast: Cast, server: Server, snapshot: Snapshot) -> None:
        with pytest.raises(Http404):
            actions.start_snapshot(server.pk, by=cast.producer, name="kept")
        with pytest.raises(Http404):
            actions.discard_snapshot(server.pk, snapshot.pk, by=cast.producer)

    def test_one_at_a_time(self, cast: Cast, server: Server, snapshot: Snapshot) -> None:
        with pytest.raises(Conflict, match="being made from it"):
            actions.start_snapshot(server.pk, by=cast.consumer, name="again")

    @pytest.mark.parametrize(
        "verb", [actions.stop_server, actions.reboot_server, actions.rebuild_server], ids=lambda verb: verb.__name__
    )
    def test_what_would_change_the_disk_waits(
        self, verb: Callable[..., Server], cast: Cast, server: Server, snapshot: Snapshot
    ) -> None:
        with pytest.raises(Conflict, match="being made from it"):
            verb(server.pk, by=cast.consumer)
        made(snapshot)
        verb(server.pk, by=cast.consumer)

    def test_a_name_is_needed(self, cast: Cast, server: Server) -> None:
        with pytest.raises(ValidationError) as refused:
            actions.start_snapshot(server.pk, by=cast.consumer, name="")
        assert "name" in refused.value.message_dict

    def test_a_full_account_starts_none(self, cast: Cast, server: Server) -> None:
        Quota.objects.create(account=cast.beta, images=0)
        with pytest.raises(QuotaExceeded):
            actions.start_snapshot(server.pk, by=cast.consumer, name="kept")

    def test_what_does_not_fit_ends_early_and_says_so(self, cast: Cast, server: Server, snapshot: Snapshot) -> None:
        Quota.objects.create(account=cast.beta, bytes=10)
        after = made(snapshot)
        assert (after.status, after.image) == ("failed", None)
        assert "this needs" in after.problem
        assert stored() == set()
        assert Notification.objects.filter(user=cast.bob, subject="There is no image of “web-1”").exists()


class TestEnds:
    def test_cancelled_it_is_gone(self, cast: Cast, server: Server, snapshot: Snapshot) -> None:
        actions.discard_snapshot(server.pk, snapshot.pk, by=cast.consumer)
        actions.run_snapshot(snapshot.pk)
        assert not Snapshot.objects.exists()
        assert not Image.objects.filter(account=cast.beta).exists()

    def test_cancelled_while_it_comes_it_leaves_nothing(
        self, cast: Cast, server: Server, snapshot: Snapshot, cloud: MemoryCloud
    ) -> None:
        cloud.meanwhile["snapshot"] = lambda: actions.discard_snapshot(server.pk, snapshot.pk, by=cast.consumer)
        actions.run_snapshot(snapshot.pk)
        assert not Image.objects.filter(account=cast.beta).exists()
        assert stored() == set()

    def test_deleting_the_server_ends_it(
        self, cast: Cast, server: Server, snapshot: Snapshot, cloud: MemoryCloud
    ) -> None:
        cloud.meanwhile["snapshot"] = lambda: actions.delete_server(server.pk, by=cast.consumer)
        after = made(snapshot)
        assert (after.status, after.image) == ("failed", None)
        assert "deleted" in after.problem
        assert stored() == set()

    def test_whoever_left_the_account_gets_no_image(self, cast: Cast, snapshot: Snapshot, cloud: MemoryCloud) -> None:
        cast.bob.is_active = False
        cloud.meanwhile["snapshot"] = cast.bob.save
        assert "no longer belongs" in made(snapshot).problem
        assert stored() == set()

    def test_a_busy_cloud_is_waited_for(self, snapshot: Snapshot, cloud: MemoryCloud) -> None:
        cloud.errors["snapshot"] = [CloudBusy("Another image is made there.")]
        assert made(snapshot).status == "waiting"
        assert made(snapshot).status == "done"

    def test_a_cloud_that_refuses_is_quoted(self, snapshot: Snapshot, cloud: MemoryCloud) -> None:
        cloud.errors["snapshot"] = [CloudRefused("Stop it first.")]
        after = made(snapshot)
        assert (after.status, after.problem) == ("failed", "Stop it first.")

    def test_what_waits_for_a_day_is_given_up(self, snapshot: Snapshot, move_clock: MoveClock) -> None:
        move_clock(timedelta(hours=25))
        assert actions.attend_to_snapshots() == 0
        assert Snapshot.objects.get().status == "failed"


class TestToldToTheProducer:
    def test_a_server_that_is_being_deleted_is_not_counted(self, cast: Cast, server: Server, lent: Share) -> None:
        [before] = images.hooks.usage.ask(cast.producer, [lent.pk])
        actions.delete_server(server.pk, by=cast.consumer)
        [after] = images.hooks.usage.ask(cast.producer, [lent.pk])
        assert (before[lent.pk].running, after[lent.pk].running) == (1, 0)
        assert fresh(server).status == "running"

    @pytest.mark.parametrize(("change", "speaks"), [("public", False), ("private", True), ("delete", True)])
    def test_opening_an_image_keeps_nobody_from_rebuilding(
        self, change: str, speaks: bool, server: Server, lent: Share
    ) -> None:
        said = [str(one) for some in images.hooks.consequences.ask(lent.image, change) for one in some]
        assert any("cannot be rebuilt" in text for text in said) is speaks
