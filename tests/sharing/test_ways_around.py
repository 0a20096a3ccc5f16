"""Ways around consent, rules and policies that somebody might look for, each of them closed."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import make_reviewer
from accounts.addresses import parse_one
from accounts.errors import Conflict
from accounts.models import Event, User
from accounts.roles import Role
from images.actions import (
    create_family,
    grant_quota_request,
    put_into_family,
    reactivate_for_owner,
    refuse_quota_request,
    request_quota,
    set_quota,
)
from images.models import Image
from images.quotas import Counted
from sharing import actions
from sharing.actions import MadeCode, Terms, Wish, asking, desk, limits
from sharing.desk import Shown, counts_of, queue_of
from sharing.models import Case, HandOver, Policy, Rules, Share
from tests import factories
from tests.conftest import WorkThrough
from tests.factories import PASSWORD, signed_in
from tests.people import Cast
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db

ENFORCED = Policy.Mode.ENFORCED
FORBIDDEN = Rules.Outside.FORBIDDEN


def in_days(days: float) -> Any:
    return timezone.now() + timedelta(days=days)


def ask(image: Image, cast: Cast, to: str, **wish: Any) -> HandOver:
    return actions.ask_to_take_over(image.pk, by=cast.producer, wish=Wish(parse_one(to), **wish))


class TestEnds:
    @pytest.fixture
    def made(self, cast: Cast, golden: Image) -> MadeCode:
        return actions.make_claim_code(golden.pk, by=cast.producer, terms=Terms(), days=1)

    def test_a_code_works_no_longer_because_of_a_new_end(self, cast: Cast, golden: Image, made: MadeCode) -> None:
        expires = made.share.offer_expires_at
        for days in (300, 200):
            share = actions.set_end(golden.pk, made.share.pk, by=cast.producer, until=in_days(days))
            assert share.offer_expires_at == expires

    def test_the_marketplace_has_no_end(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "hubfirst")
        with pytest.raises(Conflict, match="marketplace"):
            actions.set_end(golden.pk, share.pk, by=cast.producer, until=in_days(3))

    def test_a_later_version_lasts_no_longer_than_rules_allow_now(self, cast: Cast) -> None:
        family = create_family(by=cast.producer, name="base")
        old, new = (factories.make_image(cast.acme, cast.alice, name=name) for name in ("one", "two"))
        Image.objects.filter(pk=old.pk).update(created_at=in_days(-9))
        put_into_family(old.pk, family.pk, by=cast.producer, version="1")
        share = offer_one(old, cast.producer, cast.beta.number, offers_future=True)
        actions.accept(share.pk, by=cast.consumer, future=True)
        actions.set_rules(cast.acme_group, by=cast.producer, max_days=30)
        put_into_family(new.pk, family.pk, by=cast.producer, version="2")
        until = Share.objects.get(image=new).access_until
        assert until is not None
        assert until <= in_days(30)


class TestHandingOver:
    def test_rules_made_since_are_kept(self, cast: Cast, golden: Image) -> None:
        asked = ask(golden, cast, cast.beta.number)
        actions.set_rules(cast.acme_group, by=cast.producer, outside=FORBIDDEN)
        with pytest.raises(Conflict, match="outside of Acme Group any more"):
            actions.take_over(asked.pk, by=cast.consumer)
        golden.refresh_from_db()
        assert golden.account == cast.acme

    def test_the_giver_keeps_nothing_that_rules_of_the_receiver_forbid(self, cast: Cast, golden: Image) -> None:
        asked = ask(golden, cast, cast.beta.number, keep_using=True)
        actions.set_rules(cast.beta_holdings, by=cast.consumer, outside=FORBIDDEN)
        with pytest.raises(Conflict, match="outside of Beta Holdings"):
            actions.take_over(asked.pk, by=cast.consumer)
        assert not Share.objects.exists()

    def test_a_policy_refuses_it(self, cast: Cast, golden: Image) -> None:
        actions.set_policy(cast.beta_holdings, by=cast.consumer, mode=ENFORCED, only_trusted=True)
        asked = ask(golden, cast, cast.beta.number)
        with pytest.raises(Conflict, match="Beta Holdings takes only images of producers that it trusts"):
            actions.take_over(asked.pk, by=cast.consumer)

    def test_who_may_not_accept_may_not_take_over(self, cast: Cast, golden: Image) -> None:
        cleo = factories.make_person("cleo")
        factories.join(cleo, cast.beta, Role.ADMIN)
        actions.set_policy(cast.beta_holdings, by=cast.consumer, accepting="managers")
        asked = ask(golden, cast, cast.beta.number)
        with pytest.raises(PermissionDenied, match="Only a manager of Beta Holdings"):
            actions.take_over(asked.pk, by=factories.viewer(cleo, cast.beta))
        actions.take_over(asked.pk, by=cast.consumer)

    def test_a_limit_by_staff_holds(self, cast: Cast, golden: Image) -> None:
        limits.set_offer_limit(cast.acme, by=cast.root, limit=0)
        with pytest.raises(ValidationError, match="as one day allows"):
            ask(golden, cast, cast.beta.number)


class TestWhoAccepts:
    @pytest.fixture
    def cleo(self, cast: Cast) -> User:
        """An admin of Beta Consumers, whose organization lets only its managers accept."""
        cleo = factories.make_person("cleo")
        factories.join(cleo, cast.beta, Role.ADMIN)
        factories.join(cleo, cast.acme, Role.CREATOR)
        actions.set_policy(cast.beta_holdings, by=cast.consumer, accepting="managers")
        return cleo

    def test_own_authority_is_that_of_who_may_accept(self, cast: Cast, golden: Image, cleo: User) -> None:
        share = offer_one(golden, factories.viewer(cleo, cast.acme), cast.beta.number)
        assert share.status == "pending"

    def test_a_manager_has_it(self, cast: Cast, golden: Image, cleo: User) -> None:
        factories.join(cast.bob, cast.acme, Role.CREATOR)
        share = offer_one(golden, factories.viewer(cast.bob, cast.acme), cast.beta.number)
        assert share.status == "accepted"

    def test_trust_is_that_of_who_may_accept(self, cast: Cast, golden: Image, cleo: User) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=factories.viewer(cleo, cast.beta))
        assert offer_one(golden, cast.producer, cast.beta.number).status == "pending"


class TestSigningIn:
    @pytest.fixture
    def panel(self, client: Client, cast: Cast) -> Client:
        client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    def posted(self, panel: Client, cast: Cast, image: Image, **changed: Any) -> str:
        page = reverse("share_by_sign_in", kwargs={"number": cast.acme.number, "pk": image.pk})
        typed: dict[str, Any] = {"number": cast.beta.number, "login": "bob", "password": PASSWORD, "export": "on"}
        typed |= {"questions": ["licences", "secrets", "malware"], **changed}
        return panel.post(page, typed, follow=True).content.decode()

    @pytest.mark.parametrize("password", [PASSWORD, "wrong"])
    def test_a_date_that_cannot_be_is_refused_before_the_password(
        self, panel: Client, cast: Cast, golden: Image, password: str
    ) -> None:
        page = self.posted(panel, cast, golden, password=password, until="date", until_date="2020-01-01")
        assert "Choose a date that is not past" in page
        assert not Event.objects.filter(verb="failed to sign in").exists()

    @pytest.mark.parametrize("password", [PASSWORD, "wrong"])
    def test_what_is_accepted_already_tells_nothing_of_a_password(
        self, panel: Client, cast: Cast, golden: Image, accepted: Share, password: str
    ) -> None:
        assert "Has it already" in self.posted(panel, cast, golden, password=password)


class TestGaps:
    """Numbers that are counted for everybody together grow alike, whoever exists and listens."""

    def test_what_a_webhook_is_sent_shows_none(self, cast: Cast, golden: Image) -> None:
        ours, _secret = actions.create_webhook(by=cast.producer, url="https://hooks.example.org/in")
        actions.create_webhook(by=cast.consumer, url="https://hooks.example.org/in")
        offer_one(golden, cast.producer, cast.beta.number)
        for delivery in ours.deliveries.all():
            assert delivery.message_id == f"msg_{ours.pk}_{delivery.event_id}"

    @pytest.mark.parametrize("number", ["beta", "4071385969"])
    def test_failing_to_sign_in_is_one_event_more(
        self, cast: Cast, golden: Image, work_through: WorkThrough, number: str
    ) -> None:
        named = cast.beta if number == "beta" else None
        actions.sign_in_failed(golden.pk, by=cast.producer, number=number, named=named)
        work_through()
        assert Event.objects.filter(verb="sign-in refused").count() == 1
        assert not Event.objects.visible_to(cast.producer).filter(verb="sign-in refused").exists()


class TestTheDesk:
    @pytest.fixture
    def alice(self, cast: Cast) -> User:
        """Makes images, and decides on the review desk."""
        make_reviewer(cast.alice)
        User.objects.filter(pk=cast.alice.pk).update(is_staff=True)
        return User.objects.get(pk=cast.alice.pk)

    def test_nobody_decides_on_their_own_account(self, cast: Cast, golden: Image, alice: User) -> None:
        case = asking.ask_for_public(golden.pk, by=cast.producer)
        with pytest.raises(Conflict, match="your own account"):
            desk.approve(case.pk, by=alice)
        golden.refresh_from_db()
        assert golden.visibility == "private"

    def test_nor_takes_a_case_about_it(self, cast: Cast, golden: Image, alice: User) -> None:
        case = asking.ask_for_public(golden.pk, by=cast.producer)
        with pytest.raises(Conflict, match="your own account"):
            desk.take(case.pk, by=alice)
        [row] = queue_of(alice, Shown.WAITING).rows
        assert "your own account" in row.take_refusal

    def test_nobody_sets_the_limits_of_their_own_account(self, cast: Cast, alice: User) -> None:
        may = Permission.objects.filter(codename__in=["change_offerlimit", "change_quota"])
        alice.user_permissions.set(may)
        alice = User.objects.get(pk=alice.pk)
        asked = request_quota(by=cast.producer, wanted={Counted.IMAGES: 5000}, reason="More.")
        for act in (
            lambda: limits.set_offer_limit(cast.acme, by=alice, limit=9999),
            lambda: set_quota(cast.acme, by=alice, limits={Counted.IMAGES: 5000}),
            lambda: grant_quota_request(asked.pk, by=alice),
            lambda: refuse_quota_request(asked.pk, by=alice, answer="No."),
        ):
            with pytest.raises(PermissionDenied, match="somebody else of the staff"):
                act()
        limits.set_offer_limit(cast.beta, by=alice, limit=9999)

    @pytest.fixture
    def upheld(self, cast: Cast, alice: User) -> Case:
        """A request for an image that was refused; then it was deactivated for a report."""
        image = factories.make_image(cast.acme, cast.alice, visibility="community")
        case = asking.ask_for_public(image.pk, by=cast.producer)
        desk.reject(case.pk, by=cast.root, answer="No.")
        desk.approve(asking.report_image(image.pk, by=cast.consumer, reason="malware").case.pk, by=cast.root)
        return case

    def test_nobody_reactivates_their_own_by_an_older_case(self, cast: Cast, alice: User, upheld: Case) -> None:
        assert upheld.image
        with pytest.raises(Conflict, match="your own account"):
            desk.reactivate_again(upheld.pk, by=alice)
        desk.reactivate_again(upheld.pk, by=cast.root)
        assert Image.objects.get(pk=upheld.image.pk).is_active

    def test_nor_by_one_that_waits(self, cast: Cast, alice: User, upheld: Case) -> None:
        assert upheld.image
        Case.objects.filter(pk=upheld.pk).update(status="open", decided_at=None, decided_by=None)
        with pytest.raises(PermissionDenied):
            reactivate_for_owner(upheld.image.pk, by=alice)

    def test_nor_verifies_it_on_the_page_of_a_case(self, cast: Cast, golden: Image, alice: User) -> None:
        case = asking.ask_for_public(golden.pk, by=cast.producer)
        client = signed_in(alice)
        verify = reverse("review_verify", args=[case.pk])
        assert verify not in client.get(reverse("review_case", args=[case.pk])).content.decode()
        assert client.post(verify).status_code == 403

    def test_an_administrator_does(self, cast: Cast) -> None:
        factories.join(cast.root, cast.acme, Role.ADMIN)
        image = factories.make_image(cast.acme, cast.root)
        case = asking.ask_for_public(image.pk, by=factories.viewer(cast.root, cast.acme))
        assert desk.approve(case.pk, by=cast.root).status == "approved"

    def test_nobody_learns_who_reported_their_own(self, cast: Cast, alice: User) -> None:
        make_reviewer(cast.sam)
        image = factories.make_image(cast.acme, cast.alice, visibility="community")
        case = asking.report_image(image.pk, by=cast.consumer, reason="malware").case
        assert cast.sam.notifications.count() == 1
        assert not cast.alice.notifications.exists()
        with pytest.raises(Http404):
            desk.look_at(case.pk, by=alice)
        assert not queue_of(alice, Shown.WAITING).rows
        assert counts_of(alice)["waiting"] == 0
