"""Whatever happens to a share is an event for both sides: neither has to be told by the other what it did."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Event
from accounts.viewer import Viewer
from images.models import Image
from sharing import actions
from sharing.models import Share
from tests.factories import viewer
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one

Deed = Callable[[Cast, Image, Share], object]


def remind(cast: Cast, image: Image, share: Share) -> None:
    Share.objects.filter(pk=share.pk).update(offered_at=timezone.now() - timedelta(days=2))
    actions.remind(image.pk, share.pk, by=cast.producer)


def leave(cast: Cast, image: Image, share: Share) -> None:
    actions.accept(share.pk, by=cast.consumer)
    actions.leave(image.pk, by=cast.consumer)


DEEDS: dict[str, Deed] = {
    "offered": lambda _cast, _image, _share: None,
    "reminded": remind,
    "accepted": lambda cast, _image, share: actions.accept(share.pk, by=cast.consumer),
    "rejected": lambda cast, _image, share: actions.reject(share.pk, by=cast.consumer, reason="No."),
    "left": leave,
    "removed": lambda cast, image, share: actions.remove(image.pk, share.pk, by=cast.producer),
    "undone": lambda cast, _image, share: actions.undo_offers([share.pk], by=cast.producer),
}


def seen_by(who: Viewer, verb: str) -> list[Event]:
    return list(Event.objects.visible_to(who).filter(verb=verb, subject_kind="image"))


@pytest.mark.parametrize("verb", DEEDS)
def test_both_sides_have_it(cast: Cast, golden: Image, verb: str) -> None:
    share = offer_one(golden, cast.producer, cast.beta.number)
    DEEDS[verb](cast, golden, share)
    for who in (cast.producer, cast.consumer):
        [event] = seen_by(who, verb)
        assert event.subject_name == golden.name


@pytest.mark.parametrize("verb", DEEDS)
def test_neither_has_the_private_part_of_the_other(cast: Cast, golden: Image, verb: str) -> None:
    share = offer_one(golden, cast.producer, cast.beta.number)
    DEEDS[verb](cast, golden, share)
    for who, others in ((cast.producer, cast.bob), (cast.consumer, cast.alice)):
        for event in seen_by(who, verb):
            assert event.actor != others or event.account != who.account


def test_a_group_that_has_it_at_once_sees_that(cast: Cast, golden: Image) -> None:
    offer_all(golden, cast.producer, "", cast.golden_testers)
    assert seen_by(viewer(cast.erin), "accepted")
    assert seen_by(cast.producer, "accepted")
