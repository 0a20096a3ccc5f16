"""Copies: an image of one's own with the data of another one."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.models import Event
from images import actions
from images.models import Image, ImageData, Quota
from images.permissions import Verb, get_image
from images.problems import QuotaExceeded
from sharing.actions import Terms, accept, offer, remove
from sharing.addresses import parse
from sharing.models import Share
from tests.conftest import WorkThrough
from tests.factories import make_image
from tests.people import Cast

pytestmark = pytest.mark.django_db


def share(image: Image, cast: Cast, *, export: bool = True) -> Share:
    [offered] = offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number), terms=Terms(export=export))
    return accept(offered.share.pk, by=cast.consumer)


def test_the_copy_is_the_accounts_own_and_its_data_is_stored_once(golden: Image, cast: Cast) -> None:
    Image.objects.filter(pk=golden.pk).update(description="Hardened.", min_disk=4, ports=[22])
    share(golden, cast)
    copy = actions.copy_image(golden.pk, by=cast.consumer, name="our-debian")
    assert (copy.account, copy.visibility, copy.source) == (cast.beta, "private", "copy")
    assert (copy.data_id, copy.parent_id, copy.region_id) == (golden.data_id, golden.pk, golden.region_id)
    assert (copy.description, copy.min_disk, copy.ports) == ("Hardened.", 4, [22])
    assert ImageData.objects.count() == 1


def test_it_outlives_the_original(golden: Image, cast: Cast, work_through: WorkThrough) -> None:
    given = share(golden, cast)
    copy = actions.copy_image(golden.pk, by=cast.consumer, name="our-debian")
    remove(golden.pk, given.pk, by=cast.producer)
    actions.delete(golden.pk, by=cast.producer)
    work_through()
    kept = get_image(cast.consumer, copy.pk, Verb.EXPORT)
    assert kept.data.removed_at is None


def test_it_counts_for_the_account_once_for_each_data(golden: Image, cast: Cast) -> None:
    share(golden, cast)
    Quota.objects.create(account=cast.beta, bytes=golden.data.size)
    actions.copy_image(golden.pk, by=cast.consumer, name="one")
    actions.copy_image(golden.pk, by=cast.consumer, name="two")
    other = make_image(cast.acme, cast.alice)
    share(other, cast)
    with pytest.raises(QuotaExceeded, match="this needs"):
        actions.copy_image(other.pk, by=cast.consumer, name="three")


def test_the_number_of_images_counts_too(golden: Image, cast: Cast) -> None:
    share(golden, cast)
    Quota.objects.create(account=cast.beta, images=0)
    with pytest.raises(QuotaExceeded):
        actions.copy_image(golden.pk, by=cast.consumer, name="one")
    assert not Image.objects.filter(account=cast.beta).exists()


def test_an_offer_for_booting_only_is_not_copied(golden: Image, cast: Cast) -> None:
    share(golden, cast, export=False)
    with pytest.raises(PermissionDenied, match="booting servers only"):
        actions.copy_image(golden.pk, by=cast.consumer, name="x")


def test_a_pending_offer_is_not_copied(golden: Image, cast: Cast) -> None:
    offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    with pytest.raises(PermissionDenied, match="Accept the offer first"):
        actions.copy_image(golden.pk, by=cast.consumer, name="x")


def test_what_one_cannot_see_is_not_there(golden: Image, cast: Cast) -> None:
    with pytest.raises(Http404):
        actions.copy_image(golden.pk, by=cast.consumer, name="x")


def test_an_observer_copies_nothing(golden: Image, cast: Cast) -> None:
    share(golden, cast)
    with pytest.raises(PermissionDenied, match="Only a creator or an admin of Beta Consumers can copy it"):
        actions.copy_image(golden.pk, by=cast.observer, name="x")


def test_a_deactivated_image_is_not_made_active_by_copying(golden: Image, cast: Cast) -> None:
    actions.deactivate(golden.pk, by=cast.producer)
    with pytest.raises(PermissionDenied, match="deactivated"):
        actions.copy_image(golden.pk, by=cast.producer, name="x")


def test_a_closed_region_takes_no_copies(golden: Image, cast: Cast) -> None:
    cast.iad.closed_at = timezone.now()
    cast.iad.save()
    with pytest.raises(ValidationError, match="takes no new images"):
        actions.copy_image(golden.pk, by=cast.producer, name="x")


def test_a_name_is_needed(golden: Image, cast: Cast) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.copy_image(golden.pk, by=cast.producer, name="")
    assert list(refused.value.message_dict) == ["name"]


def test_both_sides_read_of_it_and_the_producer_reads_no_name(golden: Image, cast: Cast) -> None:
    share(golden, cast)
    actions.copy_image(golden.pk, by=cast.consumer, name="our-debian")
    events = Event.objects.of("image", golden.pk).filter(verb="copied")
    ours, theirs = events.get(account=cast.beta), events.get(account=cast.acme)
    assert ours.actor == cast.bob
    assert (theirs.actor, theirs.address) == (None, cast.beta.grouped_number)
