"""Machines of an OpenStack cloud, against a stand-in (see ``standin`` for what that rests on)."""

import base64
import email
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from servers.clouds import CloudBusy, CloudProblem, CloudRefused, State
from servers.clouds.base import ImageNeeded, Network
from servers.clouds.openstack import OpenStackCloud, Size
from servers.clouds.openstack.problems import CloudSilent, NoSuchFlavor, NoSuchNetwork, QuotaReached
from tests.servers.openstack.conftest import DISK, Bytes, brought, machine, source
from tests.servers.openstack.standin import EXTERNAL, NETWORK, SHARED, Refused, StandIn, net

CREATES = "POST /compute/v2.1/servers"


class TestBooting:
    def test_an_image_has_to_be_there_first(self, oslo: OpenStackCloud, there: StandIn) -> None:
        with pytest.raises(ImageNeeded, match="Golden is being brought to the cloud of Oslo"):
            oslo.create(machine())
        assert not there.servers

    def test_boots_from_the_image_with_a_mark(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        [server] = there.servers.values()
        assert server["tags"] == [f"stockroom-{wanted.id}"]
        assert server["metadata"] == {"stockroom_server": str(wanted.id), "stockroom_disk": "1"}
        assert server["image"]["id"] in there.images
        assert server["asked"]["networks"] == "none"
        condition = oslo.condition(wanted)
        assert (condition.state, condition.disk_number, condition.cloud_id) == (State.RUNNING, 1, server["id"])

    def test_twice_is_once(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        oslo.create(wanted)
        assert there.asked.count(CREATES) == 1

    def test_of_two_made_at_once_the_older_stays(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        there.before[CREATES] = lambda: OpenStackCloud(there.access).create(wanted)
        oslo.create(wanted)
        assert there.asked.count(CREATES) == 2
        assert [each["created"] for each in there.servers.values()] == ["2026-11-21T01:46:00Z"]

    def test_boots_a_registered_image_by_its_id(self, oslo: OpenStackCloud, there: StandIn) -> None:
        place = oslo.bring(source(), Bytes(DISK))
        oslo.create(machine(image=source(registered_as=place)))
        assert [each["image"]["id"] for each in there.servers.values()] == [place]

    def test_reaches_the_own_network_where_it_may(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine(network=True))
        oslo.create(wanted)
        assert [each["asked"]["networks"] for each in there.servers.values()] == [[{"uuid": NETWORK}]]
        assert oslo.condition(wanted).address == "10.0.0.7"

    def test_keys_and_user_data_reach_the_guest(self, oslo: OpenStackCloud, there: StandIn) -> None:
        oslo.create(brought(oslo, machine(ssh_keys=("ssh-ed25519 AAAA ann",), user_data="#!/bin/sh\ntouch /ü\n")))
        [server] = there.servers.values()
        message = email.message_from_bytes(base64.b64decode(server["asked"]["user_data"]))
        keys, script = (part.get_payload(decode=True) for part in message.get_payload())  # type: ignore[union-attr]
        assert keys == b'#cloud-config\nssh_authorized_keys:\n  - "ssh-ed25519 AAAA ann"\n'
        assert script == "#!/bin/sh\ntouch /ü\n".encode()

    @pytest.mark.parametrize("network", [True, False])
    def test_user_data_lies_on_a_drive_where_no_network_leads_to_it(
        self, oslo: OpenStackCloud, there: StandIn, network: bool
    ) -> None:
        oslo.create(brought(oslo, machine(user_data="#!/bin/sh\n", network=network)))
        [server] = there.servers.values()
        assert server["asked"].get("config_drive", False) is not network

    def test_a_rebuild_begins_anew_and_is_done_once(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        again = replace(wanted, disk_number=2)
        oslo.create(again)
        oslo.create(again)
        assert [each.endswith("/action") for each in there.asked].count(True) == 1
        assert oslo.condition(again).disk_number == 2

    def test_one_that_failed_is_replaced_by_a_rebuild(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        there.boots_to = "ERROR"
        oslo.create(wanted)
        oslo.create(wanted)
        assert oslo.condition(wanted).state is State.FAILED
        there.boots_to = "ACTIVE"
        with pytest.raises(CloudBusy, match="is being deleted"):
            oslo.create(replace(wanted, disk_number=2))
        oslo.create(replace(wanted, disk_number=2))
        assert oslo.condition(wanted).state is State.RUNNING


class TestRunning:
    def test_stops_starts_and_reboots(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        oslo.stop(wanted)
        oslo.stop(wanted)
        assert oslo.condition(wanted).state is State.STOPPED
        oslo.start(wanted)
        oslo.start(wanted)
        assert oslo.condition(wanted).state is State.RUNNING
        oslo.reboot(wanted)
        assert len([each for each in there.asked if each.endswith("/action")]) == 3

    def test_says_how_the_cloud_has_put_it_aside(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        [server] = there.servers.values()
        server["status"] = "PAUSED"
        assert oslo.condition(wanted).problem == "It is paused in its cloud."
        oslo.start(wanted)
        assert oslo.condition(wanted).state is State.RUNNING

    def test_one_that_is_changing_is_asked_again(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        said = "Cannot 'stop' instance while it is in task_state rebooting"
        there.refusals["/action"] = Refused(409, said, "conflictingRequest")
        with pytest.raises(CloudBusy, match="Cannot 'stop' instance"):
            oslo.stop(wanted)

    def test_one_that_shuts_down_is_in_between(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        [server] = there.servers.values()
        server["OS-EXT-STS:task_state"] = "powering-off"
        assert oslo.condition(wanted).state is State.BUILDING

    def test_nobody_knows_of_one_whose_host_is_silent(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        [server] = there.servers.values()
        server["status"] = "UNKNOWN"
        with pytest.raises(CloudProblem, match="does not know"):
            oslo.condition(wanted)

    def test_is_deleted_once_and_for_all(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        oslo.delete(wanted)
        oslo.delete(wanted)
        assert not there.servers
        assert oslo.condition(wanted).state is State.ABSENT

    def test_is_deleted_when_the_cloud_has_no_trace_of_it(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        [server] = there.servers.values()
        there.refusals["DELETE"] = Refused(404, "gone", "itemNotFound")
        with pytest.raises(CloudBusy, match="being deleted"):
            oslo.delete(wanted)
        assert server["status"] == "ACTIVE"


class TestConsole:
    def test_gives_a_part(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        there.output = "Grüße\nlogin: "
        last = oslo.console(wanted, offset=-7, limit=100)
        assert (last.text, last.offset, last.end) == ("login: ", 8, 15)
        assert oslo.console(wanted, offset=last.end, limit=100).text == ""
        assert oslo.console(wanted, offset=0, limit=3).text == "Gr"

    def test_one_that_is_not_there_has_printed_nothing(self, oslo: OpenStackCloud) -> None:
        assert oslo.console(machine(), offset=-100, limit=100).text == ""


class TestSnapshots:
    def test_gives_the_disk_and_leaves_nothing_there(
        self, oslo: OpenStackCloud, there: StandIn, tmp_path: Path
    ) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        [server] = there.servers
        percents: list[int] = []
        data = b"".join(oslo.snapshot(wanted, folder=tmp_path, progress=percents.append))
        assert data == b"QFI\xfb of " + server.encode()
        assert percents == [100]
        assert len(there.images) == 1

    def test_what_a_killed_worker_left_is_removed(self, oslo: OpenStackCloud, there: StandIn, tmp_path: Path) -> None:
        wanted = brought(oslo, machine())
        oslo.create(wanted)
        left = oslo.snapshot(wanted, folder=tmp_path, progress=lambda _: None)
        assert next(left)
        assert len(there.images) == 2
        list(oslo.snapshot(wanted, folder=tmp_path, progress=lambda _: None))
        assert len(there.images) == 1


class TestWhatIsMissing:
    def test_a_flavor_that_is_gone(self, oslo: OpenStackCloud) -> None:
        wanted = brought(oslo, machine(flavor="99"))
        with pytest.raises(NoSuchFlavor, match="has no size '99' any more"):
            oslo.create(wanted)

    def test_user_data_that_is_too_long_is_not_sent(self, oslo: OpenStackCloud, there: StandIn) -> None:
        wanted = brought(oslo, machine(user_data="x" * 49_152))
        with pytest.raises(CloudRefused, match="too long for its cloud, which takes 48 KiB"):
            oslo.create(wanted)
        oslo.create(replace(wanted, user_data="x" * 49_149))
        assert len(there.servers) == 1

    def test_quota(self, oslo: OpenStackCloud, there: StandIn) -> None:
        said = "Quota exceeded for cores: Requested 1, but already used 20 of 20 cores"
        there.refusals[CREATES + "$"] = Refused(403, said, "forbidden")
        wanted = brought(oslo, machine())
        with pytest.raises(QuotaReached, match="already used 20 of 20 cores") as caught:
            oslo.create(wanted)
        assert caught.value.lasting

    def test_a_cloud_that_is_out_of_order(self, oslo: OpenStackCloud, there: StandIn) -> None:
        there.refusals["/servers"] = Refused(503, "down for maintenance")
        with pytest.raises(CloudSilent, match="out of order"):
            oslo.condition(machine())

    def test_a_machine_without_a_trace_cannot_be_started(self, oslo: OpenStackCloud) -> None:
        with pytest.raises(CloudRefused, match="rebuilt or deleted"):
            oslo.start(machine())

    def test_lists_sizes(self, oslo: OpenStackCloud) -> None:
        assert oslo.flavors()[0] == Size("1", "m1.tiny", 1, 512, 1)


class TestNetworks:
    def test_offers_own_and_shared_ones_that_have_addresses(self, oslo: OpenStackCloud) -> None:
        """Those of other projects, which a key of the cloud's own staff sees too, are nobody's choice."""
        said = {"is_own": False, "is_external": False}
        assert oslo.networks() == [
            Network(id=NETWORK, name="private", subnets=("10.0.4.0/24",), **said | {"is_own": True}),
            Network(id=SHARED, name="everybody", subnets=("10.0.0.0/24",), **said),
            Network(id=EXTERNAL, name="street", subnets=("10.0.1.0/24",), **said | {"is_external": True}),
        ]

    def test_what_a_cloud_says_is_kept_short(self, oslo: OpenStackCloud, there: StandIn) -> None:
        there.nets = [net(NETWORK, "evil\u202e\n" * 200, subnets=20), net("x" * 65, "long"), net("n\0", "nul")]
        there.nets += [net(str(uuid4()), f"n{number:03}") for number in range(120)]
        offered = oslo.networks()
        assert len(offered) == 100
        assert offered[0].name.startswith("evil evil ")
        assert (len(offered[0].name), len(offered[0].subnets)) == (255, 8)

    @pytest.mark.parametrize("name", ["", "\u202e \n"])
    def test_one_whose_name_cannot_be_shown_is_called_by_its_id(
        self, oslo: OpenStackCloud, there: StandIn, name: str
    ) -> None:
        there.nets = [net(NETWORK, name)]
        assert [each.name for each in oslo.networks()] == [NETWORK]

    def test_connects_to_the_chosen_one(self, oslo: OpenStackCloud, there: StandIn) -> None:
        oslo.create(brought(oslo, machine(network=True, network_code=SHARED)))
        assert [each["asked"]["networks"] for each in there.servers.values()] == [[{"uuid": SHARED}]]

    def test_connects_to_none_that_is_not_offered(self, oslo: OpenStackCloud, there: StandIn) -> None:
        theirs = next(each["id"] for each in there.nets if each["name"] == "theirs")
        with pytest.raises(NoSuchNetwork, match="no longer has the network"):
            oslo.create(brought(oslo, machine(network=True, network_code=theirs)))
        assert not there.servers

    def test_without_any_says_so(self, oslo: OpenStackCloud, there: StandIn) -> None:
        there.nets = []
        assert oslo.networks() == []
        with pytest.raises(CloudRefused, match="has no network"):
            oslo.create(brought(oslo, machine(network=True)))
