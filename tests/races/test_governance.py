"""Two people decide about rules and approvals at once: one wins, and no offer slips through between them."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from accounts.addresses import parse_one
from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.actions import Terms, Wish
from sharing.addresses import parse
from sharing.models import OfferRequest, Rules, Share
from tests.factories import join
from tests.people import Cast
from tests.races.conftest import AtOnce
from tests.races.test_life import grants_agree

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def waiting(cast: Cast, golden: Image) -> OfferRequest:
    """Carol wants to share golden with Beta Consumers; Alice and Erin manage the organization."""
    join(cast.erin, cast.acme_group, Role.MANAGER)
    actions.set_rules(cast.acme_group, by=cast.producer, outside=Rules.Outside.APPROVAL)
    actions.offer(golden.pk, by=cast.creator, addresses=parse(cast.beta.number))
    return OfferRequest.objects.get()


def test_one_of_two_managers_approves(cast: Cast, waiting: OfferRequest, at_once: AtOnce) -> None:
    approve = [lambda by=by: actions.approve_offer(waiting.pk, by=by) for by in (cast.alice, cast.erin)]
    outcomes = at_once(*approve)
    assert sorted(outcomes) == ["conflict", "done"]
    assert Share.objects.count() == 1


def test_approved_or_refused_and_never_both(cast: Cast, waiting: OfferRequest, at_once: AtOnce) -> None:
    outcomes = at_once(
        lambda: actions.approve_offer(waiting.pk, by=cast.alice),
        lambda: actions.refuse_offer(waiting.pk, by=cast.erin),
    )
    assert sorted(outcomes) == ["conflict", "done"]
    waiting.refresh_from_db()
    assert Share.objects.exists() is (waiting.status == "approved")


def test_approving_and_offering_anew_do_not_wait_for_each_other(
    cast: Cast, golden: Image, waiting: OfferRequest, at_once: AtOnce
) -> None:
    outcomes = at_once(
        lambda: actions.approve_offer(waiting.pk, by=cast.alice),
        lambda: actions.offer(golden.pk, by=cast.creator, addresses=parse(cast.beta.number)),
    )
    assert outcomes == ["done", "done"]
    assert Share.objects.count() == 1
    assert not OfferRequest.objects.open().exists()


def test_new_rules_come_before_or_after_an_offer(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    outcomes = at_once(
        lambda: actions.set_rules(cast.acme_group, by=cast.producer, outside=Rules.Outside.FORBIDDEN),
        lambda: actions.offer(golden.pk, by=cast.creator, addresses=parse(cast.beta.number)),
    )
    assert outcomes[0] == "done"
    assert Share.objects.exists() is (outcomes[1] == "done")
    with pytest.raises(ValidationError):
        actions.offer(golden.pk, by=cast.creator, addresses=parse("trudy"))


@pytest.fixture
def ended() -> list[str]:
    """The names of what has ended, in this order."""
    return []


def noting(ended: list[str], name: str, act: Callable[[], object]) -> Callable[[], None]:
    def noted() -> None:
        act()
        ended.append(name)

    return noted


@pytest.mark.parametrize("way", ["take over", "ask", "offer", "sign in", "approve"])
def test_nothing_goes_out_by_the_rules_of_before(
    cast: Cast, golden: Image, at_once: AtOnce, ended: list[str], way: str
) -> None:
    """Once somebody has forbidden it, nothing that began before comes to its end after that."""
    wish = Wish(parse_one(cast.beta.number))
    if way == "approve":
        join(cast.erin, cast.acme_group, Role.MANAGER)
        actions.set_rules(cast.acme_group, by=cast.producer, outside=Rules.Outside.APPROVAL)
        actions.offer(golden.pk, by=cast.creator, addresses=parse(cast.beta.number))
    asked = actions.ask_to_take_over(golden.pk, by=cast.producer, wish=wish).pk if way == "take over" else 0
    acts: dict[str, Callable[[], object]] = {
        "take over": lambda: actions.take_over(asked, by=cast.consumer),
        "ask": lambda: actions.ask_to_take_over(golden.pk, by=cast.producer, wish=wish),
        "offer": lambda: actions.offer(golden.pk, by=cast.creator, addresses=parse(cast.beta.number)),
        "sign in": lambda: actions.offer_signed_in(
            golden.pk, by=cast.producer, account=cast.beta, admin=cast.bob, terms=Terms()
        ),
        "approve": lambda: actions.approve_offer(OfferRequest.objects.get().pk, by=cast.erin),
    }

    forbidden, gone_out = at_once(
        noting(ended, "rules", lambda: actions.set_rules(cast.acme_group, by=cast.producer, outside="forbidden")),
        noting(ended, "gone out", acts[way]),
    )

    assert forbidden == "done"
    assert gone_out in {"done", "conflict", "invalid", "forbidden"}
    assert ended == (["gone out", "rules"] if gone_out == "done" else ["rules"])
    golden.refresh_from_db()
    assert (golden.account == cast.beta) is (way == "take over" and gone_out == "done")


def test_rules_and_a_hand_over_do_not_wait_for_each_other(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    """Both organizations say what they allow while the image goes from one to the other."""
    wish = Wish(parse_one(cast.beta.number), keep_using=True)
    asked = actions.ask_to_take_over(golden.pk, by=cast.producer, wish=wish)

    taken, *said = at_once(
        lambda: actions.take_over(asked.pk, by=cast.consumer),
        lambda: actions.set_rules(cast.acme_group, by=cast.producer, outside="forbidden"),
        lambda: actions.set_rules(cast.beta_holdings, by=cast.consumer, outside="forbidden"),
    )

    assert said == ["done", "done"]
    assert taken in {"done", "conflict"}
    golden.refresh_from_db()
    assert golden.account == (cast.beta if taken == "done" else cast.acme)
    assert Share.objects.exists() is (taken == "done")
    assert grants_agree(golden)
