"""Members of images without data: they stand in the plan, and are asked when there is an image."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Event, Membership, Notification, User
from accounts.roles import Role
from api.actions import make_credential, revoke_credential
from images.actions import NewImage, plan_image
from images.models import Image, Region, Upload
from sharing import actions
from sharing.actions.planned import MOST_PLANNED
from sharing.models import OfferRequest, Rules, Share
from sharing.naming import name_from
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.api.image.sending import put, queue
from tests.people import Cast

pytestmark = pytest.mark.django_db

NOBODY = "1000000008"  # a number that no account has


@pytest.fixture
def upload(cast: Cast) -> Upload:
    return queue(cast)


@pytest.fixture
def url(upload: Upload) -> str:
    return f"/image/v2/images/{upload.pk}/members"


def add(program: Program, url: str, *named: str) -> list[int]:
    return [program.post(url, json={"member": name}).status_code for name in named]


def listed(program: Program, url: str) -> dict[str, str]:
    return {member["member_id"]: member["status"] for member in program.get(url).json()["members"]}


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


class TestBeforeTheData:
    def test_a_member_is_noted_and_nobody_is_asked(
        self, program: Program, cast: Cast, upload: Upload, url: str
    ) -> None:
        answer = program.post(url, json={"member": cast.beta.number})

        said = answer.json()
        assert answer.status_code == 200
        assert set(said) == {"member_id", "image_id", "status", "created_at", "updated_at", "schema"}
        assert (said["member_id"], said["image_id"]) == (cast.beta.number, str(upload.pk))
        assert (said["status"], said["schema"]) == ("pending", "/v2/schemas/member")
        assert program.get(f"{url}/{cast.beta.number}").json() == said
        assert program.get(url).json()["members"] == [said]
        assert not Share.objects.exists()
        assert not Event.objects.filter(verb="offered").exists()
        assert not Notification.objects.exists()

    def test_the_recipient_sees_nothing(self, program: Program, consumer: Program, cast: Cast, url: str) -> None:
        add(program, url, cast.beta.number)
        own, image = f"{url}/{cast.beta.number}", url.removesuffix("/members")

        asked = [consumer.get(url), consumer.get(own), consumer.put(own, json={"status": "accepted"})]
        asked += [consumer.delete(own), consumer.get(image), consumer.post(url, json={"member": NOBODY})]

        assert [answer.status_code for answer in asked] == [404] * 6
        assert consumer.get("/image/v2/images?member_status=all").json()["images"] == []

    def test_all_kinds_of_names_keep_their_order(self, program: Program, cast: Cast, url: str) -> None:
        named = ["bob", "nobody@example.net", NOBODY, cast.beta.number]

        assert add(program, url, *named) == [200] * 4
        assert list(listed(program, url)) == named

    def test_a_second_time_is_a_duplicate(self, program: Program, cast: Cast, upload: Upload, url: str) -> None:
        add(program, url, cast.beta.number)

        again = program.post(url, json={"member": cast.beta.grouped_number})

        assert again.status_code == 409
        assert f"Member {cast.beta.number} is duplicated for image {upload.pk}" in text_of(again)

    def test_a_member_is_taken_out_again(self, program: Program, cast: Cast, url: str) -> None:
        add(program, url, "bob", cast.beta.number)

        assert program.delete(f"{url}/{cast.beta.number}").status_code == 204
        assert program.delete(f"{url}/{cast.beta.number}").status_code == 404
        assert program.get(f"{url}/{cast.beta.number}").status_code == 404
        assert listed(program, url) == {"bob": "pending"}

    def test_the_own_account_is_none(self, program: Program, cast: Cast, url: str) -> None:
        answer = program.post(url, json={"member": cast.acme.number})

        assert answer.status_code == 400
        assert "owns this image" in text_of(answer)

    @pytest.mark.parametrize("named", ["1000000009", "", "a b", "code:x", "group:x", "\x00", 7, None])
    def test_what_can_be_no_name_is_refused(self, program: Program, url: str, named: object) -> None:
        assert program.post(url, json={"member": named}).status_code == 400

    def test_a_group_of_others_is_refused_as_one_that_never_was(self, program: Program, cast: Cast, url: str) -> None:
        assert add(program, url, f"organization:{cast.beta.pk}", "group:999999") == [403, 403]

    def test_what_rules_forbid_is_refused_at_once(self, program: Program, cast: Cast, url: str) -> None:
        forbid(cast)

        assert add(program, url, cast.beta.number) == [400]
        assert listed(program, url) == {}

    def test_only_what_will_be_shared_has_members(self, program: Program, cast: Cast) -> None:
        url = f"/image/v2/images/{queue(cast, visibility='private').pk}/members"

        assert add(program, url, "bob") == [403]
        assert program.get(url).status_code == 403

    def test_also_where_that_changes_between_two_steps(self, cast: Cast) -> None:
        private = queue(cast, visibility="private")

        with pytest.raises(PermissionDenied, match="Only shared images have members"):
            actions.add_planned(private.pk, name_from("bob"), by=cast.producer)

    def test_there_is_room_for_so_many(self, program: Program, upload: Upload, url: str) -> None:
        add(program, url, "bob")
        plan = Upload.objects.get(pk=upload.pk).plan or {}
        notes = [plan["members"][0] | {"name": f"user{number}"} for number in range(MOST_PLANNED)]
        Upload.objects.update(plan=plan | {"members": notes})

        assert add(program, url, "dave", "user5") == [413, 409]
        assert program.delete(f"{url}/user5").status_code == 204
        assert add(program, url, "dave") == [200]

    def test_the_producer_decides_for_nobody(self, program: Program, cast: Cast, url: str) -> None:
        add(program, url, cast.beta.number)

        assert program.put(f"{url}/{cast.beta.number}", json={"status": "accepted"}).status_code == 403
        assert program.put(f"{url}/{NOBODY}", json={"status": "accepted"}).status_code == 404

    def test_a_patch_keeps_them(self, program: Program, cast: Cast, url: str) -> None:
        add(program, url, cast.beta.number)
        changes = [{"op": "replace", "path": "/name", "value": "noble"}]

        content_type = "application/openstack-images-v2.1-json-patch"
        patched = program.patch(url.removesuffix("/members"), json=changes, content_type=content_type)

        assert patched.status_code == 200
        assert listed(program, url) == {cast.beta.number: "pending"}

    def test_the_service_of_another_region_knows_nothing_of_it(self, program: Program, url: str) -> None:
        assert add(program, url.replace("/v2", "/DFW/v2"), "bob") == [404]
        assert add(program, url.replace("/v2", "/IAD/v2"), "bob") == [200]

    def test_many_shares_at_once_need_the_data(self, program: Program, url: str) -> None:
        shares = url.replace("/members", "/shares")

        assert program.post(shares, json={"recipients": ["bob"]}).status_code == 409


class TestWhoMay:
    def test_an_observer_knows_nothing_of_it(self, api: MakeProgram, program: Program, cast: Cast, url: str) -> None:
        add(program, url, "bob")
        factories.join(cast.erin, cast.acme, Role.OBSERVER)
        observer = api(factories.viewer(cast.erin, cast.acme))

        assert add(observer, url, "dave") == [404]
        assert [observer.get(url).status_code, observer.delete(f"{url}/bob").status_code] == [404, 404]

    def test_nor_does_a_credential_of_that_role(self, api: MakeProgram, cast: Cast, url: str) -> None:
        credential = make_credential(by=cast.producer, name="looks", role=Role.OBSERVER)[0]

        assert add(api(cast.producer, credential=credential), url, "bob") == [404]

    def test_a_creator_adds_to_own_ones_alone(self, api: MakeProgram, cast: Cast, url: str) -> None:
        creator = api(cast.creator)
        made = creator.post("/image/v2/images", json={"name": "queued"}).json()
        own = f"/image/v2/images/{made['id']}/members"

        assert add(creator, own, "bob") == [200]
        assert creator.delete(f"{own}/bob").status_code == 204
        assert add(creator, url, "bob") == [404]

    def test_another_account_hears_what_it_hears_of_what_never_was(
        self, api: MakeProgram, cast: Cast, url: str
    ) -> None:
        stranger, never = api(factories.viewer(cast.rhea, cast.rival)), "00000000-0000-4000-8000-000000000000"
        pk = url.split("/")[-2]

        answers = [stranger.post(url.replace(pk, one), json={"member": "bob"}) for one in (pk, never)]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert text_of(answers[0]).replace(pk, never) == text_of(answers[1])


def forbid(cast: Cast, outside: Rules.Outside = Rules.Outside.FORBIDDEN) -> None:
    """Let the organization of Acme forbid what goes outside."""
    Rules.objects.create(organization=cast.acme_group, outside=outside)


def told(person: User) -> str:
    """What somebody was told of those who could not be asked."""
    return Notification.objects.get(user=person, subject__contains="not everybody was asked").body


@pytest.mark.usefixtures("image_store")
class TestOnceItIsThere:
    def test_the_whole_way(self, program: Program, consumer: Program, cast: Cast, upload: Upload, url: str) -> None:
        add(program, url, cast.beta.number, NOBODY)

        assert put(program, upload).status_code == 204

        own = f"{url}/{cast.beta.number}"
        assert listed(program, url) == {cast.beta.number: "pending", NOBODY: "pending"}
        assert consumer.get(own).json()["status"] == "pending"
        assert Event.objects.filter(verb="offered", actor=cast.alice).count() == 2
        assert consumer.put(own, json={"status": "accepted"}).json()["status"] == "accepted"
        assert program.get(own).json()["status"] == "accepted"
        assert [image["id"] for image in consumer.get("/image/v2/images").json()["images"]] == [str(upload.pk)]

    def test_whoever_was_taken_out_is_not_asked(self, program: Program, upload: Upload, url: str) -> None:
        add(program, url, "bob")
        program.delete(f"{url}/bob")

        put(program, upload)

        assert not Share.objects.exists()

    def test_it_is_asked_also_where_the_panel_would_accept(
        self, program: Program, cast: Cast, upload: Upload, url: str
    ) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
        add(program, url, cast.beta.number)

        put(program, upload)

        assert Share.objects.get().status == "pending"

    def test_no_longer_shared_it_is_offered_to_nobody(
        self, program: Program, cast: Cast, upload: Upload, url: str
    ) -> None:
        add(program, url, "bob")
        Upload.objects.update(plan=(Upload.objects.get().plan or {}) | {"visibility": "private"})

        put(program, upload)

        assert Image.objects.get(pk=upload.pk).visibility == "private"
        assert not Share.objects.exists()

    def test_beyond_the_limit_of_the_day_the_image_comes_and_it_is_told(
        self, program: Program, cast: Cast, upload: Upload, url: str, settings: Settings
    ) -> None:
        settings.OFFERS_PER_DAY = 2
        assert add(program, url, "bob", "dave", "trudy") == [200] * 3

        assert put(program, upload).status_code == 204

        assert list(listed(program, url)) == ["bob", "dave"]
        assert "trudy: You and Acme Producers have made 2 offers today" in told(cast.alice)

    def test_what_rules_forbid_by_then_is_told(self, program: Program, cast: Cast, upload: Upload, url: str) -> None:
        inside = factories.make_account("Acme Tests", cast.rhea, organization=cast.acme_group)
        add(program, url, cast.beta.number, inside.number)
        forbid(cast)

        put(program, upload)

        assert listed(program, url) == {inside.number: "pending"}
        assert f"{cast.beta.number}: " in told(cast.alice)
        assert inside.number not in told(cast.alice)

    def test_what_a_second_person_has_to_approve_waits(
        self, program: Program, cast: Cast, upload: Upload, url: str
    ) -> None:
        forbid(cast, outside=Rules.Outside.APPROVAL)
        add(program, url, cast.beta.number)

        put(program, upload)

        assert OfferRequest.objects.open().get().address == cast.beta.number
        [member] = program.get(url).json()["members"]
        assert member["stockroom_held"] is True

    def test_who_finishes_it_in_the_panel_asks_them_too(
        self, program: Program, cast: Cast, upload: Upload, url: str
    ) -> None:
        add(program, url, "bob")
        Region.objects.filter(pk=cast.iad.pk).update(closed_at=timezone.now())
        Upload.objects.update(status=Upload.Status.RECEIVED, data=factories.make_data(), problem="It is closed.")

        plan_image(upload.pk, by=cast.producer, new=NewImage("moved", cast.dfw, "shared"))

        assert Share.objects.get().address == "bob"

    def test_staged_data_asks_when_it_is_used(self, program: Program, cast: Cast, upload: Upload, url: str) -> None:
        add(program, url, cast.beta.number)
        put(program, upload, to="stage")
        assert not Share.objects.exists()
        assert add(program, url, "bob") == [200]

        used = program.post(url.replace("members", "import"), json={"method": {"name": "glance-direct"}})

        assert used.status_code == 202
        assert listed(program, url) == {cast.beta.number: "pending", "bob": "pending"}


@pytest.mark.usefixtures("image_store")
class TestWithWhoseRights:
    """Alice adds Beta to what Carol has begun, and Carol sends the data."""

    @pytest.fixture
    def creator(self, api: MakeProgram, cast: Cast) -> Program:
        return api(cast.creator)

    @pytest.fixture
    def url(self, creator: Program, program: Program, cast: Cast) -> str:
        said = {"name": "queued", "disk_format": "raw", "container_format": "bare"}
        url = f"/image/v2/images/{creator.post('/image/v2/images', json=said).json()['id']}/members"
        assert add(program, url, cast.beta.number) == [200]
        assert add(creator, url, "bob") == [200]
        return url

    def send(self, creator: Program, url: str) -> None:
        assert put(creator, url.split("/")[-2]).status_code == 204

    def test_each_is_asked_by_whoever_added_them(self, creator: Program, cast: Cast, url: str) -> None:
        self.send(creator, url)

        offers = {share.address: share.offered_by for share in Share.objects.select_related("offered_by")}
        assert offers == {cast.beta.number: cast.alice, "bob": cast.carol}

    def test_whoever_may_no_longer_share_asks_nobody(self, creator: Program, cast: Cast, url: str) -> None:
        Membership.objects.filter(user=cast.alice, group=cast.acme).update(role=Role.OBSERVER)

        self.send(creator, url)

        assert Share.objects.get().address == "bob"
        assert f"{cast.beta.number}: " in told(cast.alice)

    def test_nor_does_whoever_is_gone(self, creator: Program, cast: Cast, url: str) -> None:
        Membership.objects.filter(user=cast.alice, group=cast.acme).delete()

        self.send(creator, url)

        assert Share.objects.get().address == "bob"
        assert f"{cast.beta.number}: alice no longer belongs" in told(cast.carol)

    def test_nor_does_a_credential_that_is_revoked(
        self, creator: Program, api: MakeProgram, cast: Cast, url: str
    ) -> None:
        credential, _secret = make_credential(by=cast.producer, name="nightly", role=Role.ADMIN)
        assert add(api(cast.producer, credential=credential), url, "erin") == [200]
        revoke_credential(credential.pk, by=cast.producer)

        self.send(creator, url)

        assert set(Share.objects.values_list("address", flat=True)) == {"bob", cast.beta.number}
        assert "erin: The application credential “nightly”" in told(cast.carol)


@pytest.mark.usefixtures("image_store")
class TestMeanwhile:
    """The data completes between two steps of a request."""

    @pytest.fixture
    def late(self, monkeypatch: pytest.MonkeyPatch, program: Program, upload: Upload) -> Callable[[str], None]:
        """Let the data come just before an action."""

        def late(name: str) -> None:
            action = getattr(actions, name)

            def after_the_data(*args: Any, **said: Any) -> object:
                assert put(program, upload).status_code == 204
                return action(*args, **said)

            monkeypatch.setattr(actions, name, after_the_data)

        return late

    def test_whoever_is_added_is_asked_at_once(self, program: Program, url: str, late: Callable[[str], None]) -> None:
        late("add_planned")

        assert add(program, url, "bob") == [200]
        assert listed(program, url) == {"bob": "pending"}
        assert Share.objects.get().address == "bob"

    def test_who_is_a_member_already_stays_one(self, program: Program, url: str, late: Callable[[str], None]) -> None:
        add(program, url, "bob")
        late("add_planned")

        assert add(program, url, "bob") == [409]
        assert Share.objects.count() == 1

    def test_whoever_is_taken_out_has_it_taken_back(
        self, program: Program, url: str, late: Callable[[str], None]
    ) -> None:
        add(program, url, "bob")
        late("remove_planned")

        assert program.delete(f"{url}/bob").status_code == 204
        assert listed(program, url) == {}
