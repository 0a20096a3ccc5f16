"""The pages of webhooks: secrets are shown once, what is wrong is told, and the log costs the same at any length."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import Event
from sharing import actions
from sharing.actions.webhooks import MOST_WEBHOOKS
from sharing.models import Delivery, Webhook
from tests.factories import signed_in
from tests.people import Cast
from tests.sharing.webhooks.conftest import Hooked, happen


@pytest.fixture
def alice(cast: Cast) -> Client:
    return signed_in(cast.alice)


def url(name: str, cast: Cast, *args: object) -> str:
    return reverse(name, args=[cast.acme.number, *args])


def test_the_secret_is_shown_once(cast: Cast, alice: Client) -> None:
    page = alice.post(url("webhook_create", cast), {"url": "http://127.0.0.1/hook", "which": "all"})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    webhook = Webhook.objects.get()
    for other in (url("webhook_list", cast), url("webhook_detail", cast, webhook.pk)):
        assert secret not in alice.get(other).content.decode()
    new = alice.post(url("webhook_rotate", cast, webhook.pk)).context["secret"]
    assert new != secret
    assert not Event.objects.filter(detail__icontains="whsec").exists()


def test_only_some_events(cast: Cast, alice: Client) -> None:
    data = {"url": "http://127.0.0.1/hook", "which": "chosen", "verbs": ["offered", "accepted"]}
    alice.post(url("webhook_create", cast), data)
    assert Webhook.objects.get().chosen_verbs == ["accepted", "offered"]
    alice.post(url("webhook_edit", cast, Webhook.objects.get().pk), data | {"which": "all"})
    assert Webhook.objects.get().chosen_verbs == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"url": "", "which": "all"}, "Give the address"),
        ({"url": "http://10.0.0.1/", "which": "all"}, "Only addresses that anybody"),
        ({"url": "http://127.0.0.1/", "which": "chosen"}, "Choose at least one"),
        ({"url": "http://127.0.0.1/", "which": "chosen", "verbs": ["nonsense"]}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_told(cast: Cast, alice: Client, data: dict[str, str], told: str) -> None:
    page = alice.post(url("webhook_create", cast), data)
    assert page.status_code == 422
    assert told in page.content.decode()
    assert not Webhook.objects.exists()


def test_http_is_for_hosts_that_the_settings_name(cast: Cast, alice: Client, settings: Settings) -> None:
    settings.WEBHOOK_HOSTS = ["*"]
    page = alice.post(url("webhook_create", cast), {"url": "http://hooks.example.org/", "which": "all"})
    assert "Give an address of https" in page.content.decode()
    alice.post(url("webhook_create", cast), {"url": "https://hooks.example.org/", "which": "all"})
    assert Webhook.objects.get().url == "https://hooks.example.org/"


def test_there_are_so_many_at_most(cast: Cast, alice: Client) -> None:
    for _ in range(MOST_WEBHOOKS):
        actions.create_webhook(by=cast.producer, url="http://127.0.0.1/hook")
    page = alice.post(url("webhook_create", cast), {"url": "http://127.0.0.1/hook", "which": "all"})
    assert "10 webhooks at most" in page.content.decode()
    assert "are the most that an account may have" in alice.get(url("webhook_list", cast)).content.decode()


def test_pause_resume_test_resend_and_remove(cast: Cast, hooked: Hooked, alice: Client) -> None:
    pk = hooked.webhook.pk
    alice.post(url("webhook_test", cast, pk))
    delivery = Delivery.objects.get()
    assert delivery.event.verb == "webhook tested"
    for name, verb in (("webhook_pause", "webhook paused"), ("webhook_resume", "webhook resumed")):
        alice.post(url(name, cast, pk))
        assert Event.objects.filter(verb=verb, subject_name="127.0.0.1").exists()
    alice.post(url("delivery_resend", cast, pk, delivery.event_id))
    assert Event.objects.filter(verb="delivery resent").exists()
    alice.post(url("webhook_remove", cast, pk))
    assert not Webhook.objects.exists()


def test_a_test_goes_out_although_its_event_was_not_chosen(cast: Cast, alice: Client) -> None:
    webhook, _secret = actions.create_webhook(by=cast.producer, url="http://127.0.0.1/hook", verbs=["offered"])
    alice.post(url("webhook_test", cast, webhook.pk))
    assert webhook.deliveries.count() == 1


def test_webhooks_of_others_are_not_there(cast: Cast, hooked: Hooked) -> None:
    bob = signed_in(cast.bob)
    pk = hooked.webhook.pk
    for name in ("webhook_detail", "webhook_edit", "webhook_rotate", "webhook_remove"):
        assert bob.get(reverse(name, args=[cast.beta.number, pk])).status_code == 404
    assert bob.post(reverse("webhook_test", args=[cast.beta.number, pk])).status_code == 404


@pytest.mark.parametrize("number", [1, 1000])
def test_the_log_costs_the_same_however_long_it_is(
    cast: Cast,
    hooked: Hooked,
    alice: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    number: int,
) -> None:
    happen(cast)
    Event.objects.bulk_create(
        Event(verb="offered", subject_kind="image", subject_id="1", subject_name="x") for _ in range(number)
    )
    others = Event.objects.filter(account=None, subject_name="x")
    Delivery.objects.bulk_create(Delivery(webhook=hooked.webhook, event=other) for other in others)
    address = url("webhook_detail", cast, hooked.webhook.pk)
    alice.get(address)
    with django_assert_num_queries(8):
        page = alice.get(address)
    if number > 50:
        older = alice.get(address + page.context["older"])
        assert not {row.pk for row in older.context["deliveries"]} & {row.pk for row in page.context["deliveries"]}
