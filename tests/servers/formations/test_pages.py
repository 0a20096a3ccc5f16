"""The pages of formations: with and without parts, launched, and with what keeps them from it."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from images.actions import deactivate, label
from images.models import Image
from servers.models import Flavor, Formation, FormationPart, RegionCloud, Server, SshKey
from sharing.actions import remove
from tests.factories import make_image, signed_in
from tests.people import Cast
from tests.servers.conftest import make_flavor, running
from tests.servers.formations.conftest import Shop, add, launch, make_formation
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db
LIST_QUERIES = 9  # six of the frame, and three: formations, their parts, and their servers
# Six of the frame, three of the formation, four of its place and sizes, the images, and a policy and a budget.
PAGE_QUERIES = 15


def url(name: str, cast: Cast, *more: object) -> str:
    return reverse(f"formation_{name}", args=[cast.beta.number, *more])


def page(user: User, path: str, **parameters: Any) -> str:
    answer = signed_in(user).get(path, parameters)
    assert answer.status_code == 200
    return answer.content.decode()


def post(user: User, path: str, status: int, **data: Any) -> str:
    answer = signed_in(user).post(path, data)
    assert answer.status_code == status
    return answer.content.decode()


class TestList:
    def test_an_empty_one_says_what_a_formation_is(self, cast: Cast) -> None:
        assert "New formation" in page(cast.bob, url("list", cast))
        assert "Only a creator or an admin of Beta Consumers can make" in page(cast.dave, url("list", cast))

    def test_it_says_how_each_stands(self, cast: Cast, shop: Shop) -> None:
        Flavor.objects.update(price=Decimal("0.5"))
        text = page(cast.dave, url("list", cast))
        assert "Not launched" in text
        assert "1.50 USD an hour" in text
        launch(shop.formation, cast.consumer)
        assert "On its way" in page(cast.dave, url("list", cast))

    def test_it_costs_the_same_for_one_and_many(
        self, cast: Cast, shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = signed_in(cast.dave)
        client.get(url("list", cast))
        with django_assert_num_queries(LIST_QUERIES):
            client.get(url("list", cast))
        launch(shop.formation, cast.consumer)
        for number in range(5):
            add(make_formation(cast.consumer, f"shop-{number}"), cast.consumer, shop.base.image)
        with django_assert_num_queries(LIST_QUERIES):
            client.get(url("list", cast))


class TestPage:
    def test_what_keeps_it_from_being_launched(self, cast: Cast, shop: Shop) -> None:
        path = url("detail", cast, shop.formation.pk)
        assert "cannot be launched" not in page(cast.bob, path)
        remove(shop.base.image_id, shop.base.pk, by=cast.producer)
        Image.objects.filter(pk=shop.base.image_id).update(name="renamed-meanwhile")
        text = page(cast.bob, path)
        assert "It cannot be launched now." in text
        assert "“base” is no longer shared with Beta Consumers, or was deleted." in text
        assert "renamed-meanwhile" not in text, "What became of it is no longer theirs to know."

    def test_it_asks_for_itself_until_all_run(self, cast: Cast, shop: Shop, cloud: MemoryCloud) -> None:
        path, asks = url("detail", cast, shop.formation.pk), 'hx-trigger="every 2s"'
        servers = launch(shop.formation, cast.consumer)
        assert asks in page(cast.dave, path)
        for server in servers:
            running(server)
        text = page(cast.dave, path)
        assert asks not in text
        assert "2 of 2 run" in text

    def test_it_costs_the_same_for_one_part_and_many(
        self, cast: Cast, shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client, path = signed_in(cast.bob), url("detail", cast, shop.formation.pk)
        client.get(path)
        with django_assert_num_queries(PAGE_QUERIES):
            client.get(path)
        for number in range(5):
            add(shop.formation, cast.consumer, make_image(cast.beta, cast.bob), name=f"more-{number}")
        with django_assert_num_queries(PAGE_QUERIES):
            client.get(path)

    def test_an_observer_is_told_why_not(self, cast: Cast, shop: Shop) -> None:
        path = url("detail", cast, shop.formation.pk)
        text = page(cast.dave, path)
        assert text.count("can make, change and launch formations.") == 5
        assert "can delete servers." in text
        assert "Cannot boot" not in text, "Others of the account can launch it."
        deactivate(shop.base.image_id, by=cast.producer)
        assert "The image is deactivated by its owner." in page(cast.dave, path)


class TestMaking:
    def test_from_nothing_to_running(self, cast: Cast, shop: Shop) -> None:
        post(cast.bob, url("create", cast), 302, name="lab", region="IAD", description="For trying.")
        formation = Formation.objects.get(name="lab")
        assert "No parts yet" in page(cast.bob, url("detail", cast, formation.pk))
        add_url = url("part_add", cast, formation.pk)
        assert "base" in page(cast.bob, add_url, tab="shared")
        assert 'value="base"' in page(cast.bob, add_url, image=shop.base.image_id)
        flavor = Flavor.objects.get().pk
        post(cast.bob, add_url, 302, image=shop.base.image_id, flavor=flavor, name="web", count=2)
        post(cast.bob, url("launch", cast, formation.pk), 302)
        assert Server.objects.filter(formation=formation).count() == 2

    def test_wrong_input_is_told_at_its_field(self, cast: Cast, shop: Shop) -> None:
        assert "Give the formation a name." in post(cast.bob, url("create", cast), 422, region="IAD")
        assert "has this name already" in post(cast.bob, url("create", cast), 422, name="shop", region="IAD")
        path, given = url("part_add", cast, shop.formation.pk), {"image": shop.base.image_id, "count": 1}
        assert "Choose a size." in post(cast.bob, path, 422, **given, name="more")
        text = post(cast.bob, path, 422, **given, flavor=shop.web.flavor_id, name="web")
        assert "Another part of this formation has this name." in text

    def test_an_image_that_went_meanwhile(self, cast: Cast, shop: Shop) -> None:
        remove(shop.base.image_id, shop.base.pk, by=cast.producer)
        given = {"image": shop.base.image_id, "flavor": shop.web.flavor_id, "name": "more", "count": 1}
        text = post(cast.bob, url("part_add", cast, shop.formation.pk), 422, **given)
        assert "no longer there for this account" in text

    def test_without_a_region_that_runs_servers(self, cast: Cast) -> None:
        assert "No region runs servers yet" in page(cast.bob, url("create", cast))
        RegionCloud.objects.create(region=cast.iad)
        assert "Region IAD" in page(cast.bob, url("create", cast))

    def test_changing_a_part(self, cast: Cast, shop: Shop) -> None:
        path = url("part_edit", cast, shop.formation.pk, shop.web.pk)
        assert 'value="web"' in page(cast.bob, path)
        assert "postgres" in page(cast.bob, path, change="image", tab="shared")
        other = make_flavor(cast.iad, code="other").pk
        post(cast.bob, path, 302, image=shop.database.image_id, flavor=other, name="front", count=3)
        part = FormationPart.objects.get(pk=shop.web.pk)
        assert (part.name, part.count, part.flavor_id) == ("front", 3, other)
        assert 'value="front"' in page(cast.bob, path)
        post(cast.bob, url("part_remove", cast, shop.formation.pk, shop.web.pk), 302)
        assert not FormationPart.objects.filter(pk=shop.web.pk).exists()

    def test_another_name(self, cast: Cast, shop: Shop) -> None:
        path = url("edit", cast, shop.formation.pk)
        assert "Give the formation a name." in post(cast.bob, path, 422)
        post(cast.bob, path, 302, name="market", description="")
        assert "market" in page(cast.bob, path)


class TestLaunching:
    def test_the_page_says_what_boots_and_what_it_costs(self, cast: Cast, shop: Shop, cloud: MemoryCloud) -> None:
        Flavor.objects.update(price=1)
        key = SshKey.objects.create(user=cast.bob, name="laptop", public_key="ssh-ed25519 A", fingerprint="SHA256:a")
        label(shop.base.image_id, by=cast.consumer, label="our base", ports=[80])
        path = url("launch", cast, shop.formation.pk)
        text = page(cast.bob, path)
        assert "3.00 USD" in text
        assert "laptop" in text
        post(cast.bob, path, 302, ssh_keys=[key.pk], network="on", open_ports="on")
        server = Server.objects.get(name="web-1")
        assert (server.ssh_keys, server.network, list(server.ports)) == ([key.public_key], True, ["80"])
        assert "It is launched" in page(cast.bob, path)
        post(cast.bob, path, 409)

    def test_everything_that_keeps_it_from_booting(self, cast: Cast, shop: Shop) -> None:
        remove(shop.base.image_id, shop.base.pk, by=cast.producer)
        remove(shop.database.image_id, shop.database.pk, by=cast.producer)
        text = post(cast.bob, url("launch", cast, shop.formation.pk), 422)
        assert "“base” is no longer shared" in text
        assert "“postgres” is no longer shared" in text
        assert not Server.objects.exists()

    def test_more_and_fewer(self, cast: Cast, shop: Shop) -> None:
        path = url("part_scale", cast, shop.formation.pk, shop.web.pk)
        assert "It is not launched" in page(cast.bob, path)
        launch(shop.formation, cast.consumer)
        assert "There are 2 now: web-1, web-2." in page(cast.bob, path)
        post(cast.bob, path, 302, count=3)
        assert Server.objects.filter(name="web-3").exists()
        assert "at most 50 servers" in post(cast.bob, path, 422, count=50)
        remove(shop.base.image_id, shop.base.pk, by=cast.producer)
        assert "no longer shared" in post(cast.bob, path, 422, count=4)

    def test_ending_and_deleting_say_what_is_lost(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        for name in ("end", "delete"):
            text = page(cast.bob, url(name, cast, shop.formation.pk))
            assert "3 servers stop and everything on their disks is lost: db, web-1, web-2." in text
        post(cast.bob, url("end", cast, shop.formation.pk), 302)
        assert not Server.objects.live().exists()
        assert "It has no servers." in page(cast.bob, url("delete", cast, shop.formation.pk))
        post(cast.bob, url("delete", cast, shop.formation.pk), 302)
        assert signed_in(cast.bob).get(url("detail", cast, shop.formation.pk)).status_code == 404

    def test_the_page_of_a_server_names_its_formation(self, cast: Cast, shop: Shop, cloud: MemoryCloud) -> None:
        server = launch(shop.formation, cast.consumer)[0]
        text = page(cast.bob, reverse("server_detail", args=[cast.beta.number, server.pk]))
        assert url("detail", cast, shop.formation.pk) in text
