"""A webhook of Acme Producers to a receiver on loopback."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Event
from accounts.records import record
from sharing import actions
from sharing.actions import deliveries
from sharing.models import Webhook
from tests.images.outside.servers import EveryPort
from tests.people import Cast
from tests.sharing.webhooks.receivers import Receiver, receiving


@dataclass
class Hooked:
    """A webhook, its secret, and who receives."""

    webhook: Webhook
    secret: str
    receiver: Receiver


@pytest.fixture(autouse=True)
def loopback(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks may go to servers of the test, on any port; nobody waits long."""
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    settings.WEBHOOK_PORTS = EveryPort()
    monkeypatch.setattr(deliveries, "LOOK_SECONDS", 0.02)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def hooked(cast: Cast, receiver: Receiver) -> Hooked:
    """Everything that happens at Acme Producers goes to the receiver. What has happened until now does not."""
    webhook, secret = actions.create_webhook(by=cast.producer, url=receiver.url)
    webhook.deliveries.all().delete()
    return Hooked(webhook, secret, receiver)


def happen(cast: Cast, name: str = "web-base", verb: str = "offered", **more: object) -> Event:
    """Something that Alice does at Acme Producers."""
    return record(
        verb, subject_kind="image", subject_id="1", subject_name=name, by=cast.producer, address="bob",
        message="Private words", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def send() -> int:
    """Send what is due at this moment."""
    return actions.send_deliveries(seconds=0.01)
