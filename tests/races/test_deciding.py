"""An offer is decided on just when something else happens to it: one of the two counts, and both know which."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.viewer import Viewer
from images import actions as image_actions
from images.models import Image
from images.permissions import Verb, may
from sharing import actions
from sharing.actions import MadeCode, Terms, desk
from sharing.addresses import parse
from sharing.grants import sync_grants
from sharing.models import Case, Policy, Share
from tests.factories import make_person, viewer
from tests.people import Cast
from tests.races.conftest import LINGER, AtOnce
from tests.races.test_life import grants_agree

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case(cast: Cast, golden: Image) -> Case:
    """golden, offered to the marketplace: staff decide."""
    actions.offer(golden.pk, by=cast.producer, addresses=parse("hubfirst"))
    return Case.objects.get()


def after(seconds: float, act: Callable[[], object]) -> Callable[[], None]:
    def later() -> None:
        time.sleep(seconds)
        act()

    return later


@pytest.mark.parametrize("decide", [actions.accept, actions.reject])
def test_an_offer_is_undone_or_decided_on(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer, decide: Callable[..., Share]
) -> None:
    decided, undone = at_once(
        lambda: decide(pending.pk, by=consumer), lambda: actions.undo_offers([pending.pk], by=cast.producer)
    )

    assert (decided, undone) in {("done", "conflict"), ("not found", "done")}
    assert Share.objects.exists() is (decided == "done")
    assert grants_agree(pending.image)
    pending.image.refresh_from_db()
    assert pending.image.visibility == ("shared" if decided == "done" else "private")


def test_undoing_while_another_one_is_asked_keeps_the_image_shared(
    cast: Cast, golden: Image, pending: Share, at_once: AtOnce
) -> None:
    outcomes = at_once(
        lambda: actions.undo_offers([pending.pk], by=cast.producer),
        lambda: actions.offer(golden.pk, by=cast.creator, addresses=parse("rhea")),
    )

    assert outcomes == ["done", "done"]
    golden.refresh_from_db()
    assert (golden.visibility, Share.objects.get().address) == ("shared", "rhea")
    assert grants_agree(golden)


def test_undoing_and_removing_at_once_leave_nothing(cast: Cast, pending: Share, at_once: AtOnce) -> None:
    undone, removed = at_once(
        lambda: actions.undo_offers([pending.pk], by=cast.producer),
        lambda: actions.remove(pending.image_id, pending.pk, by=cast.producer),
    )

    assert undone == "done"
    assert removed in {"done", "not found"}
    assert not Share.objects.exists()
    assert grants_agree(pending.image)


@pytest.mark.parametrize("end", ["offer_expires_at", "access_until"])
def test_accepting_while_it_expires_is_accepting_or_too_late(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer, end: str
) -> None:
    """The task that tells of what has expired runs at the very moment, and tells nobody of what was accepted."""
    moment = timezone.now() + timedelta(seconds=LINGER / 2)
    Share.objects.update(**{end: moment, "offer_expires_at": moment})
    sync_grants(pending.image, cast.beta.group_ptr)

    accepted, told = at_once(lambda: actions.accept(pending.pk, by=consumer), after(LINGER / 2, actions.attend_to_ends))

    assert told == "done"
    assert accepted in {"done", "not found"}
    pending.refresh_from_db()
    assert (pending.status == "accepted") is (accepted == "done")
    assert grants_agree(pending.image)
    has_it = accepted == "done" and end == "offer_expires_at"
    assert Image.objects.usable_by(consumer).exists() is has_it
    if has_it:
        assert pending.warned_days is None, "Nobody is told that it was not answered."


def test_offering_again_while_it_is_accepted_agrees(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer
) -> None:
    actions.reject(pending.pk, by=consumer)

    accepted, offered = at_once(
        lambda: actions.accept(pending.pk, by=consumer),
        lambda: actions.offer_again(pending.image_id, pending.pk, by=cast.producer),
    )

    assert accepted == "done", "Whether it was rejected or is pending again, it can be accepted."
    assert offered in {"done", "conflict"}
    pending.refresh_from_db()
    assert pending.status == "accepted"
    assert grants_agree(pending.image)


def test_a_code_that_is_pasted_twice_at_once_is_used_once(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer
) -> None:
    made = actions.make_claim_code(golden.pk, by=cast.creator, terms=Terms())

    def claim(made: MadeCode = made) -> None:
        actions.claim_offer(made.share.pk, by=consumer, offered_at=made.share.offered_at)

    assert at_once(*[claim] * 4) == ["done"] * 4
    assert Share.objects.get().recipient_id == cast.beta.pk
    assert grants_agree(golden)


def test_a_code_is_claimed_or_undone(cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer) -> None:
    made = actions.make_claim_code(golden.pk, by=cast.producer, terms=Terms())

    claimed, undone = at_once(
        lambda: actions.claim_offer(made.share.pk, by=consumer, offered_at=made.share.offered_at),
        lambda: actions.undo_offers([made.share.pk], by=cast.producer),
    )

    assert (claimed, undone) in {("done", "conflict"), ("invalid", "done")}
    assert grants_agree(golden)


def test_a_stricter_policy_comes_before_or_after_accepting(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer
) -> None:
    accepted, said = at_once(
        lambda: actions.accept(pending.pk, by=consumer),
        lambda: actions.set_policy(cast.beta, by=consumer, mode=Policy.Mode.ENFORCED, only_trusted=True),
    )

    assert said == "done"
    assert accepted in {"done", "invalid"}
    assert grants_agree(pending.image)
    assert not may(viewer(cast.bob, cast.beta), Verb.EXPORT, pending.image), "It is asked at use, too."


class TestTheDesk:
    """Staff decide at once, or with the producer."""

    @pytest.mark.parametrize("answer", ["list", "refuse"])
    def test_of_two_who_decide_one_is_told(self, cast: Cast, case: Case, at_once: AtOnce, answer: str) -> None:
        other = make_person("ruth", is_staff=True, is_superuser=True)
        answers = {
            "list": lambda: desk.approve(case.pk, by=other),
            "refuse": lambda: desk.reject(case.pk, by=other, answer="No."),
        }

        outcomes = at_once(lambda: desk.approve(case.pk, by=cast.root), answers[answer])

        assert sorted(outcomes) == ["conflict", "done"]
        share, image = Share.objects.get(), Image.objects.get()
        assert (image.listed_at is not None) is (share.status == "accepted")

    def test_of_two_who_take_it_one_has_it(self, cast: Cast, case: Case, at_once: AtOnce) -> None:
        other = make_person("ruth", is_staff=True, is_superuser=True)
        outcomes = at_once(lambda: desk.take(case.pk, by=cast.root), lambda: desk.take(case.pk, by=other))
        assert sorted(outcomes) == ["conflict", "done"]

    @pytest.mark.parametrize("what", ["remove", "undo", "private", "delete"])
    def test_the_producer_takes_it_back_while_it_is_listed(
        self, cast: Cast, case: Case, at_once: AtOnce, what: str
    ) -> None:
        share, pk = Share.objects.get(), case.image_id
        assert pk
        acts: dict[str, Callable[[], object]] = {
            "remove": lambda: actions.remove(pk, share.pk, by=cast.producer),
            "undo": lambda: actions.undo_offers([share.pk], by=cast.producer),
            "private": lambda: image_actions.set_visibility(pk, by=cast.producer, visibility="private"),
            "delete": lambda: image_actions.delete(pk, by=cast.producer),
        }

        listed, taken_back = at_once(lambda: desk.approve(case.pk, by=cast.root), acts[what])

        assert listed in {"done", "conflict"}
        assert taken_back == "done" or (what == "undo" and listed == "done")
        assert (Image.objects.get().listed_at is None) is (taken_back == "done")

    def test_a_listed_image_changes_hands_only_when_it_is_not_listed(
        self, cast: Cast, case: Case, at_once: AtOnce
    ) -> None:
        golden = Image.objects.get()
        wish = actions.Wish(parse(cast.beta.number)[0])
        asked = actions.ask_to_take_over(golden.pk, by=cast.producer, wish=wish)

        listed, taken = at_once(
            lambda: desk.approve(case.pk, by=cast.root), lambda: actions.take_over(asked.pk, by=cast.consumer)
        )

        assert (listed, taken) in {("done", "conflict"), ("done", "done")}
        golden.refresh_from_db()
        assert golden.account == (cast.beta if taken == "done" else cast.acme)
        assert Case.objects.get().account == golden.account
