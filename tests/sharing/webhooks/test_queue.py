"""What is queued for webhooks: by whom it was done, whom it concerns, and at the same cost for everybody."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Event
from sharing import actions
from sharing.models import Delivery, Webhook
from tests.people import Cast
from tests.sharing.webhooks.conftest import Hooked, happen

pytestmark = pytest.mark.database


def queued(webhook: Webhook) -> list[str]:
    return list(webhook.deliveries.order_by("pk").values_list("event__verb", flat=True))


def hook(cast: Cast, *verbs: str) -> Webhook:
    webhook, _secret = actions.create_webhook(by=cast.consumer, url="http://127.0.0.1/hook", verbs=verbs)
    webhook.deliveries.all().delete()
    return webhook


def test_an_own_event_is_queued(cast: Cast, hooked: Hooked) -> None:
    event = happen(cast)
    delivery = Delivery.objects.get(event=event)
    assert (delivery.webhook, delivery.status, delivery.attempts) == (hooked.webhook, "waiting", 0)
    assert delivery.next_at == delivery.made_at <= event.at.now(event.at.tzinfo)


def test_an_event_is_queued_for_the_other_side(cast: Cast) -> None:
    webhook = hook(cast)
    happen(cast, counterpart=cast.beta.group_ptr)
    assert queued(webhook) == ["offered"]


def test_what_does_not_concern_an_account_is_not(cast: Cast) -> None:
    webhook = hook(cast)
    happen(cast)
    happen(cast, counterpart=cast.golden_testers.group_ptr)
    assert queued(webhook) == []


def test_only_what_was_chosen(cast: Cast) -> None:
    webhook = hook(cast, "removed", "visibility changed")
    for verb in ("offered", "removed", "visibility changed", "changed"):
        happen(cast, verb=verb, counterpart=cast.beta.group_ptr)
    assert queued(webhook) == ["removed", "visibility changed"]


def test_a_paused_webhook_is_left_out(cast: Cast, hooked: Hooked) -> None:
    actions.pause_webhook(hooked.webhook.pk, by=cast.producer)
    hooked.webhook.deliveries.all().delete()
    happen(cast)
    assert queued(hooked.webhook) == []


def test_what_did_not_happen_is_not_queued(cast: Cast, hooked: Hooked) -> None:
    with transaction.atomic():
        happen(cast)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()
    assert not Event.objects.filter(verb="offered").exists()


@pytest.mark.parametrize("webhooks", [0, 1, 5])
def test_it_costs_one_statement_whoever_listens(cast: Cast, webhooks: int) -> None:
    for _ in range(webhooks):
        hook(cast)
    for counterpart in (None, cast.beta.group_ptr, cast.rival.group_ptr):
        with CaptureQueriesContext(connection) as queries:
            happen(cast, counterpart=counterpart)
        assert len(queries) == 3  # who acts, the event, and this


def test_an_account_that_is_closed_has_none(cast: Cast, hooked: Hooked) -> None:
    from accounts.actions import close

    happen(cast)
    close(cast.acme, by=cast.producer)
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
