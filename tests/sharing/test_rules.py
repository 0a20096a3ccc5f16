"""Rules of an organization: what is inside and outside, what is forbidden, and what waits for a second person."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event, Organization
from accounts.roles import Role
from accounts.viewer import Viewer
from images.actions import create_family, plan_change, put_into_family, set_visibility
from images.models import Image
from sharing import actions
from sharing.actions import Outcome
from sharing.actions.limits import set_offer_limit
from sharing.models import OfferRequest, Rules, Share
from sharing.rules import open_refusal, outside_refusal, rules_of
from tests import factories
from tests.conftest import WorkThrough
from tests.factories import signed_in
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one

pytestmark = pytest.mark.django_db

FORBIDDEN, APPROVAL = Rules.Outside.FORBIDDEN, Rules.Outside.APPROVAL


def set_rules(cast: Cast, **settings: Any) -> Rules:
    return actions.set_rules(cast.acme_group, by=cast.producer, **settings)


def is_inside(cast: Cast, recipient: str, *groups: Any, by: Viewer | None = None) -> bool:
    """Whether an offer to it is no offer outside."""
    image = factories.make_image(cast.acme, cast.alice)
    [offered] = offer_all(image, by or cast.producer, recipient, *groups)
    return offered.outcome is not Outcome.HELD


class TestWhatIsInside:
    @pytest.fixture(autouse=True)
    def rules(self, cast: Cast) -> Rules:
        return set_rules(cast, outside=APPROVAL)

    def test_accounts_of_the_organization(self, cast: Cast) -> None:
        research = factories.make_account("Acme Research", cast.dave, organization=cast.acme_group)
        assert is_inside(cast, research.number)
        assert not is_inside(cast, cast.beta.number)

    def test_the_organization_itself(self, cast: Cast) -> None:
        other = factories.make_organization("Side Project", cast.alice)
        assert is_inside(cast, "", cast.acme_group.group_ptr)
        assert not is_inside(cast, "", other.group_ptr, by=factories.viewer(cast.alice, cast.acme))

    def test_people_whom_the_producer_works_with_or_sees_in_the_organization(self, cast: Cast) -> None:
        factories.join(cast.dave, cast.acme_group, Role.MEMBER)
        assert is_inside(cast, "carol")
        assert is_inside(cast, "dave")

    def test_people_of_another_account_whom_the_producer_cannot_see(self, cast: Cast) -> None:
        """That somebody works in another account of the organization is not for the producer to find out."""
        factories.make_account("Acme Research", cast.erin, organization=cast.acme_group)
        assert not is_inside(cast, "erin")

    @pytest.mark.parametrize("recipient", ["carol@example.org", "nobody@example.org"])
    def test_no_email_address(self, cast: Cast, recipient: str) -> None:
        """Addresses are private: saying that one is inside would tell whose it is."""
        assert not is_inside(cast, recipient)

    def test_a_group_of_people_of_the_organization_only(self, cast: Cast) -> None:
        assert not is_inside(cast, "", cast.golden_testers.group_ptr)  # Erin is in no account of it
        factories.make_account("Acme Research", cast.erin, organization=cast.acme_group)
        assert is_inside(cast, "", cast.golden_testers.group_ptr)

    def test_nothing_tells_an_unknown_address_from_a_stranger(self, cast: Cast) -> None:
        def statements(recipient: str) -> list[str]:
            image = factories.make_image(cast.acme, cast.alice)
            with CaptureQueriesContext(connection) as queries:
                [offered] = offer_all(image, cast.producer, recipient)
            assert offered.outcome is Outcome.HELD
            return [query["sql"].split()[0] for query in queries]

        statements("rhea")
        assert statements("rhea") == statements("nobody-knows")
        assert statements("rhea@example.org") == statements("nobody@example.org")


class TestForbidden:
    def test_nothing_goes_out_and_each_recipient_is_named(self, cast: Cast, golden: Image) -> None:
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(ValidationError) as error:
            offer_all(golden, cast.producer, f"carol, rhea, {cast.beta.number}")
        assert len(error.value.message_dict["recipients"]) == 2
        assert "rhea is outside of Acme Group" in error.value.message_dict["recipients"][0]
        assert not Share.objects.exists()
        golden.refresh_from_db()
        assert golden.visibility == "private"

    def test_offering_again_is_an_offer(self, cast: Cast, pending: Share) -> None:
        actions.reject(pending.pk, by=cast.consumer)
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(ValidationError, match="outside"):
            actions.offer_again(pending.image_id, pending.pk, by=cast.producer)

    def test_what_is_shared_stays(self, cast: Cast, accepted: Share) -> None:
        set_rules(cast, outside=FORBIDDEN)
        [again] = offer_all(accepted.image, cast.producer, cast.beta.number)
        assert again.outcome is Outcome.ALREADY_ACCEPTED
        assert Share.objects.held_by(factories.viewer(cast.bob, cast.beta), accepted.image).exists()

    def test_other_ways_out_are_refused_with_what_to_do(self, cast: Cast) -> None:
        assert outside_refusal(rules_of(cast.acme), what="A claim code") == ""
        set_rules(cast, outside=APPROVAL)
        assert "Offer the image to an address instead" in outside_refusal(rules_of(cast.acme), what="A claim code")
        set_rules(cast, outside=FORBIDDEN)
        assert outside_refusal(rules_of(cast.acme), to=cast.beta, what="Handing over").startswith(
            "Handing over can reach"
        )
        research = factories.make_account("Acme Research", cast.alice, organization=cast.acme_group)
        assert outside_refusal(rules_of(cast.acme), to=research) == ""


class TestWhatWasAgreedBefore:
    """Offers and shares from before the rules: what waits does not slip through, and nothing comes back by itself."""

    def test_an_offer_that_waits_cannot_be_accepted_any_more(self, cast: Cast, pending: Share) -> None:
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(Conflict, match="Acme Producers cannot share this image with Beta Consumers"):
            actions.accept(pending.pk, by=cast.consumer)
        set_rules(cast, outside="free")
        assert actions.accept(pending.pk, by=cast.consumer).status == "accepted"

    def test_one_to_a_colleague_cannot_be_taken_outside(self, cast: Cast, golden: Image) -> None:
        factories.join(cast.bob, cast.acme_group, Role.MEMBER)
        set_rules(cast, outside=FORBIDDEN)
        share = offer_one(golden, cast.producer, "bob")
        with pytest.raises(Conflict, match="with Beta Consumers as things are now"):
            actions.accept(share.pk, by=cast.consumer, into=cast.beta)
        assert actions.accept(share.pk, by=cast.consumer).status == "accepted"

    def test_what_a_second_person_let_go_outside_can_be_accepted(self, cast: Cast, golden: Image) -> None:
        set_rules(cast, outside=APPROVAL)
        factories.join(cast.erin, cast.acme_group, Role.MANAGER)
        offer_all(golden, cast.creator, cast.beta.number)
        actions.approve_offer(OfferRequest.objects.get().pk, by=cast.erin)
        assert actions.accept(Share.objects.get().pk, by=cast.consumer).status == "accepted"

    def test_a_share_does_not_come_back_with_the_visibility(self, cast: Cast, accepted: Share) -> None:
        set_visibility(accepted.image_id, by=cast.producer, visibility="private")
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(PermissionDenied, match=r"shared again with .* outside of Acme Group"):
            set_visibility(accepted.image_id, by=cast.producer, visibility="shared")
        actions.remove(accepted.image_id, accepted.pk, by=cast.producer)
        assert set_visibility(accepted.image_id, by=cast.producer, visibility="shared").visibility == "shared"

    def test_nor_by_a_plan(self, cast: Cast, accepted: Share) -> None:
        set_visibility(accepted.image_id, by=cast.producer, visibility="private")
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(PermissionDenied, match="outside of Acme Group"):
            plan_change(accepted.image_id, by=cast.producer, change="visibility", visibility="shared",
                        at=timezone.now() + timedelta(days=3))  # fmt: skip

    def test_what_was_open_to_everybody_can_be_closed_to_those_who_have_it(self, cast: Cast, accepted: Share) -> None:
        """That gives nobody more than they have."""
        set_visibility(accepted.image_id, by=cast.producer, visibility="community")
        set_rules(cast, outside=FORBIDDEN)
        assert set_visibility(accepted.image_id, by=cast.producer, visibility="shared").visibility == "shared"

    def test_what_has_ended_is_in_nobodys_way(self, cast: Cast, accepted: Share) -> None:
        set_visibility(accepted.image_id, by=cast.producer, visibility="private")
        set_rules(cast, outside=FORBIDDEN)
        Share.objects.update(access_until=timezone.now())
        assert set_visibility(accepted.image_id, by=cast.producer, visibility="shared").visibility == "shared"

    def test_nor_with_a_later_version(self, cast: Cast, accepted: Share) -> None:
        family = create_family(by=cast.producer, name="debian")
        first = factories.make_image(cast.acme, cast.alice)
        Image.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=9))
        put_into_family(first.pk, family.pk, by=cast.producer, version="1")
        offer_all(first, cast.producer, "", cast.acme_group.group_ptr, offers_future=True)
        set_visibility(accepted.image_id, by=cast.producer, visibility="private")
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(Conflict, match="shared again with"):
            put_into_family(accepted.image_id, family.pk, by=cast.producer, version="2")

    def test_what_was_typed_into_the_share_box_is_not_lost(self, cast: Cast, accepted: Share, client: Client) -> None:
        set_visibility(accepted.image_id, by=cast.producer, visibility="private")
        set_rules(cast, outside=FORBIDDEN)
        client.force_login(cast.alice)
        box = reverse("share_image", args=[cast.acme.number, accepted.image_id])
        typed = {"recipients": "carol", "message": "For you.", "questions": ["licences", "secrets", "malware"]}
        answer = client.post(box, typed)
        assert answer.status_code == 422
        assert "shared again with" in answer.content.decode()
        assert "For you.</textarea>" in answer.content.decode()

    def test_nor_with_an_offer_to_a_colleague(self, cast: Cast, accepted: Share) -> None:
        set_visibility(accepted.image_id, by=cast.producer, visibility="private")
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(Conflict, match="outside of Acme Group"):
            offer_all(Image.objects.get(pk=accepted.image_id), cast.producer, "carol")

    def test_the_page_says_so_before(self, cast: Cast, accepted: Share, client: Client) -> None:
        set_visibility(accepted.image_id, by=cast.producer, visibility="private")
        set_rules(cast, outside=FORBIDDEN)
        client.force_login(cast.alice)
        page = client.get(f"/a/{cast.acme.number}/images/{accepted.image_id}/visibility/")
        assert "under “Who has access”" in page.content.decode()
        assert reverse("image_access", args=[cast.acme.number, accepted.image_id]) in page.content.decode()


class TestOpenToAll:
    @pytest.mark.parametrize("said", [{"open_to_all": False}, {"outside": FORBIDDEN}, {"outside": APPROVAL}])
    def test_no_image_becomes_open(self, cast: Cast, golden: Image, said: dict[str, Any]) -> None:
        """Who may not share outside freely may not do it with everybody at once."""
        set_rules(cast, **said)
        with pytest.raises(PermissionDenied, match="Acme Group does not allow images that everybody can use"):
            set_visibility(golden.pk, by=cast.producer, visibility="community")

    def test_it_holds_for_accounts_of_the_organization_only(self, cast: Cast) -> None:
        set_rules(cast, open_to_all=False)
        assert open_refusal(rules_of(cast.acme))
        assert not open_refusal(rules_of(cast.beta))
        assert not open_refusal(rules_of(cast.rival))

    def test_what_is_open_stays_open_and_can_be_closed(self, cast: Cast) -> None:
        image = factories.make_image(cast.acme, cast.alice, visibility="community")
        set_rules(cast, open_to_all=False)
        assert set_visibility(image.pk, by=cast.producer, visibility="shared").visibility == "shared"


class TestApproval:
    @pytest.fixture(autouse=True)
    def rules(self, cast: Cast) -> Rules:
        factories.join(cast.erin, cast.acme_group, Role.MANAGER)
        return set_rules(cast, outside=APPROVAL)

    @pytest.fixture
    def waiting(self, cast: Cast, golden: Image) -> OfferRequest:
        """Carol wants to share golden with Beta Consumers."""
        offer_all(golden, cast.creator, cast.beta.number, message="Please use.", export=False)
        return OfferRequest.objects.get()

    def test_it_waits_and_nobody_is_asked(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        assert not Share.objects.exists()
        golden.refresh_from_db()
        assert golden.visibility == "private"
        assert not Event.objects.filter(counterpart=cast.beta.pk).exists()

    def test_those_inside_get_it_at_once(self, cast: Cast, golden: Image) -> None:
        held, free = offer_all(golden, cast.creator, f"{cast.beta.number}, alice")
        assert (held.outcome, free.outcome) == (Outcome.HELD, Outcome.OFFERED)

    def test_no_more_wait_than_staff_allow_the_account(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        set_offer_limit(cast.acme, by=cast.root, limit=1)
        with pytest.raises(ValidationError, match="1 offers of Acme Producers wait for approval already"):
            offer_all(golden, cast.creator, "rhea")
        set_offer_limit(cast.acme, by=cast.root, limit=2)
        offer_all(golden, cast.creator, "rhea")

    def test_offering_again_says_that_it_waits(self, cast: Cast) -> None:
        image = factories.make_image(cast.acme, cast.alice)
        set_rules(cast, outside="free")
        share = offer_one(image, cast.producer, cast.beta.number)
        actions.reject(share.pk, by=cast.consumer)
        set_rules(cast, outside=APPROVAL)
        client = signed_in(cast.carol)
        again = reverse("share_again", args=[cast.acme.number, image.pk, share.pk])
        page = client.post(again, follow=True).content.decode()
        assert f"{cast.beta.grouped_number}: {Outcome.HELD.value}" in page
        assert "is offered to" not in page

    def test_asking_twice_is_asking_once(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        offer_all(golden, cast.producer, cast.beta.number)
        assert OfferRequest.objects.get() == waiting

    def test_managers_are_told_once_an_hour(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        offer_all(golden, cast.creator, "rhea, trudy")
        assert [note.subject for note in cast.erin.notifications.all()] == [
            "Acme Producers wants to share “debian-12-golden” outside of Acme Group"
        ]
        assert "> Please use." in cast.erin.notifications.get().body

    def test_approved_it_is_offered_in_the_name_of_who_asked(
        self, cast: Cast, waiting: OfferRequest, work_through: WorkThrough
    ) -> None:
        actions.approve_offer(waiting.pk, by=cast.erin)
        share = Share.objects.get()
        assert (share.status, share.offered_by, share.message, share.export) == (
            "pending", cast.carol, "Please use.", False
        )  # fmt: skip
        assert [note.subject for note in cast.carol.notifications.all()] == [
            f"Approved: “debian-12-golden” is offered to {cast.beta.grouped_number}"
        ]

    def test_nobody_approves_what_they_asked_for_themselves(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "rhea")
        with pytest.raises(PermissionDenied, match="a second person has to decide"):
            actions.approve_offer(OfferRequest.objects.get().pk, by=cast.alice)
        with pytest.raises(PermissionDenied):
            actions.refuse_offer(OfferRequest.objects.get().pk, by=cast.alice)

    @pytest.mark.parametrize("login", ["carol", "bob", "rhea"])
    def test_others_do_not_find_it(self, cast: Cast, golden: Image, login: str) -> None:
        offer_all(golden, cast.producer, "trudy")
        with pytest.raises(Http404):
            actions.approve_offer(OfferRequest.objects.get().pk, by=getattr(cast, login))

    def test_staff_with_the_right_stand_in(self, cast: Cast, waiting: OfferRequest) -> None:
        with pytest.raises(Http404):
            actions.approve_offer(waiting.pk, by=cast.sam)
        assert actions.approve_offer(waiting.pk, by=cast.root).decided_by == cast.root

    def test_refused_with_an_answer(self, cast: Cast, waiting: OfferRequest) -> None:
        actions.refuse_offer(waiting.pk, by=cast.erin, answer="Not to a competitor.")
        assert not Share.objects.exists()
        assert "> Not to a competitor." in cast.carol.notifications.get().body

    def test_withdrawn_it_can_be_asked_again(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        actions.withdraw_offer(golden.pk, waiting.pk, by=cast.creator)
        offer_all(golden, cast.creator, cast.beta.number)
        assert OfferRequest.objects.open().count() == 1

    def test_another_creator_does_not_withdraw_it(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        factories.join(cast.dave, cast.acme, Role.CREATOR)
        with pytest.raises(PermissionDenied, match="Only Carol Cho, who asked, or an admin"):
            actions.withdraw_offer(golden.pk, waiting.pk, by=factories.viewer(cast.dave, cast.acme))

    def test_a_second_decision_comes_too_late(self, cast: Cast, waiting: OfferRequest) -> None:
        actions.approve_offer(waiting.pk, by=cast.erin)
        with pytest.raises(Conflict, match="Erin Estrada has decided on this already: approved"):
            actions.refuse_offer(waiting.pk, by=cast.alice)

    def test_rules_are_asked_again(self, cast: Cast, waiting: OfferRequest) -> None:
        set_rules(cast, outside=FORBIDDEN)
        with pytest.raises(ValidationError, match="outside of Acme Group"):
            actions.approve_offer(waiting.pk, by=cast.erin)
        waiting.refresh_from_db()
        assert waiting.status == "open"

    def test_who_asked_has_to_be_able_to_still(self, cast: Cast, waiting: OfferRequest) -> None:
        cast.carol.memberships.filter(group=cast.acme.pk).update(role=Role.OBSERVER)
        with pytest.raises(Conflict, match="Carol Cho may not make this offer any more"):
            actions.approve_offer(waiting.pk, by=cast.erin)
        cast.carol.memberships.filter(group=cast.acme.pk).delete()
        with pytest.raises(Conflict, match="Carol Cho no longer works for Acme Producers"):
            actions.approve_offer(waiting.pk, by=cast.erin)

    def test_an_account_that_has_left_asks_somebody_else(self, cast: Cast, waiting: OfferRequest) -> None:
        type(cast.acme).objects.filter(pk=cast.acme.pk).update(organization=None)
        with pytest.raises(Conflict, match="no longer in Acme Group"):
            actions.approve_offer(waiting.pk, by=cast.erin)

    def test_nobody_decides_after_it_has_expired(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        OfferRequest.objects.update(expires_at=timezone.now())
        with pytest.raises(Conflict, match="in time"):
            actions.approve_offer(waiting.pk, by=cast.erin)
        offer_all(golden, cast.creator, cast.beta.number)
        assert OfferRequest.objects.open().count() == 1

    def test_offering_again_waits_too(self, cast: Cast) -> None:
        image = factories.make_image(cast.acme, cast.alice)
        set_rules(cast, outside="free")
        share = offer_one(image, cast.producer, cast.beta.number)
        actions.reject(share.pk, by=cast.consumer)
        set_rules(cast, outside=APPROVAL)
        assert actions.offer_again(image.pk, share.pk, by=cast.creator).outcome is Outcome.HELD
        assert Share.objects.get().status == "rejected"
        actions.approve_offer(OfferRequest.objects.get().pk, by=cast.erin)
        share.refresh_from_db()
        assert (share.status, share.offered_by) == ("pending", cast.carol)

    def test_a_group_of_strangers_is_offered_to_when_approved(self, cast: Cast, golden: Image) -> None:
        factories.join(cast.dave, cast.golden_testers, Role.MEMBER)
        offer_all(golden, cast.producer, "", cast.golden_testers.group_ptr)
        waiting = OfferRequest.objects.get()
        assert waiting.address_text == "Golden Testers"
        actions.approve_offer(waiting.pk, by=cast.erin)
        assert Share.objects.get().status == "accepted"


class TestSetting:
    def test_only_managers(self, cast: Cast) -> None:
        factories.join(cast.carol, cast.acme_group, Role.MEMBER)
        with pytest.raises(PermissionDenied, match="Only a manager of Acme Group can set its rules"):
            actions.set_rules(cast.acme_group, by=cast.creator, outside=FORBIDDEN)

    def test_it_is_an_event_with_old_and_new(self, cast: Cast) -> None:
        set_rules(cast, outside=FORBIDDEN, max_days=30)
        event = Event.objects.get(verb="rules changed")
        assert "may share outside" in event.detail["old"]
        assert "may not share outside" in event.detail["new"]
        assert event.counterpart_id == cast.acme_group.pk

    def test_the_default_lies_within_the_most(self, cast: Cast) -> None:
        with pytest.raises(ValidationError):
            set_rules(cast, default_days=60, max_days=30)

    def test_a_closed_organization_rules_nobody(self, cast: Cast) -> None:
        set_rules(cast, outside=FORBIDDEN)
        Organization.objects.filter(pk=cast.acme_group.pk).update(closed_at=timezone.now(), closed_by=cast.alice)
        assert outside_refusal(rules_of(cast.acme)) == ""
