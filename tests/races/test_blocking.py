"""Blocking at the same moment as the producer or a colleague does something: in the end, silence and no grants."""

import pytest
from django.utils import timezone

from accounts.viewer import Viewer
from images.models import Image
from sharing import actions
from sharing.addresses import parse
from sharing.inbox import open_offers
from sharing.models import Block, Share, Trust
from tests.factories import viewer
from tests.people import Cast
from tests.races.conftest import AtOnce
from tests.races.test_sharing import grants_agree

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def block(cast: Cast, by: Viewer, **options: bool) -> Block:
    return actions.block(cast.acme, recipient=cast.beta.group_ptr, by=by, **options)


def test_offering_while_being_blocked_reaches_nobody(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer
) -> None:
    outcomes = at_once(
        lambda: actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number)),
        lambda: block(cast, consumer),
    )

    assert outcomes == ["done", "done"]
    assert grants_agree(golden, cast.beta)
    assert not Image.objects.visible_to(consumer).exists()
    assert open_offers(viewer(cast.bob, cast.beta)) == []


def test_offering_to_who_trusts_while_being_blocked_is_one_or_the_other(
    cast: Cast, golden: Image, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    actions.trust(cast.acme_group.group_ptr, recipient=cast.beta, by=consumer)

    at_once(
        lambda: actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number)),
        lambda: block(cast, frank),
    )

    assert grants_agree(golden, cast.beta)
    accepted_before = Share.objects.get().state == "accepted"
    assert Image.objects.usable_by(consumer).exists() is accepted_before


def test_accepting_while_a_colleague_blocks_agrees_with_the_grants(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    accepted, blocked = at_once(
        lambda: actions.accept(pending.pk, by=consumer), lambda: block(cast, frank, give_back=True)
    )

    assert accepted in {"done", "not found"}
    assert blocked == "done"
    assert grants_agree(pending.image, cast.beta)
    assert not Image.objects.visible_to(consumer).exists()


def test_removing_while_being_blocked_leaves_nothing(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer
) -> None:
    outcomes = at_once(
        lambda: actions.remove(pending.image_id, pending.pk, by=cast.producer), lambda: block(cast, consumer)
    )

    assert outcomes == ["done", "done"]
    assert not pending.image.grants.exists()


def test_blocking_and_unblocking_at_once_agrees_with_the_grants(
    cast: Cast, pending: Share, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    row = block(cast, consumer)

    at_once(lambda: actions.unblock(row.pk, by=consumer), lambda: block(cast, frank))

    assert grants_agree(pending.image, cast.beta)
    assert Image.objects.visible_to(consumer).exists() is not Block.objects.exists()


def test_of_two_who_unblock_one_is_told(cast: Cast, at_once: AtOnce, consumer: Viewer, frank: Viewer) -> None:
    row = block(cast, consumer)

    outcomes = at_once(lambda: actions.unblock(row.pk, by=consumer), lambda: actions.unblock(row.pk, by=frank))

    assert sorted(outcomes) == ["done", "not found"]


def test_trusting_while_a_colleague_blocks_ends_blocked(
    cast: Cast, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    trusted, blocked = at_once(
        lambda: actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=consumer), lambda: block(cast, frank)
    )

    assert trusted in {"done", "conflict"}
    assert blocked == "done"
    assert (Trust.objects.exists(), Block.objects.exists()) == (False, True)


def test_confirming_an_address_while_blocking_reaches_nobody(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    bob, personal = viewer(cast.bob), cast.bob.personal_account
    actions.offer(golden.pk, by=cast.producer, addresses=parse("bob@new.example"))

    outcomes = at_once(
        lambda: actions.resolve_email(cast.bob, "bob@new.example", timezone.now()),
        lambda: actions.block(cast.acme, recipient=personal.group_ptr, by=bob),
    )

    assert outcomes == ["done", "done"]
    assert grants_agree(golden, personal)
    assert not Image.objects.visible_to(bob).exists()
