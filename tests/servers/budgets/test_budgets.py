"""Budgets: who sets them, what they refuse, when people are told, and how they end."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

import accounts.actions
from accounts.errors import Conflict
from accounts.models import Account, Event, Notification
from accounts.roles import Role
from images.models import Image
from servers import actions, tasks
from servers.budgets import level_of, why_not_afford
from servers.models import Budget, Flavor, Server
from tests.factories import join, make_account
from tests.people import Cast
from tests.servers.budgets.conftest import budget, costing, spending
from tests.servers.conftest import boot, fresh, running
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db
MIDDLE = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def middle_of_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was spent an hour ago was spent this month, whenever the tests run."""
    monkeypatch.setattr(timezone, "now", lambda: MIDDLE)


def subjects(login: str) -> list[str]:
    return list(Notification.objects.filter(user__username=login).order_by("pk").values_list("subject", flat=True))


class TestSetting:
    def test_both_sides_read_of_it_and_admins_are_told(self, cast: Cast) -> None:
        account = make_account("Acme Lab", cast.rhea, organization=cast.acme_group)
        budget(cast, 100, account)
        verbs = {event.verb: event.detail for event in Event.objects.filter(verb__startswith="budget")}
        assert verbs["budget set"] == {"allotted": "Acme Lab"}, "How much it is, others do not read."
        assert verbs["budget given"] == {"amount": "100.00 USD", "organization": "Acme Group"}
        assert subjects("rhea") == ["Acme Lab has a budget for servers"]
        assert subjects("alice") == [], "She did it herself."

    def test_the_same_again_changes_nothing(self, cast: Cast) -> None:
        assert budget(cast, 100) == budget(cast, 100)
        assert Event.objects.filter(verb="budget set").count() == 1

    @pytest.mark.parametrize("amount", ["-1", "0.001", "99999999999.00"])
    def test_what_is_no_amount(self, amount: str, cast: Cast) -> None:
        with pytest.raises(ValidationError) as refused:
            actions.set_budget(cast.acme_group, cast.acme.pk, by=cast.producer, amount=Decimal(amount))
        assert "amount" in refused.value.message_dict

    def test_only_managers_and_only_for_their_own_accounts(self, cast: Cast) -> None:
        join(cast.carol, cast.acme_group, Role.MEMBER)
        with pytest.raises(PermissionDenied, match="Only a manager of Acme Group"):
            actions.set_budget(cast.acme_group, cast.acme.pk, by=cast.creator, amount=Decimal(1))
        with pytest.raises(Http404):
            budget(cast, 1, cast.beta)
        with pytest.raises(Http404):
            actions.remove_budget(cast.beta_holdings, cast.beta.pk, by=cast.producer)

    def test_removing_it_lets_the_account_spend(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        budget(cast, 0)
        for _twice in range(2):
            actions.remove_budget(cast.acme_group, cast.acme.pk, by=cast.producer)
        assert Event.objects.filter(verb="budget removed").count() == 1
        assert boot(cast.creator, golden).is_live


class TestRefusing:
    def test_what_does_not_fit_is_told_with_figures(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        budget(cast, 9)
        spending(8, cast.producer, golden)
        boot(cast.creator, golden)
        with pytest.raises(ValidationError) as refused:
            boot(cast.creator, golden)
        [reason] = refused.value.message_dict["flavor"]
        assert reason == (
            "It does not fit into the budget: Acme Producers may spend 9.00 USD on servers this month and has spent "
            "8.00 USD. Its servers cost 1.00 USD an hour, and this would cost 1.00 USD an hour more. Delete servers, "
            "or ask a manager of Acme Group for more."
        )
        assert Server.objects.live().count() == 1

    def test_several_at_once_are_counted_together(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        budget(cast, 2)
        new = actions.NewServer(name="web", image=golden.pk, flavor=priced.pk)
        with pytest.raises(ValidationError):
            actions.create_servers(new, by=cast.creator, count=3)
        assert len(actions.create_servers(new, by=cast.creator, count=2)) == 2

    def test_what_is_free_always_fits(self, cast: Cast, golden: Image, small: Flavor) -> None:
        budget(cast, 1)
        spending(5, cast.producer, golden)
        assert boot(cast.creator, golden).is_live

    def test_one_that_has_never_run_is_counted_once(
        self, cast: Cast, golden: Image, priced: Flavor, cloud: MemoryCloud
    ) -> None:
        server = boot(cast.creator, golden)
        actions.stop_server(server.pk, by=cast.creator)
        running(server)
        budget(cast, 1)
        assert why_not_afford(cast.acme, Decimal(1))
        assert actions.start_server(server.pk, by=cast.creator).wanted == Server.Wanted.RUNNING

    def test_one_that_has_never_run_does_not_begin_when_all_is_spent(
        self, cast: Cast, golden: Image, priced: Flavor, cloud: MemoryCloud
    ) -> None:
        server = boot(cast.creator, golden)
        actions.stop_server(server.pk, by=cast.creator)
        running(server)
        spending(1, cast.producer, golden)
        budget(cast, 1)
        with pytest.raises(Conflict, match="does not fit into the budget"):
            actions.start_server(server.pk, by=cast.creator)
        assert fresh(server).wanted == Server.Wanted.STOPPED

    def test_nothing_that_is_there_is_stopped(
        self, cast: Cast, golden: Image, priced: Flavor, cloud: MemoryCloud
    ) -> None:
        server = running(boot(cast.creator, golden))
        spending(5, cast.producer, golden)
        budget(cast, 1)
        tasks.warn_of_budgets()
        assert fresh(server).wanted == Server.Wanted.RUNNING
        actions.stop_server(server.pk, by=cast.creator)
        running(server)
        actions.start_server(server.pk, by=cast.creator)
        running(server)
        actions.rebuild_server(server.pk, by=cast.creator)  # it costs no more than before
        assert fresh(server).is_busy


class TestWarning:
    def test_once_at_80_and_once_at_100_percent(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        budget(cast, 100)
        spending(79, cast.producer, golden)
        assert actions.warn_of_budgets() == 0
        spending(2, cast.producer, golden)
        assert [actions.warn_of_budgets() for _twice in range(2)] == [1, 0]
        spending(30, cast.producer, golden)
        assert [actions.warn_of_budgets() for _twice in range(2)] == [1, 0]
        assert subjects("alice") == [
            "81 % of the budget of Acme Producers for servers are spent",
            "The budget of Acme Producers for servers is spent",
        ]  # fmt: skip

    def test_managers_and_admins_are_told_each_once(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        accounts.actions.change_role(
            cast.acme, cast.carol.memberships.get(group=cast.acme.pk).pk, role=Role.ADMIN, by=cast.producer
        )
        budget(cast, 1)
        spending(1, cast.producer, golden)
        Notification.objects.all().delete()
        tasks.warn_of_budgets()
        assert (len(subjects("alice")), len(subjects("carol")), len(subjects("bob"))) == (1, 1, 0)

    def test_each_month_anew(self, cast: Cast, golden: Image, priced: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
        budget(cast, 1)
        costing("1", cast.producer, golden, since=MIDDLE.replace(day=1))
        assert actions.warn_of_budgets() == 1
        monkeypatch.setattr(timezone, "now", lambda: MIDDLE.replace(month=4, day=2))
        assert actions.warn_of_budgets() == 1

    def test_another_amount_is_told_anew(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        budget(cast, 1)
        spending(1, cast.producer, golden)
        assert actions.warn_of_budgets() == 1
        budget(cast, 100)
        assert actions.warn_of_budgets() == 0
        budget(cast, 1)
        assert actions.warn_of_budgets() == 1

    def test_who_has_spent_nothing_of_nothing_hears_nothing(self, cast: Cast) -> None:
        budget(cast, 0)
        assert actions.warn_of_budgets() == 0
        level = level_of(cast.acme)
        assert level
        assert level.percent == 0


class TestEnding:
    def test_an_account_that_leaves_has_none(self, cast: Cast, golden: Image, priced: Flavor) -> None:
        budget(cast, 0)
        accounts.actions.leave_organization(by=cast.producer)
        assert not Budget.objects.exists()

    def test_an_account_that_is_taken_out_has_none(self, cast: Cast) -> None:
        account = make_account("Acme Lab", cast.rhea, organization=cast.acme_group)
        budget(cast, 0, account)
        budget(cast, 7)
        accounts.actions.remove_account(cast.acme_group, account.pk, by=cast.producer)
        assert Budget.objects.get().account == cast.acme
        assert level_of(Account.objects.get(pk=account.pk)) is None

    def test_closing_either_ends_it(self, cast: Cast) -> None:
        account = make_account("Acme Lab", cast.alice, organization=cast.acme_group)
        budget(cast, 0, account)
        accounts.actions.close(account, by=cast.producer)
        assert not Budget.objects.exists()
        budget(cast, 0)
        accounts.actions.close(cast.acme_group, by=cast.producer)
        assert not Budget.objects.exists()
