"""Families: names, versions, which is the latest, and what others see of it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.errors import Conflict
from accounts.models import Event
from images import actions
from images.families import advice_on, latest_for
from images.models import Family, Image
from images.permissions import Verb, get_image
from sharing.actions import accept, offer
from sharing.addresses import parse
from tests.factories import make_image
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(cast: Cast) -> Family:
    return actions.create_family(by=cast.producer, name="debian-12-base")


def add(family: Family, cast: Cast, version: str, *, days_ago: int = 0) -> Image:
    """A version of so many days ago."""
    image = make_image(cast.acme, cast.alice, name=f"debian-12-{version}")
    Image.objects.filter(pk=image.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    return actions.put_into_family(image.pk, family.pk, by=cast.producer, version=version)


@pytest.fixture
def versions(family: Family, cast: Cast) -> list[Image]:
    """1, 2 and 3, a day between them."""
    return [add(family, cast, str(number), days_ago=3 - number) for number in (1, 2, 3)]


def latest(family: Family, cast: Cast) -> str:
    family.refresh_from_db()
    found = latest_for(family, cast.producer)
    return found.version if found else ""


def share(image: Image, cast: Cast) -> None:
    [offered] = offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    accept(offered.share.pk, by=cast.consumer)


class TestTheLatest:
    def test_it_is_the_newest(self, family: Family, versions: list[Image], cast: Cast) -> None:
        assert latest(family, cast) == "3"

    def test_an_old_image_that_joins_later_is_not_the_latest(
        self, family: Family, versions: list[Image], cast: Cast
    ) -> None:
        add(family, cast, "0", days_ago=9)
        assert latest(family, cast) == "3"

    @pytest.mark.parametrize("how", ["deprecate", "deactivate", "delete"])
    def test_what_cannot_be_recommended_is_not_it(
        self, family: Family, versions: list[Image], cast: Cast, how: str
    ) -> None:
        newest = versions[2].pk
        if how == "deprecate":
            end = actions.End(deprecated_at=timezone.now())
            actions.announce_end(newest, by=cast.producer, end=end)
        else:
            getattr(actions, how)(newest, by=cast.producer)
        assert latest(family, cast) == "2"

    def test_going_back_pins_an_older_one_whatever_joins(
        self, family: Family, versions: list[Image], cast: Cast
    ) -> None:
        actions.pin_version(family.pk, versions[0].pk, by=cast.producer)
        add(family, cast, "4")
        assert latest(family, cast) == "1"
        actions.unpin_version(family.pk, by=cast.producer)
        assert latest(family, cast) == "4"

    def test_a_pinned_one_that_leaves_is_pinned_no_more(
        self, family: Family, versions: list[Image], cast: Cast
    ) -> None:
        actions.pin_version(family.pk, versions[0].pk, by=cast.producer)
        actions.take_out_of_family(versions[0].pk, by=cast.producer)
        assert latest(family, cast) == "3"
        family.refresh_from_db()
        assert family.pinned is None

    def test_a_pinned_one_that_is_deleted_is_followed_by_the_newest(
        self, family: Family, versions: list[Image], cast: Cast
    ) -> None:
        actions.pin_version(family.pk, versions[0].pk, by=cast.producer)
        actions.delete(versions[0].pk, by=cast.producer)
        assert latest(family, cast) == "3"

    def test_what_nobody_can_use_cannot_be_pinned(self, family: Family, versions: list[Image], cast: Cast) -> None:
        actions.deactivate(versions[0].pk, by=cast.producer)
        with pytest.raises(Conflict, match="deactivated"):
            actions.pin_version(family.pk, versions[0].pk, by=cast.producer)

    def test_what_is_no_version_cannot_be_pinned(self, family: Family, golden: Image, cast: Cast) -> None:
        with pytest.raises(Http404):
            actions.pin_version(family.pk, golden.pk, by=cast.producer)

    def test_where_all_are_deprecated_there_is_none(self, family: Family, cast: Cast) -> None:
        only = add(family, cast, "1")
        actions.announce_end(only.pk, by=cast.producer, end=actions.End(deprecated_at=timezone.now()))
        family.refresh_from_db()
        only.refresh_from_db()
        assert family.latest_of([only]) is None


class TestAdvice:
    def test_a_consumer_of_an_older_one_is_led_to_the_newest_that_they_have(
        self, versions: list[Image], cast: Cast
    ) -> None:
        share(versions[0], cast)
        share(versions[1], cast)
        advice = advice_on(get_image(cast.consumer, versions[0].pk, Verb.SEE), cast.consumer)
        assert advice
        assert (advice.image.version, advice.text) == ("2", "A newer version, 2, is shared with you.")

    def test_one_that_is_only_offered_is_called_so(self, versions: list[Image], cast: Cast) -> None:
        share(versions[0], cast)
        offer(versions[2].pk, by=cast.producer, addresses=parse(cast.beta.number))
        advice = advice_on(get_image(cast.consumer, versions[0].pk, Verb.SEE), cast.consumer)
        assert advice
        assert advice.is_offer
        assert advice.text == "A newer version, 3, is offered to you."

    def test_what_they_do_not_have_they_do_not_hear_of(self, versions: list[Image], cast: Cast) -> None:
        share(versions[0], cast)
        assert advice_on(get_image(cast.consumer, versions[0].pk, Verb.SEE), cast.consumer) is None

    def test_after_going_back_the_older_one_is_recommended(
        self, family: Family, versions: list[Image], cast: Cast
    ) -> None:
        share(versions[1], cast)
        share(versions[2], cast)
        actions.pin_version(family.pk, versions[1].pk, by=cast.producer)
        advice = advice_on(get_image(cast.consumer, versions[2].pk, Verb.SEE), cast.consumer)
        assert advice
        assert advice.text == "Version 2 is the latest again: its producer went back to it."

    def test_a_replacement_comes_first_where_they_may_see_it(
        self, versions: list[Image], golden: Image, cast: Cast
    ) -> None:
        share(versions[0], cast)
        share(versions[1], cast)
        end = actions.End(deprecated_at=timezone.now(), replacement=golden.pk)
        actions.announce_end(versions[0].pk, by=cast.producer, end=end)
        seen = get_image(cast.consumer, versions[0].pk, Verb.SEE)
        before = advice_on(seen, cast.consumer)
        share(golden, cast)
        after = advice_on(seen, cast.consumer)
        assert before
        assert before.image.version == "2"
        assert after
        assert (after.image.pk, after.text) == (golden.pk, "“debian-12-golden” takes its place.")


class TestRefusals:
    def test_an_account_has_so_many_and_no_more(self, family: Family, cast: Cast, settings: Settings) -> None:
        settings.FAMILIES_PER_ACCOUNT = 1
        with pytest.raises(ValidationError, match="Acme Producers has 1 families, which is as many as") as refused:
            actions.create_family(by=cast.producer, name="ubuntu")
        assert set(refused.value.message_dict) == {"name"}
        actions.edit_family(family.pk, by=cast.producer, name="debian-12")
        actions.create_family(by=cast.consumer, name="ubuntu")

    def test_names_are_once_in_an_account(self, family: Family, cast: Cast) -> None:
        with pytest.raises(ValidationError) as refused:
            actions.create_family(by=cast.producer, name="debian-12-base")
        assert refused.value.message_dict == {"name": ["There is a family debian-12-base already."]}
        assert actions.create_family(by=cast.consumer, name="debian-12-base").account == cast.beta

    @pytest.mark.parametrize("name", ["Debian", "a b", "-a", "a-", "a--b", "ä", "x" * 64, "a\n"])
    def test_names_are_short_and_plain(self, cast: Cast, name: str) -> None:
        with pytest.raises(ValidationError):
            actions.create_family(by=cast.producer, name=name)

    def test_versions_are_once_in_a_family(self, family: Family, versions: list[Image], cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice)
        with pytest.raises(ValidationError) as refused:
            actions.put_into_family(image.pk, family.pk, by=cast.producer, version="3")
        assert list(refused.value.message_dict) == ["version"]

    def test_the_version_of_a_deleted_one_is_free(self, family: Family, versions: list[Image], cast: Cast) -> None:
        actions.delete(versions[2].pk, by=cast.producer)
        assert add(family, cast, "3").version == "3"

    @pytest.mark.parametrize("version", ["", "  ", "x" * 41, "1\n2"])
    def test_a_version_says_something(self, family: Family, golden: Image, cast: Cast, version: str) -> None:
        with pytest.raises(ValidationError) as refused:
            actions.put_into_family(golden.pk, family.pk, by=cast.producer, version=version)
        assert list(refused.value.message_dict) == ["version"]

    def test_a_creator_arranges_nothing(self, family: Family, golden: Image, cast: Cast) -> None:
        for act in (
            lambda: actions.create_family(by=cast.creator, name="x"),
            lambda: actions.put_into_family(golden.pk, family.pk, by=cast.creator, version="1"),
            lambda: actions.dissolve_family(family.pk, by=cast.creator),
            lambda: actions.pin_version(family.pk, golden.pk, by=cast.creator),
        ):
            with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can arrange versions"):
                act()

    def test_families_of_others_are_not_there(self, family: Family, cast: Cast) -> None:
        mine = make_image(cast.beta, cast.bob)
        with pytest.raises(Http404):
            actions.put_into_family(mine.pk, family.pk, by=cast.consumer, version="1")
        with pytest.raises(Http404):
            actions.dissolve_family(family.pk, by=cast.consumer)

    def test_an_image_of_others_joins_nothing(self, golden: Image, cast: Cast) -> None:
        share(golden, cast)
        mine = actions.create_family(by=cast.consumer, name="mine")
        with pytest.raises(PermissionDenied, match="Only Acme Producers"):
            actions.put_into_family(golden.pk, mine.pk, by=cast.consumer, version="1")

    def test_a_version_without_a_family_cannot_be_stored(self, golden: Image) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Image.objects.filter(pk=golden.pk).update(version="1")


class TestChanges:
    def test_an_image_moves_from_one_family_to_another(self, family: Family, versions: list[Image], cast: Cast) -> None:
        other = actions.create_family(by=cast.producer, name="debian-12-web")
        moved = actions.put_into_family(versions[0].pk, other.pk, by=cast.producer, version="1")
        assert moved.family == other
        assert family.versions.count() == 2

    def test_a_version_is_called_otherwise(self, family: Family, versions: list[Image], cast: Cast) -> None:
        renamed = actions.put_into_family(versions[0].pk, family.pk, by=cast.producer, version="1.0")
        assert renamed.version == "1.0"

    def test_saying_the_same_again_changes_nothing(self, family: Family, versions: list[Image], cast: Cast) -> None:
        before = Event.objects.count()
        actions.put_into_family(versions[0].pk, family.pk, by=cast.producer, version="1")
        assert Event.objects.count() == before

    def test_dissolving_leaves_the_images(self, family: Family, versions: list[Image], cast: Cast) -> None:
        actions.pin_version(family.pk, versions[0].pk, by=cast.producer)
        actions.delete(versions[1].pk, by=cast.producer)
        assert actions.dissolve_family(family.pk, by=cast.producer) == "debian-12-base"
        assert not Family.objects.exists()
        assert not Image.objects.filter(family__isnull=False).exists()
        assert not Image.objects.exclude(version="").exists()

    def test_each_is_an_event_of_the_account(self, family: Family, versions: list[Image], cast: Cast) -> None:
        actions.edit_family(family.pk, by=cast.producer, name="debian-12", description="Our base.")
        actions.pin_version(family.pk, versions[0].pk, by=cast.producer)
        actions.unpin_version(family.pk, by=cast.producer)
        actions.dissolve_family(family.pk, by=cast.producer)
        verbs = Event.objects.filter(subject_kind="family", account=cast.acme).order_by("pk")
        assert list(verbs.values_list("verb", flat=True)) == [
            "created", "edited", "rolled back", "follows the newest", "dissolved",
        ]  # fmt: skip
