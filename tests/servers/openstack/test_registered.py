"""Images that are in a cloud already: registered, shared and booted like any other, and shared there as well."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from accounts.actions.groups import close
from accounts.actions.memberships import leave, leave_organization
from accounts.errors import Conflict
from accounts.models import Account, Membership, Organization, User
from accounts.roles import Role
from accounts.viewer import Viewer
from images import actions as images
from images.actions.removal import remove_data
from images.models import Image, ImageData
from images.permissions import Verb, refusal
from images.quotas import Counted, levels_of
from servers import actions
from servers.actions.registering import register_image
from servers.clouds.openstack import OpenStackCloud
from servers.models import CloudKey, CloudMember, RegionCloud
from servers.registering import Registration, look_up
from sharing import actions as sharing
from sharing.grants import sync_grants
from sharing.models import Policy, Share
from sharing.rows import explain
from tests import factories
from tests.conftest import MoveClock, WorkThrough
from tests.people import Cast
from tests.servers.conftest import boot, fresh
from tests.servers.openstack.conftest import DISK, Bytes, source
from tests.servers.openstack.standin import SECRET, Refused, StandIn
from tests.sharing.conftest import offer_one

SignedIn = Callable[[User], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commit_at_once", "keys")]


@pytest.fixture
def signed_in(client: Client) -> SignedIn:
    """The browser of somebody."""

    def signed_in(user: User) -> Client:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def place(there: StandIn) -> str:
    """The id of an image in the producer's project."""
    return OpenStackCloud(there.access).bring(source(name="Debian 13"), Bytes(DISK))


@pytest.fixture
def registered(cast: Cast, place: str) -> Image:
    """The same, registered by the producer."""
    return register(cast, place)


@pytest.fixture
def accepted(cast: Cast, registered: Image, work_through: WorkThrough) -> Share:
    """Shared with the consumer, who has accepted it; the workers have done their part."""
    share = sharing.accept(offer_one(registered, cast.producer, cast.beta.number).pk, by=cast.consumer)
    work_through()
    return share


def register(cast: Cast, place: str, **said: str) -> Image:
    wanted = Registration(region=cast.iad, cloud_id=place, **said)
    return register_image(wanted, look_up(wanted, by=cast.producer), by=cast.producer)


def had_through_its_organization(cast: Cast, share: Share) -> Organization:
    """As if not the consumer's account, but its organization had accepted."""
    organization = cast.beta.organization
    assert organization
    Share.objects.filter(pk=share.pk).update(recipient=organization.group_ptr, kind="organization")
    return organization


class TestRegistering:
    def test_takes_what_the_cloud_says(self, cast: Cast, registered: Image, place: str) -> None:
        data = registered.data
        assert (registered.name, registered.source, registered.visibility) == ("Debian 13", "registered", "private")
        assert (data.size, data.disk_format, data.place_in_cloud) == (len(DISK), "qcow2", place)
        assert data.checksum == source().md5
        assert data.os_hash_value == source().sha512

    def test_twice_is_a_conflict(self, cast: Cast, registered: Image, place: str) -> None:
        with pytest.raises(Conflict, match="registered already"):
            register(cast, place)

    def test_again_after_it_was_deleted(self, cast: Cast, there: StandIn, registered: Image, place: str) -> None:
        images.delete(registered.pk, by=cast.producer)
        remove_data(registered.data)
        assert ImageData.objects.get().removed_at
        assert place in there.images, "In the cloud it is its owner's."
        assert register(cast, place, name="Once more").name == "Once more"
        assert ImageData.objects.get().removed_at is None

    def test_only_the_owner_there(self, cast: Cast, there: StandIn, place: str) -> None:
        there.members[place] = {there.other_project: "accepted"}
        with pytest.raises(ValidationError, match="belongs to another project"):
            look_up(Registration(region=cast.iad, cloud_id=place), by=cast.consumer)

    def test_nobody_else_sees_it(self, cast: Cast, place: str) -> None:
        with pytest.raises(ValidationError, match="has no image"):
            look_up(Registration(region=cast.iad, cloud_id=place), by=cast.consumer)

    def test_needs_a_key(self, cast: Cast, place: str) -> None:
        CloudKey.objects.all().delete()
        with pytest.raises(ValidationError, match="has no cloud key for"):
            look_up(Registration(region=cast.iad, cloud_id=place), by=cast.producer)

    def test_needs_a_creator(self, cast: Cast, place: str) -> None:
        with pytest.raises(PermissionDenied):
            look_up(Registration(region=cast.iad, cloud_id=place), by=cast.observer)

    def test_counts_as_an_image_without_bytes(self, cast: Cast, registered: Image) -> None:
        levels = levels_of(cast.acme)
        assert (levels[Counted.IMAGES].used, levels[Counted.BYTES].used) == (1, 0)

    @pytest.mark.parametrize("verb", [Verb.EXPORT, Verb.COPY, Verb.LOOK_INSIDE, Verb.HAND_OVER])
    def test_its_data_is_not_here(self, cast: Cast, registered: Image, verb: Verb) -> None:
        assert "never came here" in refusal(cast.producer, verb, registered)


class TestMembers:
    def test_an_offer_lets_nobody_in(
        self, cast: Cast, there: StandIn, registered: Image, work_through: WorkThrough
    ) -> None:
        offer_one(registered, cast.producer, cast.beta.number)
        work_through()
        assert not there.members

    def test_acceptance_does(self, there: StandIn, accepted: Share, place: str) -> None:
        assert there.members[place] == {there.other_project: "accepted"}
        assert CloudMember.objects.get().accepted_at

    def test_a_removal_ends_it(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        sharing.remove(accepted.image_id, accepted.pk, by=cast.producer)
        work_through()
        assert there.members[place] == {}
        assert not CloudMember.objects.exists()

    def test_an_offer_for_booting_only_lets_nobody_in(
        self, cast: Cast, there: StandIn, registered: Image, work_through: WorkThrough
    ) -> None:
        sharing.accept(offer_one(registered, cast.producer, cast.beta.number, export=False).pk, by=cast.consumer)
        work_through()
        assert not there.members, "Whoever is in can download the image there."
        assert "They see it and cannot boot it" in explain(Share.objects.get(), Image.objects.get())
        assert not CloudMember.objects.exists()

    def test_a_change_to_booting_only(
        self, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        Share.objects.filter(pk=accepted.pk).update(export=False)
        sync_grants(accepted.image, accepted.recipient)
        work_through()
        assert there.members[place] == {}

    def test_a_policy_of_the_consumer_is_asked(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        Policy.objects.create(group=cast.beta.group_ptr, mode=Policy.Mode.ENFORCED, only_trusted=True)
        actions.attend_to_all_members()
        work_through()
        assert there.members[place] == {}

    def test_so_does_the_account_leaving_the_organization_that_has_it(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        organization = had_through_its_organization(cast, accepted)
        actions.attend_to_all_members()
        work_through()
        assert there.members[place] == {there.other_project: "accepted"}
        Membership.objects.filter(group=organization.pk).delete()
        leave_organization(by=cast.consumer)
        work_through()
        assert there.members[place] == {}

    def test_so_does_the_last_person_leaving_the_group_that_has_it(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        organization = had_through_its_organization(cast, accepted)
        Account.objects.filter(pk=cast.beta.pk).update(organization=None)
        Membership.objects.filter(group=organization.pk).exclude(user=cast.bob).delete()
        factories.join(cast.alice, organization, Role.MANAGER)  # who stays, and is in other accounts
        actions.attend_to_all_members()
        work_through()
        assert there.members[place] == {there.other_project: "accepted"}
        leave(organization, by=cast.consumer)
        work_through()
        assert there.members[place] == {}

    def test_so_does_leaving(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        sharing.leave(accepted.image_id, by=cast.consumer)
        work_through()
        assert there.members[place] == {}

    @pytest.mark.parametrize("end", ["delete", "deactivate", "private"])
    def test_so_does_the_end_of_the_image(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough, end: str
    ) -> None:
        image = accepted.image
        if end == "private":
            images.set_visibility(image.pk, by=cast.producer, visibility="private")
        else:
            getattr(images, end)(image.pk, by=cast.producer)
        work_through()
        assert there.members[place] == {}

    def test_so_does_the_clock(
        self, there: StandIn, accepted: Share, place: str, work_through: WorkThrough, move_clock: MoveClock
    ) -> None:
        Share.objects.update(access_until=timezone.now() + timedelta(days=1))
        move_clock(timedelta(days=2))
        assert actions.attend_to_all_members() == 1
        work_through()
        assert there.members[place] == {}

    def test_members_that_were_added_by_hand_stay(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        there.members[place]["by-hand"] = "accepted"
        sharing.remove(accepted.image_id, accepted.pk, by=cast.producer)
        work_through()
        assert there.members[place] == {"by-hand": "accepted"}

    def test_a_cloud_that_is_out_of_order_is_asked_again(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        there.refusals["DELETE /image/v2/images/.*/members"] = Refused(503, "Maintenance.")
        sharing.remove(accepted.image_id, accepted.pk, by=cast.producer)
        work_through()
        assert "out of order" in CloudMember.objects.get().problem
        there.refusals.clear()
        actions.attend_to_all_members()
        work_through()
        assert there.members[place] == {}

    def test_a_key_of_another_project_ends_nothing_and_says_so(
        self,
        cast: Cast,
        there: StandIn,
        accepted: Share,
        place: str,
        work_through: WorkThrough,
        signed_in: SignedIn,
    ) -> None:
        CloudKey.objects.filter(account=cast.acme).update(credential_id="third", project_id="third")
        sharing.remove(accepted.image_id, accepted.pk, by=cast.producer)
        work_through()
        assert there.members[place] == {there.other_project: "accepted"}
        assert "not of the project to which the image belongs" in CloudMember.objects.get().problem
        answer = signed_in(cast.alice).get(reverse("image_detail", args=[cast.acme.number, accepted.image_id]))
        assertContains(answer, "still shared with 1 project that should not have it any more")
        assertContains(answer, "not of the project to which the image belongs")

    def test_of_an_image_that_was_deleted_there_nothing_is_left(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        OpenStackCloud(there.access).remove([place])
        sharing.remove(accepted.image_id, accepted.pk, by=cast.producer)
        work_through()
        assert not CloudMember.objects.exists()

    def test_a_key_of_another_project_is_not_taken_while_images_are_there(self, cast: Cast, registered: Image) -> None:
        said = {"credential_id": "third", "secret": "s", "project_id": "third"}
        with pytest.raises(ValidationError, match="servers and images that you have there"):
            actions.save_cloud_key(cast.iad, by=cast.producer, **said)
        images.delete(registered.pk, by=cast.producer)
        assert actions.save_cloud_key(cast.iad, by=cast.producer, **said).project_id == "third"

    def test_the_key_stays_while_somebody_has_images_by_it(
        self, cast: Cast, accepted: Share, work_through: WorkThrough, signed_in: SignedIn
    ) -> None:
        page = signed_in(cast.alice).get(reverse("cloud_key_remove", args=[cast.acme.number, "IAD"]))
        assertContains(page, "1 other account has images of yours")
        with pytest.raises(Conflict, match="1 other account has images of yours"):
            actions.remove_cloud_key(cast.iad, by=cast.producer)
        sharing.remove(accepted.image_id, accepted.pk, by=cast.producer)
        work_through()
        assert actions.remove_cloud_key(cast.iad, by=cast.producer).removed_at

    def test_another_key_of_the_consumer_does_not_let_a_second_project_in(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        said = {"credential_id": "third", "secret": SECRET, "project_id": "third"}
        actions.save_cloud_key(cast.iad, by=cast.consumer, **said)
        work_through()
        assert there.members[place] == {"third": "accepted"}
        actions.remove_cloud_key(cast.iad, by=cast.consumer)
        work_through()
        assert there.members[place] == {}

    def test_a_share_that_goes_while_the_cloud_lets_somebody_in(
        self, cast: Cast, there: StandIn, registered: Image, place: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        share = sharing.accept(offer_one(registered, cast.producer, cast.beta.number).pk, by=cast.consumer)
        accept = OpenStackCloud.accept

        def accept_late(cloud: OpenStackCloud, image_id: str) -> None:
            accept(cloud, image_id)
            Share.objects.filter(pk=share.pk).update(access_until=timezone.now())

        monkeypatch.setattr(OpenStackCloud, "accept", accept_late)
        actions.attend_to_members(registered.pk)
        assert there.members[place] == {}
        assert not CloudMember.objects.exists()

    def test_a_key_that_comes_later_lets_in(
        self, cast: Cast, there: StandIn, registered: Image, place: str, work_through: WorkThrough
    ) -> None:
        CloudKey.objects.filter(account=cast.beta).update(project_id="")
        sharing.accept(offer_one(registered, cast.producer, cast.beta.number).pk, by=cast.consumer)
        work_through()
        assert not there.members
        CloudKey.objects.filter(account=cast.beta).update(project_id=there.other_project)
        actions.attend_to_all_members()
        work_through()
        assert there.members[place] == {there.other_project: "accepted"}


class TestBooting:
    def test_boots_what_lies_there(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        server = boot(cast.consumer, accepted.image)
        work_through()
        assert (fresh(server).status, fresh(server).problem) == ("running", "")
        assert [each["image"]["id"] for each in there.servers.values()] == [place]
        assert len(there.images) == 1, "Nothing was brought there."

    def test_lets_in_at_the_latest_then(
        self, cast: Cast, there: StandIn, registered: Image, place: str, work_through: WorkThrough
    ) -> None:
        sharing.accept(offer_one(registered, cast.producer, cast.beta.number).pk, by=cast.consumer)
        server = boot(cast.consumer, registered)
        actions.attend_to_server(server.pk)
        assert fresh(server).status == "running"
        assert there.members[place] == {there.other_project: "accepted"}

    def test_a_share_that_was_removed_meanwhile_wins(
        self, cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
    ) -> None:
        server = boot(cast.consumer, accepted.image)
        sharing.remove(accepted.image_id, accepted.pk, by=cast.producer)
        work_through()
        assert fresh(server).status == "failed"
        assert "is no longer shared with" in fresh(server).problem
        assert there.members[place] == {}
        assert not there.servers

    def test_what_is_for_booting_only_is_refused_where_it_could_be_downloaded(
        self, cast: Cast, registered: Image
    ) -> None:
        share = sharing.accept(offer_one(registered, cast.producer, cast.beta.number).pk, by=cast.consumer)
        Share.objects.filter(pk=share.pk).update(export=False)
        sync_grants(share.image, share.recipient)
        with pytest.raises(ValidationError, match="for booting only"):
            boot(cast.consumer, registered)


class TestPage:
    def address(self, viewer: Viewer) -> str:
        return reverse("image_register", kwargs={"number": viewer.account.number})

    def test_registers_and_shows_the_image(self, cast: Cast, place: str, signed_in: SignedIn) -> None:
        client = signed_in(cast.alice)
        answer = client.post(self.address(cast.producer), {"region": cast.iad.pk, "cloud_id": place}, follow=True)
        image = Image.objects.get()
        assert answer.redirect_chain[-1][0].endswith(f"/{image.pk}/")
        assertContains(answer, "“Debian 13” is registered.")
        assertContains(answer, "its data never came here")
        assertContains(answer, place)
        assertContains(answer, source().sha512)
        assertNotContains(answer, "Nobody has looked inside yet")

    def test_keeps_what_was_typed_and_says_what_is_wrong(self, cast: Cast, signed_in: SignedIn) -> None:
        wrong = "7d1b2c3a-4e5f-6789-abcd-ef0123456789"
        said = {"region": cast.iad.pk, "cloud_id": wrong, "name": "Mine"}
        answer = signed_in(cast.alice).post(self.address(cast.producer), said)
        assertContains(answer, f"has no image &#x27;{wrong}&#x27; for this key.", status_code=422)
        assertContains(answer, 'value="Mine"', status_code=422)

    def test_without_a_key_it_leads_to_where_one_is_added(self, cast: Cast, signed_in: SignedIn) -> None:
        CloudKey.objects.all().delete()
        answer = signed_in(cast.alice).get(self.address(cast.producer))
        assertContains(answer, reverse("cloud_key_list", kwargs={"number": cast.acme.number}))
        assertNotContains(answer, "ID of the image there")

    def test_a_key_of_others_opens_nothing(self, cast: Cast, place: str, signed_in: SignedIn) -> None:
        CloudKey.objects.filter(account=cast.acme).delete()
        answer = signed_in(cast.alice).post(self.address(cast.producer), {"region": cast.iad.pk, "cloud_id": place})
        assert answer.status_code == 422
        assert not Image.objects.exists()

    @pytest.mark.parametrize(
        ("what", "value"),
        [("architecture", "x" * 40), ("min_disk", 2**31), ("virtual_size", 2**64), ("container_format", "x" * 40)],
    )
    def test_what_a_cloud_says_and_does_not_fit_is_told(
        self, cast: Cast, there: StandIn, place: str, signed_in: SignedIn, what: str, value: object
    ) -> None:
        there.images[place][what] = value
        answer = signed_in(cast.alice).post(self.address(cast.producer), {"region": cast.iad.pk, "cloud_id": place})
        assertContains(answer, "What the cloud says of it cannot be kept here", status_code=422)
        assert not ImageData.objects.exists()

    def test_is_a_way_to_add_where_a_region_has_such_a_cloud(self, cast: Cast, signed_in: SignedIn) -> None:
        client, images_url = signed_in(cast.alice), reverse("image_list", kwargs={"number": cast.acme.number})
        assertContains(client.get(images_url), self.address(cast.producer))
        RegionCloud.objects.update(kind=RegionCloud.Kind.LOCAL, auth_url="")
        assertNotContains(client.get(images_url), self.address(cast.producer))


def test_the_key_of_a_closed_account_is_kept_until_nobody_is_let_in_by_it(
    cast: Cast, there: StandIn, accepted: Share, place: str, work_through: WorkThrough
) -> None:
    there.refusals["DELETE /image/v2/images/.*/members"] = Refused(503, "Maintenance.")
    close(cast.acme, by=cast.producer)
    work_through()
    assert actions.forget_cloud_keys() == 0
    there.refusals.clear()
    actions.attend_to_all_members()
    work_through()
    assert there.members[place] == {}
    assert actions.forget_cloud_keys() == 1
