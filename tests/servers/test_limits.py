"""Whoever may only boot a shared image gets its data by no snapshot, whatever becomes of that afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from accounts.addresses import parse_one
from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.actions import copy_image, plan_change, publish, set_visibility, start_conversion
from images.models import Image
from images.permissions import BOOT_ONLY, NOT_PASSED_ON, Verb, get_image, may, visibility_refusal
from servers import actions
from servers.models import Flavor, Server, Snapshot
from sharing import actions as sharing
from sharing.actions import Wish
from sharing.models import Share
from tests.factories import viewer
from tests.people import Cast
from tests.servers.conftest import boot, running
from tests.servers.memory import MemoryCloud
from tests.sharing.conftest import grants, offer_all, offer_one

pytestmark = pytest.mark.django_db


def kept(server: Server, by: Viewer) -> Image:
    """An image made from a server."""
    snapshot = actions.start_snapshot(server.pk, by=by, name="kept")
    actions.run_snapshot(snapshot.pk)
    image = Snapshot.objects.get(pk=snapshot.pk).image
    assert image
    return image


@pytest.fixture
def boot_only(cast: Cast, golden: Image, small: Flavor, cloud: MemoryCloud) -> Share:
    """The image golden, accepted by Beta Consumers for booting only."""
    return sharing.accept(offer_one(golden, cast.producer, cast.beta.number, export=False).pk, by=cast.consumer)


@pytest.fixture
def limited(cast: Cast, boot_only: Share) -> Image:
    """What Beta Consumers have kept of a server of golden."""
    return kept(running(boot(cast.consumer, boot_only.image)), cast.consumer)


def takes(by: Viewer, image: Image) -> list[Verb]:
    """What of its data somebody gets."""
    return [verb for verb in (Verb.EXPORT, Verb.COPY) if may(by, verb, Image.objects.get(pk=image.pk))]


class TestWhoseLimitsHold:
    def test_those_of_what_could_only_be_booted(self, cast: Cast, limited: Image, golden: Image) -> None:
        assert limited.limits_from == golden
        assert takes(cast.consumer, limited) == []
        assert may(cast.consumer, Verb.USE, limited)

    def test_nobodys_where_the_data_was_given(self, cast: Cast, server: Server) -> None:
        image = kept(server, cast.consumer)
        assert image.limits_from is None
        assert takes(cast.consumer, image) == [Verb.EXPORT, Verb.COPY]

    def test_nobodys_of_an_own_image(self, cast: Cast, golden: Image, small: Flavor, cloud: MemoryCloud) -> None:
        assert kept(running(boot(cast.producer, golden)), cast.producer).limits_from is None

    def test_those_of_one_that_was_taken_back(self, cast: Cast, server: Server, lent: Share, golden: Image) -> None:
        sharing.remove(golden.pk, lent.pk, by=cast.producer)
        assert kept(server, cast.consumer).limits_from == golden

    def test_nobodys_where_its_end_had_come_but_its_data_was_given(
        self, cast: Cast, server: Server, golden: Image
    ) -> None:
        Image.objects.filter(pk=golden.pk).update(
            status="deactivated", deactivated_at=golden.created_at, deactivated_by=cast.alice
        )
        assert kept(server, cast.consumer).limits_from is None

    def test_the_moment_in_which_it_is_there_decides(self, cast: Cast, boot_only: Share) -> None:
        server = running(boot(cast.consumer, boot_only.image))
        snapshot = actions.start_snapshot(server.pk, by=cast.consumer, name="kept")
        sharing.remove(boot_only.image_id, boot_only.pk, by=cast.producer)
        again = offer_one(boot_only.image, cast.producer, cast.beta.number, export=True)
        sharing.accept(again.pk, by=cast.consumer)
        actions.run_snapshot(snapshot.pk)
        assert Image.objects.get(name="kept").limits_from is None

    def test_they_are_handed_on(self, cast: Cast, limited: Image, golden: Image) -> None:
        child = kept(running(boot(cast.consumer, limited)), cast.consumer)
        assert (child.parent, child.limits_from) == (limited, golden)
        assert takes(cast.consumer, child) == []


class TestNoWayRound:
    @pytest.mark.parametrize(
        "take",
        [
            lambda image, by: get_image(by, image.pk, Verb.EXPORT),
            lambda image, by: copy_image(image.pk, by=by, name="mine"),
            lambda image, by: start_conversion(image.pk, by=by, disk_format="raw", name="mine"),
        ],
        ids=["download", "copy", "conversion"],
    )
    def test_not_by_its_owner(self, take: Callable[[Image, Viewer], object], cast: Cast, limited: Image) -> None:
        with pytest.raises(PermissionDenied, match="could only be booted"):
            take(limited, cast.consumer)

    def test_not_by_a_page(self, cast: Cast, limited: Image, client: Client) -> None:
        client.force_login(cast.bob)
        answer = client.get(f"/a/{cast.beta.number}/images/{limited.pk}/download/")
        assert (answer.status_code, BOOT_ONLY in answer.content.decode()) == (403, True)

    def test_not_by_offering_it_with_its_data(self, cast: Cast, limited: Image) -> None:
        share = offer_one(limited, cast.consumer, cast.rival.number, export=True)
        rhea = viewer(cast.rhea, cast.rival)
        sharing.accept(share.pk, by=rhea)
        assert not Share.objects.get(pk=share.pk).export
        assert grants(limited)[cast.rival.pk] == {"VIEW", "USE"}
        assert takes(rhea, limited) == []

    def test_not_by_a_share_that_says_otherwise(self, cast: Cast, limited: Image) -> None:
        share = offer_one(limited, cast.consumer, cast.rival.number)
        Share.objects.filter(pk=share.pk).update(export=True)
        rhea = viewer(cast.rhea, cast.rival)
        sharing.accept(share.pk, by=rhea)
        assert takes(rhea, limited) == []

    def test_not_by_a_snapshot_of_whom_it_was_shared_with(self, cast: Cast, limited: Image, golden: Image) -> None:
        rhea = viewer(cast.rhea, cast.rival)
        sharing.accept(offer_one(limited, cast.consumer, cast.rival.number).pk, by=rhea)
        child = kept(running(boot(rhea, limited)), rhea)
        assert (child.limits_from, takes(rhea, child)) == (golden, [])

    @pytest.mark.parametrize("visibility", ["community", "public"])
    def test_not_by_opening_it_to_all(self, cast: Cast, limited: Image, visibility: str) -> None:
        with pytest.raises(PermissionDenied):
            set_visibility(limited.pk, by=cast.consumer, visibility=visibility)
        assert visibility_refusal(cast.consumer, "community", limited) == NOT_PASSED_ON
        with pytest.raises(PermissionDenied, match="could only be booted"):
            plan_change(
                limited.pk,
                by=cast.consumer,
                change="visibility",
                visibility="community",
                at=timezone.now() + timedelta(days=1),
            )

    def test_not_by_staff(self, cast: Cast, limited: Image) -> None:
        with pytest.raises(Conflict, match="could only be booted"):
            publish(limited.pk, by=cast.root)

    @pytest.mark.parametrize("verb", [Verb.HAND_OVER, Verb.ASK_FOR_PUBLIC, Verb.LOOK_INSIDE])
    def test_its_owner_may_not(self, cast: Cast, limited: Image, verb: Verb) -> None:
        with pytest.raises(PermissionDenied, match="could only be booted"):
            get_image(cast.consumer, limited.pk, verb)

    def test_not_by_the_marketplace(self, cast: Cast, limited: Image) -> None:
        with pytest.raises(ValidationError, match="to download too"):
            offer_all(limited, cast.consumer, "hubfirst")

    def test_not_by_handing_it_over(self, cast: Cast, limited: Image) -> None:
        with pytest.raises(PermissionDenied, match="could only be booted"):
            sharing.ask_to_take_over(limited.pk, by=cast.consumer, wish=Wish(parse_one(cast.producer.account.number)))

    def test_not_where_many_are_asked_for(self, cast: Cast, limited: Image) -> None:
        assert limited not in Image.objects.exportable_by(cast.consumer)
        assert not cast.bob.has_perm("images.export_image", limited)


class TestSaid:
    def test_the_box_offers_no_data(self, cast: Cast, limited: Image, client: Client) -> None:
        client.force_login(cast.bob)
        page = client.get(f"/a/{cast.beta.number}/images/{limited.pk}/share/")
        assert page.context["form"].fields["export"].disabled
        assert BOOT_ONLY in page.content.decode()
