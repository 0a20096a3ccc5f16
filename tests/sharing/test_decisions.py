"""What recipients do, and every refusal."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image, Reference
from sharing import actions
from sharing.models import Share, Trust
from tests.factories import join, make_image, viewer
from tests.people import Cast
from tests.sharing.conftest import grants, offer_all, offer_one

FULL = {"VIEW", "USE", "EXPORT"}


class TestAccept:
    def test_everybody_in_the_account_can_use_it(self, cast: Cast, golden: Image, accepted: Share) -> None:
        assert grants(golden) == {cast.beta.pk: FULL}
        assert Image.objects.usable_by(cast.observer).filter(pk=golden.pk).exists()

    def test_a_second_accept_is_no_error_and_no_event(self, cast: Cast, accepted: Share) -> None:
        actions.accept(accepted.pk, by=cast.consumer)
        assert Event.objects.filter(account=cast.acme, verb="accepted").count() == 1

    def test_a_label_is_set_although_somebody_was_quicker(self, cast: Cast, accepted: Share) -> None:
        actions.accept(accepted.pk, by=cast.consumer, label="Our base")
        assert Reference.objects.get(account=cast.beta).label == "Our base"
        actions.accept(accepted.pk, by=cast.consumer)
        assert Reference.objects.get(account=cast.beta).label == "Our base"

    def test_a_rejected_offer_can_still_be_accepted(self, cast: Cast, golden: Image, pending: Share) -> None:
        actions.reject(pending.pk, by=cast.consumer, reason="Not now.")
        share = actions.accept(pending.pk, by=cast.consumer)
        assert (share.state, share.reason) == ("accepted", "")

    def test_only_an_admin_decides(self, cast: Cast, pending: Share) -> None:
        for act in (actions.accept, actions.reject):
            with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers"):
                act(pending.pk, by=cast.observer)

    def test_others_find_no_such_offer(self, cast: Cast, pending: Share) -> None:
        for stranger in (cast.producer, viewer(cast.rhea, cast.rival), viewer(cast.bob)):
            with pytest.raises(Http404):
                actions.accept(pending.pk, by=stranger)

    def test_an_offer_that_has_run_out_is_gone(self, cast: Cast, golden: Image, pending: Share) -> None:
        Share.objects.update(offer_expires_at=timezone.now())
        with pytest.raises(Http404):
            actions.accept(pending.pk, by=cast.consumer)

    @pytest.mark.parametrize("change", [{"visibility": "private"}, {"visibility": "public"}])
    def test_an_image_that_is_not_shared_now_cannot_be_accepted(
        self, cast: Cast, pending: Share, change: dict[str, str]
    ) -> None:
        Image.objects.update(**change)
        with pytest.raises(Http404):
            actions.accept(pending.pk, by=cast.consumer)


class TestInto:
    """An offer to a person may go into any account in which they are admin."""

    def test_the_account_becomes_the_recipient(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob")
        actions.accept(share.pk, by=cast.consumer, into=cast.beta)
        assert grants(golden) == {cast.beta.pk: FULL}

    def test_an_account_where_one_is_no_admin_is_refused(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "dave")
        with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers"):
            actions.accept(share.pk, by=cast.observer, into=cast.beta)

    def test_an_offer_to_an_account_stays_there(self, cast: Cast, pending: Share) -> None:
        with pytest.raises(PermissionDenied, match="to you yourself"):
            actions.accept(pending.pk, by=cast.consumer, into=cast.bob.personal_account)

    def test_the_owner_cannot_take_its_own_image(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.creator, "alice")
        with pytest.raises(ValidationError, match="owns this image"):
            actions.accept(share.pk, by=cast.producer, into=cast.acme)

    def test_what_a_person_decides_shows_in_no_account_they_are_in(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob")
        actions.accept(share.pk, by=cast.consumer)
        accounts = Event.objects.filter(verb="accepted").values_list("account", flat=True)
        assert set(accounts) == {cast.acme.pk, cast.bob.personal_account.pk}


class TestReject:
    def test_the_producer_sees_the_reason_and_the_page_is_gone(self, cast: Cast, golden: Image, pending: Share) -> None:
        share = actions.reject(pending.pk, by=cast.consumer, reason="Too old.")
        assert (share.state, share.reason) == ("rejected", "Too old.")
        assert grants(golden) == {}
        assert not Image.objects.visible_to(cast.consumer).filter(pk=golden.pk).exists()

    def test_who_comes_second_is_told_who_was_first(self, cast: Cast, accepted: Share) -> None:
        with pytest.raises(Conflict, match="Bob Baker has already accepted"):
            actions.reject(accepted.pk, by=cast.consumer)

    def test_rejecting_twice_changes_nothing(self, cast: Cast, pending: Share) -> None:
        actions.reject(pending.pk, by=cast.consumer, reason="First.")
        assert actions.reject(pending.pk, by=cast.consumer, reason="Second.").reason == "First."


class TestLeave:
    def test_the_producer_sees_it_rejected(self, cast: Cast, golden: Image, accepted: Share) -> None:
        [share] = actions.leave(golden.pk, by=cast.consumer, reason="Done with it.")
        assert (share.state, share.reason) == ("rejected", "Done with it.")
        assert grants(golden) == {}

    def test_only_for_those_who_are_chosen(self, cast: Cast, golden: Image, accepted: Share) -> None:
        mine = offer_one(golden, cast.producer, "bob")
        actions.accept(mine.pk, by=viewer(cast.bob))
        actions.leave(golden.pk, by=cast.consumer, holders=[cast.beta.pk])
        assert grants(golden) == {cast.bob.personal_account.pk: FULL}

    def test_an_observer_cannot(self, cast: Cast, golden: Image, accepted: Share) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers can remove"):
            actions.leave(golden.pk, by=cast.observer)

    def test_a_member_of_a_group_cannot(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        with pytest.raises(PermissionDenied, match="only its managers"):
            actions.leave(golden.pk, by=viewer(cast.erin))

    def test_what_is_public_was_not_shared(self, cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice, visibility="public")
        with pytest.raises(PermissionDenied, match="was not shared with this account"):
            actions.leave(image.pk, by=cast.consumer)

    def test_what_one_cannot_see_is_not_found(self, cast: Cast, golden: Image) -> None:
        with pytest.raises(Http404):
            actions.leave(golden.pk, by=cast.consumer)


class TestTrust:
    def test_only_an_admin_says_whom_the_account_trusts(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied):
            actions.trust(cast.acme, recipient=cast.beta, by=cast.observer)

    def test_an_account_need_not_trust_itself(self, cast: Cast) -> None:
        with pytest.raises(ValidationError):
            actions.trust(cast.beta, recipient=cast.beta, by=cast.consumer)

    def test_saying_it_twice_is_saying_it_once(self, cast: Cast) -> None:
        first = actions.trust(cast.acme, recipient=cast.beta, by=cast.consumer)
        assert actions.trust(cast.acme, recipient=cast.beta, by=cast.consumer) == first

    @pytest.mark.parametrize("first", ["account", "organization"])
    def test_who_trusted_first_has_accepted(self, cast: Cast, golden: Image, first: str) -> None:
        """The account by one admin, and its organization by another: whoever said so first stands for it."""
        join(cast.erin, cast.beta, Role.ADMIN)
        erin = viewer(cast.erin, cast.beta)
        said: list[tuple[Group, Viewer]] = [(cast.acme, cast.consumer), (cast.acme_group, erin)]
        for producer, by in said if first == "account" else reversed(said):
            actions.trust(producer, recipient=cast.beta, by=by)
        share = offer_one(golden, cast.producer, cast.beta.number)
        assert share.decided_by == (cast.bob if first == "account" else cast.erin)

    def test_it_ends_for_what_comes_later(self, cast: Cast, golden: Image) -> None:
        row = actions.trust(cast.acme, recipient=cast.beta, by=cast.consumer)
        given = offer_one(golden, cast.producer, cast.beta.number)
        actions.stop_trusting(row.pk, by=cast.consumer)
        given.refresh_from_db()
        assert given.state == "accepted"
        other = make_image(cast.acme, cast.alice)
        assert offer_one(other, cast.producer, cast.beta.number).state == "pending"

    def test_others_find_no_such_row(self, cast: Cast) -> None:
        row = actions.trust(cast.acme, recipient=cast.beta, by=cast.consumer)
        for other in (cast.producer, cast.observer):
            with pytest.raises(Http404):
                actions.stop_trusting(row.pk, by=other)
        assert Trust.objects.exists()


class TestEndings:
    def test_a_closed_account_lets_go_of_what_it_had(self, cast: Cast, golden: Image, accepted: Share) -> None:
        actions.trust(cast.acme, recipient=cast.beta, by=cast.consumer)
        actions.end_shares_of(cast.beta.group_ptr, cast.consumer)
        accepted.refresh_from_db()
        assert (accepted.state, accepted.recipient, accepted.reason) == ("rejected", None, "The recipient was closed.")
        assert grants(golden) == {}
        assert not Trust.objects.exists()

    def test_a_closed_group_keeps_its_name_in_the_table(self, cast: Cast, golden: Image) -> None:
        [given] = offer_all(golden, cast.producer, "", cast.golden_testers)
        actions.end_shares_of(cast.golden_testers.group_ptr, cast.producer)
        share = Share.objects.get(pk=given.share.pk)
        assert (share.state, share.address_text) == ("rejected", "Golden Testers")
        assert grants(golden) == {}

    def test_a_confirmed_address_gets_what_was_offered_before_the_link(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "Dave@work.example")
        actions.resolve_email(cast.dave, "dave@WORK.example", timezone.now())
        share.refresh_from_db()
        assert share.recipient_id == cast.dave.personal_account.pk
        assert grants(golden) == {cast.dave.personal_account.pk: {"VIEW"}}
        assert not Event.objects.visible_to(cast.producer).filter(verb="reached").exists()

    def test_a_link_from_before_the_offer_proves_nothing(self, cast: Cast, golden: Image) -> None:
        sent_at = timezone.now()
        share = offer_one(golden, cast.producer, "dave@work.example")
        actions.resolve_email(cast.dave, "dave@work.example", sent_at)
        share.refresh_from_db()
        assert share.recipient is None

    def test_somebody_who_joins_a_group_later_has_its_images(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        assert not Image.objects.usable_by(viewer(cast.trudy)).filter(pk=golden.pk).exists()
        join(cast.trudy, cast.golden_testers, Role.MEMBER)
        assert Image.objects.usable_by(viewer(cast.trudy)).filter(pk=golden.pk).exists()
