"""The demo has a budget, and a formation that anybody can launch."""

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from images.models import Image
from servers import demo
from servers.formations import lines_of, standing_of, why_not_launch
from servers.models import Budget, Formation
from sharing.models import Share
from tests.factories import make_image
from tests.people import Cast
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db


def test_beta_has_a_budget_and_a_formation_of_what_it_was_given(
    cast: Cast, settings: Settings, cloud: MemoryCloud, lent: Share, golden: Image
) -> None:
    settings.DEMO = cast.bob.is_demo = True
    cast.bob.save()
    make_image(cast.acme, cast.alice, visibility="public", name="cirros")
    call_command("set_up_servers", verbosity=0)
    assert Budget.objects.get().account == cast.beta
    formation = Formation.objects.get(account=cast.beta)
    assert {part.image_name for part in formation.parts.all()} == {golden.name, "cirros"}
    standing = standing_of(formation)
    assert not why_not_launch(standing, lines_of(standing, cast.consumer), cast.consumer)
    call_command("set_up_servers", verbosity=0)
    assert Formation.objects.count() == 1


def test_a_demo_of_somebody_elses_making_is_left_alone(cast: Cast) -> None:
    demo.load(cast.iad)
    assert not Formation.objects.exists()
    assert not Budget.objects.exists()
