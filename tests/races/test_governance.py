"""Two people decide about rules and approvals at once: one wins, and no offer slips through between them."""

import pytest
from django.core.exceptions import ValidationError

from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.addresses import parse
from sharing.models import OfferRequest, Rules, Share
from tests.factories import join
from tests.people import Cast
from tests.races.conftest import AtOnce

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
