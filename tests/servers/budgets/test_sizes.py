"""Which sizes an organization allows: what is refused, and where it is said before."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event
from accounts.roles import Role
from images.models import Image
from servers import actions
from servers.allowed import Allowed
from servers.fitting import place_of
from servers.models import Flavor, Server
from servers.states import Reasons
from tests.factories import join, make_image
from tests.people import Cast
from tests.servers.conftest import boot, fresh, make_flavor, running
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def large(cast: Cast, small: Flavor) -> Flavor:
    """Another size in IAD."""
    return make_flavor(cast.iad, code="large", name="Large", ram=4096)


def allow(cast: Cast, *flavors: Flavor) -> None:
    actions.set_sizes(cast.acme_group, by=cast.producer, flavors=[flavor.pk for flavor in flavors])


def test_none_chosen_allows_all(cast: Cast, small: Flavor, large: Flavor) -> None:
    allow(cast)
    assert not Allowed.of(cast.acme).why_not(large)
    assert not Allowed.of(cast.rival).why_not(large), "It is in no organization."


def test_others_are_refused(cast: Cast, golden: Image, small: Flavor, large: Flavor) -> None:
    allow(cast, small)
    with pytest.raises(ValidationError) as refused:
        boot(cast.creator, golden, flavor=large.pk)
    assert refused.value.message_dict == {"flavor": ["Acme Group does not allow this size."]}
    assert boot(cast.creator, golden, flavor=small.pk).is_live


def test_a_size_of_another_region_allows_none_here(cast: Cast, small: Flavor) -> None:
    allow(cast, make_flavor(cast.dfw))
    assert Allowed.of(cast.acme).why_not(small)


def test_a_server_of_such_a_size_goes_on_but_is_not_rebuilt(
    cast: Cast, golden: Image, small: Flavor, large: Flavor, cloud: MemoryCloud
) -> None:
    server = running(boot(cast.creator, golden, flavor=small.pk))
    allow(cast, large)
    with pytest.raises(Conflict, match="does not allow this size"):
        actions.rebuild_server(server.pk, by=cast.creator)
    assert Reasons.of(fresh(server), cast.creator).rebuild == "Acme Group does not allow this size."
    actions.stop_server(server.pk, by=cast.creator)
    running(server)
    actions.start_server(server.pk, by=cast.creator)
    assert running(server).status == Server.Status.RUNNING


def test_an_image_for_which_all_allowed_sizes_are_too_small(cast: Cast, small: Flavor, large: Flavor) -> None:
    image = make_image(cast.acme, cast.alice, min_ram=1024)
    place = place_of(cast.iad, cast.acme)
    assert not place.why_not_in_any(image, [small, large])
    allow(cast, small)
    place = place_of(cast.iad, cast.acme)
    assert place.why_not_in_any(image, [small, large]) == "Acme Group allows no size here that is large enough."


def test_only_managers_choose(cast: Cast, small: Flavor) -> None:
    join(cast.carol, cast.acme_group, Role.MEMBER)
    with pytest.raises(PermissionDenied, match="Only a manager of Acme Group can choose which sizes"):
        actions.set_sizes(cast.acme_group, by=cast.creator, flavors=[small.pk])


def test_a_size_that_staff_have_closed_is_not_chosen(cast: Cast, small: Flavor) -> None:
    Flavor.objects.update(closed_at=timezone.now())
    with pytest.raises(ValidationError, match="no longer offered"):
        allow(cast, small)


def test_it_is_written_down_once(cast: Cast, small: Flavor, large: Flavor) -> None:
    for _twice in range(2):
        allow(cast, small, large)
    allow(cast)
    sizes = [event.detail["sizes"] for event in Event.objects.filter(verb="sizes chosen").order_by("pk")]
    assert sizes == ["Large (IAD), Small (IAD)", "all"]
