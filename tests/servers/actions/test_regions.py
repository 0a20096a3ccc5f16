"""What a panel begins with: a region that runs servers, in sizes that staff may change."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import Event
from images.models import Region
from servers.actions import set_up_regions
from servers.models import Flavor, RegionCloud
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_empty_panel_gets_a_region_that_runs_servers(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("set_up_servers")
    region = Region.objects.get()
    assert (region.is_default, region.cloud.kind) == (True, "local")
    assert list(region.flavors.values_list("name", flat=True)) == ["Tiny", "Small", "Medium"]
    assert set(region.flavors.values_list("price", flat=True)) == {Decimal(0)}
    assert capsys.readouterr().out == "Servers run on this host now, in: This host.\n"
    assert Event.objects.get().verb == "region set up"


def test_a_panel_that_is_updated_keeps_its_regions_and_servers_run_in_the_default_one() -> None:
    factories.make_region("IAD")
    factories.make_region("DFW")
    set_up_regions()
    assert list(RegionCloud.objects.values_list("region", flat=True)) == ["IAD"]


def test_in_a_demo_servers_run_everywhere_and_cost_something(settings: Settings) -> None:
    settings.DEMO = True
    factories.make_region("IAD")
    factories.make_region("DFW")
    assert [region.code for region in set_up_regions()] == ["DFW", "IAD"]
    assert not Flavor.objects.filter(price=0).exists()


def test_what_staff_have_decided_stays(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_regions()
    RegionCloud.objects.update(closed_at="2026-11-01T00:00:00Z")
    Flavor.objects.exclude(code="tiny").delete()
    Flavor.objects.update(name="Wee")
    call_command("set_up_servers")
    assert [flavor.name for flavor in Flavor.objects.all()] == ["Wee"]
    assert not RegionCloud.objects.filter(closed_at=None).exists()
    assert not capsys.readouterr().out


def test_sizes_that_staff_made_before_are_the_only_ones() -> None:
    region = factories.make_region("IAD")
    Flavor.objects.create(region=region, code="own", name="Own", ram=256, disk=0)
    set_up_regions()
    assert [flavor.code for flavor in region.flavors.all()] == ["own"]


def test_where_no_region_is_the_default_nothing_is_guessed() -> None:
    factories.make_region("DFW")
    assert not set_up_regions()
    assert not RegionCloud.objects.exists()
