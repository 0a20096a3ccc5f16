"""What counts, from when until when, and at which price."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.viewer import Viewer
from images.models import Image
from servers import actions
from servers.costs import Month, Usage, usage_of
from servers.models import Flavor
from tests.factories import make_image, viewer
from tests.people import Cast
from tests.servers.budgets.conftest import NOON, costing
from tests.servers.conftest import running
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def spent(by: Viewer, now: datetime = NOON) -> Decimal:
    return usage_of([by.account.pk], now=now)[by.account.pk].spent


def test_an_account_without_servers_has_spent_nothing(cast: Cast) -> None:
    assert usage_of([cast.beta.pk]) == {cast.beta.pk: Usage(Decimal(0), Decimal(0), 0)}
    assert usage_of([]) == {}


def test_a_server_counts_from_its_creation_to_its_deletion(producer: Viewer, golden: Image, small: Flavor) -> None:
    costing("0.10", producer, golden, since=NOON - 5 * HOUR, until=NOON - 2 * HOUR)
    assert spent(producer) == Decimal("0.30")
    costing("0.02", producer, golden, since=NOON - 90 * HOUR / 60)
    assert usage_of([producer.account.pk], now=NOON)[producer.account.pk] == Usage(
        Decimal("0.33"), Decimal("0.02"), servers=1
    )


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (MIDNIGHT - 9 * HOUR, MIDNIGHT - HOUR, 0),
        (MIDNIGHT - 9 * HOUR, MIDNIGHT + HOUR, 1),
        (MIDNIGHT - 9 * HOUR, None, 14 * 24 + 12),
        (NOON + HOUR, None, 0),
        (NOON - HOUR, NOON + HOUR, 1),
    ],
    ids=["the month before", "over its end", "on and on", "later", "deleted later"],
)
def test_only_this_month_until_this_moment_counts(
    since: datetime, until: datetime | None, hours: int, producer: Viewer, golden: Image, small: Flavor
) -> None:
    costing("1", producer, golden, since=since, until=until)
    assert spent(producer) == hours


def test_a_month_begins_at_midnight_in_utc() -> None:
    assert Month.of(datetime.fromisoformat("2027-01-01T00:30:00+01:00")) == Month(
        datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    )


def test_neither_stopping_nor_rebuilding_nor_another_price_changes_the_count(
    producer: Viewer, golden: Image, small: Flavor, cloud: MemoryCloud
) -> None:
    server = running(costing("1", producer, golden, since=NOON - 2 * HOUR))
    Flavor.objects.update(price=100)
    actions.rebuild_server(server.pk, by=producer)
    running(server)
    actions.stop_server(server.pk, by=producer)
    assert usage_of([producer.account.pk], now=NOON)[producer.account.pk].hourly == 1
    assert spent(producer) == 2


def test_small_prices_stay_exact(producer: Viewer, golden: Image, small: Flavor) -> None:
    for minutes in range(1, 4):
        costing("0.00001", producer, golden, since=NOON - timedelta(minutes=minutes))
    assert spent(producer) == Decimal("0.00001") / 10


def test_many_accounts_are_one_query(
    cast: Cast, producer: Viewer, golden: Image, small: Flavor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rival = viewer(cast.rhea, cast.rival)
    costing("1", producer, golden, since=NOON - HOUR)
    costing("2", rival, make_image(cast.rival, cast.rhea), since=NOON - HOUR)
    with django_assert_num_queries(1):
        usage = usage_of([cast.acme.pk, cast.beta.pk, cast.rival.pk], now=NOON)
    assert [usage[account.pk].spent for account in (cast.acme, cast.beta, cast.rival)] == [1, 0, 2]
