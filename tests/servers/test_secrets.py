"""Secrets at rest: what the database holds tells nothing, and a change of the panel's own key loses nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.encryption import SecretLost, decrypt, encrypt
from servers.actions import attend_to_server, delete_server
from servers.clouds.finding import machine_of
from servers.models import CloudKey, Flavor, Server
from servers.secrets import KEY_SECRETS, secret_of
from sharing.actions import send_deliveries, send_test
from sharing.actions.deliveries import CANNOT_SIGN, keys_of
from sharing.actions.webhooks import create_webhook
from sharing.models import Delivery, Share, Webhook
from tests.people import Cast
from tests.servers.conftest import boot, fresh, running
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db

Output = pytest.CaptureFixture[str]


@contextmanager
def changed_key(*former: str) -> Iterator[None]:
    """The panel has another secret key, and perhaps still knows former ones."""
    with override_settings(SECRET_KEY="of tomorrow", SECRET_KEY_FALLBACKS=list(former)):
        yield


@pytest.fixture
def today() -> Iterator[str]:
    """The secret key of today."""
    with override_settings(SECRET_KEY="of today", SECRET_KEY_FALLBACKS=[]):
        yield "of today"


@pytest.fixture
def key(cast: Cast, today: str) -> CloudKey:
    return CloudKey.objects.create(
        account=cast.beta,
        region=cast.iad,
        credential_id="c0ffee",
        encrypted_secret=encrypt("shhh", purpose=KEY_SECRETS),
        created_by=cast.bob,
    )


@pytest.fixture
def waiting(today: str, cloud: MemoryCloud, small: Flavor, lent: Share, cast: Cast) -> Server:
    """A server that nobody has begun yet."""
    return boot(cast.consumer, lent.image, user_data="#cloud-config")


def test_what_is_stored_tells_nothing_and_each_purpose_has_a_key_of_its_own(key: CloudKey) -> None:
    assert "shhh" not in key.encrypted_secret
    assert secret_of(key) == "shhh"
    with pytest.raises(SecretLost):
        decrypt(key.encrypted_secret, purpose="something else")


def test_former_keys_are_read_until_they_are_taken_out(key: CloudKey, today: str) -> None:
    with changed_key(today):
        assert secret_of(key) == "shhh"
    with changed_key(), pytest.raises(SecretLost, match="Replace the cloud key"):
        secret_of(key)


def test_rotated_secrets_need_no_former_key(
    key: CloudKey, waiting: Server, cast: Cast, today: str, capsys: Output
) -> None:
    webhook, secret = create_webhook(by=cast.consumer, url="https://example.org/hook")
    codes = RecoveryCodes.activate(cast.bob).get_unused_codes()
    with changed_key(today):
        call_command("rotate_secrets")
    with changed_key():
        assert secret_of(CloudKey.objects.get()) == "shhh"
        assert machine_of(fresh(waiting)).user_data == "#cloud-config"
        assert keys_of(Webhook.objects.get(pk=webhook.pk)) == [secret]
        assert RecoveryCodes(Authenticator.objects.get()).get_unused_codes() == codes
    assert capsys.readouterr().out.splitlines() == [
        "Second factors: 1 encrypted anew.",
        "Secrets of webhooks: 1 encrypted anew.",
        "Cloud keys: 1 encrypted anew.",
        "User data of servers: 1 encrypted anew.",
    ]


def test_what_cannot_be_read_is_told_and_kept(key: CloudKey, capsys: Output) -> None:
    with changed_key(), pytest.raises(CommandError, match="SECRET_KEY_FALLBACKS"):
        call_command("rotate_secrets")
    assert f"Not readable any more: {key.pk}" in capsys.readouterr().out
    assert secret_of(CloudKey.objects.get()) == "shhh"


def test_a_webhook_whose_secret_is_lost_says_so_and_holds_nobody_up(cast: Cast, today: str) -> None:
    webhook, _secret = create_webhook(by=cast.consumer, url="https://example.org/hook")
    send_test(webhook.pk, by=cast.consumer)
    with changed_key():
        assert send_deliveries(seconds=0.1) == 1
    delivery = Delivery.objects.get(attempts=1)
    assert (delivery.status, delivery.error) == (Delivery.Status.WAITING, CANNOT_SIGN)


def test_a_server_whose_user_data_is_lost_says_so_and_can_be_deleted(
    waiting: Server, cloud: MemoryCloud, cast: Cast
) -> None:
    with changed_key():
        failed = running(waiting)
        assert (failed.status, failed.problem.partition(",")[0]) == (
            Server.Status.FAILED,
            "This panel cannot read its user data any more",
        )
        delete_server(failed.pk, by=cast.consumer)
        attend_to_server(failed.pk)
        assert fresh(failed).gone_at


def test_a_server_that_has_read_its_user_data_goes_on_without_it(waiting: Server) -> None:
    server = running(waiting)
    with changed_key():
        assert machine_of(server).user_data == ""
