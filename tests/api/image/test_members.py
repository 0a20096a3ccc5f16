"""Members of an image, with the statuses and the words that were recorded of Glance (wire contract, section D)."""

import re
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import Event
from accounts.roles import Role
from images.actions import set_visibility
from images.models import Image
from sharing import actions
from sharing.addresses import parse
from sharing.models import OfferRequest, Policy, Rules, Share
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.conftest import MoveClock
from tests.people import Cast

pytestmark = pytest.mark.django_db

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NOBODY = "1000000008"  # a number that no account has


@pytest.fixture
def url(image: Image) -> str:
    return f"/image/v2/images/{image.pk}/members"


def text_of(answer: Any) -> str:
    """What an answer says, without its first line."""
    return str(answer.content.decode()).split("\n")[2]


def statuses(answer: Any) -> dict[str, str]:
    return {member["member_id"]: member["status"] for member in answer.json()["members"]}


class TestAdding:
    def test_a_new_member_is_asked_first(self, producer: Program, cast: Cast, image: Image, url: str) -> None:
        answer = producer.post(url, json={"member": cast.beta.number})

        said = answer.json()
        assert answer.status_code == 200
        assert set(said) == {"member_id", "image_id", "status", "created_at", "updated_at", "schema"}
        assert (said["member_id"], said["image_id"]) == (cast.beta.number, str(image.pk))
        assert (said["status"], said["schema"]) == ("pending", "/v2/schemas/member")
        assert said["created_at"] == said["updated_at"]
        assert Event.objects.get(verb="offered").counterpart_id == cast.beta.pk

    def test_whoever_trusts_the_producer_is_asked_too(self, producer: Program, cast: Cast, url: str) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)

        assert producer.post(url, json={"member": cast.beta.number}).json()["status"] == "pending"

    def test_another_account_of_the_same_person_is_asked_too(self, producer: Program, cast: Cast, url: str) -> None:
        other = factories.make_account("Acme Tests", cast.alice)

        assert producer.post(url, json={"member": other.number}).json()["status"] == "pending"

    @pytest.mark.parametrize(
        "named", ["bob", "bob@example.org", "nobody-here", "nobody@example.net", NOBODY, "hubfirst"]
    )
    def test_whatever_is_named_is_shown_as_it_was_named(self, producer: Program, url: str, named: str) -> None:
        answer = producer.post(url, json={"member": named})

        assert (answer.status_code, answer.json()["member_id"], answer.json()["status"]) == (200, named, "pending")
        assert producer.get(f"{url}/{named}").json() == answer.json()
        assert producer.delete(f"{url}/{named}").status_code == 204

    def test_a_number_is_read_with_blanks(self, producer: Program, cast: Cast, url: str) -> None:
        answer = producer.post(url, json={"member": cast.beta.grouped_number})

        assert answer.json()["member_id"] == cast.beta.number

    def test_an_account_that_does_not_exist_costs_the_same_statements(
        self, producer: Program, cast: Cast, url: str
    ) -> None:
        producer.post(url, json={"member": "warm-up"})

        def statements(named: str) -> list[str]:
            with CaptureQueriesContext(connection) as queries:
                assert producer.post(url, json={"member": named}).status_code == 200
            # Where nobody is reached, a grant is not written but changed, which takes as long (images.permissions).
            said = [re.split(r" WHERE | VALUES |SAVEPOINT |SELECT id, ", query["sql"])[0] for query in queries]
            return ["a grant" if "imagegroupobjectpermission" in text else text for text in said]

        assert statements(cast.beta.number) == statements(NOBODY)
        assert statements("bob") == statements("nobody-here")
        assert statements("dave@example.org") == statements("nobody@example.net")

    def test_a_second_time_is_a_duplicate(self, producer: Program, cast: Cast, image: Image, url: str) -> None:
        producer.post(url, json={"member": cast.beta.number})

        again = producer.post(url, json={"member": cast.beta.number})

        assert again.status_code == 409
        assert text_of(again) == f"Member {cast.beta.number} is duplicated for image {image.pk}"
        assert Share.objects.count() == 1

    def test_whoever_has_rejected_is_a_member_still(
        self, producer: Program, consumer: Program, cast: Cast, url: str
    ) -> None:
        producer.post(url, json={"member": cast.beta.number})
        consumer.put(f"{url}/{cast.beta.number}", json={"status": "rejected"})

        assert producer.post(url, json={"member": cast.beta.number}).status_code == 409

    def test_after_removal_it_begins_anew(self, producer: Program, consumer: Program, cast: Cast, url: str) -> None:
        own = f"{url}/{cast.beta.number}"
        producer.post(url, json={"member": cast.beta.number})
        consumer.put(own, json={"status": "accepted"})
        producer.delete(own)

        answer = producer.post(url, json={"member": cast.beta.number})

        assert (answer.status_code, answer.json()["status"]) == (200, "pending")
        assert consumer.get(own).json()["status"] == "pending"

    def test_after_expiry_it_begins_anew(
        self, producer: Program, api: MakeProgram, cast: Cast, url: str, move_clock: MoveClock
    ) -> None:
        producer.post(url, json={"member": cast.beta.number})
        move_clock(timedelta(days=31))
        producer, consumer = api(cast.producer), api(cast.consumer)

        assert producer.get(url).json()["members"] == []
        assert consumer.get(url).status_code == 404
        assert producer.post(url, json={"member": cast.beta.number}).json()["status"] == "pending"
        assert consumer.get(url).status_code == 200

    def test_the_own_account_is_left_out(self, producer: Program, cast: Cast, url: str) -> None:
        answer = producer.post(url, json={"member": cast.acme.number})

        assert answer.status_code == 400
        assert "owns this image" in text_of(answer)

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"member": ""}, "Member can't be empty"),
            ({"foo": "x"}, "Member to be added not specified"),
            ({}, "Member to be added not specified"),
            ({"member": 3}, "Member has to be a text: an account number, a login or an email address."),
            ({"member": None}, "Member has to be a text: an account number, a login or an email address."),
            ({"member": ["bob"]}, "Member has to be a text: an account number, a login or an email address."),
            ({"member": {"id": "bob"}}, "Member has to be a text: an account number, a login or an email address."),
            ([1], 'Expected a member in the form: {"member": "image_id"}'),
            ("bob", 'Expected a member in the form: {"member": "image_id"}'),
            (None, 'Expected a member in the form: {"member": "image_id"}'),
        ],
    )
    def test_a_body_that_names_nobody_is_refused(self, producer: Program, url: str, body: Any, text: str) -> None:
        answer = producer.post(url, json=body)

        assert (answer.status_code, text_of(answer)) == (400, text)

    @pytest.mark.parametrize("body", [b"{oops", b"", b"\xff\xfe", b"[" * 100_000, b'{"member": NaN}'])
    def test_what_is_no_json_is_refused(self, producer: Program, url: str, body: bytes) -> None:
        assert producer.post(url, data=body).status_code == 400

    @pytest.mark.parametrize(
        "named",
        [
            "m" * 300, "a\x00b", "x", "4071385961", "407138596", "\ud800", "a@\ud800.org", "@", "group:",
            "group:x", "group:-1", "group:" + "9" * 40, "organization:³", "code:X", " ", "Bob Baker", "\u202ebob",
        ],
    )  # fmt: skip
    def test_what_is_no_name_is_refused(self, producer: Program, url: str, named: str) -> None:
        answer = producer.post(url, json={"member": named})

        assert answer.status_code == 400
        assert not Share.objects.exists()

    def test_a_mistyped_number_is_told(self, producer: Program, cast: Cast, url: str) -> None:
        wrong = cast.beta.number[:-1] + str((int(cast.beta.number[-1]) + 1) % 10)

        answer = producer.post(url, json={"member": wrong})

        assert (answer.status_code, text_of(answer)) == (
            400,
            f"“{wrong}” is mistyped: its last digit does not fit the others.",
        )


class TestWhoMayAdd:
    def test_a_creator_may(self, api: MakeProgram, cast: Cast, url: str) -> None:
        assert api(cast.creator).post(url, json={"member": cast.beta.number}).status_code == 200

    def test_an_observer_may_not_and_reads_why(self, api: MakeProgram, cast: Cast, url: str) -> None:
        factories.join(cast.trudy, cast.acme, Role.OBSERVER)

        answer = api(cast.trudy, cast.acme).post(url, json={"member": cast.beta.number})

        assert (answer.status_code, text_of(answer)) == (
            403,
            "Only a creator or an admin of Acme Producers can share it.",
        )

    def test_a_stranger_learns_as_much_as_of_an_image_that_never_existed(
        self, consumer: Program, cast: Cast, image: Image, url: str
    ) -> None:
        answer = consumer.post(url, json={"member": "bob"})
        nothing = consumer.post(url.replace(str(image.pk), UNKNOWN), json={"member": "bob"})

        assert (answer.status_code, text_of(answer)) == (404, f"Image {image.pk} not found.")
        assert answer.content.replace(str(image.pk).encode(), UNKNOWN.encode()) == nothing.content

    @pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
    def test_a_member_may_not(self, producer: Program, consumer: Program, cast: Cast, url: str, status: str) -> None:
        producer.post(url, json={"member": cast.beta.number})
        consumer.put(f"{url}/{cast.beta.number}", json={"status": status})

        answer = consumer.post(url, json={"member": "trudy"})

        assert answer.status_code == 403
        assert text_of(answer).startswith("You are not authorized to complete add_member action.")

    @pytest.mark.parametrize("visibility", ["private", "community", "public"])
    def test_only_shared_images_have_members(self, producer: Program, image: Image, url: str, visibility: str) -> None:
        Image.objects.filter(pk=image.pk).update(visibility=visibility)

        added, listed = producer.post(url, json={"member": "x"}), producer.get(url)

        assert added.status_code == listed.status_code == 403
        assert text_of(added).startswith(f"Not allowed to create members for image {image.pk}")
        expected = f"Not allowed to list members for image {image.pk}: Only shared images have members."
        assert text_of(listed) == expected
        assert Image.objects.get(pk=image.pk).visibility == visibility

    def test_no_program_opens_a_private_image_by_offering_it(self, cast: Cast, golden: Image) -> None:
        """Also not where it becomes private between two steps of a request."""
        with pytest.raises(PermissionDenied, match="only shared images have members"):
            actions.offer(golden.pk, by=cast.producer.by_token(Role.ADMIN), addresses=parse("bob"))

    def test_the_service_of_another_region_knows_nothing_of_it(self, producer: Program, image: Image, url: str) -> None:
        elsewhere, here = url.replace("/v2", "/DFW/v2"), url.replace("/v2", "/IAD/v2")

        assert (
            producer.get(elsewhere).status_code == producer.post(elsewhere, json={"member": "bob"}).status_code == 404
        )
        assert producer.post(here, json={"member": "bob"}).status_code == 200


class TestLimits:
    def test_beyond_the_limit_of_the_day_it_is_said_when_to_go_on(
        self, producer: Program, cast: Cast, url: str, settings: Settings
    ) -> None:
        settings.OFFERS_PER_DAY = 2
        for named in ("bob", "dave"):
            assert producer.post(url, json={"member": named}).status_code == 200

        answer = producer.post(url, json={"member": "trudy"})

        assert answer.status_code == 413
        assert "2 are allowed" in text_of(answer)
        assert 86_390 < int(answer.headers["Retry-After"]) <= 86_400

    def test_more_at_once_than_a_day_allows_wait_a_day(self, producer: Program, url: str, settings: Settings) -> None:
        settings.OFFERS_PER_DAY = 1

        answer = producer.post(url.replace("members", "shares"), json={"recipients": ["bob", "dave"]})

        assert answer.status_code == 413
        assert 86_390 < int(answer.headers["Retry-After"]) <= 86_400


class TestApproval:
    @pytest.fixture
    def held(self, producer: Program, cast: Cast, url: str) -> Any:
        """An offer that the rules of Acme Group hold for a second person."""
        Rules.objects.create(organization=cast.acme_group, outside=Rules.Outside.APPROVAL)
        return producer.post(url, json={"member": cast.beta.number})

    def test_what_a_second_person_approves_is_pending_and_says_so(
        self, producer: Program, consumer: Program, cast: Cast, url: str, held: Any
    ) -> None:
        assert (held.status_code, held.json()["status"], held.json()["stockroom_held"]) == (200, "pending", True)
        assert producer.get(url).json()["members"] == [held.json()]
        assert producer.get(f"{url}/{cast.beta.number}").json() == held.json()
        assert consumer.get(url).status_code == 404

    def test_naming_it_again_changes_nothing(self, producer: Program, cast: Cast, url: str, held: Any) -> None:
        again = producer.post(url, json={"member": cast.beta.number})

        assert (again.status_code, again.json()) == (200, held.json())
        assert OfferRequest.objects.count() == 1

    def test_removing_it_asks_no_longer(self, producer: Program, cast: Cast, url: str, held: Any) -> None:
        assert producer.delete(f"{url}/{cast.beta.number}").status_code == 204
        assert producer.get(url).json()["members"] == []
        assert OfferRequest.objects.get().status == "withdrawn"

    def test_a_forbidden_one_is_refused(self, producer: Program, cast: Cast, url: str) -> None:
        Rules.objects.create(organization=cast.acme_group, outside=Rules.Outside.FORBIDDEN)

        answer = producer.post(url, json={"member": cast.beta.number})

        assert answer.status_code == 400
        assert "outside of Acme Group" in text_of(answer)


class TestSeeing:
    def test_the_owner_sees_all_as_named_in_their_order(
        self, producer: Program, consumer: Program, api: MakeProgram, cast: Cast, url: str
    ) -> None:
        for named in (cast.beta.number, "trudy", "x@example.net"):
            producer.post(url, json={"member": named})
        consumer.put(f"{url}/{cast.beta.number}", json={"status": "accepted"})
        trudy = api(cast.trudy, cast.trudy.personal_account)
        trudy.put(f"{url}/{cast.trudy.personal_account.number}", json={"status": "rejected"})

        answer = producer.get(url)

        assert answer.json()["schema"] == "/v2/schemas/members"
        assert statuses(answer) == {cast.beta.number: "accepted", "trudy": "rejected", "x@example.net": "pending"}

    def test_a_consumer_sees_itself_alone(self, producer: Program, consumer: Program, cast: Cast, url: str) -> None:
        for named in (cast.beta.number, "trudy"):
            producer.post(url, json={"member": named})

        assert statuses(consumer.get(url)) == {cast.beta.number: "pending"}
        assert consumer.get(f"{url}/{cast.beta.number}").json()["member_id"] == cast.beta.number
        other, unknown = consumer.get(f"{url}/trudy"), consumer.get(f"{url}/nobody-here")
        assert other.status_code == unknown.status_code == 404
        assert text_of(other).replace("trudy", "nobody-here") == text_of(unknown)

    def test_whoever_was_named_by_login_is_known_to_itself_by_number(
        self, producer: Program, api: MakeProgram, cast: Cast, url: str
    ) -> None:
        producer.post(url, json={"member": "trudy"})
        own = cast.trudy.personal_account
        trudy = api(cast.trudy, own)

        assert statuses(trudy.get(url)) == {own.number: "pending"}
        assert trudy.put(f"{url}/{own.number}", json={"status": "accepted"}).json()["member_id"] == own.number
        assert statuses(producer.get(url)) == {"trudy": "accepted"}

    def test_what_came_through_its_organization_a_consumer_is_too(
        self, consumer: Program, cast: Cast, image: Image, url: str
    ) -> None:
        factories.join(cast.alice, cast.beta_holdings, Role.MANAGER)
        actions.offer(image.pk, by=factories.viewer(cast.alice, cast.acme), groups=[cast.beta_holdings.group_ptr])

        assert statuses(consumer.get(url)) == {cast.beta.number: "accepted"}
        answer = consumer.put(f"{url}/{cast.beta.number}", json={"status": "rejected"})
        assert answer.status_code == 403
        assert text_of(answer) == "This image came through Beta Holdings: only its managers decide on it."

    def test_whoever_blocks_the_producer_is_no_member(
        self, producer: Program, consumer: Program, cast: Cast, url: str
    ) -> None:
        producer.post(url, json={"member": cast.beta.number})
        actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer)

        assert consumer.get(url).status_code == 404
        assert consumer.put(f"{url}/{cast.beta.number}", json={"status": "accepted"}).status_code == 404
        assert statuses(producer.get(url)) == {cast.beta.number: "pending"}

    def test_of_an_image_that_is_open_to_all_others_see_none(self, consumer: Program, image: Image, url: str) -> None:
        Image.objects.filter(pk=image.pk).update(visibility="community")
        assert consumer.get(url).status_code == 403

    @pytest.mark.parametrize(
        "named", ["zzz", "1234567890", "%00", "group:x", "code:%00", "a/b", "x" * 300, "%ED%A0%80", "group:1"]
    )
    def test_a_member_that_is_none_is_not_found(self, producer: Program, url: str, named: str) -> None:
        for method in ("GET", "DELETE"):
            assert producer.ask(method, f"{url}/{named}").status_code == 404
        assert producer.put(f"{url}/{named}", json={"status": "accepted"}).status_code == 404

    @pytest.mark.parametrize("image_id", ["zzz", UNKNOWN, "1", "%00", "x" * 300, UNKNOWN.replace("-", "")])
    def test_an_image_that_is_none_is_not_found(self, producer: Program, image_id: str) -> None:
        url = f"/image/v2/images/{image_id}/members"
        assert producer.get(url).status_code == producer.get(f"{url}/x").status_code == 404
        assert producer.post(url, json={"member": "bob"}).status_code == 404

    def test_a_list_costs_the_same_however_long_it_is(
        self, producer: Program, cast: Cast, image: Image, url: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        """The token, the image, its shares, and what waits for approval."""
        with django_assert_num_queries(4):
            producer.get(url)
        many = [Share(image=image, kind="login", address=f"login-{n}", offered_by=cast.alice) for n in range(300)]
        Share.objects.bulk_create(many)
        with django_assert_num_queries(4):
            assert len(producer.get(url).json()["members"]) == 300


class TestDeciding:
    @pytest.fixture
    def own(self, producer: Program, cast: Cast, url: str) -> str:
        producer.post(url, json={"member": cast.beta.number})
        return f"{url}/{cast.beta.number}"

    @pytest.mark.parametrize("statuses_", [list(order) for order in permutations(["pending", "accepted", "rejected"])])
    def test_a_consumer_changes_its_mind_as_often_as_it_likes(
        self, producer: Program, consumer: Program, cast: Cast, image: Image, own: str, statuses_: list[str]
    ) -> None:
        for status in [*statuses_, statuses_[0], statuses_[0]]:
            answer = consumer.put(own, json={"status": status, "member": cast.beta.number})
            assert (answer.status_code, answer.json()["status"]) == (200, status)
            assert producer.get(own).json()["status"] == status
            may_use = Image.objects.usable_by(cast.consumer).filter(pk=image.pk).exists()
            assert may_use == (status == "accepted")

    def test_deciding_again_writes_nothing(self, consumer: Program, own: str) -> None:
        consumer.put(own, json={"status": "accepted"})
        events = Event.objects.count()
        consumer.put(own, json={"status": "accepted"})
        assert Event.objects.count() == events

    def test_nobody_decides_for_others(
        self, producer: Program, consumer: Program, api: MakeProgram, cast: Cast, url: str, own: str
    ) -> None:
        answer = producer.put(own, json={"status": "accepted"})
        assert answer.status_code == 403
        assert text_of(answer).startswith("You are not authorized to complete modify_member action.")
        assert consumer.put(f"{url}/trudy", json={"status": "accepted"}).status_code == 404
        stranger = api(cast.rhea, cast.rival)
        for number in (cast.beta.number, cast.rival.number):
            assert stranger.put(f"{url}/{number}", json={"status": "accepted"}).status_code == 404
        assert Share.objects.get().status == "pending"

    @pytest.mark.parametrize("role", [Role.OBSERVER, Role.CREATOR])
    def test_only_an_admin_decides(self, api: MakeProgram, cast: Cast, own: str, role: Role) -> None:
        factories.join(cast.trudy, cast.beta, role)
        program = api(cast.trudy, cast.beta)

        for status in ("pending", "accepted", "rejected"):
            answer = program.put(own, json={"status": status})
            assert (answer.status_code, text_of(answer)) == (
                403,
                "Only an admin of Beta Consumers can decide on offers.",
            )

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"status": "bogus"}, 'Incorrect request: Status must be "pending", "accepted" or "rejected".'),
            ({"status": ["accepted"]}, 'Incorrect request: Status must be "pending", "accepted" or "rejected".'),
            ({"status": None}, 'Incorrect request: Status must be "pending", "accepted" or "rejected".'),
            ({"foo": "x"}, "Status not specified"),
            (["accepted"], 'Expected a status in the form: {"status": "status"}'),
            (3, 'Expected a status in the form: {"status": "status"}'),
        ],
    )
    def test_a_body_that_says_nothing_is_refused(self, consumer: Program, own: str, body: Any, text: str) -> None:
        answer = consumer.put(own, json=body)
        assert (answer.status_code, text_of(answer)) == (400, text)

    def test_a_policy_speaks_with_its_reason(self, consumer: Program, cast: Cast, own: str) -> None:
        Policy.objects.create(group=cast.beta.group_ptr, mode="enforced", only_trusted=True)

        answer = consumer.put(own, json={"status": "accepted"})

        assert (answer.status_code, text_of(answer)) == (
            403,
            "Beta Consumers takes only images of producers that it trusts.",
        )

    def test_rules_that_came_meanwhile_are_a_conflict(self, consumer: Program, cast: Cast, own: str) -> None:
        Rules.objects.create(organization=cast.acme_group, outside=Rules.Outside.FORBIDDEN)

        assert consumer.put(own, json={"status": "accepted"}).status_code == 409

    def test_after_removal_there_is_nothing_to_accept(
        self, producer: Program, consumer: Program, image: Image, own: str
    ) -> None:
        producer.delete(own)

        answer = consumer.put(own, json={"status": "accepted"})

        assert (answer.status_code, text_of(answer)) == (404, f"Image {image.pk} not found.")

    def test_while_the_image_is_private_there_is_nothing_to_accept(
        self, producer: Program, consumer: Program, cast: Cast, image: Image, own: str
    ) -> None:
        set_visibility(image.pk, by=cast.producer, visibility="private")
        assert consumer.put(own, json={"status": "accepted"}).status_code == 404
        set_visibility(image.pk, by=cast.producer, visibility="shared")
        assert consumer.put(own, json={"status": "accepted"}).status_code == 200

    def test_an_offer_whose_time_is_over_does_not_wait_again(
        self, consumer: Program, api: MakeProgram, cast: Cast, own: str, move_clock: MoveClock
    ) -> None:
        consumer.put(own, json={"status": "accepted"})
        move_clock(timedelta(days=31))

        answer = api(cast.consumer).put(own, json={"status": "pending"})

        assert answer.status_code == 409
        assert Share.objects.get().status == "accepted"

    def test_everything_that_was_offered_to_the_account_follows(
        self, producer: Program, api: MakeProgram, cast: Cast, image: Image, url: str
    ) -> None:
        account = cast.trudy.personal_account
        for named in (account.number, "trudy", "trudy@example.org"):
            producer.post(url, json={"member": named})
        trudy, viewer = api(cast.trudy, account), factories.viewer(cast.trudy)

        for status, uses in (("accepted", True), ("pending", False), ("accepted", True), ("rejected", False)):
            assert trudy.put(f"{url}/{account.number}", json={"status": status}).json()["status"] == status
            assert set(statuses(producer.get(url)).values()) == {status}
            assert Image.objects.usable_by(viewer).exists() == uses

    def test_what_was_rejected_stays_so_while_something_else_is_accepted(
        self, producer: Program, api: MakeProgram, cast: Cast, url: str
    ) -> None:
        account = cast.trudy.personal_account
        trudy = api(cast.trudy, account)
        producer.post(url, json={"member": "trudy"})
        trudy.put(f"{url}/{account.number}", json={"status": "rejected"})
        producer.post(url, json={"member": account.number})

        trudy.put(f"{url}/{account.number}", json={"status": "accepted"})
        trudy.put(f"{url}/{account.number}", json={"status": "accepted"})

        assert statuses(producer.get(url)) == {"trudy": "rejected", account.number: "accepted"}
        assert statuses(trudy.get(url)) == {account.number: "accepted"}


class TestRemoving:
    @pytest.fixture
    def own(self, producer: Program, cast: Cast, url: str) -> str:
        producer.post(url, json={"member": cast.beta.number})
        return f"{url}/{cast.beta.number}"

    def test_the_second_time_there_is_nobody(self, producer: Program, cast: Cast, image: Image, own: str) -> None:
        assert producer.delete(own).status_code == 204

        again = producer.delete(own)

        expected = f"{cast.beta.number} not found in the member list of the image {image.pk}."
        assert (again.status_code, text_of(again)) == (404, expected)

    def test_only_an_admin_removes(self, api: MakeProgram, cast: Cast, own: str) -> None:
        answer = api(cast.creator).delete(own)

        assert (answer.status_code, text_of(answer)) == (403, "Only an admin of Acme Producers can remove a share.")

    @pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
    def test_a_member_does_not_remove_itself(self, consumer: Program, own: str, status: str) -> None:
        consumer.put(own, json={"status": status})

        answer = consumer.delete(own)

        assert answer.status_code == 403
        assert text_of(answer).startswith("You are not authorized to complete delete_member action.")

    def test_a_stranger_removes_nobody(self, api: MakeProgram, cast: Cast, own: str) -> None:
        assert api(cast.rhea, cast.rival).delete(own).status_code == 404
        assert Share.objects.exists()

    def test_a_private_image_can_still_be_taken_back(self, producer: Program, image: Image, own: str) -> None:
        Image.objects.filter(pk=image.pk).update(visibility="private")
        assert producer.delete(own).status_code == 204


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("GET", "", None),
        ("POST", "", {"member": NOBODY}),
        ("GET", "/{own}", None),
        ("PUT", "/{own}", {"status": "accepted"}),
        ("PUT", "/{own}", {"status": "nonsense"}),
        ("DELETE", "/{own}", None),
    ],
)
def test_what_an_answer_costs_does_not_tell_that_an_image_exists(
    consumer: Program, cast: Cast, url: str, method: str, below: str, body: object
) -> None:
    asked = {"json": body} if body else {}
    costs = []
    for address in (url, url.replace(url.split("/")[4], UNKNOWN)):
        with CaptureQueriesContext(connection) as queries:
            answer = consumer.ask(method, address + below.format(own=cast.beta.number), **asked)
        assert answer.status_code == 404
        costs.append(len(queries))
    assert costs[0] == costs[1], costs
