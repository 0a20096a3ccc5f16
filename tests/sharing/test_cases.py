"""Cases: what staff are asked, what they decide, and who is told what."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from pytest_django.fixtures import Settings

from accounts.actions import make_reviewer
from accounts.errors import Conflict
from accounts.models import Event, Notification, User
from accounts.roles import Role
from images.actions import (
    deactivate_for_owner,
    delete,
    grant_quota_request,
    reactivate,
    request_quota,
    set_visibility,
    withdraw_quota_request,
)
from images.models import Image
from images.quotas import Counted
from sharing.actions import asking, desk, limits, offer, remove, undo_offers
from sharing.addresses import parse
from sharing.limits import offers_per_day
from sharing.models import Case, OfferLimit, Rules, Share
from tests import factories
from tests.conftest import WorkThrough
from tests.people import Cast
from tests.sharing.conftest import offer_one

Refused = Http404 | PermissionDenied


@pytest.fixture
def sam(cast: Cast) -> User:
    """Decides on the review desk."""
    make_reviewer(cast.sam)
    return User.objects.get(pk=cast.sam.pk)


@pytest.fixture
def rita(cast: Cast) -> User:
    """Decides there, too."""
    rita = factories.make_person("rita", name="Rita Ray")
    make_reviewer(rita)
    return User.objects.get(pk=rita.pk)


@pytest.fixture
def asked(cast: Cast, golden: Image) -> Case:
    """Alice asks for golden to be public."""
    return asking.ask_for_public(golden.pk, by=cast.producer, text="Everybody wants it.")


@pytest.fixture
def community(cast: Cast) -> Image:
    """An image of Acme that everybody can use."""
    return factories.make_image(cast.acme, cast.alice, name="netbsd", visibility="community")


@pytest.fixture
def reported(cast: Cast, community: Image) -> Case:
    """Bob reports it."""
    return asking.report_image(community.pk, by=cast.consumer, reason="malware", text="It mines coins.").case


@pytest.fixture
def offered(cast: Cast, golden: Image) -> Share:
    """golden, offered to the marketplace."""
    return offer_one(golden, cast.creator, "hubfirst", message="Try it.")


def fresh(row: Any) -> Any:
    """As it is stored."""
    return type(row).objects.get(pk=row.pk)


def told(user: User) -> list[str]:
    """The subjects of what somebody was told, the latest first."""
    return list(Notification.objects.filter(user=user).values_list("subject", flat=True))


class TestAskingForPublic:
    def test_it_waits_for_staff(self, cast: Cast, sam: User, golden: Image) -> None:
        case = asking.ask_for_public(golden.pk, by=cast.producer, text="Everybody wants it.")
        assert (case.status, case.account, case.text) == (Case.Status.OPEN, cast.acme, "Everybody wants it.")
        assert fresh(golden).visibility == "private"
        assert Event.objects.get(verb="public requested").account == cast.acme
        assert told(sam)[0].startswith("The review desk has a new case: Make public")

    def test_only_an_admin_of_the_owner_asks(self, cast: Cast, golden: Image, community: Image) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can ask for it to be public"):
            asking.ask_for_public(golden.pk, by=cast.creator)
        with pytest.raises(PermissionDenied, match="which owns the image"):
            asking.ask_for_public(community.pk, by=cast.consumer)
        with pytest.raises(Http404):
            asking.ask_for_public(golden.pk, by=cast.consumer)

    def test_it_is_asked_once(self, cast: Cast, golden: Image, asked: Case) -> None:
        with pytest.raises(Conflict, match="have not answered"):
            asking.ask_for_public(golden.pk, by=cast.producer)

    def test_what_is_public_or_deactivated_is_not_asked_for(self, cast: Cast, golden: Image) -> None:
        Image.objects.update(visibility="public")
        with pytest.raises(Conflict, match="public already"):
            asking.ask_for_public(golden.pk, by=cast.producer)
        Image.objects.update(visibility="private")
        deactivate_for_owner(golden.pk, by=cast.root)
        with pytest.raises(Conflict, match="deactivated"):
            asking.ask_for_public(golden.pk, by=cast.producer)

    def test_the_rules_of_the_organization_count(self, cast: Cast, sam: User, golden: Image, asked: Case) -> None:
        Rules.objects.create(organization=cast.acme_group, open_to_all=False)
        with pytest.raises(Conflict, match="does not allow"):
            desk.approve(asked.pk, by=sam)
        asking.withdraw_public_request(golden.pk, by=cast.producer)
        with pytest.raises(Conflict, match="does not allow"):
            asking.ask_for_public(golden.pk, by=cast.producer)

    def test_it_can_be_withdrawn_once(self, cast: Cast, golden: Image, asked: Case) -> None:
        case = asking.withdraw_public_request(golden.pk, by=cast.producer)
        assert (case.status, case.decided_by) == (Case.Status.WITHDRAWN, cast.alice)
        with pytest.raises(Conflict, match="no request that waits"):
            asking.withdraw_public_request(golden.pk, by=cast.producer)

    def test_deleting_the_image_withdraws_it(self, cast: Cast, golden: Image, asked: Case) -> None:
        delete(golden.pk, by=cast.producer)
        assert fresh(asked).status == Case.Status.WITHDRAWN

    def test_approving_makes_it_public(self, cast: Cast, sam: User, golden: Image, asked: Case) -> None:
        case = desk.approve(asked.pk, by=sam, answer="Well made.")
        assert fresh(golden).visibility == "public"
        assert (fresh(case).status, fresh(case).decided_by, case.answer) == (Case.Status.APPROVED, sam, "Well made.")
        assert told(cast.alice)[0] == "“debian-12-golden” is public now"
        assert Event.objects.filter(verb="visibility changed", actor=sam, account=cast.acme).exists()

    def test_rejecting_changes_nothing_and_says_why(self, cast: Cast, sam: User, golden: Image, asked: Case) -> None:
        desk.reject(asked.pk, by=sam, answer="There are keys in it.")
        assert fresh(golden).visibility == "private"
        letter = Notification.objects.filter(user=cast.alice).first()
        assert letter
        assert "> There are keys in it." in letter.body


class TestReporting:
    def test_reports_of_one_image_gather_in_a_case(self, cast: Cast, community: Image, reported: Case) -> None:
        second = asking.report_image(community.pk, by=factories.viewer(cast.rhea, cast.rival), reason="spam")
        assert second.case == reported
        assert reported.reports.count() == 2

    def test_the_producer_is_not_told(self, cast: Cast, reported: Case) -> None:
        assert not told(cast.alice)
        assert not Event.objects.visible_to(cast.producer).filter(verb="reported").exists()
        assert Event.objects.visible_to(cast.consumer).filter(verb="reported").exists()

    def test_once_per_person_while_it_waits(self, cast: Cast, sam: User, community: Image, reported: Case) -> None:
        with pytest.raises(Conflict, match="reported this image already"):
            asking.report_image(community.pk, by=cast.consumer, reason="spam")
        desk.reject(reported.pk, by=sam, answer="It does not.")
        assert asking.report_image(community.pk, by=cast.consumer, reason="spam").case != reported

    def test_ones_own_image_is_not_reported(self, cast: Cast, community: Image) -> None:
        with pytest.raises(Conflict, match="your account's own"):
            asking.report_image(community.pk, by=cast.producer, reason="spam")

    def test_what_one_cannot_see_is_not_there(self, cast: Cast, golden: Image) -> None:
        with pytest.raises(Http404):
            asking.report_image(golden.pk, by=cast.consumer, reason="spam")

    def test_an_offer_that_waits_can_be_reported(self, cast: Cast, golden: Image, pending: Share) -> None:
        assert asking.report_image(golden.pk, by=cast.observer, reason="untrue").account == cast.beta

    def test_a_day_has_a_limit(self, cast: Cast, settings: Settings, community: Image, reported: Case) -> None:
        settings.CASES_PER_DAY = 1
        other = factories.make_image(cast.acme, cast.alice, visibility="community")
        with pytest.raises(ValidationError, match="as many as they can look into"):
            asking.report_image(other.pk, by=cast.consumer, reason="spam")

    def test_upholding_deactivates_for_good(self, cast: Cast, sam: User, community: Image, reported: Case) -> None:
        desk.approve(reported.pk, by=sam, answer="It does mine coins.")
        image = fresh(community)
        assert (image.status, image.deactivated_by_staff) == ("deactivated", True)
        with pytest.raises(PermissionDenied, match="Staff deactivated"):
            reactivate(image.pk, by=cast.producer)
        assert told(cast.bob)[0] == "Staff looked into your report of “netbsd”"
        letter = Notification.objects.get(user=cast.alice, subject="Your image “netbsd” stays deactivated")
        assert "> It does mine coins." in letter.body
        assert "Bob" not in letter.body

    def test_a_report_that_is_not_upheld_gives_the_image_back(
        self, cast: Cast, sam: User, community: Image, reported: Case
    ) -> None:
        desk.deactivate_at_once(reported.pk, by=sam)
        assert fresh(community).deactivated_by_staff
        assert told(cast.alice) == ["Staff deactivated your image “netbsd”"]
        desk.reject(reported.pk, by=sam, answer="It does not.")
        assert fresh(community).is_active
        assert len(told(cast.alice)) == 1

    def test_staff_may_reactivate_after_their_decision(
        self, cast: Cast, sam: User, community: Image, reported: Case
    ) -> None:
        desk.take(reported.pk, by=sam)
        desk.approve(reported.pk, by=sam)
        desk.reactivate_again(reported.pk, by=sam)
        assert fresh(community).is_active


class TestLooking:
    def looks(self) -> Any:
        return Event.objects.filter(verb="looked at for a review")

    def test_each_look_at_a_private_image_is_an_event_of_its_owner(
        self, cast: Cast, sam: User, golden: Image, asked: Case
    ) -> None:
        desk.look_at(asked.pk, by=sam)
        desk.look_at(asked.pk, by=sam)
        assert [(event.actor_login, event.account) for event in self.looks()] == [("sam", cast.acme)] * 2
        assert Event.objects.visible_to(cast.creator).filter(verb="looked at for a review").count() == 2

    def test_what_everybody_sees_is_no_secret(self, sam: User, reported: Case) -> None:
        desk.look_at(reported.pk, by=sam)
        assert not self.looks().exists()

    def test_after_the_decision_nobody_looks(self, cast: Cast, sam: User, golden: Image, asked: Case) -> None:
        desk.reject(asked.pk, by=sam, answer="No.")
        desk.look_at(asked.pk, by=sam)
        assert not self.looks().exists()


@pytest.mark.parametrize("operation", [desk.look_at, desk.take, desk.give_back, desk.deactivate_at_once])
@pytest.mark.parametrize("login", ["alice", "bob", "sam"])
def test_there_is_no_desk_for_others(cast: Cast, asked: Case, operation: Callable[..., Case], login: str) -> None:
    """Sam is staff here, without the permission."""
    with pytest.raises(Http404):
        operation(asked.pk, by=getattr(cast, login))


@pytest.mark.parametrize("operation", [desk.approve, desk.reject])
def test_nobody_else_decides(cast: Cast, asked: Case, operation: Callable[..., Case]) -> None:
    for user in (cast.alice, cast.sam):
        with pytest.raises(Http404):
            operation(asked.pk, by=user, answer="Because.")


class TestTwoStaff:
    def test_who_comes_second_is_told(self, sam: User, rita: User, asked: Case) -> None:
        desk.take(asked.pk, by=sam)
        desk.take(asked.pk, by=sam)
        for operation in (desk.take, desk.approve, desk.deactivate_at_once):
            with pytest.raises(Conflict, match="Sam Singh has taken this case"):
                operation(asked.pk, by=rita)
        desk.approve(asked.pk, by=sam)
        with pytest.raises(Conflict, match="Sam Singh has closed this case: made public"):
            desk.reject(asked.pk, by=rita, answer="No.")

    def test_who_took_it_gives_it_back(self, cast: Cast, sam: User, rita: User, asked: Case) -> None:
        with pytest.raises(Conflict, match="Nobody has taken"):
            desk.give_back(asked.pk, by=sam)
        desk.take(asked.pk, by=sam)
        with pytest.raises(Conflict, match="Only they, or an administrator"):
            desk.give_back(asked.pk, by=rita)
        assert desk.give_back(asked.pk, by=cast.root).status == Case.Status.OPEN
        assert desk.take(asked.pk, by=rita).taken_by == rita

    def test_a_rejection_needs_a_reason(self, sam: User, asked: Case) -> None:
        with pytest.raises(ValidationError, match="Say why"):
            desk.reject(asked.pk, by=sam, answer="  ")


class TestMarketplace:
    def test_an_offer_waits_for_staff(self, cast: Cast, golden: Image, offered: Share) -> None:
        assert (offered.kind, offered.status, offered.recipient) == ("marketplace", "pending", None)
        assert offered.offer_expires_at is None
        assert offered.address_text == "Marketplace"
        case = Case.objects.get(kind="marketplace")
        assert (case.share, case.image, case.text) == (offered, golden, "Try it.")
        assert fresh(golden).listed_at is None

    def test_staff_are_told_once_it_cannot_be_undone(
        self, cast: Cast, sam: User, golden: Image, work_through: WorkThrough, settings: Settings
    ) -> None:
        settings.UNDO_SECONDS = 0
        offer_one(golden, cast.creator, "hubfirst")
        assert not told(sam)
        work_through()
        assert told(sam) == ["The review desk has a new case: List in the marketplace, “debian-12-golden”"]

    def test_it_stands_among_others(self, cast: Cast, golden: Image) -> None:
        results = offer(golden.pk, by=cast.producer, addresses=parse(f"hubfirst, {cast.beta.number}"))
        assert [each.address for each in results] == ["Marketplace", cast.beta.grouped_number]

    def test_accepting_lists_it_for_everybody(self, cast: Cast, sam: User, golden: Image, offered: Share) -> None:
        stranger = factories.viewer(cast.trudy)
        assert not Image.objects.visible_to(stranger).exists()
        desk.approve(Case.objects.get().pk, by=sam)
        assert (fresh(golden).listed_by, fresh(offered).status) == (sam, "accepted")
        assert list(Image.objects.usable_by(stranger)) == [golden]

    def test_rejecting_tells_the_producer_why(
        self, cast: Cast, sam: User, golden: Image, offered: Share, work_through: WorkThrough
    ) -> None:
        desk.reject(Case.objects.get().pk, by=sam, answer="Too much like another.")
        assert (fresh(offered).status, fresh(offered).reason) == ("rejected", "Too much like another.")
        work_through()
        assert told(cast.carol) == ["Marketplace does not want the image “debian-12-golden”"]

    def test_it_can_be_offered_again(self, cast: Cast, sam: User, golden: Image, offered: Share) -> None:
        from sharing.actions import offer_again

        desk.reject(Case.objects.get().pk, by=sam, answer="Not yet.")
        assert offer_again(golden.pk, offered.pk, by=cast.creator).share.status == "pending"
        assert Case.objects.waiting().count() == 1

    def test_removing_takes_it_out(self, cast: Cast, sam: User, golden: Image, offered: Share) -> None:
        desk.approve(Case.objects.get().pk, by=sam)
        remove(golden.pk, offered.pk, by=cast.producer)
        assert fresh(golden).listed_at is None
        assert Case.objects.get().status == Case.Status.APPROVED

    def test_removing_what_waits_withdraws_the_case(self, cast: Cast, golden: Image, offered: Share) -> None:
        remove(golden.pk, offered.pk, by=cast.producer)
        assert (Case.objects.get().status, Case.objects.get().share) == (Case.Status.WITHDRAWN, None)

    def test_undoing_withdraws_the_case(self, cast: Cast, golden: Image, offered: Share) -> None:
        undo_offers([offered.pk], by=cast.creator)
        assert Case.objects.get().status == Case.Status.WITHDRAWN
        assert not Share.objects.exists()

    def test_a_private_image_is_not_listed_until_it_is_shared_again(
        self, cast: Cast, sam: User, golden: Image, offered: Share
    ) -> None:
        desk.approve(Case.objects.get().pk, by=sam)
        set_visibility(golden.pk, by=cast.producer, visibility="private")
        assert fresh(golden).listed_at is None
        set_visibility(golden.pk, by=cast.producer, visibility="shared")
        assert fresh(golden).listed_by == sam

    def test_staff_take_it_out(self, cast: Cast, sam: User, golden: Image, offered: Share) -> None:
        case = desk.approve(Case.objects.get().pk, by=sam)
        desk.unlist(case.pk, by=sam, answer="Its licence has changed.")
        assert (fresh(golden).listed_at, fresh(offered).status) == (None, "rejected")
        with pytest.raises(Conflict, match="not in the marketplace"):
            desk.unlist(case.pk, by=sam, answer="Again.")

    @pytest.mark.parametrize("terms", [{"export": False}])
    def test_terms_that_it_cannot_keep_are_refused(self, cast: Cast, golden: Image, terms: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match="gives an image to everybody"):
            offer_one(golden, cast.creator, "hubfirst", **terms)

    def test_the_rules_of_the_organization_count(self, cast: Cast, sam: User, golden: Image, offered: Share) -> None:
        Rules.objects.create(organization=cast.acme_group, open_to_all=False)
        with pytest.raises(Conflict, match="does not allow"):
            desk.approve(Case.objects.get().pk, by=sam)
        other = factories.make_image(cast.acme, cast.alice)
        with pytest.raises(ValidationError, match="does not allow"):
            offer_one(other, cast.creator, "hubfirst")

    def test_observers_do_not_offer(self, cast: Cast, golden: Image) -> None:
        olga = factories.make_person("olga")
        factories.join(olga, cast.acme, Role.OBSERVER)
        with pytest.raises(PermissionDenied):
            offer_one(golden, factories.viewer(olga, cast.acme), "hubfirst")

    def test_nobody_signs_up_with_its_login(self) -> None:
        from accounts.validators import is_free_login

        with pytest.raises(ValidationError, match="reserved"):
            is_free_login("hubfirst")

    def test_whoever_had_its_login_gets_nothing(self, cast: Cast, golden: Image, settings: Settings) -> None:
        settings.MARKETPLACE_LOGIN = "trudy"
        assert offer_one(golden, cast.creator, "trudy").recipient is None


class TestQuotas:
    @pytest.fixture
    def wanted(self, cast: Cast) -> Case:
        request_quota(by=cast.producer, wanted={Counted.IMAGES: 5000}, reason="Nightly builds.")
        return Case.objects.get(kind="quota")

    def test_a_request_is_a_case_for_those_who_may_change_quotas(self, cast: Cast, sam: User, wanted: Case) -> None:
        assert (wanted.account, wanted.text, wanted.opened_by) == (cast.acme, "Nightly builds.", cast.alice)
        with pytest.raises(Http404):
            desk.approve(wanted.pk, by=sam)

    def test_granting_and_refusing(self, cast: Cast, wanted: Case) -> None:
        assert desk.reject(wanted.pk, by=cast.root, answer="Delete some first.").status == Case.Status.REJECTED
        request_quota(by=cast.producer, wanted={Counted.IMAGES: 5000}, reason="I did.")
        assert desk.approve(Case.objects.waiting().get().pk, by=cast.root).status == Case.Status.APPROVED
        assert cast.acme.image_quota.images == 5000

    def test_what_is_answered_elsewhere_is_closed(self, cast: Cast, wanted: Case) -> None:
        assert wanted.quota_request_id
        grant_quota_request(wanted.quota_request_id, by=cast.root)
        assert (fresh(wanted).status, fresh(wanted).decided_by) == (Case.Status.APPROVED, cast.root)

    def test_what_is_withdrawn_is_closed(self, cast: Cast, wanted: Case) -> None:
        assert wanted.quota_request_id
        withdraw_quota_request(wanted.quota_request_id, by=cast.producer)
        assert fresh(wanted).status == Case.Status.WITHDRAWN


class TestOffersPerDay:
    def test_staff_allow_more_or_less(self, cast: Cast, golden: Image, settings: Settings) -> None:
        settings.OFFERS_PER_DAY = 1
        limits.set_offer_limit(cast.acme, by=cast.root, limit=0, note="Spam.")
        with pytest.raises(ValidationError, match=r"0 are allowed\. .* ask staff for more"):
            offer_one(golden, cast.creator, cast.beta.number)
        limits.set_offer_limit(cast.acme, by=cast.root, limit=2)
        offer_one(golden, cast.creator, cast.beta.number)
        assert Event.objects.filter(verb="offer limit changed", account=cast.acme).count() == 2
        limits.set_offer_limit(cast.acme, by=cast.root, limit=None)
        assert offers_per_day(cast.acme) == 1

    def test_only_staff_who_may(self, cast: Cast, sam: User) -> None:
        for user in (cast.alice, sam):
            with pytest.raises(PermissionDenied):
                limits.set_offer_limit(cast.acme, by=user, limit=9)

    def test_an_admin_asks_and_staff_grant(self, cast: Cast, sam: User) -> None:
        case = asking.ask_for_offers(by=cast.producer, wanted=900, text="A conference.")
        with pytest.raises(Conflict, match="have not answered"):
            asking.ask_for_offers(by=cast.producer, wanted=901, text="Still.")
        desk.approve(case.pk, by=sam)
        assert OfferLimit.objects.get(account=cast.acme).offers_per_day == 900
        assert told(cast.alice)[0] == "Acme Producers may make more offers a day"

    def test_refusals(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied):
            asking.ask_for_offers(by=cast.creator, wanted=900, text="Please.")
        with pytest.raises(ValidationError, match="Enter more"):
            asking.ask_for_offers(by=cast.producer, wanted=500, text="Please.")
        with pytest.raises(Conflict):
            asking.withdraw_offers_request(by=cast.producer)

    def test_it_can_be_withdrawn(self, cast: Cast, sam: User) -> None:
        case = asking.ask_for_offers(by=cast.producer, wanted=900, text="A conference.")
        asking.withdraw_offers_request(by=cast.producer)
        with pytest.raises(Conflict, match="has closed this case"):
            desk.approve(case.pk, by=sam)
