"""What staff allow one account instead of what all may have."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains
from pytest_django.fixtures import Settings

from accounts.models import Event
from images.models import Image
from servers import actions
from servers.limits import Counted, limits_of
from servers.models import Budget, Flavor, Formation, ServerLimit
from sharing.models import Share
from tests.people import Cast
from tests.servers.conftest import boot
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_server(settings: Settings) -> None:
    settings.SERVER_LIMITS = settings.SERVER_LIMITS | {"servers": 1}


@pytest.fixture
def keeper(cast: Cast) -> Any:
    """Sam, who may change server limits."""
    cast.sam.user_permissions.add(Permission.objects.get(codename="change_serverlimit"))
    return type(cast.sam).objects.get(pk=cast.sam.pk)


def test_an_account_has_what_staff_allow_it(
    cast: Cast, keeper: Any, cloud: MemoryCloud, small: Flavor, lent: Share, golden: Image
) -> None:
    boot(cast.consumer, golden)
    with pytest.raises(ValidationError, match="has 1 of 1 servers"):
        boot(cast.consumer, golden, name="web-2")
    actions.set_server_limit(cast.beta, by=keeper, limits={Counted.SERVERS: 2}, note="A fair")
    boot(cast.consumer, golden, name="web-2")
    assert limits_of(cast.beta)[Counted.VCPUS] == 200, "what is empty is as for everybody"
    assert limits_of(cast.acme)[Counted.SERVERS] == 1, "nobody else has more"
    event = Event.objects.get(verb="server limit changed")
    assert (event.account, event.detail["old"], event.detail["new"]) == (cast.beta, "1 server", "2 servers")


def test_the_same_once_more_is_no_event(cast: Cast, keeper: Any) -> None:
    for note in ("A fair", "A longer fair"):
        actions.set_server_limit(cast.beta, by=keeper, limits={Counted.RAM: 1024}, note=note)
    assert Event.objects.filter(verb="server limit changed").count() == 1
    assert ServerLimit.objects.get(account=cast.beta).note == "A longer fair"


def test_only_staff_with_the_right_decide_and_not_about_themselves(cast: Cast, keeper: Any) -> None:
    with pytest.raises(PermissionDenied, match="Only staff"):
        actions.set_server_limit(cast.beta, by=cast.bob, limits={})
    with pytest.raises(PermissionDenied, match="yourself"):
        actions.set_server_limit(keeper.personal_account, by=keeper, limits={})


def test_the_administration_sets_it_by_the_action(cast: Cast, keeper: Any) -> None:
    client = Client()
    client.force_login(keeper, backend="allauth.account.auth_backends.AuthenticationBackend")
    sent = {"account": cast.beta.pk, "servers": "7", "vcpus": "", "ram": "", "ports": "", "note": "A fair"}
    assert client.post(reverse("admin:servers_serverlimit_add"), sent).status_code == 302
    assert limits_of(cast.beta)[Counted.SERVERS] == 7
    page = reverse("admin:servers_serverlimit_change", args=[cast.beta.pk])
    assertContains(client.get(page), "0 of 7 servers")
    assert client.get(reverse("admin:servers_serverlimit_changelist"), {"q": "beta"}).status_code == 200
    assert client.get(reverse("admin:servers_serverlimit_delete", args=[cast.beta.pk])).status_code == 403
    keeper.user_permissions.clear()
    assert client.get(page).status_code == 403


def test_staff_find_the_account_page_by_page(cast: Cast, keeper: Any) -> None:
    client = Client()
    keeper.user_permissions.add(Permission.objects.get(codename="view_account"))
    client.force_login(keeper, backend="allauth.account.auth_backends.AuthenticationBackend")
    asked = {"app_label": "servers", "model_name": "serverlimit", "field_name": "account", "term": "Beta"}
    found = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert [each["id"] for each in found] == [str(cast.beta.pk)], "in an order, or pages leave some out (a warning)"


def test_formations_and_budgets_are_looked_at(cast: Cast, cloud: MemoryCloud, small: Flavor, golden: Image) -> None:
    formation = Formation.objects.create(account=cast.beta, region=cast.iad, name="Shop", created_by=cast.bob)
    formation.parts.create(name="web", image=golden, image_name=golden.name, flavor=small, count=3)
    budget = Budget.objects.create(organization=cast.beta_holdings, account=cast.beta, amount=100)
    client = Client()
    client.force_login(cast.root, backend="allauth.account.auth_backends.AuthenticationBackend")
    for row, name in ((formation, "formation"), (budget, "budget")):
        assert client.get(reverse(f"admin:servers_{name}_changelist"), {"q": "beta"}).status_code == 200
        assertContains(client.get(reverse(f"admin:servers_{name}_change", args=[row.pk])), "Beta Consumers")
        assert client.get(reverse(f"admin:servers_{name}_add")).status_code == 403
