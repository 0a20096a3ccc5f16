"""Blocking: silent for the producer, whole for the recipient, and undone by the recipient alone."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event, Notification
from images.models import Image
from sharing import actions
from sharing.inbox import count_waiting, open_offers
from sharing.models import Block, Share, Trust
from sharing.rows import rows_of
from tests.conftest import WorkThrough
from tests.factories import make_image, viewer
from tests.people import Cast
from tests.sharing.conftest import grants, offer_all, offer_one

FULL = {"VIEW", "USE", "EXPORT"}


def block(cast: Cast, **options: bool) -> Block:
    """Beta Consumers hears no more of Acme Producers."""
    return actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer, **options)


class TestBlock:
    def test_what_waits_is_out_of_sight(self, cast: Cast, golden: Image, pending: Share) -> None:
        block(cast)
        assert grants(golden) == {}
        assert (open_offers(cast.consumer), count_waiting(cast.consumer)) == ([], 0)
        assert not Image.objects.visible_to(cast.consumer).filter(pk=golden.pk).exists()
        for act in (actions.accept, actions.reject):
            with pytest.raises(Http404):
                act(pending.pk, by=cast.consumer)

    def test_so_is_what_comes_later(self, cast: Cast, golden: Image) -> None:
        block(cast)
        assert offer_one(golden, cast.producer, cast.beta.number).state == "pending"
        assert grants(golden) == {}
        assert open_offers(cast.consumer) == []

    def test_for_the_producer_it_stays_pending(self, cast: Cast, golden: Image, pending: Share) -> None:
        before = [(row.share.state, row.share.address_text) for row in rows_of(golden, cast.producer)]
        seen = Event.objects.visible_to(cast.producer).count()
        block(cast)
        assert [(row.share.state, row.share.address_text) for row in rows_of(golden, cast.producer)] == before
        assert Event.objects.visible_to(cast.producer).count() == seen

    def test_nobody_is_told_of_an_offer_or_a_reminder(
        self, cast: Cast, golden: Image, work_through: WorkThrough
    ) -> None:
        block(cast)
        share = offer_one(golden, cast.producer, cast.beta.number)
        Share.objects.update(offered_at=timezone.now() - timedelta(days=2))
        actions.remind(golden.pk, share.pk, by=cast.producer)
        actions.remove(golden.pk, share.pk, by=cast.producer)
        work_through()
        assert not Notification.objects.exists()
        assert not Event.objects.filter(counterpart=cast.beta.pk).exists()

    def test_a_letter_that_waited_does_not_come_any_more(
        self, cast: Cast, pending: Share, work_through: WorkThrough
    ) -> None:
        block(cast)
        work_through()
        assert not Notification.objects.exists()

    def test_what_was_accepted_stays_and_its_end_is_told(
        self, cast: Cast, golden: Image, accepted: Share, work_through: WorkThrough
    ) -> None:
        block(cast)
        assert grants(golden) == {cast.beta.pk: FULL}
        work_through()
        Notification.objects.all().delete()
        actions.remove(golden.pk, accepted.pk, by=cast.producer)
        work_through()
        assert Notification.objects.filter(user=cast.bob).exists()

    def test_later_versions_do_not_come_any_more(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, cast.beta.number)
        Share.objects.update(offers_future=True)
        assert actions.accept(share.pk, by=cast.consumer, future=True).takes_future
        block(cast)
        share.refresh_from_db()
        assert (share.state, share.takes_future) == ("accepted", False)

    def test_what_was_accepted_can_be_given_back_in_the_same_step(
        self, cast: Cast, golden: Image, accepted: Share
    ) -> None:
        other = offer_one(make_image(cast.acme, cast.alice), cast.producer, cast.beta.number)
        block(cast, give_back=True)
        accepted.refresh_from_db()
        other.refresh_from_db()
        assert (accepted.state, other.state) == ("rejected", "pending")
        assert grants(golden) == {}

    def test_who_is_blocked_is_not_trusted(self, cast: Cast, golden: Image) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        block(cast)
        assert not Trust.objects.exists()
        assert offer_one(golden, cast.producer, cast.beta.number).state == "pending"
        with pytest.raises(Conflict, match="has blocked Acme Producers"):
            actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)

    def test_one_account_of_a_trusted_organization_can_be_blocked(self, cast: Cast, golden: Image) -> None:
        actions.trust(cast.acme_group.group_ptr, recipient=cast.beta, by=cast.consumer)
        block(cast)
        assert offer_one(golden, cast.producer, cast.beta.number).state == "pending"
        assert grants(golden) == {}

    def test_it_is_for_one_recipient(self, cast: Cast, golden: Image, pending: Share) -> None:
        mine = offer_one(golden, cast.producer, "bob")
        block(cast)
        assert [offer.pk for offer in open_offers(cast.consumer)] == [mine.pk]
        with pytest.raises(ValidationError, match="Beta Consumers has blocked Acme Producers"):
            actions.accept(mine.pk, by=cast.consumer, into=cast.beta)

    def test_a_person_and_a_manager_block_for_theirs(self, cast: Cast) -> None:
        erin = viewer(cast.erin)
        actions.block(cast.acme, recipient=erin.account.group_ptr, by=erin)
        actions.block(cast.beta, recipient=cast.golden_testers.group_ptr, by=viewer(cast.alice))
        with pytest.raises(PermissionDenied, match="Golden Testers"):
            actions.block(cast.beta, recipient=cast.golden_testers.group_ptr, by=erin)

    def test_only_an_admin_blocks_for_an_account(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers"):
            actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.observer)

    def test_nobody_blocks_themselves(self, cast: Cast) -> None:
        with pytest.raises(ValidationError):
            actions.block(cast.beta, recipient=cast.beta.group_ptr, by=cast.consumer)

    def test_saying_it_twice_is_saying_it_once(self, cast: Cast) -> None:
        assert block(cast) == block(cast)
        assert Event.objects.filter(verb="blocked").count() == 1

    def test_the_word_of_a_manager_counts_more(self, cast: Cast, golden: Image) -> None:
        """Alice shares with the group that she manages: she decides for it, as if she unblocked and accepted."""
        actions.block(cast.acme, recipient=cast.golden_testers.group_ptr, by=viewer(cast.alice))
        offer_all(golden, cast.producer, "", cast.golden_testers)
        assert grants(golden) == {cast.golden_testers.pk: FULL}


class TestUnblock:
    def test_what_waits_is_back(self, cast: Cast, golden: Image, pending: Share) -> None:
        row = block(cast)
        actions.unblock(row.pk, by=cast.consumer)
        assert grants(golden) == {cast.beta.pk: {"VIEW"}}
        assert [offer.pk for offer in open_offers(cast.consumer)] == [pending.pk]

    def test_what_has_expired_is_not(self, cast: Cast, golden: Image, pending: Share) -> None:
        row = block(cast)
        Share.objects.update(offer_expires_at=timezone.now())
        actions.unblock(row.pk, by=cast.consumer)
        assert open_offers(cast.consumer) == []
        assert not Image.objects.visible_to(cast.consumer).filter(pk=golden.pk).exists()

    def test_others_find_no_such_row(self, cast: Cast) -> None:
        row = block(cast)
        for other in (cast.producer, cast.observer, viewer(cast.rhea, cast.rival)):
            with pytest.raises(Http404):
                actions.unblock(row.pk, by=other)
        assert Block.objects.exists()

    def test_a_closed_account_blocks_nobody(self, cast: Cast) -> None:
        block(cast)
        actions.end_shares_of(cast.beta.group_ptr, cast.consumer)
        assert not Block.objects.exists()


class TestSilence:
    """Whether a recipient is unknown, known, or blocks the producer: the producer is answered the same."""

    def run(self, cast: Cast, address: str) -> list[object]:
        image = make_image(cast.acme, cast.alice)
        answers: list[object] = []
        with CaptureQueriesContext(connection) as queries:
            [offered] = offer_all(image, cast.producer, address)
        answers += [len(queries), offered.text, offered.share.state]
        share = Share.objects.filter(pk=offered.share.pk)
        share.update(offered_at=timezone.now() - timedelta(days=2))
        for act in (actions.remind, actions.remove):
            with CaptureQueriesContext(connection) as queries:
                act(image.pk, offered.share.pk, by=cast.producer)
            answers.append(len(queries))
        return answers

    def again(self, cast: Cast, address: str) -> list[object]:
        """Naming somebody again whose offer has run out."""
        image = make_image(cast.acme, cast.alice)
        offer_all(image, cast.producer, address)
        Share.objects.filter(image=image).update(offer_expires_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            [offered] = offer_all(image, cast.producer, address)
        return [len(queries), offered.text, offered.share.state]

    @pytest.mark.parametrize(
        ("known", "blocking", "unknown"),
        [("dave", "bob", "nobody-knows"), ("dave@example.org", "bob@example.org", "who@example.org")],
    )
    def test_it_looks_the_same(self, cast: Cast, known: str, blocking: str, unknown: str) -> None:
        actions.block(cast.acme, recipient=cast.bob.personal_account.group_ptr, by=viewer(cast.bob))
        for ask in (self.run, self.again):
            assert ask(cast, known) == ask(cast, blocking) == ask(cast, unknown)

    def test_a_confirmed_address_of_somebody_who_blocks_says_nothing(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob@new.example")
        actions.block(cast.acme, recipient=cast.bob.personal_account.group_ptr, by=viewer(cast.bob))
        actions.resolve_email(cast.bob, "bob@new.example", timezone.now())
        share.refresh_from_db()
        assert (share.state, share.recipient_id) == ("pending", cast.bob.personal_account.pk)
        assert grants(golden) == {}
        assert not Event.objects.filter(verb="reached").exists()
