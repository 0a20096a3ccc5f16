"""What random histories have shown, and what writing them has, each in its shortest form."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.addresses import parse_one
from accounts.roles import Role
from images.actions import create_family, put_into_family, set_visibility
from images.models import Image
from sharing import actions
from sharing.actions import Terms, desk
from sharing.models import Case, Policy, Share
from tests.factories import join, make_image, viewer
from tests.people import Cast
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db


def test_undoing_a_second_offer_makes_its_image_private_again(cast: Cast, golden: Image) -> None:
    share = offer_one(golden, cast.producer, cast.beta.number)
    actions.reject(share.pk, by=cast.consumer)
    set_visibility(golden.pk, by=cast.producer, visibility="private")
    actions.offer_again(golden.pk, share.pk, by=cast.producer)
    actions.undo_offers([share.pk], by=cast.producer)
    golden.refresh_from_db()
    assert golden.visibility == Image.Visibility.PRIVATE


def test_a_later_version_is_no_offer_to_undo(cast: Cast, golden: Image) -> None:
    family = create_family(by=cast.producer, name="debian")
    put_into_family(golden.pk, family.pk, by=cast.producer, version="1")
    first = offer_one(golden, cast.producer, cast.beta.number, offers_future=True)
    actions.accept(first.pk, by=cast.consumer, future=True)
    actions.set_policy(cast.beta, by=cast.consumer, mode=Policy.Mode.ENFORCED, only_trusted=True)
    second = make_image(cast.acme, cast.alice)
    put_into_family(second.pk, family.pk, by=cast.producer, version="2")
    given = Share.objects.get(image=second)
    assert given.state == "pending"
    assert given.offer_expires_at is not None
    assert given.offer_expires_at <= timezone.now() + timedelta(days=30)
    assert not actions.can_be_undone(given)


def test_what_was_rejected_cannot_be_accepted_after_its_end(cast: Cast, golden: Image) -> None:
    share = offer_one(golden, cast.producer, cast.beta.number, access_until=timezone.now() + timedelta(days=1))
    actions.reject(share.pk, by=cast.consumer)
    Share.objects.update(access_until=timezone.now() - timedelta(days=1))
    with pytest.raises(Http404):
        actions.accept(share.pk, by=cast.consumer)


def test_a_manager_takes_nothing_into_an_account_without_being_in_it(cast: Cast, golden: Image) -> None:
    actions.set_policy(cast.beta, by=cast.consumer, accepting=Policy.Accepting.MANAGERS)
    join(cast.erin, cast.beta_holdings, Role.MANAGER)
    share = offer_one(golden, cast.producer, "erin")
    with pytest.raises(PermissionDenied):
        actions.accept(share.pk, by=viewer(cast.erin), into=cast.beta)


def test_nothing_is_offered_again_to_whoever_owns_it_by_now(cast: Cast, golden: Image) -> None:
    share = offer_one(golden, cast.producer, "bob")
    actions.accept(share.pk, by=viewer(cast.bob), into=cast.beta)
    asked = actions.ask_to_take_over(golden.pk, by=cast.producer, wish=actions.Wish(parse_one("bob")))
    actions.take_over(asked.pk, by=viewer(cast.bob))
    actions.leave(golden.pk, by=cast.consumer)
    with pytest.raises(ValidationError, match="owns this image"):
        actions.offer_again(golden.pk, share.pk, by=viewer(cast.bob))


def test_what_staff_have_to_decide_moves_with_its_image(cast: Cast, golden: Image) -> None:
    offer_one(golden, cast.producer, "hubfirst")
    asked = actions.ask_to_take_over(golden.pk, by=cast.producer, wish=actions.Wish(parse_one(cast.beta.number)))
    actions.take_over(asked.pk, by=cast.consumer)
    assert Case.objects.get(image=golden).account == cast.beta


def test_what_staff_accepted_of_one_producer_is_not_accepted_of_the_next(cast: Cast, golden: Image) -> None:
    offer_one(golden, cast.producer, "hubfirst")
    desk.approve(Case.objects.get().pk, by=cast.root)
    set_visibility(golden.pk, by=cast.producer, visibility="private")
    asked = actions.ask_to_take_over(golden.pk, by=cast.producer, wish=actions.Wish(parse_one(cast.beta.number)))
    actions.take_over(asked.pk, by=cast.consumer)
    set_visibility(golden.pk, by=cast.consumer, visibility="shared")
    golden.refresh_from_db()
    assert golden.listed_at is None
    assert not Share.objects.filter(kind="marketplace").exists()


def test_nothing_comes_back_into_the_marketplace_against_rules(cast: Cast, golden: Image) -> None:
    offer_one(golden, cast.producer, "hubfirst")
    desk.approve(Case.objects.get().pk, by=cast.root)
    set_visibility(golden.pk, by=cast.producer, visibility="private")
    actions.set_rules(cast.acme_group, by=cast.producer, open_to_all=False)
    set_visibility(golden.pk, by=cast.producer, visibility="shared")
    golden.refresh_from_db()
    assert golden.listed_at is None


@pytest.mark.parametrize("way", ["code", "signing in"])
def test_later_versions_of_no_family_are_not_offered(cast: Cast, golden: Image, way: str) -> None:
    terms = Terms(offers_future=True)
    if way == "code":
        actions.make_claim_code(golden.pk, by=cast.producer, terms=terms)
    else:
        actions.offer_signed_in(golden.pk, by=cast.producer, account=cast.beta, admin=cast.bob, terms=terms)
    assert not Share.objects.get().offers_future
