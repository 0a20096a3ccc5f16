"""The share box: checking without a script, terms, several images at once, results, undo, and what it costs."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Event
from images.models import Family, Image
from sharing import actions
from sharing.actions.bulk import MOST_IMAGES
from sharing.models import Rules, Share
from tests.factories import make_image, signed_in
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one
from tests.sharing.test_views import DIALOG, TICKED, url


@pytest.fixture
def alice_client(cast: Cast) -> Client:
    return signed_in(cast.alice)


@pytest.fixture
def share_url(cast: Cast, golden: Image) -> str:
    return url("share_image", cast.acme, golden.pk)


@pytest.fixture
def several(cast: Cast, golden: Image) -> list[Image]:
    """golden, and two more images of Acme Producers."""
    return [golden, *(make_image(cast.acme, cast.alice, name=name) for name in ("web-base", "mail-base"))]


def chosen(*images: Image) -> list[str]:
    return [str(image.pk) for image in images]


class TestCheck:
    """Without a script: what each part is, and what will happen, before anything does."""

    def test_it_says_what_will_happen_and_shares_nothing(self, alice_client: Client, share_url: str) -> None:
        data = {"recipients": "Golden Testers, bob", "step": "check", "message": "For you.", **TICKED}
        answer = alice_client.post(share_url, data)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "2 people in Golden Testers get it now. 1 recipient is asked first." in page
        assert "For you.</textarea>" in page
        assert "Check again" in page
        assert not Share.objects.exists()

    def test_a_problem_stands_at_its_part_and_there_is_nothing_to_share_yet(
        self, alice_client: Client, share_url: str
    ) -> None:
        answer = alice_client.post(share_url, {"recipients": "bob, two words", "step": "check", **TICKED})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "recipient-wrong" in page
        assert "bob, two words</textarea>" in page
        assert "Check again" not in page

    def test_ticked_groups_are_read_too(self, cast: Cast, alice_client: Client, share_url: str) -> None:
        data = {"groups": [cast.golden_testers.pk], "step": "check", **TICKED}
        assert "2 people in Golden Testers get it now." in alice_client.post(share_url, data).content.decode()


class TestTerms:
    def test_a_period_ends_with_its_last_day(self, alice_client: Client, share_url: str) -> None:
        alice_client.post(share_url, {"recipients": "bob", "until": "30", **TICKED})
        last = timezone.now().astimezone(UTC).date() + timedelta(days=30)
        assert Share.objects.get().access_until == datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=UTC)

    def test_a_date_of_ones_choice(self, alice_client: Client, share_url: str) -> None:
        day = timezone.now().date() + timedelta(days=400)
        alice_client.post(share_url, {"recipients": "bob", "until": "date", "until_date": day.isoformat(), **TICKED})
        end = Share.objects.get().access_until
        assert end
        assert end.date() == day

    @pytest.mark.parametrize(("day", "problem"), [("", "Choose the last day."), ("2020-02-02", "not past")])
    def test_a_date_that_cannot_be(self, alice_client: Client, share_url: str, day: str, problem: str) -> None:
        answer = alice_client.post(share_url, {"recipients": "bob", "until": "date", "until_date": day, **TICKED})
        assert answer.status_code == 422
        assert problem in answer.content.decode()

    def test_rules_of_the_organization_are_offered_and_kept(
        self, cast: Cast, alice_client: Client, share_url: str
    ) -> None:
        Rules.objects.create(organization=cast.acme_group, default_days=7, max_days=60)
        page = alice_client.get(share_url).content.decode()
        assert "60 days, the longest allowed" in page
        assert '<option value="7" selected>' in page
        assert '<option value="90"' not in page
        day = timezone.now().date() + timedelta(days=62)
        data = {"recipients": "bob", "until": "date", "until_date": day.isoformat(), **TICKED}
        assert "Shares may last 60 days at most." in alice_client.post(share_url, data).content.decode()

    def test_later_versions_are_offered_only_of_a_family(self, cast: Cast, alice_client: Client, golden: Image) -> None:
        address = url("share_image", cast.acme, golden.pk)
        assert "later versions" not in alice_client.get(address).content.decode()
        family = Family.objects.create(account=cast.acme, name="debian-12-base", created_by=cast.alice)
        Image.objects.filter(pk=golden.pk).update(family=family, version="1")
        assert "Include later versions of debian-12-base" in alice_client.get(address).content.decode()
        alice_client.post(address, {"recipients": "bob", "future": "on", **TICKED})
        assert Share.objects.get().offers_future

    def test_booting_only(self, alice_client: Client, share_url: str) -> None:
        alice_client.post(share_url, {"recipients": "bob", **TICKED})
        assert not Share.objects.get().export


class TestSeveralImages:
    def test_each_pair_has_a_result(self, cast: Cast, alice_client: Client, several: list[Image]) -> None:
        data = {"image": chosen(*several), "recipients": "bob, Golden Testers", **TICKED}
        page = alice_client.post(url("share_images", cast.acme), data).content.decode()
        assert page.count("Offered: they are asked first.") == 3
        assert page.count("Accepted: they can use it now.") == 3
        assert Share.objects.count() == 6

    def test_what_is_wrong_with_one_does_not_stop_the_others(
        self, cast: Cast, alice_client: Client, several: list[Image]
    ) -> None:
        public = make_image(cast.acme, cast.alice, name="for-all", visibility="community")
        theirs = make_image(cast.beta, cast.bob, name="not-ours")
        address = url("share_images", cast.acme)
        ids = chosen(*several, public, theirs)
        page = alice_client.get(address, {"image": ids}).content.decode()
        assert "3 images, 2 left out" in page
        assert "not-ours" not in page
        page = alice_client.post(address, {"image": ids, "recipients": "bob", **TICKED}).content.decode()
        assert page.count("Offered: they are asked first.") == 3
        assert "This image is community: everybody can use it without an offer." in page
        assert "It is not there any more." in page
        assert "not-ours" not in page

    def test_very_many_give_a_sign_of_life_for_each_image(
        self, cast: Cast, alice_client: Client, several: list[Image]
    ) -> None:
        people = ", ".join(f"person-{number}@example.org" for number in range(70))
        data = {"image": chosen(*several), "recipients": people, **TICKED}
        answer = alice_client.post(url("share_images", cast.acme), data)
        assert answer.headers["X-Steps"] == "3"
        assert not Share.objects.exists()
        parts = iter(answer)
        assert next(parts) == b"\n"
        assert Share.objects.count() == 70
        assert [next(parts), next(parts)] == [b"\n", b"\n"]
        page = next(parts).decode()
        assert page.count("Offered: they are asked first.") == Share.objects.count() == 210
        assert Event.objects.filter(network_address="127.0.0.1", verb="offered").count() == 210

    def test_too_many_for_a_day_are_refused_before_the_first(
        self, cast: Cast, alice_client: Client, several: list[Image], settings: Settings
    ) -> None:
        settings.OFFERS_PER_DAY = 209
        people = ", ".join(f"person-{number}@example.org" for number in range(70))
        data = {"image": chosen(*several), "recipients": people, **TICKED}
        assert alice_client.post(url("share_images", cast.acme), data).status_code == 422
        assert not Share.objects.exists()

    def test_an_image_that_goes_meanwhile_is_a_line_of_the_result(self, cast: Cast, several: list[Image]) -> None:
        gone = UUID(int=7)
        ids = [several[0].pk, gone, several[1].pk]
        results = actions.offer_each(ids, by=cast.producer, addresses=[], groups=[cast.golden_testers.group_ptr],
                                       terms=actions.Terms())  # fmt: skip
        assert [(each.name, each.problem) for each in results] == [
            ("debian-12-golden", ""),
            ("", "It is not there any more."),
            ("web-base", ""),
        ]

    def test_the_limit_of_the_day_is_for_the_whole(
        self, cast: Cast, alice_client: Client, several: list[Image], settings: Settings
    ) -> None:
        settings.OFFERS_PER_DAY = 5
        data = {"image": chosen(*several), "recipients": "bob, erin", **TICKED}
        answer = alice_client.post(url("share_images", cast.acme), data)
        assert answer.status_code == 422
        assert "Share with fewer recipients, with a group instead, or go on tomorrow." in answer.content.decode()
        assert not Share.objects.exists()

    def test_more_images_than_a_page_has_are_refused_with_the_number(self, cast: Cast, alice_client: Client) -> None:
        ids = [str(UUID(int=number)) for number in range(MOST_IMAGES + 1)]
        answer = alice_client.get(url("share_images", cast.acme), {"image": ids})
        assert answer.status_code == 422
        assert "Share at most 50 images at a time; these are 51." in answer.content.decode()

    def test_without_any_it_says_how_to_begin(self, cast: Cast, alice_client: Client) -> None:
        page = alice_client.get(url("share_images", cast.acme)).content.decode()
        assert "Tick images of yours in Saved Images" in page

    def test_a_text_that_is_no_id(self, cast: Cast, alice_client: Client) -> None:
        assert alice_client.get(url("share_images", cast.acme), {"image": "none"}).status_code == 404

    def test_the_page_costs_the_same_for_one_and_for_many(
        self, cast: Cast, alice_client: Client, several: list[Image]
    ) -> None:
        counts = []
        address = url("share_images", cast.acme)
        alice_client.get(address)  # the first page of a session writes down the account
        for images in (several[:1], several):
            with CaptureQueriesContext(connection) as queries:
                alice_client.get(address, {"image": chosen(*images)}, headers=DIALOG)
            counts.append(len(queries))
            offer_all(several[0], cast.producer, ",".join(f"person-{n}" for n in range(40)))
        assert counts == [8, 6]  # for one image, those who have it already stand below

    def test_rows_of_ones_own_can_be_ticked_by_who_may_share(self, cast: Cast, golden: Image, accepted: Share) -> None:
        own = signed_in(cast.carol).get(url("image_list", cast.acme)).content.decode()
        others = signed_in(cast.bob).get(url("image_list", cast.beta)).content.decode()
        nobody = signed_in(cast.dave).get(url("image_list", cast.beta)).content.decode()
        assert f'value="{golden.pk}"' in own
        assert f'value="{golden.pk}"' not in others
        assert "data-bulk-all" in others
        assert "data-bulk" not in nobody


class TestUndo:
    def undo(self, client: Client, cast: Cast, *shares: Share) -> str:
        data = {"image": [str(share.image_id) for share in shares], "share": [share.pk for share in shares]}
        return client.post(url("share_undo", cast.acme), data, follow=True).content.decode()

    def test_the_result_can_be_undone(self, cast: Cast, alice_client: Client, share_url: str, golden: Image) -> None:
        page = alice_client.post(share_url, {"recipients": "bob, erin", **TICKED}).content.decode()
        assert 'data-undo="60"' in page
        assert "2 offers were undone. Nobody was told of it." in self.undo(alice_client, cast, *Share.objects.all())
        assert not Share.objects.exists()
        golden.refresh_from_db()
        assert golden.visibility == "private"

    def test_what_changed_nothing_has_no_undo(self, alice_client: Client, share_url: str, pending: Share) -> None:
        page = alice_client.post(share_url, {"recipients": pending.address, **TICKED}).content.decode()
        assert "Was asked already" in page
        assert "data-undo" not in page

    def test_after_the_minute_it_says_why_not(
        self, cast: Cast, alice_client: Client, pending: Share, settings: Settings
    ) -> None:
        settings.UNDO_SECONDS = 0
        assert "It is too late to undo" in self.undo(alice_client, cast, pending)
        assert Share.objects.exists()

    def test_what_somebody_has_decided_on_stays(self, cast: Cast, alice_client: Client, accepted: Share) -> None:
        other = offer_one(accepted.image, cast.producer, "erin")
        assert "1 of 2 offers were undone." in self.undo(alice_client, cast, accepted, other)
        assert Share.objects.get() == accepted

    def test_others_and_nonsense_undo_nothing(self, cast: Cast, pending: Share) -> None:
        carol = signed_in(cast.carol)
        assert "There was nothing left to undo." in self.undo(carol, cast, pending)
        data = {"share": ["x", "9" * 30, "-1"]}
        assert carol.post(url("share_undo", cast.acme), data).status_code == 302
        assert Share.objects.exists()


class TestWhileTyping:
    """The endpoints that answer while somebody types: the same for those who exist and those who do not."""

    def read(self, client: Client, cast: Cast, text: str, *images: Image) -> tuple[int, str, int]:
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(url("share_recipients", cast.acme), {"recipients": text, "image": chosen(*images)})
        return answer.status_code, answer.content.decode(), len(queries)

    @pytest.mark.parametrize(("known", "unknown"), [("dave", "zoey"), ("dave@example.org", "zoey@example.org")])
    def test_status_text_and_queries_are_the_same(
        self, cast: Cast, alice_client: Client, golden: Image, known: str, unknown: str
    ) -> None:
        self.read(alice_client, cast, "")  # the first page of a session writes down the account
        status, text, queries = self.read(alice_client, cast, known, golden)
        assert (status, text.replace(known, unknown), queries) == self.read(alice_client, cast, unknown, golden)
        assert (status, queries) == (200, 8)

    @pytest.mark.parametrize(("known", "unknown"), [("dave", "zoey"), ("dave@example.org", "zoey@example.org")])
    def test_offering_answers_the_same(
        self, cast: Cast, alice_client: Client, several: list[Image], known: str, unknown: str
    ) -> None:
        alice_client.get(url("share_images", cast.acme))  # the first page of a session writes down the account
        found = []
        for image, name in ((several[1], known), (several[2], unknown)):
            with CaptureQueriesContext(connection) as queries:
                answer = alice_client.post(url("share_image", cast.acme, image.pk), {"recipients": name, **TICKED})
            share = Share.objects.get(image=image)
            text = answer.content.decode()
            for word, same in ((name, "NAME"), (str(image.pk), "ID"), (image.name, "IMAGE")):
                text = text.replace(word, same)
            text = text.replace(f'value="{share.pk}"', 'value="SHARE"')
            found.append((answer.status_code, _without_token(text).splitlines(), len(queries)))
        assert found[0] == found[1]

    def test_too_much_text(self, cast: Cast, alice_client: Client) -> None:
        assert self.read(alice_client, cast, "x" * 20_001)[0] == 422

    def test_what_is_typed_is_text(self, cast: Cast, alice_client: Client) -> None:
        text = self.read(alice_client, cast, '<script>, "quoted"')[1]
        assert "<script>" not in text
        assert "&lt;script&gt;" in text

    def test_suggestions_are_options(self, cast: Cast, alice_client: Client) -> None:
        page = alice_client.get(url("share_suggestions", cast.acme), {"q": "gold"}).content.decode()
        assert 'role="option"' in page
        assert 'data-text="Golden Testers"' in page

    def test_suggestions_say_nothing_of_others(self, cast: Cast, alice_client: Client) -> None:
        for wanted in ("bob", cast.beta.number, "trudy@example.org", "Rival"):
            assert not alice_client.get(url("share_suggestions", cast.acme), {"q": wanted}).content.strip()

    def test_an_observer_gets_nothing(self, cast: Cast) -> None:
        dave = signed_in(cast.dave)
        assert dave.post(url("share_recipients", cast.beta)).status_code == 403
        assert dave.get(url("share_suggestions", cast.beta)).status_code == 403


def test_an_offer_that_waits_for_a_second_person_says_so(cast: Cast, alice_client: Client, share_url: str) -> None:
    Rules.objects.create(organization=cast.acme_group, outside=Rules.Outside.APPROVAL)
    page = alice_client.post(share_url, {"recipients": "rhea", **TICKED}).content.decode()
    assert "Waits for approval: a second person of your organization has to agree." in page
    assert "data-undo" not in page
    assert not Share.objects.exists()


def test_ones_own_address_of_a_personal_account_is_refused_and_nothing_is_lost(cast: Cast) -> None:
    own = make_image(cast.rhea.personal_account, cast.rhea, name="mine")
    answer = signed_in(cast.rhea).post(
        url("share_image", cast.rhea.personal_account, own.pk), {"recipients": "rhea@example.org, bob", **TICKED}
    )
    assert answer.status_code == 422
    assert "owns this image: leave it out." in answer.content.decode()
    assert "rhea@example.org, bob</textarea>" in answer.content.decode()


def _without_token(text: str) -> str:
    """A page without what differs on each request."""
    return "\n".join(line for line in text.splitlines() if "csrf" not in line.lower())
