"""The pages of policies, rules, approvals and exposure, and what they cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import invite_account
from accounts.errors import Conflict
from accounts.models import Account
from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.actions import Terms
from sharing.addresses import parse
from sharing.exposure import Filter, Sort, chosen, counts_of, exposed_shares, ordered
from sharing.models import OfferRequest, Policy, Rules, Share, Trust
from tests import factories
from tests.factories import signed_in
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one

pytestmark = pytest.mark.django_db


def url(name: str, account: Account, **more: Any) -> str:
    return reverse(name, kwargs={"number": account.number, **more})


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def cost_of(client: Client, path: str) -> int:
    client.get(path)  # the first page of a session writes down the account
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def many_shares(cast: Cast, number: int) -> None:
    """As the demo would have after years, without going through each offer."""
    image = factories.make_image(cast.acme, cast.alice, visibility="shared")
    Share.objects.bulk_create(
        Share(image=image, kind="email", address=f"person{each}@example.org", offered_by=cast.alice)
        for each in range(number)
    )


class TestPolicyPage:
    STRICT: dict[str, str] = {"mode": "enforced", "only_trusted": "on", "accepting": "admins", "by_sign_in": "on"}

    def test_a_stricter_policy_is_seen_before_it_is_saved(self, cast: Cast, accepted: Share) -> None:
        client, page = signed_in(cast.bob), url("account_policy", cast.beta)
        answer = client.post(page, self.STRICT)
        assert answer.status_code == 200
        assert "This would refuse 1 of 1 accepted images" in answer.content.decode()
        assert not Policy.objects.exists()
        seen = answer.context["form"].fingerprint
        assert client.post(page, self.STRICT | {"seen": seen}).status_code == 302
        assert Policy.objects.get().is_enforced

    def test_what_was_seen_is_what_is_saved(self, cast: Cast, accepted: Share) -> None:
        """Somebody who changes the choice after having seen another one sees again."""
        client, page = signed_in(cast.bob), url("account_policy", cast.beta)
        seen = client.post(page, self.STRICT).context["form"].fingerprint
        answer = client.post(page, self.STRICT | {"only_inspected": "on", "seen": seen})
        assert answer.status_code == 200
        assert not Policy.objects.exists()

    def test_one_that_only_writes_down_is_saved_at_once(self, cast: Cast, accepted: Share) -> None:
        client, page = signed_in(cast.bob), url("account_policy", cast.beta)
        assert client.post(page, self.STRICT | {"mode": "audit"}).status_code == 302
        assert "1 of 1 accepted images would be refused" in text_of(client, page)

    def test_it_says_what_would_have_been_refused(self, cast: Cast, pending: Share) -> None:
        actions.set_policy(cast.beta_holdings, by=cast.consumer, mode="audit", only_trusted=True)
        actions.accept(pending.pk, by=cast.consumer)
        text = text_of(signed_in(cast.bob), url("organization_policy", cast.beta, pk=cast.beta_holdings.pk))
        assert 'Would have been refused <span class="counter">1</span>' in text
        assert "Beta Holdings takes only images of producers that it trusts." in text

    def test_others_read_it_with_the_reason(self, cast: Cast) -> None:
        text = text_of(signed_in(cast.dave), url("account_policy", cast.beta))
        assert "Only an admin of Beta Consumers can set its policy." in text
        assert "<form" not in text.partition('id="taken-title"')[2].partition("</main>")[0].replace("/logout", "")

    def test_an_account_reads_the_policy_of_its_organization(self, cast: Cast) -> None:
        actions.set_policy(cast.beta_holdings, by=cast.consumer, mode="enforced", only_trusted=True)
        assert "Beta Holdings has a policy for all its accounts, too." in text_of(
            signed_in(cast.dave), url("account_policy", cast.beta)
        )

    def test_trust_begins_and_ends_here(self, cast: Cast, accepted: Share) -> None:
        client, page = signed_in(cast.bob), url("organization_policy", cast.beta, pk=cast.beta_holdings.pk)
        trust = url("organization_policy_trust", cast.beta, pk=cast.beta_holdings.pk)
        client.post(trust, {"producer": cast.acme_group.pk})
        row = Trust.objects.get()
        assert (row.recipient_id, row.producer_id) == (cast.beta_holdings.pk, cast.acme_group.pk)
        assert "every account of the organization" in text_of(client, page)
        client.post(url("trust_remove", cast.beta, trust=row.pk), {"next": page})
        assert not Trust.objects.exists()

    def test_nobody_is_trusted_of_whom_nothing_is_known(self, cast: Cast) -> None:
        signed_in(cast.bob).post(url("account_policy_trust", cast.beta), {"producer": cast.rival.pk})
        assert not Trust.objects.exists()

    def test_it_costs_the_same_for_one_and_for_many(self, cast: Cast, accepted: Share) -> None:
        actions.set_policy(cast.beta, by=cast.consumer, mode="audit", only_trusted=True, only_inspected=True)
        client, page = signed_in(cast.bob), url("account_policy", cast.beta)
        before = cost_of(client, page)
        for _ in range(4):
            image = factories.make_image(cast.acme, cast.alice)
            actions.accept(offer_one(image, cast.producer, cast.beta.number).pk, by=cast.consumer)
        assert cost_of(client, page) == before

    def test_image_detail_says_why_it_cannot_be_downloaded(self, cast: Cast, accepted: Share) -> None:
        actions.set_policy(cast.beta, by=cast.consumer, mode="enforced", only_trusted=True)
        client = signed_in(cast.bob)
        assert "Beta Consumers takes only images of producers that it trusts." in text_of(
            client, url("image_detail", cast.beta, pk=accepted.image_id)
        )
        assert client.get(url("image_download", cast.beta, pk=accepted.image_id)).status_code == 403


class TestNotice:
    def test_it_says_before_why_an_offer_is_refused(self, cast: Cast, pending: Share) -> None:
        actions.set_policy(cast.beta_holdings, by=cast.consumer, mode="enforced", only_trusted=True)
        text = text_of(signed_in(cast.bob), url("offer_list", cast.beta))
        assert "Beta Holdings takes only images of producers that it trusts. It cannot be accepted." in text
        assert f'form="accept-{pending.pk}"' not in text

    def test_one_that_is_tried_out_only_says_so(self, cast: Cast, pending: Share) -> None:
        actions.set_policy(cast.beta, by=cast.consumer, mode="audit", only_trusted=True)
        text = text_of(signed_in(cast.bob), url("offer_list", cast.beta))
        assert "It can still be accepted: the policy only writes it down." in text
        assert f'form="accept-{pending.pk}"' in text

    def test_whoever_may_not_accept_reads_who_does(self, cast: Cast, pending: Share) -> None:
        actions.set_policy(cast.beta_holdings, by=cast.consumer, accepting="managers")
        text = text_of(signed_in(cast.dave), url("offer_list", cast.beta))
        assert "Only a manager of Beta Holdings can decide on offers to Beta Consumers: its policy says so." in text


class TestRulesPage:
    def test_it_names_what_is_open_although_it_may_not_be(self, cast: Cast) -> None:
        factories.make_image(cast.acme, cast.alice, visibility="community", name="netbsd-classroom")
        page = url("organization_rules", cast.acme, pk=cast.acme_group.pk)
        client = signed_in(cast.alice)
        assert client.post(page, {"outside": "free"}).status_code == 302
        text = text_of(client, page)
        assert "Open, although the rules do not allow it now" in text
        assert "netbsd-classroom" in text

    def test_wrong_days_are_said_at_their_field(self, cast: Cast) -> None:
        answer = signed_in(cast.alice).post(
            url("organization_rules", cast.acme, pk=cast.acme_group.pk),
            {"outside": "free", "default_days": "60", "max_days": "30"},
        )
        assert answer.status_code == 422
        assert "At most 30 days" in answer.content.decode()
        assert not Rules.objects.exists()

    def test_members_read_what_holds(self, cast: Cast) -> None:
        actions.set_rules(cast.acme_group, by=cast.producer, outside="approval")
        text = text_of(signed_in(cast.carol), url("organization_rules", cast.acme, pk=cast.acme_group.pk))
        assert "waits until a second person approves it" in text

    def test_whoever_joins_knows_them(self, cast: Cast) -> None:
        actions.set_rules(cast.acme_group, by=cast.producer, outside="forbidden", max_days=30)
        actions.set_policy(cast.acme_group, by=cast.producer, mode="enforced", max_age_days=90)
        invitation = invite_account(cast.acme_group, number=cast.rival.number, by=cast.producer)
        text = text_of(signed_in(cast.rhea), reverse("invitation", kwargs={"token": invitation.pk}))
        assert "Accounts may not share outside of the organization." in text
        assert "It takes only images at most 90 days old" in text
        assert "Managers of Acme Group see what its accounts share outside." in text


class TestApprovals:
    @pytest.fixture
    def waiting(self, cast: Cast, golden: Image) -> OfferRequest:
        """Carol wants to share golden with Rhea."""
        actions.set_rules(cast.acme_group, by=cast.producer, outside="approval")
        offer_all(golden, cast.creator, "rhea", message="As agreed.")
        return OfferRequest.objects.get()

    def test_a_manager_reads_approves_and_the_offer_is_made(self, cast: Cast, waiting: OfferRequest) -> None:
        client, page = signed_in(cast.alice), url("organization_approvals", cast.acme, pk=cast.acme_group.pk)
        text = text_of(client, page)
        assert "Acme Producers wants to share “debian-12-golden” with rhea" in text
        assert "As agreed." in text
        answer = client.post(url("approval_approve", cast.acme, pk=cast.acme_group.pk, wanted=waiting.pk), follow=True)
        assert "is offered to rhea" in answer.content.decode()
        assert Share.objects.get().offered_by == cast.carol

    def test_what_cannot_be_offered_any_more_says_why(self, cast: Cast, waiting: OfferRequest) -> None:
        actions.set_rules(cast.acme_group, by=cast.producer, outside="forbidden")
        answer = signed_in(cast.alice).post(
            url("approval_approve", cast.acme, pk=cast.acme_group.pk, wanted=waiting.pk), follow=True
        )
        assert "It cannot be offered now." in answer.content.decode()

    def test_the_organization_page_counts_them(self, cast: Cast, waiting: OfferRequest) -> None:
        text = text_of(signed_in(cast.alice), url("organization_detail", cast.acme, pk=cast.acme_group.pk))
        assert 'Approvals<span class="counter">1</span>' in text

    def test_the_image_says_that_it_waits(self, cast: Cast, waiting: OfferRequest) -> None:
        page = url("image_detail", cast.acme, pk=waiting.image_id)
        client = signed_in(cast.carol)
        assert "Waits for approval" in text_of(client, page)
        client.post(url("approval_withdraw", cast.acme, pk=waiting.image_id, wanted=waiting.pk))
        assert "Waits for approval" not in text_of(client, page)

    def test_the_answer_stands_beside_the_shares(self, cast: Cast, waiting: OfferRequest) -> None:
        refuse = url("approval_refuse", cast.acme, pk=cast.acme_group.pk, wanted=waiting.pk)
        assert signed_in(cast.alice).post(refuse, {"answer": "Not to a rival."}).status_code == 302
        assert "Not to a rival." in text_of(signed_in(cast.carol), url("image_detail", cast.acme, pk=waiting.image_id))

    def test_a_request_of_another_organization_is_not_there(self, cast: Cast, waiting: OfferRequest) -> None:
        path = url("approval_refuse", cast.beta, pk=cast.beta_holdings.pk, wanted=waiting.pk)
        assert signed_in(cast.bob).get(path).status_code == 404

    def test_it_costs_the_same_for_one_and_for_many(self, cast: Cast, golden: Image, waiting: OfferRequest) -> None:
        client, page = signed_in(cast.alice), url("organization_approvals", cast.acme, pk=cast.acme_group.pk)
        before = cost_of(client, page)
        offer_all(golden, cast.creator, ", ".join(f"person{each}@example.org" for each in range(9)))
        assert cost_of(client, page) == before


class TestExposure:
    def rows(self, cast: Cast, which: Filter = Filter.ALL) -> list[str]:
        return [share.address for share in ordered(chosen(exposed_shares(cast.acme_group), which), Sort.OLDEST)]

    def test_it_shows_what_reaches_somebody_outside(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, f"carol, rhea, maria@delta.example, {cast.beta.number}")
        offer_all(golden, cast.producer, "", cast.golden_testers.group_ptr, cast.acme_group.group_ptr)
        expected = {"rhea", "maria@delta.example", cast.beta.number, str(cast.golden_testers.pk)}
        assert set(self.rows(cast)) == expected

    def test_what_is_over_or_sleeps_is_not_exposed(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "rhea, trudy")
        Share.objects.filter(address="rhea").update(offer_expires_at=timezone.now())
        assert self.rows(cast) == ["trudy"]
        Image.objects.update(visibility="private")
        assert self.rows(cast) == []

    def test_each_filter(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.creator, "rhea")
        offer_all(golden, cast.producer, "maria@delta.example", access_until=timezone.now() + timedelta(days=9))
        accepted = offer_one(golden, cast.producer, cast.beta.number)
        actions.accept(accepted.pk, by=cast.consumer)
        Share.objects.filter(pk=accepted.pk).update(offered_at=timezone.now() - timedelta(days=100))
        cast.carol.memberships.filter(group=cast.acme.pk).delete()
        factories.make_image(cast.acme, cast.alice, visibility="community")
        assert set(self.rows(cast, Filter.NEVER)) == {"rhea", "maria@delta.example"}
        assert self.rows(cast, Filter.OLD) == [cast.beta.number]
        assert set(self.rows(cast, Filter.ENDLESS)) == {"rhea", cast.beta.number}
        assert self.rows(cast, Filter.LEFT) == ["rhea"]
        assert self.rows(cast, Filter.EMAIL) == ["maria@delta.example"]
        assert counts_of(cast.acme_group) == {
            Filter.ALL: 3, Filter.NEVER: 2, Filter.OLD: 1, Filter.ENDLESS: 2, Filter.LEFT: 1, Filter.EMAIL: 1,
            Filter.OPEN: 1,
        }  # fmt: skip

    @pytest.mark.parametrize("which", list(Filter))
    def test_the_page_costs_the_same_for_one_and_for_a_thousand(self, cast: Cast, which: Filter) -> None:
        factories.make_image(cast.acme, cast.alice, visibility="community")
        many_shares(cast, 1)
        page = f"{url('organization_exposure', cast.acme, pk=cast.acme_group.pk)}?filter={which}"
        client = signed_in(cast.alice)
        before = cost_of(client, page)
        many_shares(cast, 999)
        assert cost_of(client, page) == before <= 13

    def test_a_thousand_are_on_pages(self, cast: Cast) -> None:
        many_shares(cast, 120)
        client, page = signed_in(cast.alice), url("organization_exposure", cast.acme, pk=cast.acme_group.pk)
        assert text_of(client, f"{page}?page=3&sort=recipient").count("Ask to review<") == 20
        assert client.get(f"{page}?page=x&sort=y&filter=z").status_code == 200

    def test_the_file_has_all_and_no_formula(self, cast: Cast, golden: Image) -> None:
        Image.objects.filter(pk=golden.pk).update(name="=cmd|calc")
        offer_all(golden, cast.producer, "rhea, trudy")
        answer = signed_in(cast.alice).get(url("organization_exposure_csv", cast.acme, pk=cast.acme_group.pk))
        text = b"".join(answer).decode()
        assert text.count("\r\n") == 3
        assert "'=cmd|calc" in text

    def test_admins_are_asked_once_a_day(self, cast: Cast, golden: Image) -> None:
        factories.join(cast.dave, cast.acme, Role.ADMIN)
        share = offer_one(golden, cast.producer, "rhea")
        actions.ask_for_review(cast.acme_group, share.pk, by=cast.producer)
        assert [note.subject for note in cast.dave.notifications.all()] == [
            "Is “debian-12-golden” still to be shared with rhea?"
        ]
        with pytest.raises(Conflict, match="less than a day ago"):
            actions.ask_for_review(cast.acme_group, share.pk, by=cast.producer)

    def test_what_is_inside_or_of_others_cannot_be_asked_about(self, cast: Cast, golden: Image) -> None:
        inside = offer_one(golden, cast.producer, "carol")
        [others] = actions.offer(
            factories.make_image(cast.beta, cast.bob).pk, by=cast.consumer, addresses=parse("trudy"), terms=Terms()
        )
        for share in (inside.pk, others.share.pk):
            with pytest.raises(Http404):
                actions.ask_for_review(cast.acme_group, share, by=cast.producer)
