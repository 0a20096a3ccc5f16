"""How many servers an account may have at once, how large together, and with how many ports."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from images.models import Image
from servers import actions
from servers.limits import Counted, levels_of
from servers.models import Flavor, Server
from sharing.models import Share
from tests.people import Cast
from tests.servers.conftest import boot, running
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db
ANY = dict.fromkeys(Counted)


def limit(settings: Any, **limits: int) -> None:
    settings.SERVER_LIMITS = ANY | limits


@pytest.mark.parametrize(
    ("limits", "field", "said"),
    [
        ({"servers": 1}, "count", "1 of 1 servers"),
        ({"vcpus": 1}, "flavor", "1 of 1 vCPUs"),
        ({"ram": 300}, "flavor", "256 MiB of 300 MiB of memory, and this needs 256 MiB more"),
        ({"ports": 3}, "ports", "2 of 3 forwarded ports"),
    ],
    ids=list(Counted),
)
def test_what_is_too_much_is_refused_with_figures(
    cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, settings: Any, limits: Any, field: str, said: str
) -> None:
    limit(settings, **limits)
    boot(cast.consumer, lent.image, ports=[22, 80])
    with pytest.raises(ValidationError) as refused:
        boot(cast.consumer, lent.image, ports=[22, 80])
    [text] = refused.value.message_dict[field]
    assert said in text
    assert Server.objects.count() == 1


def test_several_at_once_count_together(
    cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share, settings: Any
) -> None:
    limit(settings, servers=2)
    new = actions.NewServer(name="web", image=lent.image_id, flavor=small.pk)
    with pytest.raises(ValidationError):
        actions.create_servers(new, by=cast.consumer, count=3)
    assert len(actions.create_servers(new, by=cast.consumer, count=2)) == 2


def test_a_stopped_one_counts_until_it_is_gone(cast: Cast, server: Server, lent: Share, settings: Any) -> None:
    limit(settings, servers=1)
    actions.stop_server(server.pk, by=cast.consumer)
    running(server)
    for ask in (None, actions.delete_server):
        if ask:
            ask(server.pk, by=cast.consumer)
        with pytest.raises(ValidationError):
            boot(cast.consumer, lent.image)
    actions.attend_to_server(server.pk)
    boot(cast.consumer, lent.image)


def test_those_of_others_do_not_count(cast: Cast, server: Server, golden: Image, settings: Any) -> None:
    limit(settings, servers=1)
    boot(cast.producer, golden)
    assert [level.used for level in levels_of(cast.acme)] == [1, 1, 256, 0]


def test_create_server_says_when_not_many_more_fit(cast: Cast, server: Server, client: Client, settings: Any) -> None:
    client.force_login(cast.bob)
    address = reverse("server_create", kwargs={"number": cast.beta.number})
    limit(settings, servers=2)
    assert "Not many more servers fit." not in client.get(address).content.decode()
    limit(settings, servers=1)
    assert "Beta Consumers has 1 of 1 servers." in client.get(address).content.decode()
