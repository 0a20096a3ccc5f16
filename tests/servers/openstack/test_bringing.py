"""From Create Server to a machine of a cloud that has to be given the image first."""

from contextlib import closing
from datetime import timedelta
from uuid import uuid5

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Account
from images.actions.health import open_data
from images.models import DataHold
from servers import actions
from servers.actions import bringing
from servers.clouds import CloudRefused, Source
from servers.clouds.base import Bytes, CloudBusy
from servers.clouds.finding import cloud_of
from servers.clouds.openstack import OpenStackCloud
from servers.clouds.openstack.images import IDS
from servers.models import CloudCopy, CloudKey, Server
from sharing import actions as sharing
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


@pytest.mark.parametrize("end", ["removed", "booting only", "closed"])
def test_nothing_goes_to_whoever_may_not_have_it_any_more(
    cast: Cast, there: StandIn, lent: Share, work_through: WorkThrough, end: str
) -> None:
    server = boot(cast.consumer, lent.image)
    actions.attend_to_server(server.pk)
    if end == "removed":
        sharing.remove(lent.image_id, lent.pk, by=cast.producer)
    elif end == "booting only":
        Share.objects.filter(pk=lent.pk).update(export=False)
    else:
        Account.objects.filter(pk=cast.beta.pk).update(closed_at=timezone.now(), closed_by=cast.bob)
    actions.run_copy(CloudCopy.objects.get().pk)
    assert CloudCopy.objects.get().status == "failed"
    assert not there.images, "Nothing was sent."
    actions.attend_to_server(server.pk)
    assert fresh(server).status == "failed"


def test_an_id_that_somebody_has_guessed_holds_nothing_up(
    there: StandIn, cast: Cast, lent: Share, work_through: WorkThrough
) -> None:
    boot(cast.consumer, lent.image)
    guessed = str(uuid5(IDS, f"{there.other_project} {lent.image.data_id} 0"))
    there._image("Mine", {"id": guessed}, b"", owner=there.other_project)
    work_through()
    assert CloudCopy.objects.get().status == "done"
    assert guessed in there.images


def test_nobody_waits_for_somebody_else_for_ever(
    cast: Cast, there: StandIn, lent: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bring(*_: object) -> str:
        raise CloudBusy("Somebody else brings it.")

    actions.attend_to_server(boot(cast.consumer, lent.image).pk)
    monkeypatch.setattr(OpenStackCloud, "bring", bring)
    monkeypatch.setattr(bringing, "MOST_WAITS", 2)
    copy = CloudCopy.objects.get()
    for status in ("waiting", "failed"):
        actions.run_copy(copy.pk)
        copy.refresh_from_db()
        assert copy.status == status
    assert copy.problem == "Somebody else brings it."


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
