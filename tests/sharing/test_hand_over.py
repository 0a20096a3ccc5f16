"""Handing over: nobody learns who exists, nothing changes before somebody agrees, and everybody keeps theirs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import close
from accounts.addresses import parse_one
from accounts.errors import Conflict
from accounts.models import Event, Notification
from accounts.viewer import Viewer
from images.actions import End, announce_end, create_family, delete, label, plan_change, protect, put_into_family
from images.models import Image, PlannedChange, Quota, Reference
from images.permissions import Verb, get_image
from images.problems import QuotaExceeded
from images.quotas import Counted, levels_of
from sharing import actions
from sharing.actions import Wish
from sharing.grants import expected_rights
from sharing.handing_over import asked_for, asked_of, count_waiting
from sharing.models import HandOver, Rules, Share
from tests.conftest import WorkThrough
from tests.factories import make_image, viewer
from tests.people import Cast
from tests.sharing.conftest import grants, offer_all, offer_one

pytestmark = pytest.mark.django_db


def ask(image: Image, by: Viewer, to: str, **wish: Any) -> HandOver:
    return actions.ask_to_take_over(image.pk, by=by, wish=Wish(parse_one(to), **wish))


@pytest.fixture
def asked(golden: Image, cast: Cast) -> HandOver:
    """golden, which Beta Consumers are asked to take over."""
    return ask(golden, cast.producer, cast.beta.number, message="You use it more than we do.")


def taken(hand_over: HandOver, cast: Cast) -> Image:
    actions.take_over(hand_over.pk, by=cast.consumer)
    return Image.objects.get(pk=hand_over.image_id)


class TestAsking:
    def test_nothing_changes_meanwhile(self, asked: HandOver, golden: Image, cast: Cast) -> None:
        golden.refresh_from_db()
        assert golden.account == cast.acme
        assert grants(golden) == {}
        with pytest.raises(Http404):
            get_image(cast.consumer, golden.pk, Verb.SEE)
        offer_one(golden, cast.producer, "rhea")

    def test_those_who_decide_are_told_and_counted(
        self, asked: HandOver, cast: Cast, work_through: WorkThrough
    ) -> None:
        work_through()
        told = Notification.objects.get(subject="Acme Producers wants to hand over the image “debian-12-golden” to you")
        assert told.user == cast.bob
        assert "> You use it more than we do." in told.body
        assert count_waiting(cast.consumer) == 1
        assert count_waiting(cast.observer) == 0
        assert asked_of(cast.observer) == [asked]
        assert asked_for(cast.producer, asked.image) == asked

    @pytest.mark.parametrize("to", ["beta", "rhea", "nobody-like-this", "rhea@example.org", "nobody@example.com"])
    def test_an_unknown_address_is_answered_alike(self, golden: Image, cast: Cast, to: str) -> None:
        to = cast.beta.number if to == "beta" else to
        known = "rhea" if parse_one(to).kind == "login" else "rhea@example.org"
        known = cast.beta.number if parse_one(to).kind == "number" else known
        costs = [self.cost(golden, cast, address) for address in (to, known)]
        assert costs[0] == costs[1]
        assert not HandOver.objects.filter(status="accepted").exists()

    @staticmethod
    def cost(image: Image, cast: Cast, to: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            ask(image, cast.producer, to)
        actions.cancel_hand_over(image.pk, by=cast.producer)
        return len(captured)

    def test_the_rows_of_known_and_unknown_look_alike_to_the_giver(self, golden: Image, cast: Cast) -> None:
        seen = []
        for to in ("rhea", "nobody-like-this"):
            row = ask(golden, cast.producer, to)
            seen.append((row.status, row.is_open, row.kind, row.get_status_display()))
            events = Event.objects.of("image", golden.pk).filter(verb="offered for taking over", address=to)
            assert events.get().counterpart is None
            actions.cancel_hand_over(golden.pk, by=cast.producer)
        assert seen[0] == seen[1]

    def test_one_at_a_time(self, asked: HandOver, golden: Image, cast: Cast) -> None:
        with pytest.raises(Conflict, match="has been asked already"):
            ask(golden, cast.producer, "rhea")
        with pytest.raises(IntegrityError), transaction.atomic():
            HandOver.objects.create(
                image=golden, giver=cast.acme, kind="login", address="rhea", offered_by=cast.alice,
                expires_at=timezone.now(),
            )  # fmt: skip

    def test_an_expired_one_makes_room(self, asked: HandOver, golden: Image, cast: Cast) -> None:
        HandOver.objects.update(expires_at=timezone.now())
        again = ask(golden, cast.producer, "rhea")
        asked.refresh_from_db()
        assert (asked.status, again.status) == ("cancelled", "open")

    def test_only_an_admin_asks(self, golden: Image, cast: Cast) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can hand it over"):
            ask(golden, cast.creator, "rhea")

    def test_an_image_of_others_is_not_handed_over(self, golden: Image, cast: Cast) -> None:
        share = offer_one(golden, cast.producer, cast.beta.number)
        actions.accept(share.pk, by=cast.consumer)
        with pytest.raises(PermissionDenied, match="Only Acme Producers, which owns the image"):
            ask(golden, cast.consumer, "rhea")

    def test_not_to_oneself(self, golden: Image, cast: Cast) -> None:
        with pytest.raises(ValidationError, match="owns this image already"):
            ask(golden, cast.producer, cast.acme.number)

    @pytest.mark.parametrize("fields", [{"visibility": "public"}, {"listed_at": True}])
    def test_what_staff_gave_to_everybody_stays(self, golden: Image, cast: Cast, fields: dict[str, Any]) -> None:
        if "listed_at" in fields:
            fields = {"listed_at": timezone.now(), "listed_by": cast.sam}
        Image.objects.filter(pk=golden.pk).update(**fields)
        with pytest.raises(Conflict, match="Staff gave this image to everybody"):
            ask(golden, cast.producer, cast.beta.number)

    @pytest.mark.parametrize("to", ["beta", "rhea", "nobody@example.com"])
    def test_rules_keep_images_inside_and_say_the_same_of_everybody(self, golden: Image, cast: Cast, to: str) -> None:
        Rules.objects.create(organization=cast.acme_group, outside="forbidden")
        with pytest.raises(ValidationError, match="outside of Acme Group"):
            ask(golden, cast.producer, cast.beta.number if to == "beta" else to)

    def test_so_many_a_day(self, golden: Image, cast: Cast, settings: Any) -> None:
        settings.OFFERS_PER_DAY = 1
        ask(golden, cast.producer, "rhea")
        actions.cancel_hand_over(golden.pk, by=cast.producer)
        with pytest.raises(ValidationError, match="as one day allows"):
            ask(golden, cast.producer, "rhea")

    def test_asking_again_writes_to_nobody(self, golden: Image, cast: Cast, work_through: WorkThrough) -> None:
        for _ in range(3):
            ask(golden, cast.producer, cast.beta.number)
            work_through()
            actions.cancel_hand_over(golden.pk, by=cast.producer)
        assert Notification.objects.filter(user=cast.bob).count() == 1

    def test_who_blocks_the_giver_hears_nothing(self, golden: Image, cast: Cast, work_through: WorkThrough) -> None:
        actions.block(cast.acme, recipient=cast.beta, by=cast.consumer)
        row = ask(golden, cast.producer, cast.beta.number)
        work_through()
        assert not Notification.objects.filter(user=cast.bob).exists()
        assert (asked_of(cast.consumer), count_waiting(cast.consumer)) == ([], 0)
        for act in (actions.take_over, actions.turn_down_hand_over):
            with pytest.raises(Http404):
                act(row.pk, by=cast.consumer)
        assert not Event.objects.visible_to(cast.consumer).filter(verb__contains="taking over").exists()

    def test_who_blocks_the_giver_meanwhile_is_asked_no_more(self, asked: HandOver, cast: Cast) -> None:
        actions.block(cast.acme, recipient=cast.beta, by=cast.consumer)
        assert asked_of(cast.consumer) == []
        with pytest.raises(Http404):
            actions.take_over(asked.pk, by=cast.consumer)

    def test_the_giver_sees_no_difference(self, golden: Image, cast: Cast) -> None:
        free = self.cost(golden, cast, cast.beta.number)
        actions.block(cast.acme, recipient=cast.beta, by=cast.consumer)
        assert self.cost(golden, cast, cast.beta.number) == free
        row = ask(golden, cast.producer, cast.beta.number)
        assert row.is_open
        assert asked_for(cast.producer, golden) == row

    def test_who_blocks_their_own_account_is_not_asked_on_its_pages_either(self, golden: Image, cast: Cast) -> None:
        personal = viewer(cast.alice)
        actions.block(cast.acme, recipient=cast.alice.personal_account, by=personal)
        row = ask(golden, cast.producer, "alice")
        for by in (cast.producer, personal):
            assert asked_of(by) == []
            with pytest.raises(Http404):
                actions.take_over(row.pk, by=by)


class TestTakingOver:
    def test_the_image_is_theirs(self, asked: HandOver, cast: Cast) -> None:
        image = taken(asked, cast)
        assert image.account == cast.beta
        assert image.handed_over_at is not None
        assert get_image(cast.consumer, image.pk, Verb.DELETE).pk == image.pk
        with pytest.raises(Http404):
            get_image(cast.producer, image.pk, Verb.SEE)

    def test_its_shares_are_kept_and_answered_for_by_the_new_owner(
        self, golden: Image, cast: Cast, work_through: WorkThrough
    ) -> None:
        offer_all(golden, cast.producer, "rhea, nobody@example.com", cast.golden_testers.group_ptr)
        before = grants(golden)
        image = taken(ask(golden, cast.producer, cast.beta.number), cast)
        assert grants(image) == before
        assert set(image.shares.values_list("offered_by__username", flat=True)) == {"bob"}
        work_through()
        told = Notification.objects.filter(subject="The image “debian-12-golden” belongs to Beta Consumers now")
        assert {row.user for row in told} == {cast.rhea, cast.alice}

    def test_a_pending_offer_is_accepted_from_the_new_owner(self, golden: Image, cast: Cast) -> None:
        share = offer_one(golden, cast.producer, "rhea")
        taken(ask(golden, cast.producer, cast.beta.number), cast)
        accepted = actions.accept(share.pk, by=viewer(cast.rhea))
        assert accepted.image.account == cast.beta

    def test_a_share_to_the_new_owner_ends_with_its_own_words(self, golden: Image, cast: Cast) -> None:
        share = offer_one(golden, cast.producer, cast.beta.number)
        actions.accept(share.pk, by=cast.consumer)
        label(golden.pk, by=cast.consumer, label="Ours")
        image = taken(ask(golden, cast.producer, cast.beta.number), cast)
        assert not image.shares.exists()
        assert grants(image) == {}
        assert not Reference.objects.filter(image=image, account=cast.beta).exists()

    def test_the_giver_goes_on_using_it_where_that_was_agreed(self, golden: Image, cast: Cast) -> None:
        image = taken(ask(golden, cast.producer, cast.beta.number, keep_using=True), cast)
        assert grants(image) == {cast.acme.pk: {"VIEW", "USE", "EXPORT"}}
        share = image.shares.get()
        assert (share.decided_by, share.offered_by, image.visibility) == (cast.alice, cast.bob, "shared")
        assert get_image(cast.producer, image.pk, Verb.USE).pk == image.pk

    def test_what_was_arranged_about_it_is_over(self, golden: Image, cast: Cast) -> None:
        family = create_family(by=cast.producer, name="base")
        put_into_family(golden.pk, family.pk, by=cast.producer, version="1")
        offer_all(golden, cast.producer, "", cast.golden_testers.group_ptr, offers_future=True)
        plan_change(golden.pk, by=cast.producer, change="delete", at=timezone.now() + timedelta(days=9))
        image = taken(ask(golden, cast.producer, cast.beta.number), cast)
        assert (image.family, image.version) == (None, "")
        assert not Share.objects.filter(offers_future=True).exists()
        assert not PlannedChange.objects.open().exists()

    def test_protection_and_announced_dates_stay(self, golden: Image, cast: Cast) -> None:
        protect(golden.pk, by=cast.producer)
        announce_end(golden.pk, by=cast.producer, end=End(deprecated_at=timezone.now()))
        image = taken(ask(golden, cast.producer, cast.beta.number), cast)
        assert image.protected
        assert (image.life, image.end_announced_by) == ("deprecated", cast.bob)

    def test_it_counts_for_the_new_account(self, asked: HandOver, cast: Cast) -> None:
        taken(asked, cast)
        used = {account: levels_of(account)[Counted.IMAGES].used for account in (cast.acme, cast.beta)}
        assert used == {cast.acme: 0, cast.beta: 1}

    def test_an_account_without_room_takes_nothing(self, asked: HandOver, cast: Cast) -> None:
        Quota.objects.create(account=cast.beta, images=0)
        with pytest.raises(QuotaExceeded):
            actions.take_over(asked.pk, by=cast.consumer)
        asked.refresh_from_db()
        assert asked.is_open

    def test_each_side_reads_its_own_words(self, asked: HandOver, cast: Cast, work_through: WorkThrough) -> None:
        taken(asked, cast)
        theirs = Event.objects.get(verb="handed over")
        ours = Event.objects.get(verb="taken over")
        assert (theirs.account, theirs.actor, theirs.address) == (cast.acme, None, cast.beta.grouped_number)
        assert (ours.account, ours.actor, ours.detail["former"]) == (cast.beta, cast.bob, "Acme Producers")
        work_through()
        told = Notification.objects.filter(user=cast.alice).values_list("subject", flat=True)
        assert f"{cast.beta.grouped_number} took over the image “debian-12-golden”" in told

    def test_a_person_takes_it_into_an_account_of_theirs(self, golden: Image, cast: Cast) -> None:
        row = ask(golden, cast.producer, "bob")
        hand_over = actions.take_over(row.pk, by=cast.consumer, into=cast.beta)
        assert hand_over.image.account == cast.beta

    def test_not_into_an_account_of_others(self, golden: Image, cast: Cast) -> None:
        row = ask(golden, cast.producer, "bob")
        with pytest.raises(PermissionDenied):
            actions.take_over(row.pk, by=cast.consumer, into=cast.rival)

    def test_not_into_an_account_that_blocks_the_giver(self, golden: Image, cast: Cast) -> None:
        actions.block(cast.acme, recipient=cast.beta, by=cast.consumer)
        row = ask(golden, cast.producer, "bob")
        with pytest.raises(Conflict, match="Beta Consumers has blocked Acme Producers"):
            actions.take_over(row.pk, by=cast.consumer, into=cast.beta)
        assert actions.take_over(row.pk, by=cast.consumer).image.account == cast.bob.personal_account

    def test_an_address_confirmed_later_finds_it(self, golden: Image, cast: Cast) -> None:
        row = ask(golden, cast.producer, "trudy@new.example")
        actions.resolve_hand_overs(cast.trudy, "trudy@new.example", timezone.now() + timedelta(hours=1))
        assert asked_of(viewer(cast.trudy)) == [row]

    def test_a_link_sent_before_the_offer_finds_nothing(self, golden: Image, cast: Cast) -> None:
        ask(golden, cast.producer, "trudy@new.example")
        actions.resolve_hand_overs(cast.trudy, "trudy@new.example", timezone.now() - timedelta(hours=1))
        assert asked_of(viewer(cast.trudy)) == []

    def test_a_community_image_needs_rules_that_allow_it(self, golden: Image, cast: Cast) -> None:
        Image.objects.filter(pk=golden.pk).update(visibility="community")
        Rules.objects.create(organization=cast.beta_holdings, open_to_all=False)
        row = ask(golden, cast.producer, cast.beta.number)
        with pytest.raises(Conflict, match="does not allow"):
            actions.take_over(row.pk, by=cast.consumer)


class TestRefusing:
    def test_rejecting_leaves_everything(self, asked: HandOver, cast: Cast, work_through: WorkThrough) -> None:
        actions.turn_down_hand_over(asked.pk, by=cast.consumer, reason="We have our own.")
        asked.refresh_from_db()
        assert (asked.status, asked.image.account) == ("rejected", cast.acme)
        work_through()
        told = Notification.objects.get(user=cast.alice)
        assert "> We have our own." in told.body
        assert "Bob" not in told.body
        event = Event.objects.get(verb="hand-over rejected", account=cast.acme)
        assert (event.actor, event.counterpart) == (None, None)

    @pytest.mark.parametrize("act", [actions.take_over, actions.turn_down_hand_over])
    def test_only_an_admin_decides(self, asked: HandOver, cast: Cast, act: Callable[..., Any]) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers can take an image over"):
            act(asked.pk, by=cast.observer)

    @pytest.mark.parametrize("act", [actions.take_over, actions.turn_down_hand_over])
    def test_others_know_nothing_of_it(self, asked: HandOver, cast: Cast, act: Callable[..., Any]) -> None:
        for stranger in (cast.producer, viewer(cast.rhea), viewer(cast.trudy)):
            with pytest.raises(Http404):
                act(asked.pk, by=stranger)

    @pytest.mark.parametrize("how", ["cancel", "expire", "delete", "take", "close"])
    def test_what_is_over_cannot_be_taken(self, asked: HandOver, golden: Image, cast: Cast, how: str) -> None:
        if how == "cancel":
            actions.cancel_hand_over(golden.pk, by=cast.producer)
        elif how == "expire":
            HandOver.objects.update(expires_at=timezone.now())
        elif how == "delete":
            delete(golden.pk, by=cast.producer)
        elif how == "take":
            actions.take_over(asked.pk, by=cast.consumer)
        else:
            close(cast.acme, by=cast.producer)
        with pytest.raises(Http404):
            actions.take_over(asked.pk, by=cast.consumer)
        if how in ("delete", "close"):
            asked.refresh_from_db()
            assert asked.status == "cancelled"

    def test_cancelling_what_nobody_was_asked_is_not_found(self, golden: Image, cast: Cast) -> None:
        with pytest.raises(Http404):
            actions.cancel_hand_over(golden.pk, by=cast.producer)

    def test_a_closed_recipient_looks_like_nobody(self, asked: HandOver, cast: Cast) -> None:
        close(cast.beta, by=cast.consumer)
        asked.refresh_from_db()
        assert (asked.status, asked.recipient) == ("open", None)


def test_grants_agree_with_the_shares_afterwards(golden: Image, cast: Cast) -> None:
    offer_all(golden, cast.producer, f"rhea, bob, {cast.beta.number}", cast.golden_testers.group_ptr)
    image = taken(ask(golden, cast.producer, cast.beta.number, keep_using=True), cast)
    for share in image.shares.filter(recipient__isnull=False).select_related("recipient"):
        expected = {right.name for right in expected_rights(image, share.recipient)}
        assert grants(image).get(share.recipient_id or 0, set()) == expected


def test_an_image_comes_back(golden: Image, cast: Cast) -> None:
    image = taken(ask(golden, cast.producer, cast.beta.number, keep_using=True), cast)
    back = ask(image, cast.consumer, cast.acme.number, keep_using=True)
    actions.take_over(back.pk, by=cast.producer)
    image.refresh_from_db()
    assert image.account == cast.acme
    assert grants(image) == {cast.beta.pk: {"VIEW", "USE", "EXPORT"}}


def test_a_copy_of_the_data_counts_once(golden: Image, cast: Cast) -> None:
    make_image(cast.beta, cast.bob, data=golden.data)
    Quota.objects.create(account=cast.beta, bytes=golden.data.size)
    assert taken(ask(golden, cast.producer, cast.beta.number), cast).account == cast.beta
