"""The pages of budgets and sizes, and where else they are told."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.actions import invite_account
from accounts.models import User
from images.models import Image
from servers import actions
from servers.models import Budget, Flavor
from servers.views import governing
from tests.factories import make_account, signed_in
from tests.people import Cast
from tests.servers.budgets.conftest import budget, spending
from tests.servers.conftest import make_flavor

pytestmark = pytest.mark.django_db
QUERIES = 10  # six of the frame, what waits for approval, and three: accounts, their budgets, and their servers


@pytest.fixture(autouse=True)
def middle_of_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was spent an hour ago was spent this month, whenever the tests run."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 15, 12, tzinfo=UTC))


def url(name: str, cast: Cast, *more: object) -> str:
    return reverse(name, args=[cast.acme.number, *more])


def page(user: User, path: str, **parameters: Any) -> str:
    answer = signed_in(user).get(path, parameters)
    assert answer.status_code == 200
    return answer.content.decode()


class TestBudgets:
    def test_each_account_with_what_it_has_spent(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        make_account("Acme Lab", cast.rhea, organization=cast.acme_group)
        budget(cast, 10)
        spending(9, cast.producer, golden)
        text = page(cast.alice, url("organization_budgets", cast, cast.acme_group.pk))
        assert "9.00 USD of 10.00 USD spent" in text
        assert "Nearly spent" in text
        assert "No budget: any amount" in text

    def test_an_organization_without_accounts(self, cast: Cast) -> None:
        cast.acme_group.accounts.update(organization=None)
        assert "No account has joined yet" in page(cast.alice, url("organization_budgets", cast, cast.acme_group.pk))

    def test_pages_lead_on_and_back(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(governing, "ON_A_PAGE", 1)
        make_account("Acme Lab", cast.rhea, organization=cast.acme_group)
        client = signed_in(cast.alice)
        first = client.get(url("organization_budgets", cast, cast.acme_group.pk))
        second = client.get(f"{first.wsgi_request.path}{first.context['next']}")
        titles = [[line.account.title for line in answer.context["lines"]] for answer in (first, second)]
        assert titles == [["Acme Lab"], ["Acme Producers"]]
        assert second.context["previous"] == "?page=1"

    def test_it_costs_the_same_for_one_and_many(
        self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client, path = signed_in(cast.alice), url("organization_budgets", cast, cast.acme_group.pk)
        client.get(path)
        with django_assert_num_queries(QUERIES):
            client.get(path)
        for number in range(5):
            budget(cast, number, make_account(f"Lab {number}", cast.rhea, organization=cast.acme_group))
        with django_assert_num_queries(QUERIES):
            client.get(path)

    def test_set_and_remove(self, cast: Cast) -> None:
        client, where = signed_in(cast.alice), (cast.acme_group.pk, cast.acme.pk)
        path = url("organization_budget", cast, *where)
        assert "Set budget" in page(cast.alice, path)
        assert client.post(path, {"amount": "much"}).status_code == 422
        assert client.post(path, {"amount": "12.50"}).status_code == 302
        assert Budget.objects.get().amount == Decimal("12.50")
        assert "Change budget" in page(cast.alice, path)
        assert client.post(url("organization_budget_remove", cast, *where)).status_code == 302
        assert not Budget.objects.exists()

    def test_everybody_in_the_account_reads_how_it_stands(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        path = url("account_detail", cast)
        assert "Budget for servers" not in page(cast.carol, path)
        budget(cast, 1)
        spending(2, cast.producer, golden)
        text = page(cast.carol, path)
        assert "The budget of this month is spent." in text
        assert "2.00 USD of 1.00 USD spent, 200 %" in text

    def test_create_server_warns_and_refuses(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        path = url("server_create", cast)
        assert "nearly spent" not in page(cast.carol, path)
        budget(cast, 10)
        spending(9, cast.producer, golden)
        assert "The budget of this month is nearly spent." in page(cast.carol, path)
        sent = {"image": str(golden.pk), "flavor": priced.pk, "name": "web", "count": 2}
        answer = signed_in(cast.carol).post(path, sent)
        assert answer.status_code == 422
        assert "It does not fit into the budget" in answer.content.decode()


class TestSizes:
    def test_managers_tick_and_others_read(self, cast: Cast, small: Flavor) -> None:
        large, path = make_flavor(cast.dfw, name="Large"), url("organization_sizes", cast, cast.acme_group.pk)
        assert "All sizes" in page(cast.carol, path)
        client = signed_in(cast.alice)
        assert client.post(path, {"region-DFW": [large.pk]}).status_code == 302
        text = page(cast.carol, path)
        assert "All sizes" not in text
        assert "Small" not in text
        assert "Large" in text
        assert client.post(path, {"region-DFW": ["0"]}).status_code == 422

    def test_without_sizes_there_is_nothing_to_choose(self, cast: Cast) -> None:
        assert "There are no sizes yet" in page(cast.alice, url("organization_sizes", cast, cast.acme_group.pk))

    def test_create_server_says_why_not(self, cast: Cast, golden: Image, small: Flavor) -> None:
        make_flavor(cast.iad, code="large", name="Large")
        actions.set_sizes(cast.acme_group, by=cast.producer, flavors=[small.pk])
        text = page(cast.carol, url("server_create", cast), image=golden.pk)
        assert text.count("Acme Group does not allow this size.") == 1

    def test_whoever_joins_knows_it_before(self, cast: Cast, small: Flavor) -> None:
        actions.set_sizes(cast.acme_group, by=cast.producer, flavors=[small.pk])
        invitation = invite_account(cast.acme_group, number=cast.rival.number, by=cast.producer)
        text = page(cast.rhea, reverse("invitation", args=[invitation.pk]))
        assert "can set budgets for them" in text
        assert "Small (IAD)" in text
