"""What receivers get: signed, in order, again when it failed, and never more than their side may know."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Event, Notification
from sharing import actions
from sharing.actions import deliveries
from sharing.actions.deliveries import MOST_ATTEMPTS, PAUSES, Attempt, printable
from sharing.models import Delivery
from sharing.querysets import LINE_ATTEMPTS
from tests.people import Cast
from tests.sharing.webhooks.conftest import Hooked, happen, send
from tests.sharing.webhooks.receivers import receiving


def only() -> Delivery:
    return Delivery.objects.get()


def later() -> None:
    """The pauses are over."""
    Delivery.objects.update(next_at=timezone.now())


class TestWhatIsSent:
    def test_it_says_what_happened(self, cast: Cast, hooked: Hooked) -> None:
        event = happen(cast)
        assert send() == 1
        [told] = hooked.receiver.told
        assert told["type"] == "image.offered"
        assert told["timestamp"] == event.at.isoformat()
        assert told["account"] == {"number": cast.acme.number, "title": "Acme Producers"}
        assert told["data"]["sentence"] == "alice offered web-base to bob"
        assert told["data"]["detail"] == {"message": "Private words"}
        assert "network_address" not in told["data"]

    def test_the_other_side_gets_the_shared_part_alone(self, cast: Cast, hooked: Hooked) -> None:
        webhook, _secret = actions.create_webhook(by=cast.consumer, url=hooked.receiver.url)
        Delivery.objects.all().delete()
        happen(cast, counterpart=cast.beta.group_ptr)
        Delivery.objects.exclude(webhook=webhook).delete()
        send()
        text = hooked.receiver.got[0][1].decode()
        assert "Acme Producers offered web-base to bob" in text
        assert "alice" not in text
        assert "Private words" not in text

    def test_it_is_signed(self, cast: Cast, hooked: Hooked) -> None:
        happen(cast)
        send()
        [(headers, _body)] = hooked.receiver.got
        assert headers["webhook-id"] == f"msg_{only().webhook_id}_{only().event_id}"
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 30
        assert headers["content-type"] == "application/json"
        assert hooked.receiver.signed_by(hooked.secret)
        assert not hooked.receiver.signed_by("whsec_c29tZWJvZHkgZWxzZQ==")

    def test_a_new_secret_signs_beside_the_old_one_for_a_day(self, cast: Cast, hooked: Hooked) -> None:
        webhook, new = actions.rotate_secret(hooked.webhook.pk, by=cast.producer)
        send()
        assert hooked.receiver.signed_by(new)
        assert hooked.receiver.signed_by(hooked.secret)
        webhook.previous_until = timezone.now()
        webhook.save()
        happen(cast)
        send()
        assert hooked.receiver.signed_by(new)
        assert not hooked.receiver.signed_by(hooked.secret)

    def test_nothing_readable_is_stored(self, hooked: Hooked) -> None:
        hooked.webhook.refresh_from_db()
        assert hooked.secret not in hooked.webhook.secret
        assert "whsec" not in hooked.webhook.secret

    def test_the_log_keeps_what_came_back(self, cast: Cast, hooked: Hooked) -> None:
        hooked.receiver.text = b"ok\x00\x1b[31m\n  <b>\xff" + b"x" * 5000
        happen(cast)
        send()
        row = only()
        assert (row.status, row.attempts, row.response_status) == ("delivered", 1, 200)
        assert row.response_start.startswith("ok [31m <b>�xxx")
        assert len(row.response_start) == 200
        assert row.milliseconds is not None
        assert row.delivered_at


class TestAgain:
    @pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
    def test_anything_but_2xx_is_tried_again(self, cast: Cast, hooked: Hooked, status: int) -> None:
        hooked.receiver.statuses = [status, 204]
        happen(cast)
        send()
        assert (only().status, only().response_status) == ("waiting", status)
        assert send() == 0
        later()
        assert send() == 1
        assert only().status == "delivered"
        ids = {headers["webhook-id"] for headers, _body in hooked.receiver.got}
        assert len(ids) == 1

    def test_a_redirect_is_not_followed(self, cast: Cast, hooked: Hooked) -> None:
        with receiving() as other:
            hooked.receiver.statuses, hooked.receiver.location = [307], other.url
            happen(cast)
            send()
            assert not other.got
        assert (only().status, only().response_status) == ("waiting", 307)

    def test_pauses_grow_and_end(self, cast: Cast, hooked: Hooked) -> None:
        hooked.receiver.statuses = [500]
        happen(cast)
        pauses = []
        for _ in range(MOST_ATTEMPTS):
            send()
            pauses.append(only().next_at - timezone.now())
            later()
        assert send() == 0
        assert (only().status, only().attempts) == ("failed", MOST_ATTEMPTS)
        for found, expected in zip(pauses, PAUSES, strict=False):
            assert expected - timedelta(seconds=20) < found <= expected

    def test_nobody_there_is_an_error_in_words(self, cast: Cast, hooked: Hooked) -> None:
        hooked.webhook.url = "http://127.0.0.1:9/"
        hooked.webhook.save()
        happen(cast)
        send()
        assert only().error.startswith("No server can be reached there.")
        assert only().response_status is None

    def test_a_slow_receiver_is_given_up_for_now(
        self, cast: Cast, hooked: Hooked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(deliveries, "SECONDS", 0.2)
        monkeypatch.setattr("images.outside.watch.LOOK_SECONDS", 0.02)
        hooked.receiver.seconds = 1
        happen(cast)
        began = time.monotonic()
        send()
        assert time.monotonic() - began < 0.9
        assert only().status == "waiting"
        assert only().error

    def test_what_a_killed_worker_had_taken_goes_out_again(self, cast: Cast, hooked: Hooked) -> None:
        happen(cast)
        assert len(deliveries.take_due(8)) == 1  # and dies
        assert send() == 0
        assert only().next_at > timezone.now() + timedelta(seconds=deliveries.SECONDS)
        later()
        assert send() == 1
        assert only().status == "delivered"

    def test_two_workers_do_not_send_the_same(self, cast: Cast, hooked: Hooked) -> None:
        happen(cast)
        assert [len(deliveries.take_due(8)) for _ in range(2)] == [1, 0]

    def test_sent_again_by_hand(self, cast: Cast, hooked: Hooked) -> None:
        happen(cast)
        send()
        row = only()
        actions.resend(hooked.webhook.pk, row.event_id, by=cast.producer)
        send()
        assert [headers["webhook-id"] for headers, _body in hooked.receiver.got].count(row.message_id) == 2


class TestOrder:
    def test_one_after_the_other(self, cast: Cast, hooked: Hooked) -> None:
        for number in range(6):
            happen(cast, f"image-{number}")
        assert actions.send_deliveries(seconds=3) == 6
        assert [told["data"]["subject_name"] for told in hooked.receiver.told] == [f"image-{n}" for n in range(6)]

    def test_a_short_outage_keeps_the_order(self, cast: Cast, hooked: Hooked) -> None:
        hooked.receiver.statuses = [500, 200]
        happen(cast, "first")
        happen(cast, "second")
        assert send() == 1
        assert send() == 0
        later()
        actions.send_deliveries(seconds=2)
        assert [told["data"]["subject_name"] for told in hooked.receiver.told] == ["first", "first", "second"]

    def test_what_is_never_taken_blocks_nothing(self, cast: Cast, hooked: Hooked) -> None:
        happen(cast, "never taken")
        happen(cast, "second")
        first = Delivery.objects.order_by("pk").first()
        assert first
        Delivery.objects.filter(pk=first.pk).update(attempts=LINE_ATTEMPTS, next_at=timezone.now() + timedelta(hours=1))
        send()
        assert [told["data"]["subject_name"] for told in hooked.receiver.told] == ["second"]

    def test_a_slow_receiver_holds_up_nobody_else(self, cast: Cast, hooked: Hooked) -> None:
        hooked.receiver.seconds = 0.6
        with receiving() as quick:
            actions.create_webhook(by=cast.consumer, url=quick.url)
            Delivery.objects.all().delete()
            for _ in range(3):
                happen(cast, counterpart=cast.beta.group_ptr)
            actions.send_deliveries(seconds=0.5)
            assert len(quick.got) == 3
        assert len(hooked.receiver.got) == 1


class TestGivingUp:
    def test_after_many_failures_it_is_paused_and_the_admins_are_told(
        self, cast: Cast, hooked: Hooked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(deliveries, "GIVES_UP_AFTER", 2)
        hooked.receiver.statuses = [500]
        happen(cast)
        for _ in range(2):
            send()
            later()
        hooked.webhook.refresh_from_db()
        assert (hooked.webhook.is_active, hooked.webhook.failures) == (False, 2)
        assert hooked.webhook.gave_up_at
        assert send() == 0
        letter = Notification.objects.get(user=cast.alice)
        assert letter.subject == "The webhook to 127.0.0.1 is paused"
        assert "2 times in a row" in letter.body
        assert letter.path == f"/a/{cast.acme.number}/account/webhooks/{hooked.webhook.pk}/"
        assert Event.objects.filter(verb="webhook gave up", account=cast.acme, actor=None).exists()

    def test_a_receiver_that_says_it_is_gone_is_believed(self, cast: Cast, hooked: Hooked) -> None:
        hooked.receiver.statuses = [410]
        happen(cast)
        send()
        hooked.webhook.refresh_from_db()
        assert not hooked.webhook.is_active

    def test_a_success_starts_the_count_anew(self, cast: Cast, hooked: Hooked) -> None:
        hooked.receiver.statuses = [500, 200]
        happen(cast)
        send()
        later()
        send()
        hooked.webhook.refresh_from_db()
        assert hooked.webhook.failures == 0

    def test_resumed_it_gets_what_waited_first(self, cast: Cast, hooked: Hooked) -> None:
        hooked.receiver.statuses = [410, 200]
        happen(cast, "waited")
        send()
        happen(cast, "missed")
        actions.resume_webhook(hooked.webhook.pk, by=cast.producer)
        actions.send_deliveries(seconds=1)
        assert hooked.receiver.types == ["image.offered", "image.offered", "webhook.webhook_resumed"]
        assert {told["data"]["subject_name"] for told in hooked.receiver.told[:2]} == {"waited"}


class TestWhereItGoes:
    """The rules of imports hold: tests/images/outside tries them one by one."""

    @pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::1]/"])
    def test_not_inside_even_if_it_could_be_saved_once(self, cast: Cast, hooked: Hooked, url: str) -> None:
        hooked.webhook.url = url
        hooked.webhook.save()
        happen(cast)
        send()
        assert only().error.startswith("Only addresses that anybody on the internet can open")

    def test_what_was_allowed_may_be_forbidden_later(self, cast: Cast, hooked: Hooked, settings: Settings) -> None:
        happen(cast)
        settings.WEBHOOK_HOSTS = ["*"]
        send()
        assert not hooked.receiver.got

    def test_a_webhook_that_is_removed_meanwhile_is_no_error(self, cast: Cast, hooked: Hooked) -> None:
        happen(cast)
        [taken] = deliveries.take_due(1)
        actions.remove_webhook(hooked.webhook.pk, by=cast.producer)
        deliveries.settle(taken, Attempt(5, 200))
        assert not Delivery.objects.exists()


def test_old_lines_are_taken_out_of_the_log(cast: Cast, hooked: Hooked) -> None:
    happen(cast)
    happen(cast)
    old = Delivery.objects.order_by("pk").first()
    assert old
    Delivery.objects.filter(pk=old.pk).update(made_at=timezone.now() - timedelta(days=31))
    assert actions.prune_deliveries() == 1
    assert Delivery.objects.count() == 1


def test_without_webhooks_there_is_nothing_to_wait_for(db: None) -> None:
    began = time.monotonic()
    assert actions.send_deliveries(seconds=30) == 0
    assert time.monotonic() - began < 5


def test_an_answer_in_any_bytes_is_a_line() -> None:
    assert printable(b"\xff\xfe\x00 a\r\n\tb \x7f") == "�� a b"


def test_threads_need_no_database(cast: Cast, hooked: Hooked) -> None:
    happen(cast)
    [delivery] = deliveries.take_due(1)
    request = deliveries.request_of(delivery)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(deliveries.attempt, request).result().succeeded
