"""Formations: made, launched as one or not at all, made larger and smaller, and deleted as one."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

import accounts.actions
from accounts.errors import Conflict
from accounts.models import Event
from images.actions import deactivate, label
from images.models import DataHold
from servers import actions
from servers.actions import formations
from servers.formations import standing_of
from servers.models import Flavor, Formation, FormationPart, Server, SshKey
from sharing.actions import remove
from tests.factories import make_account, make_image, viewer
from tests.people import Cast
from tests.servers.conftest import make_flavor, running
from tests.servers.formations.conftest import Shop, add, launch, make_formation
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db


def names(formation: Formation) -> list[str]:
    return sorted(Server.objects.live().filter(formation=formation).values_list("name", flat=True))


def nothing_half_started() -> bool:
    return not Server.objects.exists() and not DataHold.objects.filter(holder__startswith="server:").exists()


class TestMaking:
    def test_a_name_is_taken_once_in_an_account(self, cast: Cast, shop: Shop) -> None:
        with pytest.raises(ValidationError, match="has this name already"):
            make_formation(cast.consumer)
        make_formation(cast.producer)  # another account has names of its own
        other = make_formation(cast.consumer, "other")
        with pytest.raises(ValidationError, match="has this name already"):
            actions.edit_formation(other.pk, by=cast.consumer, name="shop", description="")

    def test_a_name_is_free_again_once_it_was_deleted(self, cast: Cast, shop: Shop) -> None:
        actions.close_formation(shop.formation.pk, by=cast.consumer)
        assert make_formation(cast.consumer).name == "shop"

    def test_there_are_not_any_number(self, cast: Cast, small: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(formations, "MOST_FORMATIONS", 1)
        make_formation(cast.consumer)
        with pytest.raises(ValidationError, match="at most 1 formations"):
            make_formation(cast.consumer, "other")

    def test_observers_see_it_and_others_do_not(self, cast: Cast, shop: Shop) -> None:
        with pytest.raises(PermissionDenied, match="Only a creator or an admin"):
            launch(shop.formation, cast.observer)
        with pytest.raises(PermissionDenied):
            make_formation(cast.observer, "other")
        with pytest.raises(Http404):
            launch(shop.formation, cast.producer)
        with pytest.raises(Http404):
            actions.close_formation(shop.formation.pk, by=cast.producer)


class TestParts:
    def test_a_part_is_called_as_the_account_knows_its_image(self, cast: Cast, shop: Shop) -> None:
        label(shop.base.image_id, by=cast.consumer, label="our base")
        assert add(shop.formation, cast.consumer, shop.base.image, name="more").image_name == "our base"

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"name": "web"}, "name"),
            ({"name": ""}, "name"),
            ({"name": "a\nb"}, "name"),
            ({"name": "x" * 61}, "name"),
            ({"name": "more", "count": 0}, "count"),
            ({"name": "more", "count": 48}, "count"),
            ({"name": "more", "flavor": 0}, "flavor"),
        ],
    )
    def test_what_is_no_part(self, said: dict[str, object], field: str, cast: Cast, shop: Shop) -> None:
        with pytest.raises(ValidationError) as refused:
            add(shop.formation, cast.consumer, shop.base.image, **said)
        assert list(refused.value.message_dict) == [field]

    def test_an_image_of_another_region_or_one_that_is_too_large(self, cast: Cast, shop: Shop) -> None:
        elsewhere = make_image(cast.beta, cast.bob, region=cast.dfw)
        with pytest.raises(ValidationError, match="not in Region IAD"):
            add(shop.formation, cast.consumer, elsewhere, name="more")
        with pytest.raises(ValidationError, match="The image needs 9999 MiB"):
            add(shop.formation, cast.consumer, make_image(cast.beta, cast.bob, min_ram=9999), name="more")

    def test_an_image_that_is_only_offered_is_not_used(self, cast: Cast, shop: Shop) -> None:
        with pytest.raises(Http404):
            add(shop.formation, cast.consumer, make_image(cast.acme, cast.alice), name="more")

    def test_changing_and_taking_out(self, cast: Cast, shop: Shop) -> None:
        wanted = actions.WantedPart(name="front", image=shop.database.image_id, flavor=shop.web.flavor_id, count=3)
        actions.change_part(shop.formation.pk, shop.web.pk, by=cast.consumer, wanted=wanted)
        actions.remove_part(shop.formation.pk, shop.db.pk, by=cast.consumer)
        [part] = FormationPart.objects.all()
        assert (part.name, part.count, part.image_name) == ("front", 3, "postgres")
        with pytest.raises(Http404):
            actions.remove_part(shop.formation.pk, shop.db.pk, by=cast.consumer)

    def test_what_is_launched_keeps_its_parts(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        wanted = actions.WantedPart(name="front", image=shop.base.image_id, flavor=shop.web.flavor_id)
        for act in (
            lambda: actions.add_part(shop.formation.pk, by=cast.consumer, wanted=wanted),
            lambda: actions.change_part(shop.formation.pk, shop.web.pk, by=cast.consumer, wanted=wanted),
            lambda: actions.remove_part(shop.formation.pk, shop.web.pk, by=cast.consumer),
        ):
            with pytest.raises(Conflict, match="It is launched"):
                act()
        edited = actions.edit_formation(shop.formation.pk, by=cast.consumer, name="other", description="Mine.")
        assert edited.description == "Mine."


class TestLaunching:
    def test_all_servers_of_all_parts(self, cast: Cast, shop: Shop) -> None:
        servers = launch(shop.formation, cast.consumer)
        assert names(shop.formation) == ["db", "web-1", "web-2"]
        assert {server.part for server in servers} == {shop.web, shop.db}
        assert {share for server in servers for share in server.shares.all()} == {shop.base, shop.database}
        assert Event.objects.get(verb="launched").detail == {"servers": 3}
        assert Event.objects.filter(verb="booted", account=cast.acme).count() == 3, "Acme knows of each."

    def test_twice_is_refused_until_it_was_ended(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        with pytest.raises(Conflict, match="launched already"):
            launch(shop.formation, cast.consumer)
        actions.end_formation(shop.formation.pk, by=cast.consumer)
        assert len(launch(shop.formation, cast.consumer)) == 3

    def test_every_part_that_cannot_boot_is_told_and_none_starts(self, cast: Cast, shop: Shop) -> None:
        remove(shop.base.image_id, shop.base.pk, by=cast.producer)
        deactivate(shop.database.image_id, by=cast.producer)
        with pytest.raises(ValidationError) as refused:
            launch(shop.formation, cast.consumer)
        assert refused.value.message_dict["parts"] == [
            "web: “base” is no longer shared with Beta Consumers, or was deleted.",
            "db: The image is deactivated by its owner.",
        ]
        assert nothing_half_started()

    def test_one_part_that_cannot_boot_keeps_the_others(self, cast: Cast, shop: Shop) -> None:
        remove(shop.database.image_id, shop.database.pk, by=cast.producer)
        with pytest.raises(ValidationError):
            launch(shop.formation, cast.consumer)
        assert nothing_half_started()

    def test_a_size_that_is_gone(self, cast: Cast, shop: Shop) -> None:
        Flavor.objects.update(closed_at=timezone.now())
        with pytest.raises(ValidationError, match="no longer offered"):
            launch(shop.formation, cast.consumer)

    def test_nothing_to_launch(self, cast: Cast, small: Flavor) -> None:
        with pytest.raises(ValidationError, match="no parts yet"):
            launch(make_formation(cast.consumer), cast.consumer)

    def test_a_budget_is_asked_for_all_together(self, cast: Cast, shop: Shop) -> None:
        Flavor.objects.update(price=1)
        for amount, fits in ((2, False), (3, True)):
            actions.set_budget(cast.beta_holdings, cast.beta.pk, by=cast.consumer, amount=Decimal(amount))
            if not fits:
                with pytest.raises(ValidationError, match=r"3\.00 USD an hour more"):
                    launch(shop.formation, cast.consumer)
                assert nothing_half_started()
        assert len(launch(shop.formation, cast.consumer)) == 3

    def test_sizes_that_an_organization_does_not_allow(self, cast: Cast, shop: Shop) -> None:
        other = make_flavor(cast.iad, code="other")
        actions.set_sizes(cast.beta_holdings, by=cast.consumer, flavors=[other.pk])
        with pytest.raises(ValidationError, match="web: Beta Holdings does not allow this size"):
            launch(shop.formation, cast.consumer)

    def test_what_is_wanted_of_all_servers(self, cast: Cast, shop: Shop, cloud: MemoryCloud) -> None:
        key = SshKey.objects.create(user=cast.bob, name="k", public_key="ssh-ed25519 AAAA", fingerprint="SHA256:a")
        label(shop.base.image_id, by=cast.consumer, ports=[8080])
        servers = launch(shop.formation, cast.consumer, ssh_keys=[key.pk], network=True, open_ports=True)
        assert all(server.ssh_keys == [key.public_key] and server.network for server in servers)
        assert {server.name: list(server.ports) for server in servers} == {
            "web-1": ["8080"], "web-2": ["8080"], "db": [],
        }  # fmt: skip


class TestScaling:
    def scale(self, shop: Shop, cast: Cast, count: int) -> None:
        actions.scale_part(shop.formation.pk, shop.web.pk, by=cast.consumer, count=count, launch=actions.Launch())

    def test_more(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        self.scale(shop, cast, 4)
        assert names(shop.formation) == ["db", "web-1", "web-2", "web-3", "web-4"]
        assert Event.objects.get(verb="scaled").detail == {"part": "web", "old": 2, "new": 4}

    def test_fewer_are_the_first_by_number(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        self.scale(shop, cast, 11)
        self.scale(shop, cast, 10)
        assert "web-11" not in names(shop.formation)
        self.scale(shop, cast, 1)
        assert names(shop.formation) == ["db", "web-1"]

    def test_the_same_number_fills_what_somebody_deleted(self, cast: Cast, shop: Shop) -> None:
        servers = launch(shop.formation, cast.consumer)
        actions.delete_server(servers[0].pk, by=cast.consumer)
        assert standing_of(shop.formation).state.words == "On its way"
        self.scale(shop, cast, 2)
        assert names(shop.formation) == ["db", "web-1", "web-2"]

    def test_consent_is_asked_for_the_new_ones(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        remove(shop.base.image_id, shop.base.pk, by=cast.producer)
        with pytest.raises(ValidationError, match="web: “base” is no longer shared"):
            self.scale(shop, cast, 3)
        self.scale(shop, cast, 1)
        assert names(shop.formation) == ["db", "web-1"], "To have fewer needs no consent."

    def test_only_what_is_launched_and_within_bounds(self, cast: Cast, shop: Shop) -> None:
        with pytest.raises(Conflict, match="not launched"):
            self.scale(shop, cast, 3)
        launch(shop.formation, cast.consumer)
        for count in (0, 50):
            with pytest.raises(ValidationError):
                self.scale(shop, cast, count)


class TestEnding:
    def test_its_servers_go_and_it_stays(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        for _twice in range(2):
            actions.end_formation(shop.formation.pk, by=cast.consumer)
        assert names(shop.formation) == []
        assert Event.objects.filter(verb="servers deleted").count() == 1
        assert not standing_of(shop.formation).is_launched
        actions.remove_part(shop.formation.pk, shop.web.pk, by=cast.consumer)
        assert Server.objects.filter(formation=shop.formation, part=None).count() == 2

    def test_or_it_goes_with_them(self, cast: Cast, shop: Shop) -> None:
        launch(shop.formation, cast.consumer)
        actions.close_formation(shop.formation.pk, by=cast.consumer)
        assert not Server.objects.live().exists()
        with pytest.raises(Http404):
            launch(shop.formation, cast.consumer)

    def test_it_ends_with_its_account(self, cast: Cast) -> None:
        account = make_account("Rhea's Lab", cast.rhea)
        make_flavor(cast.iad)
        formation = make_formation(viewer(cast.rhea, account))
        accounts.actions.close(account, by=viewer(cast.rhea, account))
        formation.refresh_from_db()
        assert formation.closed_by == cast.rhea


class TestStanding:
    def test_in_words(self, cast: Cast, shop: Shop, cloud: MemoryCloud) -> None:
        assert standing_of(shop.formation).state.words == "Not launched"
        servers = launch(shop.formation, cast.consumer)
        standing = standing_of(shop.formation)
        assert (standing.state.words, standing.progress) == ("On its way", "3 building")
        for server in servers:
            running(server)
        standing = standing_of(shop.formation)
        assert (standing.state.words, standing.progress) == ("Launched", "3 running")
        actions.delete_server(servers[0].pk, by=cast.consumer)
        assert standing_of(shop.formation).state.words == "Launched in part"
        Server.objects.filter(pk=servers[1].pk).update(status="failed")
        assert standing_of(shop.formation).state.words == "1 of 2 failed"


def test_a_share_with_another_account_does_not_help(cast: Cast, shop: Shop) -> None:
    """A formation boots as its account, whoever of it launches."""
    rival = viewer(cast.rhea, cast.rival)
    formation = make_formation(rival)
    with pytest.raises(Http404):
        add(formation, rival, shop.base.image)
