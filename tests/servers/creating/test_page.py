"""Create Server: what it shows, what it refuses, and what it costs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.viewer import Viewer
from images.models import Image
from servers.actions import NewServer, create_servers
from servers.clouds.local import LocalCloud
from servers.models import Flavor, RegionCloud, Server, SshKey
from servers.views.creating import CreatePage
from sharing.actions import remove, set_policy
from sharing.models import Share
from tests.factories import make_data, make_image
from tests.people import Cast
from tests.servers.creating.conftest import make_flavor

pytestmark = pytest.mark.django_db
QUERIES = 17

Get = Callable[..., str]
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def qemu_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed where the tests run."""
    monkeypatch.setattr(LocalCloud, "why_not", lambda _: "")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def url(viewer: Viewer) -> str:
    return reverse("server_create", kwargs={"number": viewer.account.number})


@pytest.fixture
def get(consumer: Viewer) -> Get:
    """The page, as Bob sees it for Beta."""
    client = client_of(consumer.user)

    def get(**asked: Any) -> str:
        response = client.get(url(consumer), asked)
        assert response.status_code == 200
        return response.content.decode()

    return get


@pytest.fixture
def send(consumer: Viewer, golden: Image, tiny: Flavor) -> Send:
    """The form, as Bob sends it."""
    client = client_of(consumer.user)
    given = {"name": "web", "count": 1, "image": golden.pk, "flavor": tiny.pk, "request": "1"}
    return lambda **fields: client.post(url(consumer), {**given, **fields})


def test_the_page_begins_with_images_of_the_default_region(get: Get, tiny: Flavor, cast: Cast) -> None:
    make_image(cast.acme, cast.alice, name="debian-13", visibility="public")
    make_image(cast.acme, cast.alice, name="far-away", visibility="public", region=cast.dfw)
    page = get()
    assert "debian-13" in page
    assert "far-away" not in page


def test_each_tab_has_its_images(get: Get, accepted: Share, tiny: Flavor, cast: Cast) -> None:
    make_image(cast.beta, cast.bob, name="our-own")
    make_image(cast.acme, cast.alice, name="for-all", visibility="community")
    assert "debian-12-golden" in get(tab="shared")
    assert "our-own" in get(tab="mine")
    assert "for-all" in get(tab="community")


def test_a_pending_offer_stands_above_the_images_of_its_region(get: Get, pending: Share, tiny: Flavor) -> None:
    assert "wants to share “debian-12-golden”" in get()
    assert "wants to share" not in get(region="DFW")


def test_search_finds_by_name(get: Get, tiny: Flavor, cast: Cast) -> None:
    make_image(cast.beta, cast.bob, name="our-own")
    assert "our-own" in get(tab="mine", q="OWN")
    assert "No image matches" in get(tab="mine", q="other")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"min_ram": 65}, "No size here is large enough"),
        ({"architecture": "s390x"}, "runs no machines of the architecture s390x"),
        ({"status": "deactivated"}, "deactivated"),
    ],
)
def test_what_cannot_boot_says_why(get: Get, tiny: Flavor, cast: Cast, fields: dict[str, Any], reason: str) -> None:
    if "status" in fields:
        fields = {**fields, "deactivated_at": timezone.now(), "deactivated_by": cast.bob}
    make_image(cast.beta, cast.bob, name="our-own", **fields)
    page = get(tab="mine")
    assert reason in page
    assert "Choose<span" not in page


def test_a_policy_that_refuses_says_whose_it_is(get: Get, accepted: Share, tiny: Flavor, cast: Cast) -> None:
    set_policy(cast.beta, by=cast.consumer, mode="enforced", only_trusted=True)
    page = get(tab="shared")
    assert "takes only images of producers that it trusts" in page
    assert "Choose<span" not in page


def test_a_policy_that_writes_down_warns(get: Get, accepted: Share, tiny: Flavor, cast: Cast) -> None:
    set_policy(cast.beta, by=cast.consumer, mode="audit", only_trusted=True)
    page = get(tab="shared")
    assert "takes only images of producers that it trusts" in page
    assert "Choose<span" in page


def test_a_chosen_image_closes_its_step_and_opens_sizes(get: Get, accepted: Share, cast: Cast, tiny: Flavor) -> None:
    make_flavor(cast, "large", ram=1024, price="0.5")
    page = get(image=accepted.image_id)
    assert "Change<span" in page
    assert "This is a non-standard image." in page
    assert page.count('name="flavor"') == 2
    assert "0.50 USD an hour" in page


def test_a_size_that_is_too_small_says_why(get: Get, accepted: Share, cast: Cast, tiny: Flavor) -> None:
    make_flavor(cast, "large", ram=1024)
    Image.objects.update(min_ram=100)
    page = get(image=accepted.image_id)
    assert "The image needs 100 MiB of memory; Tiny has 64." in page


def test_an_image_that_was_taken_back_is_not_found(accepted: Share, tiny: Flavor, cast: Cast) -> None:
    remove(accepted.image_id, accepted.pk, by=cast.producer)
    response = client_of(cast.bob).get(url(cast.consumer), {"image": str(accepted.image_id)})
    assert response.status_code == 404


def test_a_region_without_a_cloud_keeps_images_only(get: Get, tiny: Flavor) -> None:
    assert "keeps images only" in get(region="DFW")


def test_a_closed_region_says_so(get: Get, cloud: RegionCloud) -> None:
    RegionCloud.objects.update(closed_at=timezone.now())
    assert "closed for new servers" in get()


def test_without_qemu_the_page_says_what_installs_it(
    get: Get, accepted: Share, tiny: Flavor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalCloud, "why_not", lambda _: "Install qemu-system-x86.")
    page = get(image=accepted.image_id)
    assert "Install qemu-system-x86." in page
    assert '<button type="submit" class="btn btn-primary">' not in page


def test_the_form_boots(send: Send, accepted: Share) -> None:
    response = send()
    server = Server.objects.get()
    assert server.name == "web"
    assert response.status_code == 302
    assert response["Location"].endswith(f"/servers/{server.pk}/")


def test_ten_servers_at_once(send: Send, accepted: Share) -> None:
    assert send(count=10)["Location"].endswith("/servers/")
    assert Server.objects.count() == 10


def test_the_form_sent_twice_boots_once(send: Send, accepted: Share) -> None:
    assert send()["Location"] == send()["Location"]
    assert Server.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"count": 11},
        {"flavor": ""},
        {"flavor": 999},
        {"ssh_keys": [999]},
        {"user_data": "é" * 40_000},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(send: Send, accepted: Share, wrong: dict[str, Any]) -> None:
    response = send(**{"user_data": "#!/bin/sh\necho typed"} | wrong)
    page = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in page
    assert "user_data" in wrong or "echo typed" in page
    assert not Server.objects.exists()


@pytest.mark.parametrize(("choice", "status"), [(True, 422), (False, 302)])
def test_ports_are_asked_for_where_the_cloud_has_a_choice(
    send: Send, accepted: Share, monkeypatch: pytest.MonkeyPatch, *, choice: bool, status: int
) -> None:
    monkeypatch.setattr(LocalCloud, "abilities", replace(LocalCloud.abilities, port_forwards=choice))
    assert send(ports="x").status_code == status


def test_this_host_asks_for_ports_and_not_for_the_network(get: Get, tiny: Flavor, accepted: Share) -> None:
    """They begin as the producer said; whoever boots the image takes out what they do not want."""
    Image.objects.filter(pk=accepted.image_id).update(ports=[22, 443])
    page = get(image=accepted.image_id)
    assert 'value="22, 443"' in page
    assert 'name="network"' not in page
    assert "reach no network themselves" in page


def test_the_ports_are_those_of_the_server(send: Send, accepted: Share) -> None:
    assert send(ports="22, 8443").status_code == 302
    assert Server.objects.get().ports == {"22": 0, "8443": 0}


@pytest.mark.parametrize("asked", [{"network": True}, {"ports": (22,)}])
def test_what_the_cloud_cannot_is_refused(
    cast: Cast, accepted: Share, tiny: Flavor, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    monkeypatch.setattr(
        LocalCloud, "abilities", replace(LocalCloud.abilities, port_forwards=False, network_choice=False)
    )
    new = NewServer(name="web", image=accepted.image_id, flavor=tiny.pk, **asked)
    with pytest.raises(ValidationError) as refusal:
        create_servers(new, by=cast.consumer)
    assert list(refusal.value.error_dict) == list(asked)


def test_a_key_of_somebody_else_is_no_choice(send: Send, accepted: Share, cast: Cast) -> None:
    key = SshKey.objects.create(user=cast.rhea, name="laptop", public_key="ssh-ed25519 AAAA", fingerprint="SHA256:a")
    for pk in (key.pk, 2**63):  # the second one is larger than any that a database has
        response = send(ssh_keys=[pk])
        assert response.status_code == 422
        assert "Choose among your own keys" in response.content.decode()


def test_an_image_that_goes_meanwhile_is_said_in_the_form(send: Send, accepted: Share, cast: Cast) -> None:
    remove(accepted.image_id, accepted.pk, by=cast.producer)
    response = send()
    assert response.status_code == 422
    assert "It is no longer there for this account" in response.content.decode()


def test_an_offer_that_is_pending_is_said_in_the_form(send: Send, pending: Share) -> None:
    response = send()
    assert response.status_code == 422
    assert "Accept the offer first." in response.content.decode()


def test_a_form_that_was_changed_after_it_was_sent_can_be_sent_again(send: Send, accepted: Share) -> None:
    assert send().status_code == 302
    response = send(name="db")
    assert response.status_code == 422
    assert "This form was sent already" in response.content.decode()
    again = response.context["form"]["request"].value()
    assert f'value="{again}"' in response.content.decode()
    assert send(name="db", request=again).status_code == 302
    assert set(Server.objects.values_list("name", flat=True)) == {"web", "db"}


def test_nobody_is_told_that_user_data_is_a_place_for_secrets(get: Get, accepted: Share) -> None:
    """A server on this host has it as text beside its disk, for as long as it is there."""
    page = get(image=accepted.image.pk)
    assert "cloud-init leaves a copy on its disk" in page
    assert "encrypted" not in page


def test_reports_of_errors_show_no_user_data(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden: list[str] = []

    def boot(page: CreatePage) -> list[Server]:
        hidden.extend(page.request.sensitive_post_parameters)  # type: ignore[attr-defined]  # the decorator's
        return []

    monkeypatch.setattr(CreatePage, "boot", boot)
    send(user_data="secret", new_ssh_key="ssh-ed25519 AAAA")
    assert set(hidden) == {"user_data", "new_ssh_key"}


def test_an_observer_is_told_who_can(cast: Cast, tiny: Flavor) -> None:
    response = client_of(cast.dave).get(url(cast.consumer))
    assert response.status_code == 403
    assert "Only a creator or an admin of Beta Consumers can create servers." in response.content.decode()


@pytest.mark.parametrize("count", [1, 9])
def test_the_selector_costs_the_same_for_many(
    cast: Cast, tiny: Flavor, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    data = make_data()
    for number in range(count):
        make_image(cast.acme, cast.alice, name=f"image-{number}", visibility="public", data=data)
    client = client_of(cast.bob)
    client.get(url(cast.consumer))
    with django_assert_num_queries(QUERIES):
        client.get(url(cast.consumer))
