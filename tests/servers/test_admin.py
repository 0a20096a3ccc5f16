"""The administration: staff set clouds and sizes, by checked addresses, and look at the rest without its secrets."""

import socket
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import trustme
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains
from pytest_django.fixtures import Settings

from accounts.models import Event, User
from images.models import Image
from servers.models import CloudKey, Flavor, RegionCloud, Server
from sharing.models import Share
from tests.factories import make_region
from tests.images.outside.servers import file_of, serving
from tests.people import Cast
from tests.servers.conftest import boot
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db

Send = Callable[..., Any]
ADD = reverse("admin:servers_regioncloud_add")
CLOUDS = reverse("admin:servers_regioncloud_changelist")
FLAVORS = reverse("admin:servers_flavor_changelist")
OPENSTACK = {
    "kind": "openstack",
    "auth_url": "https://Cloud.Example.org:443/identity/v3/",
    "region_name": "RegionOne",
    "certificates": "",
    "endpoints": "https://cloud.example.org/compute\nhttps://cloud.example.org/image\n",
}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def admin(cast: Cast) -> Client:
    return client_of(cast.root)


@pytest.fixture
def local(cast: Cast) -> RegionCloud:
    return RegionCloud.objects.create(region=cast.iad)


def change(cloud: RegionCloud) -> str:
    return reverse("admin:servers_regioncloud_change", args=[cloud.pk])


def operate(admin: Client, address: str, operation: str, *pks: object) -> Any:
    return admin.post(address, {"action": operation, "_selected_action": [str(pk) for pk in pks]}, follow=True)


def told(kind: str) -> list[str]:
    """The events about regions or sizes."""
    return list(Event.objects.filter(subject_kind=kind).order_by("pk").values_list("verb", flat=True))


def problems(answer: Any) -> dict[str, list[str]]:
    """What the form of an answer says, by field."""
    errors: dict[str, list[str]] = answer.context["adminform"].form.errors
    return errors


class TestClouds:
    def test_an_address_is_written_in_one_way(self, admin: Client, cast: Cast) -> None:
        assert admin.post(ADD, OPENSTACK | {"region": "IAD"}).status_code == 302
        cloud = RegionCloud.objects.get()
        assert cloud.auth_url == "https://cloud.example.org/identity/v3"
        assert cloud.endpoints == ["https://cloud.example.org/compute", "https://cloud.example.org/image"]
        event = Event.objects.get(verb="cloud added")
        assert (event.subject_name, event.actor, event.detail["what"]) == (cast.iad.name, cast.root, "OpenStack")

    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("http://cloud.example.org/v3", "it has to begin with https://"),
            ("http://127.0.0.1:5000/v3", "it has to begin with https://"),
            ("https://admin:secret@cloud.example.org/v3", "Leave out the name and the password"),
            ("https://cloud.example.org/v3?token=1", "Leave out what follows the path"),
            ("https://cloud.example.org/a/../v3", "Leave out what follows the path"),
            ("ftp://cloud.example.org", "Enter a whole address"),
            ("cloud.example.org", "Enter a whole address"),
            ("https://cloud.example.org:port", "is no address"),
        ],
    )
    @pytest.mark.parametrize("field", ["auth_url", "endpoints"])
    def test_secrets_go_to_safe_places_only(
        self, admin: Client, cast: Cast, field: str, address: str, reason: str
    ) -> None:
        answer = admin.post(ADD, OPENSTACK | {"region": "IAD", field: address})
        assert reason in problems(answer)[field][0]
        assert "secret" not in problems(answer)[field][0]

    def test_this_host_may_be_reached_by_http_where_the_settings_say_so(
        self, admin: Client, cast: Cast, settings: Settings
    ) -> None:
        settings.CLOUDS_ON_LOOPBACK = True
        for address in ("http://127.0.0.1:5000/v3", "http://localhost/v3", "http://[::1]:5000"):
            admin.post(ADD, OPENSTACK | {"region": "IAD", "auth_url": address})
            assert RegionCloud.objects.get().auth_url == address
            RegionCloud.objects.all().delete()
        answer = admin.post(ADD, OPENSTACK | {"region": "IAD", "auth_url": "http://cloud.example.org"})
        assert "auth_url" in problems(answer)

    def test_the_certificate_is_read_when_it_is_saved(self, admin: Client, cast: Cast) -> None:
        authority = trustme.CA()
        pem, private = authority.cert_pem.bytes().decode(), authority.private_key_pem.bytes().decode()
        for text, reason in (("nonsense", "no certificate"), (pem + private, "private key")):
            answer = admin.post(ADD, OPENSTACK | {"region": "IAD", "certificates": text})
            assert reason in problems(answer)["certificates"][0]
        admin.post(ADD, OPENSTACK | {"region": "IAD", "certificates": pem.replace("\n", "\r\n")})
        assert RegionCloud.objects.get().certificates == pem

    def test_an_openstack_cloud_needs_an_address_and_this_host_has_none(self, admin: Client, cast: Cast) -> None:
        assert "auth_url" in problems(admin.post(ADD, OPENSTACK | {"region": "IAD", "auth_url": ""}))
        answer = admin.post(ADD, OPENSTACK | {"region": "IAD", "kind": "local"})
        assert set(problems(answer)) == {"auth_url", "region_name", "endpoints"}

    def test_a_change_is_told_by_its_fields(self, admin: Client, local: RegionCloud) -> None:
        admin.post(change(local), OPENSTACK)
        assert Event.objects.get(verb="cloud changed").detail["what"] == (
            "kind, address, name of the region there, allowed endpoints"
        )
        admin.post(change(local), OPENSTACK)
        assert Event.objects.filter(verb="cloud changed").count() == 1

    def test_the_kind_stays_while_there_are_servers(
        self, admin: Client, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share
    ) -> None:
        boot(cast.consumer, lent.image)
        answer = admin.post(change(RegionCloud.objects.get()), OPENSTACK)
        assert problems(answer)["kind"] == ["1 server is in the cloud that it has. Delete them first."]

    def test_it_is_closed_and_opened_again(self, admin: Client, local: RegionCloud) -> None:
        assertContains(operate(admin, CLOUDS, "close", local.pk), "those that there are go on")
        assert RegionCloud.objects.exclude(closed_at=None).exists()
        assertContains(operate(admin, CLOUDS, "close", local.pk), "is closed for new servers already.")
        assertContains(operate(admin, CLOUDS, "reopen", local.pk), "is open for new servers again.")
        assertContains(operate(admin, CLOUDS, "reopen", local.pk), "is open for new servers.")
        assert told("region") == ["cloud closed", "cloud reopened"]

    def test_nothing_is_deleted(self, admin: Client, local: RegionCloud) -> None:
        assert admin.post(reverse("admin:servers_regioncloud_delete", args=[local.pk])).status_code == 403


class TestAsking:
    def test_this_host_tells_its_version_and_memory(
        self, admin: Client, local: RegionCloud, settings: Settings, tmp_path: Any
    ) -> None:
        settings.SERVERS_DIR, settings.SERVERS_MEMORY = tmp_path / "servers", 4096
        answer = operate(admin, CLOUDS, "ask", local.pk)
        assertContains(answer, "all is well · QEMU: QEMU emulator version")
        assertContains(answer, "Servers: 0 running of 0 · Memory: 0 of 4096 MiB in use")

    def test_it_says_what_is_missing(self, admin: Client, local: RegionCloud, settings: Settings) -> None:
        settings.QEMU_SYSTEM = "/nonexistent"
        assertContains(operate(admin, CLOUDS, "ask", local.pk), "apt install qemu-system-x86 qemu-utils")

    def test_an_openstack_cloud_that_does_not_answer(self, admin: Client, cast: Cast) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/v3"
        RegionCloud.objects.create(region=cast.iad, kind="openstack", auth_url=address)
        assertContains(operate(admin, CLOUDS, "ask", "IAD"), f"The cloud of {cast.iad.name} does not answer")

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (b'{"version": {"id": "v3.14"}}', "all is well · Identity service: v3.14"),
            (b'{"versions": {"values": [{"id": "v3.14"}]}}', "all is well · Identity service: v3.14"),
            (b"<html>Welcome</html>", "Something answers there (200), but it is no Identity service."),
            (b"[]", "it is no Identity service."),
        ],
    )
    def test_an_openstack_cloud_names_its_version(self, admin: Client, cast: Cast, said: bytes, told: str) -> None:
        with serving(file_of(said)) as server:
            RegionCloud.objects.create(region=cast.iad, kind="openstack", auth_url=server.url("/v3"))
            assertContains(operate(admin, CLOUDS, "ask", "IAD"), told)


class TestSizes:
    def test_a_size_is_made_changed_and_closed(self, admin: Client, cast: Cast) -> None:
        form = {"code": "m1.big", "name": "Big", "vcpus": 4, "ram": 8192, "disk": 40, "price": "0.25"}
        admin.post(reverse("admin:servers_flavor_add"), form | {"region": "IAD"})
        flavor = Flavor.objects.get()
        address = reverse("admin:servers_flavor_change", args=[flavor.pk])
        admin.post(address, form | {"price": "0.5", "code": "other"})
        flavor.refresh_from_db()
        assert (flavor.code, flavor.price) == ("m1.big", Decimal("0.5"))
        assertContains(admin.get(FLAVORS), "0.50 USD")
        assertContains(operate(admin, FLAVORS, "close", flavor.pk), "is closed for new servers; the others go on.")
        assertContains(operate(admin, FLAVORS, "reopen", flavor.pk), "is open for new servers again.")
        verbs = ["size added", "size changed", "size closed", "size reopened"]
        assert told("flavor") == verbs

    def test_servers_keep_what_they_were_made_with(
        self, admin: Client, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share
    ) -> None:
        server = boot(cast.consumer, lent.image)
        form = {"name": "Small", "vcpus": 1, "ram": 1024, "disk": 5, "price": "9"}
        admin.post(reverse("admin:servers_flavor_change", args=[small.pk]), form)
        assert (Server.objects.get(pk=server.pk).ram, Flavor.objects.get().ram) == (256, 1024)

    def test_a_size_without_memory_is_refused(self, admin: Client, cast: Cast) -> None:
        form = {"region": "IAD", "code": "x", "name": "X", "vcpus": 1, "ram": 0, "disk": 0, "price": "-1"}
        assert admin.post(reverse("admin:servers_flavor_add"), form).status_code == 200
        assert not Flavor.objects.exists()


class TestStaff:
    def test_only_staff_with_the_right_set_regions(self, cast: Cast, local: RegionCloud) -> None:
        cast.sam.is_staff = True
        cast.sam.save()
        assert client_of(cast.sam).get(CLOUDS).status_code == 403
        cast.sam.user_permissions.add(Permission.objects.get(codename="view_regioncloud"))
        assert client_of(cast.sam).get(CLOUDS).status_code == 200
        assert client_of(cast.sam).post(change(local), OPENSTACK).status_code == 403
        cast.sam.user_permissions.add(Permission.objects.get(codename="change_regioncloud"))
        assert client_of(cast.sam).post(change(local), OPENSTACK).status_code == 302

    def test_secrets_are_shown_to_nobody(
        self, admin: Client, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, golden: Image
    ) -> None:
        make_region("ORD")
        key = CloudKey.objects.create(
            account=cast.beta, region_id="ORD", credential_id="c0ffee", encrypted_secret="gAAAA", created_by=cast.bob
        )
        server = boot(cast.consumer, golden, user_data="#cloud-config")
        for row, name in ((key, "cloudkey"), (server, "server")):
            page = admin.get(reverse(f"admin:servers_{name}_change", args=[row.pk]))
            assertNotContains(page, "gAAAA")
            assert admin.get(reverse(f"admin:servers_{name}_changelist"), {"q": "beta"}).status_code == 200
            assert admin.get(reverse(f"admin:servers_{name}_add")).status_code == 403
        assert admin.get(reverse("admin:servers_sshkey_changelist"), {"q": "x"}).status_code == 200

    def test_staff_do_not_read_which_image_a_server_was_made_from(
        self, admin: Client, cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, golden: Image
    ) -> None:
        server = boot(cast.consumer, golden)
        cast.sam.user_permissions.add(Permission.objects.get(codename="view_server"))
        page, rows = reverse("admin:servers_server_change", args=[server.pk]), "admin:servers_server_changelist"
        for staff, sees in ((client_of(cast.sam), False), (admin, True)):
            assert (golden.name in staff.get(page).content.decode()) is sees
            assertNotContains(staff.get(reverse(rows), {"q": golden.name}), "web-1")
