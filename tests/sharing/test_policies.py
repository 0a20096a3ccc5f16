"""Policies: what an account or organization takes, at accepting and at use, written down or refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AnyGroup, Event
from accounts.roles import Role
from accounts.viewer import Viewer
from images.actions import record_download
from images.models import ContentCheck, Image
from images.permissions import Verb, get_image, refusal
from sharing import actions
from sharing.actions.policies import WOULD_REFUSE
from sharing.deciding import decision_refusal
from sharing.models import Policy, Share
from sharing.policies import allows_sign_in, strictest, verdicts_of
from sharing.previews import preview_of, written_down
from tests import factories
from tests.conftest import WorkThrough
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one

pytestmark = pytest.mark.django_db

ENFORCED, AUDIT = Policy.Mode.ENFORCED, Policy.Mode.AUDIT


def set_policy(group: AnyGroup, by: Viewer, **settings: Any) -> Policy:
    return actions.set_policy(group, by=by, **settings)


def looked_into(image: Image, *kinds: str, files: int = 4) -> None:
    """Somebody looked inside and found these kinds of things."""
    now = timezone.now()
    volume = {"number": 1, "start": 0, "size": 4096, "name": "", "file_system": "ext4", "why_not": "", "gaps": {}}
    ContentCheck.objects.create(
        data=image.data,
        status=ContentCheck.Status.DONE,
        requested_by=image.created_by,
        requested_at=now,
        finished_at=now,
        findings={
            "table": "gpt",
            "problem": "",
            "finished": True,
            "volumes": [volume | {"files": files, "finished": True}],
            "findings": [{"kind": kind, "number": 1, "paths": ["/root/x"]} for kind in kinds],
        },
    )


def would_be_refused(cast: Cast) -> list[str]:
    events = Event.objects.filter(verb=WOULD_REFUSE, account=cast.beta)
    return [event.detail["reason"] for event in events]


class TestAccepting:
    def test_without_a_policy_everything_is_taken(self, cast: Cast, pending: Share) -> None:
        assert actions.accept(pending.pk, by=cast.consumer).status == "accepted"

    def test_an_enforced_policy_refuses_and_says_whose_it_is(self, cast: Cast, pending: Share) -> None:
        set_policy(cast.beta_holdings, cast.consumer, mode=ENFORCED, only_trusted=True)
        with pytest.raises(ValidationError, match="Beta Holdings takes only images of producers that it trusts"):
            actions.accept(pending.pk, by=cast.consumer)
        pending.refresh_from_db()
        assert pending.status == "pending"

    def test_an_audited_one_lets_it_in_and_writes_it_down(self, cast: Cast, pending: Share) -> None:
        set_policy(cast.beta, cast.consumer, mode=AUDIT, only_trusted=True)
        actions.accept(pending.pk, by=cast.consumer)
        assert would_be_refused(cast) == ["Beta Consumers takes only images of producers that it trusts."]
        [event] = written_down(cast.beta).events
        assert event.actor == cast.bob

    def test_the_producer_sees_nothing_of_it(self, cast: Cast, pending: Share) -> None:
        set_policy(cast.beta, cast.consumer, mode=AUDIT, only_trusted=True)
        actions.accept(pending.pk, by=cast.consumer)
        assert not Event.objects.visible_to(cast.producer).filter(verb=WOULD_REFUSE).exists()

    @pytest.mark.parametrize("trusted", ["account", "organization"])
    def test_a_trusted_producer_is_taken(self, cast: Cast, pending: Share, trusted: str) -> None:
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_trusted=True)
        producer = cast.acme if trusted == "account" else cast.acme_group
        actions.trust(producer.group_ptr, recipient=cast.beta, by=cast.consumer)
        assert actions.accept(pending.pk, by=cast.consumer).status == "accepted"

    def test_what_an_organization_trusts_counts_for_its_accounts(self, cast: Cast, pending: Share) -> None:
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_trusted=True)
        actions.trust(cast.acme.group_ptr, recipient=cast.beta_holdings, by=cast.consumer)
        assert actions.accept(pending.pk, by=cast.consumer).status == "accepted"

    def test_what_an_account_trusts_does_not_count_for_its_organization(self, cast: Cast, pending: Share) -> None:
        set_policy(cast.beta_holdings, cast.consumer, mode=ENFORCED, only_trusted=True)
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        with pytest.raises(ValidationError, match="Beta Holdings"):
            actions.accept(pending.pk, by=cast.consumer)

    def test_accounts_of_one_organization_trust_each_other(self, cast: Cast, golden: Image) -> None:
        research = factories.make_account("Acme Research", cast.carol, organization=cast.acme_group)
        reader = factories.viewer(cast.carol, research)
        set_policy(cast.acme_group, cast.producer, mode=ENFORCED, only_trusted=True)
        share = offer_one(golden, cast.producer, research.number)
        assert actions.accept(share.pk, by=reader).status == "accepted"

    def test_an_old_image_is_refused_with_its_age(self, cast: Cast, pending: Share) -> None:
        Image.objects.filter(pk=pending.image_id).update(created_at=timezone.now() - timedelta(days=91))
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, max_age_days=90)
        with pytest.raises(ValidationError, match="at most 90 days; this one has 91"):
            actions.accept(pending.pk, by=cast.consumer)

    def test_its_last_day_counts_whole(self, cast: Cast, pending: Share) -> None:
        Image.objects.filter(pk=pending.image_id).update(created_at=timezone.now() - timedelta(days=90, hours=23))
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, max_age_days=90)
        assert actions.accept(pending.pk, by=cast.consumer).status == "accepted"

    def test_what_nobody_looked_into_is_refused(self, cast: Cast, pending: Share) -> None:
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_inspected=True)
        with pytest.raises(ValidationError, match="looked into"):
            actions.accept(pending.pk, by=cast.consumer)

    @pytest.mark.parametrize(
        ("found", "files", "is_taken"),
        [((), 4, True), (("shell_history",), 4, True), (("ssh_key",), 4, False), ((), 0, False)],
    )
    def test_secrets_count_and_traces_do_not(
        self, cast: Cast, pending: Share, found: tuple[str, ...], files: int, is_taken: bool
    ) -> None:
        looked_into(pending.image, *found, files=files)
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_inspected=True)
        if is_taken:
            assert actions.accept(pending.pk, by=cast.consumer).status == "accepted"
        else:
            with pytest.raises(ValidationError):
                actions.accept(pending.pk, by=cast.consumer)

    def test_another_account_is_asked_for_its_own_policy(self, cast: Cast, golden: Image) -> None:
        """An offer to Bob himself, taken into Beta Consumers, which is stricter than he is."""
        share = offer_one(golden, cast.producer, "bob")
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_trusted=True)
        with pytest.raises(ValidationError, match="Beta Consumers"):
            actions.accept(share.pk, by=cast.consumer, into=cast.beta)
        assert actions.accept(share.pk, by=cast.consumer).recipient_id == cast.bob.personal_account.pk

    def test_an_organization_has_its_own_policy_asked(self, cast: Cast, golden: Image) -> None:
        set_policy(cast.acme_group, cast.producer, mode=ENFORCED, max_age_days=5)
        Image.objects.filter(pk=golden.pk).update(created_at=timezone.now() - timedelta(days=9))
        [offered] = offer_all(golden, cast.producer, "", cast.acme_group.group_ptr)
        assert offered.share.status == "pending"
        with pytest.raises(ValidationError, match="Acme Group"):
            actions.accept(offered.share.pk, by=cast.producer)


class TestAutomaticAcceptance:
    def test_a_refused_one_waits_like_any_other(self, cast: Cast, golden: Image) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, max_age_days=5)
        Image.objects.filter(pk=golden.pk).update(created_at=timezone.now() - timedelta(days=9))
        [trusting, stranger] = offer_all(golden, cast.producer, f"{cast.beta.number}, rhea")
        assert trusting.outcome == stranger.outcome
        assert trusting.share.status == "pending"

    def test_it_costs_the_producer_the_same_statements(self, cast: Cast) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, max_age_days=5)
        set_policy(cast.beta_holdings, cast.consumer, mode=ENFORCED, only_trusted=True)

        def statements(recipient: str) -> list[str]:
            old = timezone.now() - timedelta(days=9)
            image = factories.make_image(cast.acme, cast.alice, created_at=old)
            with CaptureQueriesContext(connection) as queries:
                offer_all(image, cast.producer, recipient)
            return [query["sql"].split()[0] for query in queries]

        statements("rhea")
        assert statements(cast.beta.number) == statements(cast.rival.number)
        assert len(statements(cast.beta.number)) == len(statements("nobody-knows"))

    def test_an_audited_one_is_accepted_and_written_down_without_a_person(self, cast: Cast, golden: Image) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        set_policy(cast.beta, cast.consumer, mode=AUDIT, only_inspected=True)
        assert offer_one(golden, cast.producer, cast.beta.number).status == "accepted"
        [event] = written_down(cast.beta).events
        assert event.actor is None
        assert event.network_address is None

    def test_offering_again_asks_again(self, cast: Cast, pending: Share) -> None:
        actions.reject(pending.pk, by=cast.consumer)
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_inspected=True)
        assert actions.offer_again(pending.image_id, pending.pk, by=cast.producer).share.status == "pending"


class TestUse:
    def test_an_enforced_policy_refuses_the_data_of_what_is_accepted(self, cast: Cast, accepted: Share) -> None:
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_inspected=True)
        viewer, image = fresh(cast), accepted.image
        for verb in (Verb.USE, Verb.EXPORT, Verb.COPY):
            assert "Beta Consumers takes only images that were looked into" in refusal(viewer, verb, image)
        with pytest.raises(PermissionDenied, match="Beta Consumers"):
            get_image(viewer, image.pk, Verb.EXPORT)
        assert get_image(viewer, image.pk, Verb.SEE).pk == image.pk

    def test_it_holds_for_what_is_open_to_everybody(self, cast: Cast) -> None:
        image = factories.make_image(cast.rival, cast.rhea, visibility="community")
        set_policy(cast.beta_holdings, cast.consumer, mode=ENFORCED, only_trusted=True)
        assert "Beta Holdings" in refusal(fresh(cast), Verb.USE, image)

    def test_ones_own_images_are_never_asked_about(self, cast: Cast) -> None:
        image = factories.make_image(cast.beta, cast.bob)
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_inspected=True, only_trusted=True, max_age_days=1)
        assert refusal(fresh(cast), Verb.EXPORT, image) == ""

    def test_an_audited_one_writes_each_use_down_once_a_day(self, cast: Cast, accepted: Share) -> None:
        set_policy(cast.beta, cast.consumer, mode=AUDIT, only_inspected=True)
        viewer = fresh(cast)
        image = get_image(viewer, accepted.image_id, Verb.EXPORT)
        for _again in range(3):
            record_download(image, by=viewer, begins=True)
        assert len(would_be_refused(cast)) == 1

    def test_without_a_policy_a_page_pays_one_query(self, cast: Cast, accepted: Share) -> None:
        viewer = fresh(cast)
        image = get_image(viewer, accepted.image_id, Verb.SEE)
        with CaptureQueriesContext(connection) as queries:
            for verb in (Verb.USE, Verb.EXPORT, Verb.COPY):
                assert refusal(viewer, verb, image) == ""
        assert len(queries) == 1

    def test_verdicts_on_a_list_cost_the_same_for_one_and_for_many(self, cast: Cast) -> None:
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_inspected=True, only_trusted=True)
        many = [factories.make_image(cast.acme, cast.alice, visibility="community") for _ in range(5)]
        for some in (many[:1], many):
            rows = list(Image.objects.filter(pk__in=[image.pk for image in some]).select_related("account", "data"))
            with CaptureQueriesContext(connection) as queries:
                verdicts = verdicts_of(rows, fresh(cast))
            assert all(len(said) == 2 for said in verdicts.values())
            assert len(queries) == 4  # one of them makes the viewer


def fresh(cast: Cast) -> Viewer:
    """Bob at Beta Consumers, in a new request."""
    return factories.viewer(cast.bob, cast.beta)


class TestWhoAccepts:
    @pytest.mark.parametrize(
        ("accepting", "role", "may"),
        [
            ("admins", Role.ADMIN, True),
            ("admins", Role.CREATOR, False),
            ("creators", Role.CREATOR, True),
            ("creators", Role.OBSERVER, False),
            ("managers", Role.ADMIN, False),
        ],
    )
    def test_the_policy_says_who(self, cast: Cast, pending: Share, accepting: str, role: Role, may: bool) -> None:
        set_policy(cast.beta, cast.consumer, accepting=accepting)
        cleo = factories.make_person("cleo")
        factories.join(cleo, cast.beta, role)
        viewer = factories.viewer(cleo, cast.beta)
        assert (decision_refusal(viewer, pending) == "") is may
        if may:
            assert actions.accept(pending.pk, by=viewer).status == "accepted"
        else:
            with pytest.raises(PermissionDenied):
                actions.accept(pending.pk, by=viewer)

    def test_a_manager_of_the_organization_accepts_in_whatever_role(self, cast: Cast, pending: Share) -> None:
        factories.join(cast.dave, cast.beta_holdings, Role.MANAGER)
        set_policy(cast.beta_holdings, cast.consumer, accepting="managers")
        assert actions.accept(pending.pk, by=factories.viewer(cast.dave, cast.beta)).status == "accepted"

    def test_an_organization_is_never_less_strict_than_its_accounts(self) -> None:
        assert strictest(["creators", "account"]) == "creators"
        assert strictest(["creators", "admins"]) == "admins"
        assert strictest(["creators", "managers"]) == "managers"
        assert strictest([]) == "admins"

    def test_an_organization_cannot_let_creators_accept(self, cast: Cast) -> None:
        with pytest.raises(ValidationError):
            set_policy(cast.beta_holdings, cast.consumer, accepting="creators")

    def test_a_personal_offer_stays_a_persons_own(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob")
        set_policy(cast.beta_holdings, cast.consumer, accepting="managers")
        assert actions.accept(share.pk, by=fresh(cast)).status == "accepted"

    def test_signing_in_can_be_switched_off_by_either(self, cast: Cast) -> None:
        assert allows_sign_in(cast.beta)
        set_policy(cast.beta_holdings, cast.consumer, by_sign_in=False)
        assert not allows_sign_in(cast.beta)
        assert allows_sign_in(cast.acme)


class TestSetting:
    def test_others_may_not(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can set its policy"):
            set_policy(cast.acme, cast.creator, mode=AUDIT)

    def test_it_is_an_event_with_old_and_new(self, cast: Cast) -> None:
        set_policy(cast.beta, cast.consumer, mode=ENFORCED, only_trusted=True)
        event = Event.objects.get(verb="policy changed")
        assert event.detail["old"].startswith("Off: every image")
        assert event.detail["new"].startswith("Refuse: only images from producers that it trusts")

    def test_saving_the_same_says_nothing(self, cast: Cast) -> None:
        set_policy(cast.beta, cast.consumer, mode=AUDIT)
        set_policy(cast.beta, cast.consumer, mode=AUDIT)
        assert Event.objects.filter(verb="policy changed").count() == 1

    def test_admins_of_its_accounts_are_told_once_each(
        self, cast: Cast, django_capture_on_commit_callbacks: Any, work_through: WorkThrough
    ) -> None:
        for title in ("Beta Labs", "Beta Shops"):
            factories.make_account(title, cast.dave, organization=cast.beta_holdings)
        with django_capture_on_commit_callbacks(execute=True):
            set_policy(cast.beta_holdings, cast.consumer, mode=AUDIT, only_trusted=True)
        work_through()
        [note] = cast.dave.notifications.all()
        assert note.subject == "Beta Holdings has changed which images its accounts take"
        assert note.path.endswith("/account/policy/")
        assert not cast.bob.notifications.exists()

    def test_an_organization_of_others_is_not_there(self, cast: Cast) -> None:
        with pytest.raises(Http404):
            set_policy(cast.beta_holdings, cast.producer, mode=AUDIT)


class TestPreview:
    def test_it_counts_what_would_be_refused(self, cast: Cast, accepted: Share) -> None:
        preview = preview_of(cast.beta, Policy(mode=AUDIT, only_trusted=True))
        assert (preview.judged, len(preview.refused)) == (1, 1)
        assert preview.refused[0].reasons == ["Beta Consumers takes only images of producers that it trusts."]

    def test_an_organization_counts_for_all_its_accounts(self, cast: Cast, accepted: Share) -> None:
        preview = preview_of(cast.beta_holdings, Policy(only_inspected=True))
        assert len(preview.refused) == 1
        assert len(preview_of(cast.acme_group, Policy(only_inspected=True)).refused) == 0

    def test_it_costs_the_same_for_one_and_for_many(self, cast: Cast, accepted: Share) -> None:
        policy = Policy(only_inspected=True, only_trusted=True, max_age_days=1)

        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                preview_of(cast.beta, policy)
            return len(queries)

        before = cost()
        for _ in range(5):
            image = factories.make_image(cast.acme, cast.alice)
            actions.accept(offer_one(image, cast.producer, cast.beta.number).pk, by=cast.consumer)
        assert cost() == before == 2
