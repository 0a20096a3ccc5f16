"""From Create Server to a machine of a cloud that has to be given the image first."""

from contextlib import closing
from datetime import timedelta

import pytest
from django_q.models import OrmQ

from images.actions.health import open_data
from images.models import DataHold
from servers import actions
from servers.clouds import CloudRefused, Source
from servers.clouds.base import Bytes
from servers.clouds.finding import cloud_of
from servers.clouds.openstack import OpenStackCloud
from servers.models import CloudCopy, CloudKey, Server
from sharing.models import Share
from tests.conftest import MoveClock, WorkThrough
from tests.people import Cast
from tests.servers.conftest import boot, fresh
from tests.servers.openstack.standin import Refused, StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commit_at_once", "keys")]
UPLOADS = "PUT /image/v2/images/.*/file"


def test_is_brought_on_first_use_and_boots(cast: Cast, there: StandIn, lent: Share, work_through: WorkThrough) -> None:
    server = boot(cast.consumer, lent.image)
    work_through()
    server = fresh(server)
    assert (server.status, server.wanted, server.problem) == ("running", "running", "")
    with closing(open_data(server.data)) as stored:
        assert list(there.files.values()) == [stored.read()]
    assert CloudCopy.objects.get().status == "done"
    assert not DataHold.objects.filter(holder__startswith="cloud copy").exists()


def test_the_second_server_finds_it_there(cast: Cast, there: StandIn, lent: Share, work_through: WorkThrough) -> None:
    for name in ("web-1", "web-2"):
        boot(cast.consumer, lent.image, name=name)
    work_through()
    assert set(Server.objects.values_list("status", flat=True)) == {"running"}
    assert len([each for each in there.asked if each.startswith("PUT")]) == 1


def test_people_see_how_far_it_is(cast: Cast, there: StandIn, lent: Share) -> None:
    server = boot(cast.consumer, lent.image)
    actions.attend_to_server(server.pk)
    CloudCopy.objects.update(progress=40)
    actions.attend_to_server(server.pk)
    server = fresh(server)
    assert (server.status, server.progress) == ("building", 40)
    assert server.problem == f"“{server.image_name}” is being brought to the cloud of {cast.iad.name}."
    assert DataHold.objects.filter(data=server.data, holder__startswith="cloud copy").exists()


def test_two_workers_bring_it_once(cast: Cast, there: StandIn, lent: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.attend_to_server(boot(cast.consumer, lent.image).pk)
    copy, bring = CloudCopy.objects.get(), OpenStackCloud.bring

    def bring_while_another_comes(cloud: OpenStackCloud, image: Source, data: Bytes) -> str:
        actions.run_copy(copy.pk)
        return bring(cloud, image, data)

    monkeypatch.setattr(OpenStackCloud, "bring", bring_while_another_comes)
    actions.run_copy(copy.pk)
    assert len([each for each in there.asked if each.startswith("PUT")]) == 1


def test_a_killed_worker_holds_nothing_up(
    cast: Cast, there: StandIn, lent: Share, move_clock: MoveClock, work_through: WorkThrough
) -> None:
    server = boot(cast.consumer, lent.image)
    actions.attend_to_server(server.pk)
    copy = CloudCopy.objects.get()
    CloudCopy.objects.update(status="running", claim=copy.data_id, seen_at=copy.created_at)
    OrmQ.objects.all().delete()
    move_clock(timedelta(minutes=10))
    assert actions.attend_to_copies() == 1
    actions.attend_to_servers()
    work_through()
    assert fresh(server).status == "running"


def test_a_cloud_without_room_says_so(
    cast: Cast, there: StandIn, lent: Share, work_through: WorkThrough, move_clock: MoveClock
) -> None:
    there.refusals[UPLOADS] = Refused(413, "The limit of storage is 10 GiB: quota exceeded.")
    server = boot(cast.consumer, lent.image)
    work_through()
    server = fresh(server)
    assert server.status == "failed"
    assert "has no room left: The limit of storage is 10 GiB" in server.problem
    assert CloudCopy.objects.get().status == "failed"
    there.refusals.clear()
    move_clock(timedelta(minutes=2))
    actions.start_server(server.pk, by=cast.consumer)
    work_through()
    assert fresh(server).status == "running"


def test_a_cloud_that_is_out_of_order_is_asked_again(
    cast: Cast, there: StandIn, lent: Share, work_through: WorkThrough
) -> None:
    there.refusals[UPLOADS] = Refused(503, "Maintenance.")
    boot(cast.consumer, lent.image)
    actions.attend_to_server(Server.objects.get().pk)
    actions.run_copy(CloudCopy.objects.get().pk)
    copy = CloudCopy.objects.get()
    assert (copy.status, copy.attempts) == ("waiting", 1)
    assert "out of order" in copy.problem
    there.refusals.clear()
    work_through()
    assert Server.objects.get().status == "running"


def test_without_a_key_there_is_no_cloud(cast: Cast) -> None:
    CloudKey.objects.filter(account=cast.consumer.account).delete()
    with pytest.raises(CloudRefused, match="has no cloud key for"):
        cloud_of(cast.iad, cast.consumer.account)
