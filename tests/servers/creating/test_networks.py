"""Networks: what a cloud said of them, the choice on Create Server, and what is refused."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from images.models import Image
from servers import keys
from servers.actions import (
    NewServer,
    SentAlready,
    ask_for_networks_of,
    attend_to_server,
    create_server,
    networks,
    remove_cloud_key,
    save_cloud_key,
)
from servers.clouds.base import CloudProblem, Network
from servers.clouds.finding import machine_of
from servers.clouds.openstack.problems import CloudSilent
from servers.models import CloudKey, Flavor, Formation, Server
from servers.networks import as_kept, known_networks, labels_of
from tests.factories import make_image, signed_in
from tests.people import Cast
from tests.servers.conftest import make_flavor
from tests.servers.formations.conftest import add, make_formation
from tests.servers.keys import make_cloud_key, make_place
from tests.servers.memory import NetworkedCloud, put

pytestmark = pytest.mark.django_db
QUERIES = 20

Send = Callable[..., Any]
PRIVATE = Network(id="n-1", name="private", is_own=True, is_external=False, subnets=("10.0.0.0/24", "fd00::/64"))
SHARED = Network(id="n-2", name="everybody", is_own=False, is_external=False, subnets=("10.1.0.0/16",))
STREET = Network(id="n-3", name="street", is_own=False, is_external=True, subnets=())
OFFERED = (PRIVATE, SHARED, STREET)


@pytest.fixture
def chicago(monkeypatch: pytest.MonkeyPatch) -> NetworkedCloud:
    """The cloud of ORD."""
    return put(NetworkedCloud(), monkeypatch)


@pytest.fixture
def key(cast: Cast, chicago: NetworkedCloud) -> CloudKey:
    """Beta's key for it. It has said which networks it offers."""
    return offering(make_cloud_key(cast.consumer), *OFFERED)


@pytest.fixture
def asked(cast: Cast, key: CloudKey) -> dict[str, Any]:
    """The form, as Bob sends it."""
    flavor = make_flavor(key.region)
    image = make_image(cast.beta, cast.bob, name="our-own", region=key.region, ports=[22, 443])
    return {"name": "web", "count": 1, "image": image.pk, "flavor": flavor.pk, "request": "1"}


@pytest.fixture
def send(cast: Cast, asked: dict[str, Any]) -> Send:
    client = signed_in(cast.bob)
    return lambda **fields: client.post(create(cast), asked | fields)


def offering(key: CloudKey, *networks: Network) -> CloudKey:
    """The key, as if its cloud had just said that it offers these."""
    key.networks, key.networks_at = as_kept(networks), timezone.now()
    key.save()
    return key


def create(cast: Cast) -> str:
    return reverse("server_create", args=[cast.beta.number])


def page(cast: Cast, asked: dict[str, Any], **given: str) -> Any:
    return signed_in(cast.bob).get(create(cast), {"image": asked["image"]} | given)


def new(asked: dict[str, Any], **said: Any) -> NewServer:
    given = {name: asked[name] for name in ("name", "image", "flavor", "request")}
    return NewServer(**given | said)


class TestChoosing:
    def test_the_first_own_one_is_taken_unless_another_is_chosen(self, cast: Cast, asked: dict[str, Any]) -> None:
        answer = page(cast, asked)
        assertContains(answer, '<option value="n-1" selected>private – 10.0.0.0/24, fd00::/64</option>', html=True)
        assertContains(answer, '<option value="n-2">everybody – 10.1.0.0/16, shared</option>', html=True)
        assertContains(answer, '<option value="n-3">street – external, shared</option>', html=True)
        assertContains(answer, "3 networks, as its cloud said")
        assert summary_of(answer) == "private"

    @pytest.mark.parametrize(("chosen", "named"), [("n-2", "everybody"), ("none", "None: it reaches nothing")])
    def test_the_summary_names_the_chosen_one(self, cast: Cast, asked: dict[str, Any], chosen: str, named: str) -> None:
        answer = page(cast, asked, network=chosen)
        assertContains(answer, f'<option value="{chosen}" selected>')
        assert summary_of(answer) == named

    def test_an_address_that_names_another_counts_for_nothing(self, cast: Cast, asked: dict[str, Any]) -> None:
        assert summary_of(page(cast, asked, network="n-9")) == "private"

    def test_where_there_is_none_the_page_says_so(self, cast: Cast, asked: dict[str, Any], key: CloudKey) -> None:
        offering(key)
        answer = page(cast, asked)
        assertContains(answer, "It will be cut off: the cloud of Chicago offers no network to this account.")
        assertContains(answer, "No networks, as its cloud said")
        assertNotContains(answer, 'name="network"')
        assert summary_of(answer) == "None: it reaches nothing"

    def test_where_nobody_knows_yet_the_page_asks_yes_or_no(
        self, cast: Cast, asked: dict[str, Any], key: CloudKey, send: Send
    ) -> None:
        CloudKey.objects.update(networks=None, networks_at=None)
        answer = page(cast, asked)
        assertContains(answer, "Its cloud has not said yet which networks it has.")
        assertContains(answer, "It is the first network that the cloud has for the account.")
        assert send(network="on").status_code == 302
        server = Server.objects.get()
        assert (server.network, server.network_code) == (True, "")

    def test_ports_of_the_image_are_not_opened_and_the_page_says_who_opens_them(
        self, cast: Cast, asked: dict[str, Any]
    ) -> None:
        answer = page(cast, asked)
        assertContains(answer, "The image names the ports 22, 443: this panel does not open them there.")
        assertContains(answer, "up to the security groups of the project in that cloud")

    @pytest.mark.parametrize("count", [1, 30])
    def test_many_cost_the_same(
        self,
        cast: Cast,
        asked: dict[str, Any],
        key: CloudKey,
        count: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        offering(key, *(replace(PRIVATE, id=f"n-{number}") for number in range(count)))
        client = signed_in(cast.bob)
        with django_assert_num_queries(QUERIES):
            client.get(create(cast), {"image": asked["image"]})


class TestBooting:
    def test_the_chosen_one_is_kept_and_named(self, cast: Cast, send: Send, chicago: NetworkedCloud) -> None:
        assert send(network="n-2").status_code == 302
        server = Server.objects.get()
        assert (server.network, server.network_code, server.network_name) == (True, "n-2", "everybody")
        assert machine_of(server).network_code == "n-2"
        assertContains(signed_in(cast.bob).get(f"/a/{cast.beta.number}/servers/{server.pk}/"), "everybody")
        attend_to_server(server.pk)
        assert chicago.calls["networks"] == 0, "Pages and workers lean on what was said."

    def test_none_is_a_choice_too_and_has_to_be_made(self, send: Send) -> None:
        assertContains(send(), "Choose a network, or none.", status_code=422)
        assert send(network="none").status_code == 302
        server = Server.objects.get()
        assert (server.network, server.network_code, server.network_name) == (False, "", "")

    def test_whoever_names_none_gets_the_first(self, cast: Cast, asked: dict[str, Any]) -> None:
        server = create_server(new(asked, network=True), by=cast.consumer)
        assert server.network_name == "private"
        assert create_server(new(asked, network=True), by=cast.consumer) == server

    def test_one_of_another_account_is_refused_and_said(self, cast: Cast, send: Send, asked: dict[str, Any]) -> None:
        offering(make_cloud_key(cast.producer), replace(PRIVATE, id="n-9", name="theirs"))
        answer = send(network="n-9", name="typed")
        assertContains(answer, "The cloud offers no such network to this account.", status_code=422)
        assertContains(answer, 'value="typed"', status_code=422)
        assertNotContains(answer, "theirs", status_code=422)
        assert list(answer.context["form"].errors) == ["network"]
        with pytest.raises(ValidationError, match="no such network") as refused:
            create_server(new(asked, network=True, network_code="n-9"), by=cast.consumer)
        assert list(refused.value.error_dict) == ["network"]
        assert not Server.objects.exists()

    @pytest.mark.parametrize("known", [True, False])
    def test_one_is_refused_where_none_is_offered_or_known(
        self, cast: Cast, asked: dict[str, Any], key: CloudKey, *, known: bool
    ) -> None:
        offering(key)
        if not known:
            CloudKey.objects.update(networks=None, networks_at=None)
        with pytest.raises(ValidationError, match="offers no network" if known else "no such network"):
            create_server(new(asked, network=True, network_code="n-1"), by=cast.consumer)
        assert not Server.objects.exists()

    def test_a_form_that_comes_again_asks_for_the_same_network(self, cast: Cast, asked: dict[str, Any]) -> None:
        create_server(new(asked, network=True, network_code="n-1"), by=cast.consumer)
        with pytest.raises(SentAlready):
            create_server(new(asked, network=True, network_code="n-2"), by=cast.consumer)


class TestFormations:
    @pytest.fixture
    def shop(self, cast: Cast, asked: dict[str, Any]) -> Formation:
        formation = make_formation(cast.consumer)
        add(formation, cast.consumer, Image.objects.get(pk=asked["image"]), count=2)
        return formation

    def test_all_servers_of_a_launch_are_in_the_chosen_one(self, cast: Cast, shop: Formation) -> None:
        address = reverse("formation_launch", args=[cast.beta.number, shop.pk])
        assertContains(signed_in(cast.bob).get(address), "everybody – 10.1.0.0/16, shared")
        assert signed_in(cast.bob).post(address, {"network": "n-2"}).status_code == 302
        assert list(Server.objects.values_list("network_name", flat=True)) == ["everybody", "everybody"]

    def test_where_there_is_none_it_is_said_before(self, cast: Cast, shop: Formation, key: CloudKey) -> None:
        offering(key)
        answer = signed_in(cast.bob).get(reverse("formation_launch", args=[cast.beta.number, shop.pk]))
        assertContains(answer, "The cloud offers no network to this account.")

    def test_one_that_is_not_offered_is_refused_and_nothing_starts(self, cast: Cast, shop: Formation) -> None:
        address = reverse("formation_launch", args=[cast.beta.number, shop.pk])
        answer = signed_in(cast.bob).post(address, {"network": "n-9"})
        assertContains(answer, "The cloud offers no such network to this account.", status_code=422)
        assert not Server.objects.exists()


class TestAsking:
    @pytest.fixture
    def ask(self, cast: Cast, key: CloudKey) -> Callable[[], Any]:
        address = reverse("network_ask", args=[cast.beta.number, key.region_id])
        client: Client = signed_in(cast.bob)
        return lambda: client.post(address, follow=True)

    def test_what_the_cloud_says_now_is_kept(
        self, ask: Callable[[], Any], key: CloudKey, chicago: NetworkedCloud
    ) -> None:
        CloudKey.objects.update(networks_at=timezone.now() - timedelta(days=3))
        chicago.offered = [SHARED]
        assertContains(ask(), "Chicago has 1 network for this account.")
        key.refresh_from_db()
        assert known_networks(key) == (SHARED,)
        assert key.networks_at
        assert timezone.now() - key.networks_at < timedelta(minutes=1)

    def test_a_cloud_that_does_not_answer_leaves_them_as_they_were(
        self, ask: Callable[[], Any], key: CloudKey, chicago: NetworkedCloud
    ) -> None:
        chicago.away = CloudSilent("Chicago")
        assertContains(ask(), "The cloud of Chicago does not answer. Try again later.")
        key.refresh_from_db()
        assert known_networks(key) == OFFERED
        chicago.away = None
        ask()
        assert chicago.calls["networks"] == 1, "It is left alone for a while."

    def test_nobody_waits_long_for_a_cloud(
        self, ask: Callable[[], Any], chicago: NetworkedCloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keys, "TEST_SECONDS", 0.01)
        chicago.meanwhile["networks"] = lambda: time.sleep(0.1)
        assertContains(ask(), "did not answer within")

    def test_a_region_without_a_choice_says_so(self, cast: Cast, tiny: Flavor) -> None:
        address = reverse("network_ask", args=[cast.beta.number, tiny.region_id])
        answer = signed_in(cast.bob).post(address, follow=True)
        assertContains(answer, f"Nobody chooses networks of servers in {tiny.region.name}.")

    def test_what_it_said_to_another_key_is_not_kept(
        self, ask: Callable[[], Any], key: CloudKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def said_late(*_: object) -> list[Network]:
            CloudKey.objects.update(encrypted_secret="another")
            return []

        monkeypatch.setattr(networks, "asked_networks", said_late)
        assert ask().status_code == 409
        key.refresh_from_db()
        assert known_networks(key) == OFFERED

    def test_a_new_key_is_asked_for_by_a_worker(
        self, cast: Cast, chicago: NetworkedCloud, commit_at_once: None
    ) -> None:
        place, chicago.offered = make_place(), [PRIVATE]
        key = save_cloud_key(place.region, by=cast.consumer, credential_id="c", secret="s", project_id="p1")
        assert key.networks is None
        assert any("ask_for_networks" in each.func() for each in OrmQ.objects.all())
        ask_for_networks_of(key.pk)
        key.refresh_from_db()
        assert known_networks(key) == (PRIVATE,)
        chicago.away = CloudProblem("The cloud of Chicago does not answer.")
        ask_for_networks_of(key.pk)
        ask_for_networks_of(0)

    def test_another_key_and_none_know_of_no_networks(self, cast: Cast, key: CloudKey) -> None:
        save_cloud_key(key.region, by=cast.consumer, credential_id="c", secret="s", project_id="p2")
        key.refresh_from_db()
        assert (key.networks, key.networks_at) == (None, None)
        offering(key, PRIVATE)
        remove_cloud_key(key.region, by=cast.consumer)
        key.refresh_from_db()
        assert (key.networks, key.networks_at) == (None, None)


def test_names_that_are_the_same_are_told_apart_by_their_ids() -> None:
    many = replace(PRIVATE, subnets=tuple(f"10.0.{number}.0/24" for number in range(5)))
    assert labels_of([many, replace(many, id="n-4"), STREET]) == [
        ("n-1", "private – 10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24, 2 more (n-1)"),
        ("n-4", "private – 10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24, 2 more (n-4)"),
        ("n-3", "street – external, shared"),
    ]


def summary_of(answer: Any) -> str:
    """What the summary says of the network."""
    text: str = answer.content.decode()
    _, _, rest = text.rpartition("<dt>Network</dt>")
    return " ".join(rest.partition("</dd>")[0].partition(">")[2].split())
