"""Shared with us: tabs, filters, paging, everything one should know before accepting, and each way to answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, User
from images.actions import label
from images.models import Image, Reference
from sharing import actions
from sharing.inbox import PAGE_SIZE, Place, Tab, Wanted, counts, page_of
from sharing.models import Block, Share, Trust
from sharing.notices import Notice, dismiss
from tests.factories import make_account, make_data, make_image, signed_in, viewer
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one
from tests.sharing.test_views import url

DIALOG = {"X-Dialog": "1"}


def inbox(user: User, account: Account, **parameters: Any) -> str:
    answer = signed_in(user).get(url("offer_list", account), parameters)
    assert answer.status_code == 200
    return answer.content.decode()


def many(cast: Cast, number: int, **fields: Any) -> list[Share]:
    """So many offers to Beta, of images with the same data, an hour between each."""
    data, now = make_data(), timezone.now()
    images = [
        Image(
            name=f"image-{n}",
            account=cast.acme,
            created_by=cast.alice,
            region=cast.iad,
            data=data,
            visibility="shared",
            created_at=now,
        )
        for n in range(number)
    ]
    Share.objects.bulk_create(
        Share(
            image=image,
            kind="number",
            address=cast.beta.number,
            recipient=cast.beta.group_ptr,
            offered_by=cast.alice,
            offered_at=now - timedelta(hours=hours),
            **fields,
        )
        for hours, image in enumerate(Image.objects.bulk_create(images))
    )
    return list(Share.objects.order_by("-offered_at"))


def expired(share: Share, *, days: int = 1) -> None:
    Share.objects.filter(pk=share.pk).update(offer_expires_at=timezone.now() - timedelta(days=days))


class TestTabs:
    def test_each_share_stands_in_one(self, cast: Cast) -> None:
        names = ("waits", "has", "no", "late", "over")
        shares = {
            name: offer_one(make_image(cast.acme, cast.alice, name=name), cast.producer, cast.beta.number)
            for name in names
        }
        for name in ("has", "over"):
            actions.accept(shares[name].pk, by=cast.consumer)
        actions.reject(shares["no"].pk, by=cast.consumer)
        expired(shares["late"])
        Share.objects.filter(pk=shares["over"].pk).update(access_until=timezone.now())
        found = {
            tab: [share.image.name for share in page_of(cast.consumer, Wanted(tab=tab)).offers]
            for tab in Tab
            if tab is not Tab.PRODUCERS
        }
        assert found == {"pending": ["waits"], "accepted": ["has"], "rejected": ["no"], "expired": ["over", "late"]}
        assert counts(cast.consumer) == {"pending": 1, "accepted": 1, "rejected": 1, "expired": 2}

    def test_what_has_expired_is_a_name_without_a_link_for_a_month(
        self, cast: Cast, golden: Image, pending: Share
    ) -> None:
        expired(pending)
        page = inbox(cast.bob, cast.beta, tab="expired")
        assert "debian-12-golden" in page
        assert str(golden.pk) not in page
        assert "Hardened base" not in page
        expired(pending, days=31)
        assert "Nothing has expired lately" in inbox(cast.bob, cast.beta, tab="expired")

    def test_what_a_group_has_is_among_the_accepted_of_its_members(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        page = inbox(cast.erin, cast.erin.personal_account, tab="accepted")
        assert "debian-12-golden" in page
        assert "a manager of the group, can remove it" in page

    def test_what_was_accepted_stands_under_our_label(self, cast: Cast, golden: Image, accepted: Share) -> None:
        assert "debian-12-golden" in inbox(cast.bob, cast.beta, tab="accepted")
        label(golden.pk, by=cast.consumer, label="Our Debian")
        page = inbox(cast.bob, cast.beta, tab="accepted", q="our deb")
        assert ">Our Debian</a>" in page
        assert "debian-12-golden · from Acme Producers" in page

    def test_a_label_of_another_account_is_no_business_of_this_one(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        Reference.objects.create(account=cast.beta, image=golden, label="Our Debian", created_by=cast.bob)
        assert "Our Debian" not in inbox(cast.erin, cast.erin.personal_account, tab="accepted")

    def test_own_images_and_those_of_others_are_not_in_it(self, cast: Cast, pending: Share) -> None:
        for person, account in ((cast.alice, cast.acme), (cast.rhea, cast.rival)):
            assert "debian-12-golden" not in inbox(person, account)

    @pytest.mark.parametrize("tab", ["", "accepted", "rejected", "expired", "producers", "nowhere"])
    def test_an_empty_tab_teaches(self, cast: Cast, tab: str) -> None:
        page = inbox(cast.bob, cast.beta, tab=tab)
        assert 'class="empty"' in page or "Nobody is blocked" in page

    def test_region_and_search_narrow_it_and_the_counter_stays(self, cast: Cast, pending: Share) -> None:
        offer_one(make_image(cast.acme, cast.alice, name="plan9", region=cast.dfw), cast.producer, cast.beta.number)
        page = inbox(cast.bob, cast.beta, region="DFW")
        assert "plan9" in page
        assert "debian-12-golden" not in page
        assert "2 waiting for a decision" in page
        assert "plan9" not in inbox(cast.bob, cast.beta, q="GOLDEN")
        assert "plan9" in inbox(cast.bob, cast.beta, q="acme prod")
        assert "Nothing here matches" in inbox(cast.bob, cast.beta, q="netbsd")


class TestPaging:
    def test_pages_follow_each_other_and_lead_back(self, cast: Cast) -> None:
        shares = many(cast, 2 * PAGE_SIZE + 3)
        first = page_of(cast.consumer, Wanted())
        second = page_of(cast.consumer, Wanted(after=first.older))
        third = page_of(cast.consumer, Wanted(after=second.older))
        assert [share.pk for page in (first, second, third) for share in page.offers] == [share.pk for share in shares]
        assert (first.newer, third.older) == (None, None)
        assert page_of(cast.consumer, Wanted(before=third.newer)).offers == second.offers
        assert page_of(cast.consumer, Wanted(before=second.newer)) == first

    @pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1-2-3", "9" * 30 + "-1", "١-٢", "1-99999999999999999999"])
    def test_what_is_no_place_is_the_first_page(self, cast: Cast, pending: Share, text: str) -> None:
        assert Place.parse(text) is None
        assert "debian-12-golden" in inbox(cast.bob, cast.beta, after=text)

    def test_a_place_reads_as_it_was_written(self) -> None:
        place = Place(timezone.now(), 7)
        assert Place.parse(str(place)) == place

    @pytest.mark.parametrize(("tab", "queries"), [("pending", 12), ("accepted", 9), ("rejected", 10), ("expired", 9)])
    def test_it_costs_the_same_for_one_and_for_a_thousand(self, cast: Cast, tab: str, queries: int) -> None:
        kinds: dict[str, dict[str, Any]] = {
            "pending": {},
            "accepted": {"status": "accepted", "decided_at": timezone.now(), "decided_by": cast.bob},
            "rejected": {"status": "rejected", "decided_at": timezone.now(), "decided_by": cast.bob},
            "expired": {"offer_expires_at": timezone.now() - timedelta(days=1)},
        }
        fields = kinds[tab]
        client = signed_in(cast.bob)
        many(cast, 1, **fields)
        client.get(url("offer_list", cast.beta))  # the first page of a session writes down the account
        costs = [self.cost(client, cast, tab)]
        many(cast, 999, **fields)
        assert [*costs, self.cost(client, cast, tab)] == [queries, queries]

    def cost(self, client: Client, cast: Cast, tab: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(url("offer_list", cast.beta), {"tab": tab})
        return len(queries)


class TestBeforeAccepting:
    def test_everything_is_said(self, cast: Cast, golden: Image) -> None:
        until = timezone.now() + timedelta(days=90)
        child = make_image(cast.acme, cast.alice, name="child", parent=golden, os_family="Debian", os_version="12")
        offer_one(child, cast.producer, cast.beta.number, export=False, access_until=until)
        Share.objects.update(offers_future=True)
        page = " ".join(inbox(cast.bob, cast.beta).split())
        for said in (
            "Acme Producers",
            "Not verified",
            "Debian 12",
            "boot servers only",
            f"until {until:%-d %b %Y}",
            "Made from an image that you cannot see",
            child.data.os_hash_value,
            str(child.data.checksum),
            "Nobody has looked inside",
            "Later versions too",
        ):
            assert said in page, said

    def test_the_origin_is_named_to_those_who_may_see_it(self, cast: Cast, golden: Image, accepted: Share) -> None:
        child = make_image(cast.acme, cast.alice, name="child", parent=golden)
        offer_one(child, cast.producer, cast.beta.number)
        assert f"{golden.pk}" in inbox(cast.bob, cast.beta)

    def test_who_is_verified_and_who_is_a_colleague(self, cast: Cast, pending: Share) -> None:
        Account.objects.filter(pk=cast.acme.pk).update(verified_at=timezone.now(), verified_by=cast.root)
        assert "Staff of this panel made sure" in inbox(cast.bob, cast.beta)
        Account.objects.filter(pk=cast.beta.pk).update(organization=cast.acme_group)
        assert "In your organization" in inbox(cast.bob, cast.beta)

    def test_the_words_of_the_producer_are_text(self, cast: Cast, golden: Image) -> None:
        offer_one(golden, cast.producer, cast.beta.number, message="See https://evil.example <script>")
        page = inbox(cast.bob, cast.beta)
        assert "Acme Producers writes:" in page
        assert "See https://evil.example &lt;script&gt;" in page
        assert 'href="https://evil.example' not in page


class TestLookAlike:
    WARNING = "This is not the “Acme Producers” that you know"

    def offer_of(self, cast: Cast, title: str, **fields: Any) -> Account:
        imposter = make_account(title, cast.rhea)
        Account.objects.filter(pk=imposter.pk).update(**fields)
        image = make_image(imposter, cast.rhea, name="from-somebody")
        offer_one(image, viewer(cast.rhea, imposter), cast.beta.number)
        return imposter

    def test_a_name_like_a_known_one_is_warned_of(self, cast: Cast, accepted: Share) -> None:
        self.offer_of(cast, "Acme Pr0ducers")
        assert self.WARNING in " ".join(inbox(cast.bob, cast.beta).split())
        page = signed_in(cast.bob).get(url("image_list", cast.beta)).content.decode()
        assert self.WARNING in " ".join(page.split())

    def test_so_is_one_like_a_trusted_one(self, cast: Cast) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        self.offer_of(cast, "Acme-Producers")
        assert self.WARNING in " ".join(inbox(cast.bob, cast.beta).split())

    def test_and_one_like_a_trusted_organization(self, cast: Cast) -> None:
        actions.trust(cast.acme_group.group_ptr, recipient=cast.beta, by=cast.consumer)
        self.offer_of(cast, "Acme Group")
        assert "This is not the “Acme Group” that you know" in " ".join(inbox(cast.bob, cast.beta).split())

    def test_the_known_one_itself_is_not(self, cast: Cast, accepted: Share) -> None:
        offer_one(make_image(cast.acme, cast.alice, name="another"), cast.producer, cast.beta.number)
        assert "that you know" not in inbox(cast.bob, cast.beta)

    def test_nor_is_a_colleague_of_a_known_organization(self, cast: Cast) -> None:
        actions.trust(cast.acme_group.group_ptr, recipient=cast.beta, by=cast.consumer)
        row = offer_one(make_image(cast.acme, cast.alice), cast.producer, "bob")
        assert Notice(row, cast.consumer).taken_for == ""

    def test_nor_who_is_verified(self, cast: Cast, accepted: Share) -> None:
        self.offer_of(cast, "Acme Pr0ducers", verified_at=timezone.now(), verified_by=cast.root)
        assert "that you know" not in inbox(cast.bob, cast.beta)

    def test_nor_when_nobody_is_known(self, cast: Cast) -> None:
        self.offer_of(cast, "Acme Producers")
        assert "that you know" not in inbox(cast.bob, cast.beta)


class TestAccept:
    def accept(self, user: User, account: Account, share: Share, **data: Any) -> Any:
        return signed_in(user).post(url("offer_accept", account, share.pk), data)

    def test_with_a_label_in_the_same_step(self, cast: Cast, golden: Image, pending: Share) -> None:
        self.accept(cast.bob, cast.beta, pending, label="Web base")
        reference = Reference.objects.get(account=cast.beta, image=golden)
        assert (reference.label, reference.theirs["label"]) == ("Web base", "debian-12-golden")

    def test_the_label_goes_where_the_image_goes(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob")
        self.accept(cast.bob, cast.bob.personal_account, share, label="Mine", into=cast.beta.number)
        assert Reference.objects.get().account == cast.beta

    def test_a_label_that_cannot_be_leaves_everything_as_it_was(self, cast: Cast, pending: Share) -> None:
        answer = self.accept(cast.bob, cast.beta, pending, label="x" * 256)
        pending.refresh_from_db()
        assert (answer.status_code, pending.state) == (422, "pending")
        assert "at most 255 characters" in answer.content.decode()

    def test_a_group_has_no_label(self, cast: Cast, golden: Image) -> None:
        [offered] = offer_all(golden, cast.producer, "", cast.golden_testers)
        actions.leave(golden.pk, by=viewer(cast.alice))
        self.accept(cast.alice, cast.alice.personal_account, offered.share, label="Ours")
        assert not Reference.objects.exists()

    def test_later_versions_come_when_they_are_offered_and_wanted(self, cast: Cast, pending: Share) -> None:
        self.accept(cast.bob, cast.beta, pending, future="on")
        pending.refresh_from_db()
        assert not pending.takes_future
        Share.objects.update(offers_future=True, status="pending", decided_at=None, decided_by=None)
        self.accept(cast.bob, cast.beta, pending, future="on")
        pending.refresh_from_db()
        assert pending.takes_future

    def test_the_page_asks_the_same(self, cast: Cast, pending: Share) -> None:
        client = signed_in(cast.bob)
        there = url("offer_accept", cast.beta, pending.pk)
        assert b"<html" not in client.get(there, headers=DIALOG).content
        assert "Our label" in client.get(there).content.decode()

    def test_an_offer_whose_time_is_over_is_not_there(self, cast: Cast, pending: Share) -> None:
        expired(pending)
        assert signed_in(cast.bob).get(url("offer_accept", cast.beta, pending.pk)).status_code == 404
        assert self.accept(cast.bob, cast.beta, pending).status_code == 404


class TestAcceptAll:
    @pytest.fixture
    def offers(self, cast: Cast) -> list[Share]:
        """Three of Acme, and one of Rival Images."""
        names = ("one", "two", "three")
        images = [make_image(cast.acme, cast.alice, name=name) for name in names]
        other = make_image(cast.rival, cast.rhea, name="other")
        offer_one(other, viewer(cast.rhea, cast.rival), cast.beta.number)
        return [offer_one(image, cast.producer, cast.beta.number) for image in images]

    def test_it_is_offered_once_for_each_producer_with_several(self, cast: Cast, offers: list[Share]) -> None:
        page = inbox(cast.bob, cast.beta)
        assert page.count("Accept all from this producer") == 1

    def test_each_has_its_own_result(self, cast: Cast, offers: list[Share]) -> None:
        client, there = signed_in(cast.bob), url("offer_accept_all", cast.beta, offers[0].pk)
        page = client.get(there).content.decode()
        assert "three, for Beta Consumers" in page
        assert "other, for Beta Consumers" not in page
        actions.remove(offers[1].image_id, offers[1].pk, by=cast.producer)
        page = client.post(there, {"offers": [share.pk for share in offers]}).content.decode()
        assert page.count("It is not offered any more.") == 1
        states = [share.state for share in Share.objects.filter(image__account=cast.acme).order_by("pk")]
        assert states == ["accepted", "accepted"]
        assert Share.objects.get(image__account=cast.rival).state == "pending"

    def test_only_those_that_are_chosen(self, cast: Cast, offers: list[Share]) -> None:
        client, there = signed_in(cast.bob), url("offer_accept_all", cast.beta, offers[0].pk)
        client.post(there, {"offers": [offers[2].pk]})
        assert Share.objects.filter(status="accepted").get() == offers[2]
        answer = client.post(there, {"offers": []})
        assert answer.status_code == 422
        assert "Choose at least one" in answer.content.decode()

    def test_ids_of_others_are_no_choice(self, cast: Cast, offers: list[Share]) -> None:
        other = Share.objects.get(image__account=cast.rival)
        there = url("offer_accept_all", cast.beta, offers[0].pk)
        assert "It is not offered any more." in signed_in(cast.bob).post(there, {"offers": [other.pk]}).content.decode()
        other.refresh_from_db()
        assert other.state == "pending"


class TestBlock:
    def test_the_page_says_what_it_means_and_does_it(self, cast: Cast, pending: Share) -> None:
        client, there = signed_in(cast.bob), url("offer_block", cast.beta, pending.pk)
        page = client.get(there).content.decode()
        assert "It is not told" in page
        assert "Also remove" not in page
        page = client.post(there, follow=True).content.decode()
        assert "no longer reach Beta Consumers" in page
        assert "Nothing waits for you" in page
        assert "debian-12-golden" not in page

    def test_what_was_accepted_can_be_removed_in_the_same_step(self, cast: Cast, accepted: Share) -> None:
        client, there = signed_in(cast.bob), url("offer_block", cast.beta, accepted.pk)
        assert "Also remove the image" in client.get(there).content.decode()
        client.post(there, {"give_back": "on"})
        accepted.refresh_from_db()
        assert accepted.state == "rejected"

    def test_they_are_listed_and_can_be_unblocked(self, cast: Cast, pending: Share) -> None:
        row = actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer)
        assert "Only an admin of the account can change this." in inbox(cast.dave, cast.beta, tab="producers")
        assert "Unblock" in inbox(cast.bob, cast.beta, tab="producers")
        signed_in(cast.bob).post(url("block_remove", cast.beta, row.pk))
        assert not Block.objects.exists()
        assert "debian-12-golden" in inbox(cast.bob, cast.beta)

    def test_who_is_blocked_is_no_choice_to_be_trusted(self, cast: Cast, accepted: Share) -> None:
        actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer)
        answer = signed_in(cast.bob).post(url("trust_add", cast.beta), {"producer": cast.acme.pk})
        assert answer.status_code == 404
        assert not Trust.objects.exists()

    def test_the_tab_of_producers_costs_the_same_for_one_and_for_many(self, cast: Cast) -> None:
        client = signed_in(cast.bob)
        costs = []
        for number in (1, 30):
            for n in range(number):
                producer = make_account(f"Producer {number} {n}", cast.rhea)
                actions.block(producer, recipient=cast.beta.group_ptr, by=cast.consumer)
            client.get(url("offer_list", cast.beta))
            with CaptureQueriesContext(connection) as queries:
                client.get(url("offer_list", cast.beta), {"tab": "producers"})
            costs.append(len(queries))
        assert costs[0] == costs[1]


class TestCloseForNow:
    def test_two_that_are_closed_at_once_are_both_closed(self, cast: Cast) -> None:
        """Each request has read the session before the other one wrote it."""
        first, second, _third = many(cast, 3)
        client = signed_in(cast.bob)
        client.get(url("image_list", cast.beta))
        late = RequestFactory().post("/")
        late.session = client.session
        assert late.session.get("account") == cast.beta.number  # read before the other one writes
        client.post(url("offer_dismiss", cast.beta, first.pk))
        dismiss(late, second.pk)
        page = client.get(url("image_list", cast.beta)).content.decode()
        assert page.count("data-notice") == 1

    def test_only_the_notice_goes_by_htmx(self, cast: Cast, pending: Share) -> None:
        headers = {"HX-Request": "true"}
        answer = signed_in(cast.bob).post(url("offer_dismiss", cast.beta, pending.pk), headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
