"""Claim codes and proofs at once with whatever else happens to the image and the accounts."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.actions import change_role, close
from accounts.models import Event, Membership
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image, ImageGroupObjectPermission
from sharing import actions
from sharing.actions import MadeCode, Terms
from sharing.addresses import parse
from sharing.models import ClaimCode, Share
from tests.factories import join, make_person, viewer
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def made(cast: Cast, golden: Image) -> MadeCode:
    """A code for golden."""
    return actions.make_claim_code(golden.pk, by=cast.creator, terms=Terms())


@pytest.fixture
def rival(cast: Cast) -> Viewer:
    """Rhea at Rival Images."""
    return viewer(cast.rhea, cast.rival)


def claiming(made: MadeCode, by: Viewer) -> Callable[[], Share]:
    return lambda: actions.claim_offer(made.share.pk, by=by, offered_at=made.share.offered_at)


def holders(image: Image) -> set[int]:
    return set(ImageGroupObjectPermission.objects.filter(content_object=image).values_list("group", flat=True))


def test_of_two_accounts_that_claim_at_once_one_has_it(
    cast: Cast, golden: Image, at_once: AtOnce, made: MadeCode, consumer: Viewer, rival: Viewer
) -> None:
    outcomes = at_once(claiming(made, consumer), claiming(made, rival))

    assert sorted(outcomes) == ["done", "invalid"]
    winner = (consumer, rival)[outcomes.index("done")].account
    assert Share.objects.get().recipient_id == winner.pk
    assert holders(golden) == {winner.pk}
    assert Event.objects.filter(verb="accepted").count() == 2, "One for each side."


def test_of_two_admins_of_one_account_both_are_done(
    cast: Cast, at_once: AtOnce, made: MadeCode, consumer: Viewer
) -> None:
    frank = make_person("frank")
    join(frank, cast.beta, Role.ADMIN)

    outcomes = at_once(claiming(made, consumer), claiming(made, viewer(frank, cast.beta)))

    assert outcomes == ["done", "done"]
    assert Event.objects.filter(verb="accepted", account=cast.beta).count() == 1


def test_claiming_while_the_code_is_taken_back_agrees(
    cast: Cast, golden: Image, at_once: AtOnce, made: MadeCode, consumer: Viewer
) -> None:
    claimed, removed = at_once(
        claiming(made, consumer), lambda: actions.remove(golden.pk, made.share.pk, by=cast.producer)
    )

    assert removed == "done"
    assert claimed in {"done", "invalid"}
    assert not Share.objects.exists()
    assert holders(golden) == set()


def test_claiming_while_the_account_closes_gives_nothing_to_it(
    cast: Cast, golden: Image, at_once: AtOnce, made: MadeCode, consumer: Viewer
) -> None:
    claimed, closed = at_once(claiming(made, consumer), lambda: close(cast.beta, by=consumer))

    assert closed == "done"
    assert claimed in {"done", "not found"}
    assert holders(golden) == set()
    assert not Share.objects.filter(recipient=cast.beta.pk).exists()


def test_a_new_code_twice_at_once_leaves_one_that_works(
    cast: Cast, golden: Image, at_once: AtOnce, made: MadeCode, consumer: Viewer
) -> None:
    Share.objects.update(offer_expires_at=timezone.now())
    codes: list[MadeCode] = []

    def renew() -> None:
        codes.append(actions.renew_claim_code(golden.pk, made.share.pk, by=cast.creator))

    assert sorted(at_once(renew, renew)) == ["conflict", "done"]
    assert ClaimCode.objects.count() == 1
    assert (
        actions.claim_offer(made.share.pk, by=consumer, offered_at=codes[0].share.offered_at).recipient_id
        == cast.beta.pk
    )


def test_a_proof_holds_only_while_the_person_is_an_admin(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    frank = make_person("frank")
    join(frank, cast.beta, Role.ADMIN)
    membership = Membership.objects.get(user=frank, group=cast.beta.pk).pk
    offered: list[object] = []

    def offer() -> None:
        offered.append(
            actions.offer_signed_in(golden.pk, by=cast.producer, account=cast.beta, admin=frank, terms=Terms())
        )

    outcomes = at_once(offer, lambda: change_role(cast.beta, membership, role=Role.OBSERVER, by=cast.consumer))

    assert outcomes == ["done", "done"]
    assert bool(offered[0]) == Share.objects.filter(recipient=cast.beta.pk, status="accepted").exists()


def test_signing_in_twice_at_once_leaves_one_share(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    def offer() -> None:
        actions.offer_signed_in(golden.pk, by=cast.producer, account=cast.beta, admin=cast.bob, terms=Terms())

    assert at_once(offer, offer) == ["done", "done"]
    assert Share.objects.get().status == "accepted"
    assert Event.objects.filter(verb="offered").count() == 1


def test_signing_in_while_the_offer_is_rejected_agrees(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer
) -> None:
    [offered] = actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    share = offered.share

    at_once(
        lambda: actions.offer_signed_in(golden.pk, by=cast.producer, account=cast.beta, admin=cast.bob, terms=Terms()),
        lambda: actions.reject(share.pk, by=consumer),
    )

    share.refresh_from_db()
    assert holders(golden) == ({cast.beta.pk} if share.status == "accepted" else set())
