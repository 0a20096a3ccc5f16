"""Pages of the review desk, and those of whoever asks staff for something: what they show, and what they cost."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import make_reviewer
from accounts.models import Account, Event, User
from images.models import Image
from sharing import actions
from sharing.actions import asking, desk
from sharing.models import Case, Share
from tests import factories
from tests.factories import signed_in
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one


def url(name: str, account: Account, *args: object) -> str:
    return reverse(name, args=[account.number, *args])


@pytest.fixture
def sam(cast: Cast) -> User:
    """Decides on the review desk."""
    make_reviewer(cast.sam)
    return User.objects.get(pk=cast.sam.pk)


@pytest.fixture
def asked(cast: Cast, golden: Image) -> Case:
    """Alice asks for golden to be public."""
    return asking.ask_for_public(golden.pk, by=cast.producer, text="Everybody wants it.")


def page(client: Client, name: str, *args: object, **given: Any) -> str:
    answer = client.get(reverse(name, args=args), given)
    assert answer.status_code == 200
    return answer.content.decode()


class TestQueue:
    def test_it_counts_and_filters(self, cast: Cast, sam: User, golden: Image, asked: Case) -> None:
        offer_one(golden, cast.creator, "hubfirst")
        client = signed_in(sam)
        assert page(client, "review_desk").count("data-case-link") == 2
        assert page(client, "review_desk", kind="marketplace").count("data-case-link") == 1
        assert "No case of this kind waits" in page(client, "review_desk", kind="report")
        assert "You have taken no case" in page(client, "review_desk", show="mine")
        assert "Nothing has been decided yet" in page(client, "review_desk", show="decided")
        assert "No offer waits for approval" in page(client, "review_desk", show="approvals")

    def test_taking_moves_to_the_case_and_into_mine(self, sam: User, asked: Case) -> None:
        client = signed_in(sam)
        answer = client.post(reverse("review_take", args=[asked.pk]))
        assert answer.headers["Location"] == reverse("review_case", args=[asked.pk])
        assert "Taken by you" in page(client, "review_desk", show="mine")

    def test_nonsense_shows_what_waits(self, sam: User, asked: Case) -> None:
        shown = page(signed_in(sam), "review_desk", show="x", kind="y", after="z")
        assert shown.count("data-case-link") == 1

    @pytest.mark.parametrize("show", ["waiting", "decided"])
    @pytest.mark.parametrize("many", [1, 60])
    def test_queries_do_not_grow_with_the_cases(self, cast: Cast, sam: User, show: str, many: int) -> None:
        data = factories.make_data()
        for _ in range(many):
            image = factories.make_image(cast.acme, cast.alice, data=data)
            done = {"status": "approved", "decided_by": sam, "decided_at": timezone.now()} if show == "decided" else {}
            Case.objects.create(
                kind="public", image=image, account=cast.acme, opened_by=cast.alice, opened_at=timezone.now(), **done
            )
        client = signed_in(sam)
        page(client, "review_desk", show=show)
        with CaptureQueriesContext(connection) as queries:
            shown = page(client, "review_desk", show=show)
        assert len(queries) == 11, [query["sql"][:100] for query in queries]
        assert shown.count("data-case-link") == min(many, 50)
        assert ("Older" in shown) is (many > 50)

    def test_of_held_offers_only_the_number_is_shown(self, cast: Cast, sam: User, golden: Image) -> None:
        """A held offer is of a private image, which staff see through a request or a report only."""
        actions.set_rules(cast.acme_group, by=cast.producer, outside="approval")
        offer_all(golden, cast.creator, f"{cast.beta.number}, rhea@example.org", message="Top secret.")
        shown = page(signed_in(sam), "review_desk", show="approvals")
        assert "Managers of Acme Group" in shown
        assert "2 offers" in shown
        for detail in ("golden", cast.beta.grouped_number, "rhea", "Carol", "Top secret", "Acme Producers"):
            assert detail not in shown

    @pytest.mark.parametrize("many", [1, 30])
    def test_queries_do_not_grow_with_held_offers(self, cast: Cast, sam: User, golden: Image, many: int) -> None:
        actions.set_rules(cast.acme_group, by=cast.producer, outside="approval")
        offer_all(golden, cast.creator, ",".join(f"person-{number}" for number in range(many)))
        client = signed_in(sam)
        page(client, "review_desk", show="approvals")
        with CaptureQueriesContext(connection) as queries:
            page(client, "review_desk", show="approvals")
        assert len(queries) == 12, [query["sql"][:100] for query in queries]

    def test_the_navigation_has_it_for_staff_only(self, cast: Cast, sam: User, asked: Case) -> None:
        assert reverse("review_desk") in page(signed_in(sam), "profile")
        assert reverse("review_desk") not in page(signed_in(cast.alice), "profile")


class TestCase:
    def test_everything_stands_on_one_page(self, cast: Cast, sam: User, asked: Case) -> None:
        shown = page(signed_in(sam), "review_case", asked.pk)
        for text in ("Everybody wants it.", "Alice Archer", "Acme Group", "Make public <kbd>", "Deactivate at once"):
            assert text in shown

    def test_who_reported_is_shown_to_staff_only(self, cast: Cast, sam: User) -> None:
        image = factories.make_image(cast.acme, cast.alice, visibility="community")
        case = asking.report_image(image.pk, by=cast.consumer, reason="malware", text="It mines.").case
        assert "Bob Baker" in page(signed_in(sam), "review_case", case.pk)
        for name in ("image_detail", "activity"):
            args = [cast.acme.number, image.pk] if name == "image_detail" else [cast.acme.number]
            shown = page(signed_in(cast.alice), name, *args)
            assert "Bob" not in shown
            assert "It mines" not in shown

    def test_a_rejection_without_an_answer_comes_back(self, sam: User, asked: Case) -> None:
        answer = signed_in(sam).post(reverse("review_reject", args=[asked.pk]), {"answer": ""})
        assert answer.status_code == 422
        assert "Say why" in answer.content.decode()

    def test_who_comes_second_is_told(self, cast: Cast, sam: User, asked: Case) -> None:
        desk.take(asked.pk, by=cast.root)
        client = signed_in(sam)
        assert "has taken this case" in page(client, "review_case", asked.pk)
        answer = client.post(reverse("review_approve", args=[asked.pk]))
        assert answer.status_code == 409
        assert "has taken this case" in answer.content.decode()

    def test_after_the_decision_the_image_is_closed_again(self, sam: User, asked: Case) -> None:
        client = signed_in(sam)
        answer = client.post(reverse("review_reject", args=[asked.pk]), {"answer": "No."}, follow=True)
        assert "rejected" in answer.content.decode()
        shown = page(client, "review_case", asked.pk)
        assert "shown no longer" in shown
        assert "Image data" not in shown

    def test_the_look_stands_in_the_producers_activity(self, cast: Cast, sam: User, asked: Case) -> None:
        page(signed_in(sam), "review_case", asked.pk)
        assert "Looked at for a review" in page(signed_in(cast.alice), "activity", cast.acme.number)
        event = Event.objects.get(verb="looked at for a review")
        assert event.network_address is None

    def test_verifying_from_the_case(self, cast: Cast, sam: User, asked: Case) -> None:
        client = signed_in(sam)
        client.post(reverse("review_verify", args=[asked.pk]))
        assert Account.objects.get(pk=cast.acme.pk).verified_by == sam
        client.post(reverse("review_unverify", args=[asked.pk]))
        assert not Account.objects.get(pk=cast.acme.pk).is_verified

    @pytest.mark.parametrize("reports", [1, 5])
    def test_queries_do_not_grow_with_the_reports(self, cast: Cast, sam: User, reports: int) -> None:
        image = factories.make_image(cast.acme, cast.alice, visibility="community")
        for number in range(reports):
            person = factories.make_person(f"person{number}")
            case = asking.report_image(image.pk, by=factories.viewer(person), reason="spam").case
        client = signed_in(sam)
        page(client, "review_case", case.pk)
        with CaptureQueriesContext(connection) as queries:
            page(client, "review_case", case.pk)
        assert len(queries) == 14, [query["sql"][:100] for query in queries]

    def test_of_very_many_reports_the_first_are_shown(
        self, cast: Cast, sam: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sharing.desk.MOST_REPORTS", 2)
        image = factories.make_image(cast.acme, cast.alice, visibility="community")
        for person in (cast.bob, cast.erin, cast.rhea, cast.trudy):
            case = asking.report_image(image.pk, by=factories.viewer(person), reason="spam").case
        shown = page(signed_in(sam), "review_case", case.pk)
        assert shown.count("Unwanted offers or advertising") == 2
        assert "… and 2 more" in shown
        assert "4 reports" in page(signed_in(sam), "review_desk")


class TestAskingPages:
    def test_reporting(self, cast: Cast, golden: Image, pending: Share) -> None:
        client, address = signed_in(cast.dave), url("image_report", cast.beta, golden.pk)
        assert "is not told who reported it" in client.get(address).content.decode()
        assert client.post(address, {"reason": "other"}).status_code == 422
        assert client.post(address, {"reason": "spam", "text": "Every day."}).status_code == 302
        assert client.get(address).status_code == 409

    def test_the_menu_of_images_of_others_has_it(self, cast: Cast, golden: Image, accepted: Share) -> None:
        assert url("image_report", cast.beta, golden.pk) in page(
            signed_in(cast.bob), "image_detail", cast.beta.number, golden.pk
        )
        assert "/report/" not in page(signed_in(cast.alice), "image_detail", cast.acme.number, golden.pk)

    def test_asking_for_public_and_withdrawing(self, cast: Cast, golden: Image) -> None:
        client, where = signed_in(cast.alice), (cast.acme.number, golden.pk)
        assert "Ask for it to be public" in page(client, "image_visibility", *where)
        ask = url("public_ask", cast.acme, golden.pk)
        assert client.post(ask, {"text": ""}).status_code == 422
        assert client.post(ask, {"text": "For all."}).status_code == 302
        assert "Waiting for staff" in page(client, "image_visibility", *where)
        client.post(url("public_withdraw", cast.acme, golden.pk))
        assert "Ask for it to be public" in page(client, "image_visibility", *where)

    def test_creators_are_told_who_asks(self, cast: Cast, golden: Image) -> None:
        shown = page(signed_in(cast.carol), "image_visibility", cast.acme.number, golden.pk)
        assert "Only an admin of Acme Producers can ask for it to be public" in shown

    def test_more_offers_a_day(self, cast: Cast) -> None:
        client, ask = signed_in(cast.alice), url("offers_ask", cast.acme)
        assert "may make 500 offers a day" in client.get(ask).content.decode()
        assert client.post(ask, {"wanted": 400, "text": "A fair."}).status_code == 422
        assert client.post(ask, {"wanted": 900, "text": "A fair."}).status_code == 302
        assert "Waiting for staff" in client.get(ask).content.decode()
        client.post(url("offers_withdraw", cast.acme))
        assert "Ask staff" in client.get(ask).content.decode()


class TestAdministration:
    def test_cases_are_decided_there_too(self, cast: Cast, sam: User, asked: Case) -> None:
        client, changelist = signed_in(sam), reverse("admin:sharing_case_changelist")
        assert "debian-12-golden" in client.get(changelist).content.decode()
        assert "Open on the review desk" in page(client, "admin:sharing_case_change", asked.pk)
        chosen = {"_selected_action": [asked.pk]}
        client.post(changelist, {"action": "take", **chosen})
        assert Case.objects.get().taken_by == sam
        asking = client.post(changelist, {"action": "reject", **chosen}).content.decode()
        assert "Everybody wants it." in asking
        assert "errorlist" not in asking
        assert "Say why" in client.post(changelist, {"action": "reject", "answer": " ", **chosen}).content.decode()
        client.post(changelist, {"action": "reject", "answer": "No.", **chosen})
        assert Case.objects.get().status == "rejected"
        assert "None of these cases waits" in client.post(changelist, {"action": "reject", **chosen}).content.decode()
        shown = client.post(changelist, {"action": "approve", **chosen}, follow=True).content.decode()
        assert "has closed this case" in shown

    def test_an_offer_limit_is_set_and_taken_back(self, cast: Cast, sam: User) -> None:
        root, add = signed_in(cast.root), reverse("admin:sharing_offerlimit_add")
        root.post(add, {"account": cast.acme.pk, "offers_per_day": 3, "note": "Spam."})
        assert cast.acme.offer_limit.offers_per_day == 3
        root.post(reverse("admin:sharing_offerlimit_delete", args=[cast.acme.pk]), {"post": "yes"})
        assert Event.objects.filter(verb="offer limit changed").count() == 2
        assert signed_in(sam).get(add).status_code == 403
