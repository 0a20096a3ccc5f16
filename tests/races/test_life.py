"""An image changes hands, or a family grows, while somebody else does something: one wins, and nothing is left over."""

import pytest

from accounts.actions import close
from accounts.addresses import parse_one
from accounts.models import Event
from accounts.viewer import Viewer
from images import actions as image_actions
from images.models import Image, Quota
from images.permissions import granted_rights
from sharing import actions
from sharing.actions import Terms, Wish
from sharing.addresses import parse
from sharing.grants import expected_rights
from sharing.models import HandOver, Share
from tests.factories import make_image, viewer
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked(cast: Cast, golden: Image) -> HandOver:
    """Beta Consumers are asked to take golden over."""
    return actions.ask_to_take_over(golden.pk, by=cast.producer, wish=Wish(parse_one(cast.beta.number)))


def grants_agree(image: Image) -> bool:
    """Whether each recipient has what its shares say, and nobody else has anything."""
    image.refresh_from_db()
    recipients = {share.recipient for share in Share.objects.filter(image=image).select_related("recipient")} - {None}
    expected = {group.pk: expected_rights(image, group) for group in recipients if group}
    found = {
        pk: {right: grant.access_until for right, grant in rights.items()}
        for pk, rights in granted_rights(image).items()
    }
    return found == {pk: rights for pk, rights in expected.items() if rights}


def test_two_admins_take_an_image_over_at_once(cast: Cast, asked: HandOver, frank: Viewer, at_once: AtOnce) -> None:
    outcomes = at_once(*(lambda by=by: actions.take_over(asked.pk, by=by) for by in (cast.consumer, frank)))
    assert sorted(outcomes) == ["done", "not found"]
    assert Event.objects.filter(verb="taken over").count() == 1


@pytest.mark.parametrize("other", ["delete", "cancel", "offer", "close", "family"])
def test_taking_over_meets_what_the_giver_does(cast: Cast, asked: HandOver, at_once: AtOnce, other: str) -> None:
    pk = asked.image_id
    family = image_actions.create_family(by=cast.producer, name="base")
    acts = {
        "delete": lambda: image_actions.delete(pk, by=cast.producer),
        "cancel": lambda: actions.cancel_hand_over(pk, by=cast.producer),
        "offer": lambda: actions.offer(pk, by=cast.producer, addresses=parse("rhea")),
        "close": lambda: close(cast.acme, by=cast.producer),
        "family": lambda: image_actions.put_into_family(pk, family.pk, by=cast.producer, version="1"),
    }
    taking, other_one = at_once(lambda: actions.take_over(asked.pk, by=cast.consumer), acts[other])
    image = Image.objects.get(pk=pk)
    asked.refresh_from_db()
    assert (taking == "done") is (image.account == cast.beta) is (asked.status == "accepted")
    assert "done" in (taking, other_one)
    assert grants_agree(image)
    assert image.family is None or image.account == cast.acme


def test_taking_over_and_removing_a_share(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    [offered] = actions.offer(golden.pk, by=cast.producer, addresses=parse("rhea"))
    asked = actions.ask_to_take_over(golden.pk, by=cast.producer, wish=Wish(parse_one(cast.beta.number)))
    at_once(
        lambda: actions.take_over(asked.pk, by=cast.consumer),
        lambda: actions.remove(golden.pk, offered.share.pk, by=cast.producer),
        lambda: actions.accept(offered.share.pk, by=viewer(cast.rhea)),
    )
    assert grants_agree(golden)


def test_an_account_without_room_takes_one_of_two(cast: Cast, golden: Image, frank: Viewer, at_once: AtOnce) -> None:
    Quota.objects.create(account=cast.beta, images=1)
    other = make_image(cast.acme, cast.alice)
    wish = Wish(parse_one(cast.beta.number))
    asked = [actions.ask_to_take_over(image.pk, by=cast.producer, wish=wish) for image in (golden, other)]
    outcomes = at_once(
        lambda: actions.take_over(asked[0].pk, by=cast.consumer), lambda: actions.take_over(asked[1].pk, by=frank)
    )
    assert sorted(outcomes) == ["done", "no room"]


@pytest.mark.parametrize("other", ["leave", "close", "remove", "reject_new"])
def test_a_family_grows_while_a_follower_does_something(cast: Cast, golden: Image, at_once: AtOnce, other: str) -> None:
    family = image_actions.create_family(by=cast.producer, name="base")
    image_actions.put_into_family(golden.pk, family.pk, by=cast.producer, version="1")
    terms = Terms(offers_future=True)
    [offered] = actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number), terms=terms)
    actions.accept(offered.share.pk, by=cast.consumer, future=True)
    second = make_image(cast.acme, cast.alice)
    acts = {
        "leave": lambda: actions.leave(golden.pk, by=cast.consumer),
        "close": lambda: close(cast.beta, by=cast.consumer),
        "remove": lambda: actions.remove(golden.pk, offered.share.pk, by=cast.producer),
        "reject_new": lambda: actions.stop_later_versions(offered.share.pk, by=cast.consumer),
    }
    growing, _other = at_once(
        lambda: image_actions.put_into_family(second.pk, family.pk, by=cast.producer, version="2"), acts[other]
    )
    assert growing == "done"
    assert grants_agree(golden)
    assert grants_agree(second)
    if other == "close":
        assert not Share.objects.filter(recipient=cast.beta.pk).exists()


def test_two_images_become_the_same_version_at_once(cast: Cast, at_once: AtOnce) -> None:
    family = image_actions.create_family(by=cast.producer, name="base")
    images = [make_image(cast.acme, cast.alice) for _ in range(2)]
    outcomes = at_once(
        *(
            lambda pk=image.pk: image_actions.put_into_family(pk, family.pk, by=cast.producer, version="1")
            for image in images
        )
    )
    assert sorted(outcomes) == ["done", "invalid"]


def test_two_copies_at_once_fit_only_once(cast: Cast, golden: Image, frank: Viewer, at_once: AtOnce) -> None:
    [offered] = actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    actions.accept(offered.share.pk, by=cast.consumer)
    Quota.objects.create(account=cast.beta, images=1)
    outcomes = at_once(
        *(lambda by=by: image_actions.copy_image(golden.pk, by=by, name="ours") for by in (cast.consumer, frank))
    )
    assert sorted(outcomes) == ["done", "no room"]


def test_a_copy_and_a_deletion_leave_the_data_of_the_copy(cast: Cast, golden: Image, at_once: AtOnce) -> None:
    [offered] = actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    actions.accept(offered.share.pk, by=cast.consumer)
    copying, deleting = at_once(
        lambda: image_actions.copy_image(golden.pk, by=cast.consumer, name="ours"),
        lambda: image_actions.delete(golden.pk, by=cast.producer),
    )
    assert deleting == "done"
    assert copying in ("done", "not found")
    list(image_actions.collect(remove=True, look_into_stores=False))
    golden.data.refresh_from_db()
    assert (golden.data.removed_at is None) is (copying == "done")
