"""Who is told what, in which words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Event, Notification, User
from images.models import Image
from sharing import actions
from sharing.letters import quoted
from sharing.models import Share
from tests.conftest import MoveClock, WorkThrough
from tests.factories import make_image, viewer
from tests.people import Cast
from tests.sharing.conftest import offer_one


def letters_to(user: User) -> list[Notification]:
    return list(Notification.objects.filter(user=user).order_by("pk"))


def test_those_who_decide_are_told_of_an_offer(cast: Cast, pending: Share, work_through: WorkThrough) -> None:
    work_through()
    [letter] = letters_to(cast.bob)
    assert letter.subject == "Acme Producers offers you the image “debian-12-golden”"
    assert "> Hardened base, please use." in letter.body
    assert letter.path == f"/a/{cast.beta.number}/shared/"
    assert letters_to(cast.dave) == letters_to(cast.alice) == []


def test_the_producer_is_told_the_decision_and_no_name(cast: Cast, pending: Share, work_through: WorkThrough) -> None:
    actions.reject(pending.pk, by=cast.consumer, reason="Too old.\nSorry.")
    actions.accept(pending.pk, by=cast.consumer)
    work_through()
    rejected, accepted = letters_to(cast.alice)
    assert "> Too old.\n> Sorry." in rejected.body
    assert "accepted your offer" in accepted.body
    for letter in (rejected, accepted):
        assert "Bob" not in letter.subject + letter.body
        assert "Beta" not in letter.subject + letter.body
        assert letter.path.endswith("#sharing")


def test_removal_and_deletion_are_told(cast: Cast, golden: Image, accepted: Share, work_through: WorkThrough) -> None:
    actions.remove(golden.pk, accepted.pk, by=cast.producer)
    work_through()
    assert "no longer shares" in letters_to(cast.bob)[-1].subject


def test_a_name_is_written_as_it_is(cast: Cast, work_through: WorkThrough) -> None:
    image = make_image(cast.acme, cast.alice, name="R&D <base>\nSubject: x")
    offer_one(image, cast.producer, cast.beta.number)
    work_through()
    assert letters_to(cast.bob)[0].subject == "Acme Producers offers you the image “R&D <base> Subject: x”"


def test_offering_removing_and_offering_again_fills_no_mailbox(
    cast: Cast, golden: Image, work_through: WorkThrough
) -> None:
    for _time in range(3):
        share = offer_one(golden, cast.producer, "bob")
        work_through()
        Share.objects.filter(pk=share.pk).delete()
    assert len(letters_to(cast.bob)) == 1


def test_what_was_taken_back_before_its_letter_went_out_is_never_heard_of(
    cast: Cast, golden: Image, work_through: WorkThrough
) -> None:
    share = offer_one(golden, cast.producer, "bob")
    actions.undo_offers([share.pk], by=cast.producer)
    work_through()
    assert not letters_to(cast.bob)


def test_an_offer_made_again_after_undoing_is_heard_of(cast: Cast, golden: Image, work_through: WorkThrough) -> None:
    share = offer_one(golden, cast.producer, "bob")
    actions.undo_offers([share.pk], by=cast.producer)
    offer_one(golden, cast.producer, "bob")
    work_through()
    assert len(letters_to(cast.bob)) == 1


class TestTurns:
    """Who accepts and leaves and accepts again fills nobody's mailbox; what happened is written down all the same."""

    def turn(self, cast: Cast, share: Share) -> None:
        actions.accept(share.pk, by=cast.consumer)
        actions.leave(share.image_id, by=cast.consumer)

    def subjects(self, cast: Cast, work_through: WorkThrough) -> list[str]:
        work_through()
        return [letter.subject.split(" “")[0] for letter in letters_to(cast.alice)]

    def test_each_turn_is_told_once_a_day(self, cast: Cast, pending: Share, work_through: WorkThrough) -> None:
        for _time in range(3):
            self.turn(cast, pending)
        assert len(self.subjects(cast, work_through)) == 2
        for verb in ("accepted", "left"):
            assert Event.objects.filter(account=cast.acme, verb=verb).count() == 3

    def test_also_when_each_letter_goes_out_at_once(
        self, cast: Cast, pending: Share, work_through: WorkThrough
    ) -> None:
        for _time in range(3):
            self.turn(cast, pending)
            work_through()
        assert len(self.subjects(cast, work_through)) == 2

    def test_rejecting_and_leaving_are_two_things(self, cast: Cast, pending: Share, work_through: WorkThrough) -> None:
        actions.reject(pending.pk, by=cast.consumer)
        self.turn(cast, pending)
        self.turn(cast, pending)
        assert len(self.subjects(cast, work_through)) == 3

    def test_the_next_day_it_is_told_again(
        self, cast: Cast, pending: Share, work_through: WorkThrough, move_clock: MoveClock
    ) -> None:
        self.turn(cast, pending)
        move_clock(timedelta(days=1, minutes=1))
        self.turn(cast, pending)
        assert len(self.subjects(cast, work_through)) == 4

    def test_a_new_offer_has_a_new_answer(self, cast: Cast, pending: Share, work_through: WorkThrough) -> None:
        actions.reject(pending.pk, by=cast.consumer)
        actions.offer_again(pending.image_id, pending.pk, by=cast.producer)
        actions.reject(pending.pk, by=cast.consumer)
        assert len(self.subjects(cast, work_through)) == 2

    def test_another_recipient_is_another_letter(self, cast: Cast, pending: Share, work_through: WorkThrough) -> None:
        other = offer_one(pending.image, cast.producer, "rhea")
        actions.accept(pending.pk, by=cast.consumer)
        actions.accept(other.pk, by=viewer(cast.rhea))
        assert len(self.subjects(cast, work_through)) == 2


class TestStrangers:
    """People behind an address that nobody has confirmed."""

    def test_the_letter_has_nothing_of_the_producer_in_it(self, cast: Cast, work_through: WorkThrough) -> None:
        image = make_image(cast.acme, cast.alice, name="secret-name")
        offer_one(image, cast.producer, "who@example.org", message="Buy at https://evil.example")
        work_through()
        letter = Notification.objects.get(email="who@example.org")
        for word in ("secret-name", "Acme", "Alice", "evil"):
            assert word not in letter.subject + letter.body

    def test_it_comes_once_a_day_whoever_offers_whatever(self, cast: Cast, work_through: WorkThrough) -> None:
        for by, account in ((cast.producer, cast.acme), (cast.consumer, cast.beta)):
            offer_one(make_image(account, by.user), by, "who@example.org")
        work_through()
        assert Notification.objects.filter(email="who@example.org").count() == 1
        Notification.objects.update(created_at=timezone.now() - timedelta(days=2))
        offer_one(make_image(cast.acme, cast.alice), cast.producer, "who@example.org")
        work_through()
        assert Notification.objects.filter(email="who@example.org").count() == 2

    @pytest.mark.parametrize("address", ["nobody-knows", "4071 3859 69"])
    def test_unknown_logins_and_numbers_reach_nobody(self, cast: Cast, address: str, work_through: WorkThrough) -> None:
        offer_one(make_image(cast.acme, cast.alice), cast.producer, address)
        assert work_through() >= 1
        assert not Notification.objects.exists()


@pytest.mark.parametrize(("text", "expected"), [("", ""), ("One.\n\nTwo.", "> One.\n>\n> Two.")])
def test_words_of_others_are_quoted_line_by_line(text: str, expected: str) -> None:
    assert quoted(text) == expected
