"""Budgets, sizes and formations at the moment of a decision: what comes first holds, and nothing half-starts."""

from decimal import Decimal

import pytest

from accounts.viewer import Viewer
from images.models import DataHold, Image
from servers import actions
from servers.models import Budget, Flavor, Formation, Server
from sharing.actions import accept, offer, remove
from sharing.addresses import parse
from sharing.models import Share
from tests.factories import make_image
from tests.people import Cast
from tests.races.conftest import AtOnce
from tests.servers.conftest import make_flavor
from tests.servers.formations.conftest import add, launch, make_formation

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
PARTS = 2
ORDERS = (1, -1)  # of the parts of a formation, against the order of their images


@pytest.fixture
def priced(cast: Cast) -> Flavor:
    """The only size of IAD, for 1 an hour."""
    return make_flavor(cast.iad, price=Decimal(1))


@pytest.fixture
def shares(cast: Cast, priced: Flavor) -> list[Share]:
    """Two images of Acme that Beta has accepted, in the order of their ids."""
    images = sorted((make_image(cast.acme, cast.alice) for _ in range(PARTS)), key=lambda image: image.pk)
    offered = [offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))[0] for image in images]
    return [accept(each.share.pk, by=cast.consumer) for each in offered]


def arranged(cast: Cast, shares: list[Share], name: str, order: int = 1) -> Formation:
    """A formation of Beta with a part for each image."""
    formation = make_formation(cast.consumer, name)
    for number, share in enumerate(shares[::order]):
        add(formation, cast.consumer, share.image, name=f"{name}-{number}")
    return formation


def give(cast: Cast, amount: int) -> Budget:
    """Bob gives Beta a budget."""
    return actions.set_budget(cast.beta_holdings, cast.beta.pk, by=cast.consumer, amount=Decimal(amount))


def boot(image: Image, flavor: Flavor, by: Viewer) -> Server:
    return actions.create_server(actions.NewServer(name="web", image=image.pk, flavor=flavor.pk), by=by)


def all_or_none(number: int) -> None:
    """So many servers, and a hold for each."""
    assert Server.objects.live().count() == number
    assert DataHold.objects.filter(holder__startswith="server:").count() == number


class TestBudgets:
    def test_two_servers_for_which_one_is_left(
        self, cast: Cast, shares: list[Share], priced: Flavor, at_once: AtOnce
    ) -> None:
        give(cast, 1)
        outcomes = at_once(*(lambda share=share: boot(share.image, priced, cast.consumer) for share in shares))
        assert sorted(outcomes) == ["done", "invalid"]
        all_or_none(1)

    def test_a_server_while_a_budget_is_set(
        self, cast: Cast, shares: list[Share], priced: Flavor, at_once: AtOnce
    ) -> None:
        booted, given = at_once(lambda: boot(shares[0].image, priced, cast.consumer), lambda: give(cast, 0))
        assert given == "done"
        all_or_none(1 if booted == "done" else 0)
        assert booted in ("done", "invalid")

    def test_a_server_while_its_size_is_forbidden(
        self, cast: Cast, shares: list[Share], priced: Flavor, at_once: AtOnce
    ) -> None:
        other = make_flavor(cast.iad, code="other")
        booted, chosen = at_once(
            lambda: boot(shares[0].image, priced, cast.consumer),
            lambda: actions.set_sizes(cast.beta_holdings, by=cast.consumer, flavors=[other.pk]),
        )
        assert chosen == "done"
        assert booted in ("done", "invalid")
        all_or_none(1 if booted == "done" else 0)

    def test_people_are_warned_once(self, cast: Cast, shares: list[Share], priced: Flavor, at_once: AtOnce) -> None:
        give(cast, 0)
        Budget.objects.update(amount=Decimal("0.01"))
        Flavor.objects.update(price=0)
        server = boot(shares[0].image, priced, cast.consumer)
        Server.objects.filter(pk=server.pk).update(price=99999)
        told: list[int] = []
        assert at_once(*[lambda: told.append(actions.warn_of_budgets())] * 2) == ["done", "done"]
        assert sorted(told) == [0, 1]


class TestFormations:
    def test_launched_twice_at_once(self, cast: Cast, shares: list[Share], at_once: AtOnce) -> None:
        formation = arranged(cast, shares, "shop")
        outcomes = at_once(*[lambda: launch(formation, cast.consumer)] * 2)
        assert sorted(outcomes) == ["conflict", "done"]
        all_or_none(PARTS)

    def test_two_with_the_same_images_do_not_wait_for_each_other(
        self, cast: Cast, shares: list[Share], at_once: AtOnce
    ) -> None:
        formations = [arranged(cast, shares, f"shop{order}", order) for order in ORDERS]
        acts = [lambda formation=formation: launch(formation, cast.consumer) for formation in formations]
        assert at_once(*acts) == ["done", "done"]
        all_or_none(PARTS * len(ORDERS))

    @pytest.mark.parametrize("which", range(PARTS))
    def test_while_the_producer_removes_an_image(
        self, which: int, cast: Cast, shares: list[Share], at_once: AtOnce
    ) -> None:
        formation, share = arranged(cast, shares, "shop"), shares[which]
        launched, removed = at_once(
            lambda: launch(formation, cast.consumer), lambda: remove(share.image_id, share.pk, by=cast.producer)
        )
        assert removed == "done"
        assert launched in ("done", "invalid")
        all_or_none(PARTS if launched == "done" else 0)

    def test_while_a_part_is_taken_out(self, cast: Cast, shares: list[Share], at_once: AtOnce) -> None:
        formation = arranged(cast, shares, "shop")
        part = formation.parts.first()
        assert part
        launched, taken = at_once(
            lambda: launch(formation, cast.consumer),
            lambda: actions.remove_part(formation.pk, part.pk, by=cast.consumer),
        )
        assert launched == "done"
        all_or_none(PARTS if taken == "conflict" else PARTS - 1)

    def test_while_it_is_deleted(self, cast: Cast, shares: list[Share], at_once: AtOnce) -> None:
        formation = arranged(cast, shares, "shop")
        launched, closed = at_once(
            lambda: launch(formation, cast.consumer), lambda: actions.close_formation(formation.pk, by=cast.consumer)
        )
        assert closed == "done"
        assert launched in ("done", "not found")
        assert not Server.objects.live().exists()
