"""Two people share, decide and remove at once: one wins, the other is told, and nothing is left over."""

import pytest
from django.http import Http404
from django.utils import timezone

from accounts.actions import close
from accounts.addresses import Address, Kind
from accounts.models import Account, Event
from accounts.viewer import Viewer
from images import actions as image_actions
from images.models import Image, ImageGroupObjectPermission
from images.permissions import Verb, get_image
from sharing import actions
from sharing.addresses import parse
from sharing.grants import expected_rights
from sharing.models import Share
from tests.factories import viewer
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def has_nothing(image: Image, consumer: Viewer) -> bool:
    grants = ImageGroupObjectPermission.objects.filter(content_object=image, group__in=consumer.principals)
    return not grants.exists() and not Image.objects.visible_to(consumer).filter(pk=image.pk).exists()


def grants_agree(image: Image, account: Account) -> bool:
    rights = ImageGroupObjectPermission.objects.filter(content_object=image, group=account.pk)
    found = dict(rights.values_list("permission__codename", "access_until"))
    return found == {right.value: until for right, until in expected_rights(image, account.group_ptr).items()}


def count_events(verb: str) -> int:
    return Event.objects.filter(verb=verb, subject_kind="image").count()


def test_offering_to_one_recipient_at_once_leaves_one_share(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer
) -> None:
    def offer(by: Viewer) -> None:
        actions.offer(golden.pk, by=by, addresses=parse(cast.beta.number))

    outcomes = at_once(*(lambda by=by: offer(by) for by in (cast.producer, cast.creator) * 3))

    assert outcomes == ["done"] * 6
    share = Share.objects.get()
    assert count_events("offered") == 1
    actions.accept(share.pk, by=consumer)
    assert len(golden.grants.all()) == 3
    # The Image service that we learned from leaves a second row here, and with it the access.
    actions.remove(golden.pk, share.pk, by=cast.producer)
    assert has_nothing(golden, consumer)


def test_offering_to_one_recipient_under_several_addresses_at_once_gives_one_set_of_grants(
    cast: Cast, golden: Image, at_once: AtOnce
) -> None:
    bob = cast.bob.personal_account

    def offer(address: str) -> None:
        actions.offer(golden.pk, by=cast.producer, addresses=parse(address))

    outcomes = at_once(*(lambda a=a: offer(a) for a in (bob.number, "bob", "bob@example.org")))

    assert outcomes == ["done"] * 3
    assert Share.objects.count() == 3
    assert grants_agree(golden, bob)
    for share in Share.objects.all():
        actions.remove(golden.pk, share.pk, by=cast.producer)
    assert has_nothing(golden, viewer(cast.bob))


def test_accepting_while_the_producer_removes_leaves_nothing(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer
) -> None:
    accepted, removed = at_once(
        lambda: actions.accept(pending.pk, by=consumer),
        lambda: actions.remove(pending.image_id, pending.pk, by=cast.producer),
    )

    assert accepted in {"done", "not found"}
    assert removed == "done"
    assert not Share.objects.exists()
    assert has_nothing(pending.image, consumer)


def test_of_two_who_remove_one_is_told(cast: Cast, pending: Share, at_once: AtOnce) -> None:
    def remove() -> None:
        actions.remove(pending.image_id, pending.pk, by=cast.producer)

    assert sorted(at_once(remove, remove)) == ["done", "not found"]
    assert count_events("removed") == 1


def test_two_who_accept_agree(pending: Share, at_once: AtOnce, consumer: Viewer, frank: Viewer) -> None:
    outcomes = at_once(lambda: actions.accept(pending.pk, by=consumer), lambda: actions.accept(pending.pk, by=frank))

    assert outcomes == ["done", "done"]
    assert grants_agree(pending.image, consumer.account)
    assert Event.objects.filter(verb="accepted", account=consumer.account).count() == 1


def test_who_rejects_what_was_just_accepted_is_told(
    pending: Share, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    accepted, rejected = at_once(
        lambda: actions.accept(pending.pk, by=consumer), lambda: actions.reject(pending.pk, by=frank)
    )

    assert accepted == "done"
    assert rejected in {"done", "conflict"}
    # Whoever was first: what is rejected can be accepted, and what is accepted cannot be rejected.
    pending.refresh_from_db()
    assert (pending.status, pending.decided_by) == ("accepted", consumer.user)
    assert grants_agree(pending.image, consumer.account)


def test_leaving_while_the_producer_offers_again_agrees_with_the_grants(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer
) -> None:
    actions.accept(pending.pk, by=consumer)

    at_once(
        lambda: actions.leave(pending.image_id, by=consumer),
        lambda: actions.offer_again(pending.image_id, pending.pk, by=cast.producer),
    )

    pending.refresh_from_db()
    assert pending.status in {"rejected", "pending"}
    assert grants_agree(pending.image, cast.beta)
    assert not Image.objects.usable_by(consumer).exists()


def test_removing_ends_a_download_that_has_not_begun(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer
) -> None:
    actions.accept(pending.pk, by=consumer)

    looked, removed = at_once(
        lambda: get_image(consumer, pending.image_id, Verb.EXPORT),
        lambda: actions.remove(pending.image_id, pending.pk, by=cast.producer),
    )

    assert looked in {"done", "not found"}
    assert removed == "done"
    with pytest.raises(Http404):
        get_image(consumer, pending.image_id, Verb.USE)


def test_offering_while_the_image_is_deleted_gives_nothing(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer
) -> None:
    offered, deleted = at_once(
        lambda: actions.offer(golden.pk, by=cast.creator, addresses=parse(cast.beta.number)),
        lambda: image_actions.delete(golden.pk, by=cast.producer),
    )

    assert offered in {"done", "not found"}
    assert deleted == "done"
    assert not Image.objects.visible_to(consumer).exists()
    assert not golden.grants.filter(active=True).exists()


def test_accepting_while_the_image_becomes_private_gives_nothing(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer
) -> None:
    accepted, hidden = at_once(
        lambda: actions.accept(pending.pk, by=consumer),
        lambda: image_actions.set_visibility(pending.image_id, by=cast.producer, visibility="private"),
    )

    assert accepted in {"done", "not found"}
    assert hidden == "done"
    assert not Image.objects.visible_to(consumer).exists()


def test_offering_what_is_just_published_keeps_nothing_hidden(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer
) -> None:
    offered, published = at_once(
        lambda: actions.offer(golden.pk, by=cast.creator, addresses=parse(cast.beta.number)),
        lambda: image_actions.set_visibility(golden.pk, by=cast.producer, visibility="community"),
    )

    assert offered in {"done", "conflict"}
    assert published == "done"
    assert Image.objects.visible_to(consumer).exists()
    assert not golden.grants.filter(active=True).exists()


def test_accepting_while_the_account_closes_leaves_nothing(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    accepted, closed = at_once(lambda: actions.accept(pending.pk, by=consumer), lambda: close(cast.beta, by=frank))

    assert accepted in {"done", "not found"}
    assert closed == "done"
    assert_nothing_reaches(cast.beta, pending.image)


def test_offering_to_an_account_that_trusts_us_while_it_closes_leaves_nothing(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer
) -> None:
    actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=consumer)

    offered, closed = at_once(
        lambda: actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number)),
        lambda: close(cast.beta, by=consumer),
    )

    assert offered == "done"
    assert closed == "done"
    assert_nothing_reaches(cast.beta, golden)


def test_sharing_with_a_group_while_it_closes_leaves_nothing(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    offered, closed = at_once(
        lambda: actions.offer(golden.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr]),
        lambda: close(cast.golden_testers, by=viewer(cast.alice)),
    )

    assert offered in {"done", "forbidden"}
    assert closed == "done"
    assert not ImageGroupObjectPermission.objects.filter(group=cast.golden_testers.pk).exists()
    assert not Share.objects.filter(recipient=cast.golden_testers.pk, status="accepted").exists()


def assert_nothing_reaches(account: Account, image: Image) -> None:
    assert not Share.objects.filter(recipient=account.pk).exists()
    assert not ImageGroupObjectPermission.objects.filter(content_object=image, group=account.pk).exists()


def test_confirming_an_address_while_the_offer_is_removed_leaves_nothing(
    cast: Cast, golden: Image, at_once: AtOnce
) -> None:
    trudy = cast.trudy
    address = Address(Kind.EMAIL, "trudy@new.example")
    [offered] = actions.offer(golden.pk, by=cast.producer, addresses=[address])

    confirmed, removed = at_once(
        lambda: actions.resolve_email(trudy, "trudy@new.example", timezone.now()),
        lambda: actions.remove(golden.pk, offered.share.pk, by=cast.producer),
    )

    assert (confirmed, removed) == ("done", "done")
    assert not Share.objects.exists()
    assert has_nothing(golden, viewer(trudy))


def test_trusting_twice_at_once_is_trusting_once(cast: Cast, at_once: AtOnce, consumer: Viewer, frank: Viewer) -> None:
    acme = cast.acme.group_ptr
    outcomes = at_once(
        lambda: actions.trust(acme, recipient=cast.beta, by=consumer),
        lambda: actions.trust(acme, recipient=cast.beta, by=frank),
    )

    assert outcomes == ["done", "done"]
    assert cast.beta.trusts.count() == 1
