"""Pages of sharing: whole, as a fragment for the dialog, and without a script."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Event, User
from images.models import Image
from sharing import actions
from sharing.forms.terms import QUESTIONS, TERMS
from sharing.models import Share, Trust
from tests import factories
from tests.factories import make_image, signed_in
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one

DIALOG = {"X-Dialog": "1"}
TICKED = {"questions": list(QUESTIONS)}


def url(name: str, account: Account, *args: object) -> str:
    return reverse(name, args=[account.number, *args])


@pytest.fixture
def share_url(cast: Cast, golden: Image) -> str:
    return url("share_image", cast.acme, golden.pk)


class TestShareImage:
    def test_it_is_a_page_and_a_fragment_for_the_dialog(self, cast: Cast, share_url: str) -> None:
        client = signed_in(cast.carol)
        page, fragment = client.get(share_url), client.get(share_url, headers=DIALOG)
        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        assert b"dialog-content" in fragment.content

    def test_each_recipient_has_a_result(self, cast: Cast, share_url: str) -> None:
        data = {"recipients": f"{cast.beta.number}, nobody-knows", "groups": [cast.golden_testers.pk], **TICKED}
        page = signed_in(cast.alice).post(share_url, data).content.decode()
        assert page.count("Offered: they are asked first.") == 2
        assert page.count("Accepted: they can use it now.") == 1

    def test_it_says_how_many_people_of_a_group_get_it(self, cast: Cast, share_url: str) -> None:
        page = signed_in(cast.alice).get(share_url).content.decode()
        assert "Golden Testers, group of 2 people" in page
        assert "Acme Group, organization of 2 people" in page

    def test_what_was_made_of_an_image_of_others_is_asked_for(self, cast: Cast, golden: Image) -> None:
        converted = make_image(cast.beta, cast.bob, name="Converted", parent=golden)
        converted_again = make_image(cast.beta, cast.bob, name="Converted again", parent=converted)
        address = url("share_image", cast.beta, converted_again.pk)
        client, data = signed_in(cast.bob), {"recipients": "trudy", **TICKED}
        assert "tick “The account it comes from allows it”" in client.post(address, data).content.decode()
        assert not Share.objects.exists()
        data["questions"] = [*QUESTIONS, *TERMS]
        assert "Offered: they are asked first." in client.post(address, data).content.decode()

    def test_what_was_made_of_an_own_image_is_like_any_other(self, cast: Cast, golden: Image) -> None:
        converted = make_image(cast.acme, cast.alice, name="Converted", parent=golden)
        page = signed_in(cast.alice).get(url("share_image", cast.acme, converted.pk)).content.decode()
        assert "comes from" not in page

    def test_what_was_typed_stays_beside_what_is_wrong_with_it(self, cast: Cast, share_url: str) -> None:
        data = {"recipients": "4071 3859 63, bob", "message": "For you.", **TICKED}
        page = signed_in(cast.carol).post(share_url, data).content.decode()
        assert "“4071 3859 63” is mistyped" in page
        assert "4071 3859 63, bob</textarea>" in page
        assert "For you.</textarea>" in page
        assert not Share.objects.exists()

    def test_each_question_that_was_not_considered_is_named(self, cast: Cast, share_url: str) -> None:
        page = signed_in(cast.carol).post(share_url, {"recipients": "bob", "questions": ["secrets"]}).content.decode()
        assert "Look, and then tick “Licences allow it”, “No malware in it”." in page

    def test_somebody_has_to_be_named(self, cast: Cast, share_url: str) -> None:
        assert "Name at least one recipient." in signed_in(cast.carol).post(share_url, TICKED).content.decode()

    def test_a_group_of_somebody_else_is_no_choice(self, cast: Cast, share_url: str) -> None:
        data = {"groups": [cast.night_shift.pk], **TICKED}
        assert "is not one of the available choices" in signed_in(cast.alice).post(share_url, data).content.decode()

    def test_creators_see_why_they_cannot_remove(self, cast: Cast, share_url: str, pending: Share) -> None:
        assert (
            "Only an admin of Acme Producers can remove a share"
            in signed_in(cast.carol).get(share_url).content.decode()
        )

    def test_a_stranger_finds_nothing(self, cast: Cast, golden: Image) -> None:
        client = signed_in(cast.rhea)
        assert client.get(url("share_image", cast.rival, golden.pk)).status_code == 404
        assert client.get(url("share_image", cast.acme, golden.pk)).status_code == 404


class TestImageSharingTable:
    def page(self, user: User, account: Account, image: Image) -> str:
        return signed_in(user).get(url("image_detail", account, image.pk)).content.decode()

    def test_it_names_no_person_of_the_other_side(self, cast: Cast, golden: Image, accepted: Share) -> None:
        page = self.page(cast.alice, cast.acme, golden)
        assert "Accepted" in page
        assert "Bob" not in page
        assert "Beta" not in page

    def test_a_decision_of_ones_own_says_by_you(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        assert "by you" in self.page(cast.alice, cast.acme, golden)
        assert "by Alice Archer" in self.page(cast.carol, cast.acme, golden)

    def test_remind_waits_a_day_and_says_so(self, cast: Cast, golden: Image, pending: Share) -> None:
        assert "Check the address before you send a reminder" in self.page(cast.alice, cast.acme, golden)
        Share.objects.update(offered_at=timezone.now() - timedelta(days=2))
        remind = url("share_remind", cast.acme, golden.pk, pending.pk)
        assert remind in self.page(cast.alice, cast.acme, golden)
        assert signed_in(cast.carol).post(remind).status_code == 302
        assert signed_in(cast.carol).post(remind).status_code == 409

    def test_a_rejection_shows_its_reason_and_can_be_shared_again(
        self, cast: Cast, golden: Image, pending: Share
    ) -> None:
        actions.reject(pending.pk, by=cast.consumer, reason="Not needed <b>any</b> more.")
        assert "Not needed &lt;b&gt;any&lt;/b&gt; more." in self.page(cast.alice, cast.acme, golden)
        signed_in(cast.carol).post(url("share_again", cast.acme, golden.pk, pending.pk))
        pending.refresh_from_db()
        assert pending.state == "pending"

    def test_removing_asks_first(self, cast: Cast, golden: Image) -> None:
        [given] = offer_all(golden, cast.producer, "", cast.golden_testers)
        remove = url("share_remove", cast.acme, golden.pk, given.share.pk)
        client = signed_in(cast.alice)
        assert "2 people in Golden Testers lose the image." in client.get(remove).content.decode()
        assert Share.objects.exists()
        client.post(remove)
        assert not Share.objects.exists()
        assert signed_in(cast.carol).get(remove).status_code == 403

    def test_it_costs_the_same_for_one_and_for_many_rows(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "one-person", cast.golden_testers)
        counts = []
        client = signed_in(cast.alice)
        page = url("image_detail", cast.acme, golden.pk)
        client.get(page)  # the first page of a session writes down the account
        for _time in range(2):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            counts.append(len(queries))
            offer_all(golden, cast.producer, ",".join(f"person-{n}" for n in range(40)), cast.acme_group)
        assert counts == [14, 14]


class TestNotice:
    def saved_images(self, user: User, account: Account, query: str = "") -> str:
        return signed_in(user).get(url("image_list", account) + query).content.decode()

    def test_it_stands_above_the_list_of_its_region_and_of_all(self, cast: Cast, pending: Share) -> None:
        for query, shown in (("", True), ("?region=IAD", True), ("?region=DFW", False)):
            assert ("Hardened base, please use." in self.saved_images(cast.bob, cast.beta, query)) is shown

    def test_others_are_told_who_can_decide(self, cast: Cast, pending: Share) -> None:
        page = self.saved_images(cast.dave, cast.beta)
        assert "Only an admin of Beta Consumers can decide on offers." in page
        assert url("offer_accept", cast.beta, pending.pk) not in page

    def test_accepting_goes_back_to_the_list_where_the_image_is_now(self, cast: Cast, pending: Share) -> None:
        accept = url("offer_accept", cast.beta, pending.pk)
        saved = url("image_list", cast.beta) + "?region=IAD"
        answer = signed_in(cast.bob).post(accept, {"next": saved}, follow=True)
        assert answer.redirect_chain == [(saved, 302)]
        page = answer.content.decode()
        assert "is now among the saved images of Beta Consumers" in page
        assert "data-notice" not in page
        assert "debian-12-golden" in page

    def test_htmx_gets_the_whole_page_after_a_decision(self, cast: Cast, pending: Share) -> None:
        headers = {"HX-Request": "true", "HX-Target": "main"}
        data = {"next": url("image_list", cast.beta)}
        accept = url("offer_accept", cast.beta, pending.pk)
        page = signed_in(cast.bob).post(accept, data, follow=True, headers=headers).content.decode()
        assert 'id="main"' in page
        assert 'id="navigation"' in page

    @pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_nobody_is_sent_to_another_site(self, cast: Cast, pending: Share, there: str) -> None:
        answer = signed_in(cast.bob).post(url("offer_dismiss", cast.beta, pending.pk), {"next": there})
        assert answer["Location"] == url("offer_list", cast.beta)

    def test_closing_it_for_now_leaves_the_offer_and_the_counter(self, cast: Cast, pending: Share) -> None:
        client = signed_in(cast.bob)
        client.post(url("offer_dismiss", cast.beta, pending.pk))
        page = client.get(url("image_list", cast.beta)).content.decode()
        assert "data-notice" not in page
        assert "waiting for a decision" in page
        assert "data-notice" in self.saved_images(cast.bob, cast.beta)

    def test_three_are_shown_and_the_rest_is_counted(self, cast: Cast) -> None:
        for n in range(5):
            offer_one(make_image(cast.acme, cast.alice, name=f"image-{n}"), cast.producer, cast.beta.number)
        page = self.saved_images(cast.bob, cast.beta)
        assert page.count("data-notice") == 3
        assert "2 more offers in Shared with us" in page

    def test_a_message_is_text(self, cast: Cast, golden: Image) -> None:
        offer_one(golden, cast.producer, cast.beta.number, message="See https://evil.example <script>")
        page = self.saved_images(cast.bob, cast.beta)
        assert "See https://evil.example &lt;script&gt;" in page
        assert 'href="https://evil.example' not in page

    def test_notice_and_counter_cost_one_query_together(self, cast: Cast, pending: Share) -> None:
        client = signed_in(cast.bob)
        client.get(url("image_list", cast.beta))  # the first page of a session writes down the account
        with CaptureQueriesContext(connection) as queries:
            client.get(url("image_list", cast.beta))
        offers = [query for query in queries if 'FROM "sharing_share"' in query["sql"] and "'pending'" in query["sql"]]
        assert len(offers) == 1
        assert len(queries) == 13  # one more than without an offer: whom the viewer knows, to warn of look-alikes

    def test_it_stands_on_the_page_of_the_image(self, cast: Cast, golden: Image, pending: Share) -> None:
        page = signed_in(cast.bob).get(url("image_detail", cast.beta, golden.pk)).content.decode()
        assert "data-notice" in page
        assert "Look at it first" not in page


class TestSharedWithUs:
    def test_an_empty_inbox_teaches(self, cast: Cast) -> None:
        page = signed_in(cast.bob).get(url("offer_list", cast.beta)).content.decode()
        assert "Nothing waits for you" in page

    def test_a_personal_offer_is_marked_and_goes_where_one_likes(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob")
        client = signed_in(cast.bob)
        assert "to you," in client.get(url("offer_list", cast.beta)).content.decode()
        client.post(url("offer_accept", cast.beta, share.pk), {"into": cast.beta.number, "trust": "account"})
        share.refresh_from_db()
        assert (share.state, share.recipient_id) == ("accepted", cast.beta.pk)
        assert Trust.objects.filter(recipient=cast.beta.pk, producer=cast.acme.pk).exists()

    def test_a_foreign_account_is_no_choice(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob")
        answer = signed_in(cast.bob).post(url("offer_accept", cast.beta, share.pk), {"into": cast.rival.number})
        assert answer.status_code == 422
        assert "Select a valid choice" in answer.content.decode()

    def test_rejecting_asks_for_a_reason_and_keeps_name_and_producer_only(self, cast: Cast, pending: Share) -> None:
        client = signed_in(cast.bob)
        reject = url("offer_reject", cast.beta, pending.pk)
        assert b"<html" not in client.get(reject, headers=DIALOG).content
        client.post(reject, {"reason": "Too old."})
        page = client.get(url("offer_list", cast.beta), {"tab": "rejected"}).content.decode()
        assert "debian-12-golden" in page
        assert "Hardened base" not in page
        client.post(url("offer_accept", cast.beta, pending.pk))
        pending.refresh_from_db()
        assert pending.state == "accepted"

    def test_an_observer_may_not_decide(self, cast: Cast, pending: Share) -> None:
        client = signed_in(cast.dave)
        assert client.get(url("offer_reject", cast.beta, pending.pk)).status_code == 403
        assert client.post(url("offer_accept", cast.beta, pending.pk)).status_code == 403

    def test_trust_begins_and_ends_here(self, cast: Cast, accepted: Share) -> None:
        client = signed_in(cast.bob)
        client.post(url("trust_add", cast.beta), {"producer": cast.acme.pk})
        row = Trust.objects.get()
        assert "Acme Producers" in client.get(url("offer_list", cast.beta), {"tab": "producers"}).content.decode()
        client.post(url("trust_remove", cast.beta, row.pk))
        assert not Trust.objects.exists()

    def test_only_a_producer_of_accepted_images_can_be_trusted(self, cast: Cast) -> None:
        answer = signed_in(cast.bob).post(url("trust_add", cast.beta), {"producer": cast.rival.pk})
        assert answer.status_code == 404

    def test_a_group_cannot_be_made_to_trust(self, cast: Cast, golden: Image) -> None:
        [offered] = offer_all(golden, cast.producer, "", cast.golden_testers)
        actions.leave(golden.pk, by=factories.viewer(cast.alice))
        accept = url("offer_accept", cast.alice.personal_account, offered.share.pk)
        assert signed_in(cast.alice).post(accept, {"trust": "account"}).status_code == 302
        assert not Trust.objects.exists()


class TestLeave:
    def test_removing_an_image_asks_first(self, cast: Cast, golden: Image, accepted: Share) -> None:
        client = signed_in(cast.bob)
        leave = url("share_leave", cast.beta, golden.pk)
        assert "Nobody in Beta Consumers sees it" in client.get(leave).content.decode()
        page = client.post(leave, {"holders": [cast.beta.pk], "reason": "Done."}, follow=True).content.decode()
        assert "was removed" in page
        accepted.refresh_from_db()
        assert accepted.state == "rejected"

    def test_an_observer_is_told_why_not(self, cast: Cast, golden: Image, accepted: Share) -> None:
        assert signed_in(cast.dave).get(url("share_leave", cast.beta, golden.pk)).status_code == 403


class TestDownload:
    """The producer learns that an image is used, and not by which account or person behind the address."""

    def download(self, user: User, account: Account, image: Image) -> None:
        answer = signed_in(user).get(url("image_download", account, image.pk))
        assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]

    def pages(self, cast: Cast, image: Image) -> str:
        client = signed_in(cast.alice)
        pages = (client.get(url("activity", cast.acme)), client.get(url("image_detail", cast.acme, image.pk)))
        return "".join(page.content.decode() for page in pages)

    def test_an_address_stays_an_address(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob@example.org")
        actions.accept(share.pk, by=factories.viewer(cast.bob), into=cast.beta)
        self.download(cast.dave, cast.beta, golden)
        told = Event.objects.get(verb="downloaded", account=cast.acme)
        assert (told.address, told.actor, told.network_address) == ("bob@example.org", None, None)
        assert "Beta Consumers" not in self.pages(cast, golden)

    def test_a_group_stays_a_group(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        self.download(cast.erin, cast.erin.personal_account, golden)
        assert Event.objects.get(verb="downloaded", account=cast.acme).address == "Golden Testers"
        assert "Erin" not in self.pages(cast, golden)
