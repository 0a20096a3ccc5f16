"""The panel's own verbs for producers: recipients of every kind, terms, reminders, ends."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.models import Rules, Share
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.conftest import MoveClock
from tests.people import Cast

pytestmark = pytest.mark.django_db


def path_of(share: dict[str, Any]) -> str:
    """Where a share is, below the service."""
    return f"/image{share['self']}"


def offer_one(producer: Program, url: str, recipient: str, **terms: Any) -> dict[str, Any]:
    [result] = producer.post(url, json={"recipients": [recipient]} | terms).json()["results"]
    share: dict[str, Any] = result["share"]
    return share


class TestOffering:
    def test_several_are_asked_at_once_each_with_a_result(self, producer: Program, cast: Cast, url: str) -> None:
        organization = f"organization:{cast.acme_group.pk}"
        producer.post(url, json={"recipients": ["bob"]})

        recipients = [organization, cast.beta.number, "bob", "x@example.net", cast.beta.grouped_number]
        answer = producer.post(url, json={"recipients": recipients})

        assert answer.status_code == 200
        outcomes = {result["recipient"]: result["outcome"] for result in answer.json()["results"]}
        assert outcomes == {
            cast.beta.number: "offered",
            "bob": "already_offered",
            "x@example.net": "offered",
            organization: "offered",
        }

    def test_terms_go_with_it(self, producer: Program, cast: Cast, url: str) -> None:
        terms = {"message": "Patched.", "export": False, "until": "2099-12-31"}

        share = offer_one(producer, url, cast.beta.number, **terms)

        assert (share["state"], share["message"], share["export"]) == ("pending", "Patched.", False)
        assert share["access_until"] == "2099-12-31T23:59:59Z"
        assert share["offered_by"] == "alice"
        assert producer.get(path_of(share)).json() == share

    def test_whoever_has_rejected_it_is_asked_once_more(self, producer: Program, cast: Cast, url: str) -> None:
        share = offer_one(producer, url, cast.beta.number)
        actions.reject(share["id"], by=cast.consumer)

        assert offer_one(producer, url, cast.beta.number)["state"] == "pending"

    @pytest.mark.parametrize(
        "body",
        [
            {}, {"recipients": []}, {"recipients": "bob"}, {"recipients": [3]}, {"recipients": ["bob"] * 101},
            {"recipients": ["bob"], "until": "yesterday"}, {"recipients": ["bob"], "until": "2001-01-01"},
            {"recipients": ["bob"], "until": 3}, {"recipients": ["bob"], "until": "9999-12-31T23:59:59-12:00"},
            {"recipients": ["bob"], "until": "0001-01-01T00:00:00+12:00"},
            {"recipients": ["bob"], "until": "2099-13-01"}, {"recipients": ["bob"], "export": 1},
            {"recipients": ["bob"], "message": None},
            {"recipients": ["bob"], "message": "x" * 1001}, {"recipients": ["bob"], "status": "accepted"},
            {"recipients": ["bob", "no name"]}, {"recipients": ["group:" + "9" * 30]}, [], None, "bob",
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_refused_as_a_whole(self, producer: Program, url: str, body: Any) -> None:
        assert producer.post(url, json=body).status_code == 400
        assert not Share.objects.exists()

    def test_every_field_that_is_wrong_is_named(self, producer: Program, url: str) -> None:
        answer = producer.post(url, json={"export": "yes", "foo": 1}, headers={"Accept": "application/json"})

        for text in (
            "foo: there is no such field.",
            "recipients: This field is needed.",
            "export: This has to be true",
        ):
            assert text in answer.json()["message"]

    def test_what_waits_for_a_second_person_is_listed_apart(self, producer: Program, cast: Cast, url: str) -> None:
        Rules.objects.create(organization=cast.acme_group, outside=Rules.Outside.APPROVAL)

        [result] = producer.post(url, json={"recipients": ["bob"], "message": "Hello"}).json()["results"]

        assert (result["outcome"], result["share"]) == ("held", None)
        said = producer.get(url).json()
        assert said["shares"] == []
        [waiting] = said["waiting_for_approval"]
        assert (waiting["recipient"], waiting["message"], waiting["requested_by"]) == ("bob", "Hello", "alice")


class TestGroups:
    def test_the_own_organization_is_asked_and_its_managers_decide(
        self, producer: Program, cast: Cast, url: str
    ) -> None:
        share = offer_one(producer, url, f"organization:{cast.acme_group.pk}")

        assert (share["state"], share["recipient_title"]) == ("pending", "Acme Group")
        actions.accept(share["id"], by=cast.producer)
        assert Share.objects.get().status == "accepted"

    def test_a_group_of_the_person_is_not_the_accounts(self, producer: Program, cast: Cast, url: str) -> None:
        """Alice manages Golden Testers, but her token speaks for Acme Producers alone."""
        own = producer.post(url, json={"recipients": [f"group:{cast.golden_testers.pk}"]})
        unknown = producer.post(url, json={"recipients": ["group:999999"]})
        others = producer.post(url, json={"recipients": [f"organization:{cast.beta_holdings.pk}"]})

        assert own.status_code == 403
        assert own.content == unknown.content == others.content
        assert not Share.objects.exists()

    def test_a_group_with_which_the_account_has_shared_is_asked(
        self, producer: Program, cast: Cast, image: Image, url: str
    ) -> None:
        earlier = factories.make_image(cast.acme, cast.alice, name="earlier")
        actions.offer(earlier.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])

        share = offer_one(producer, url, f"group:{cast.golden_testers.pk}")

        assert (share["state"], share["recipient_kind"]) == ("pending", "team")
        assert producer.post(url, json={"recipients": [f"organization:{cast.golden_testers.pk}"]}).status_code == 403


class TestAfterwards:
    def test_the_list_has_what_members_leave_out(
        self, producer: Program, api: MakeProgram, cast: Cast, url: str, move_clock: MoveClock
    ) -> None:
        share = offer_one(producer, url, "bob")
        offer_one(producer, url, "dave")
        actions.reject(share["id"], by=factories.viewer(cast.bob), reason="Not now.")
        move_clock(timedelta(days=31))

        shares = api(cast.producer).get(url).json()["shares"]

        assert {share["recipient"]: share["state"] for share in shares} == {"bob": "rejected", "dave": "expired"}
        assert shares[0]["reason"] == "Not now."

    def test_a_reminder_goes_out_once_a_day(
        self, producer: Program, api: MakeProgram, cast: Cast, url: str, move_clock: MoveClock
    ) -> None:
        share = offer_one(producer, url, cast.beta.number)
        assert producer.post(f"{path_of(share)}/remind").status_code == 409
        move_clock(timedelta(days=1, minutes=1))

        answer = api(cast.producer).post(f"{path_of(share)}/remind")

        assert (answer.status_code, bool(answer.json()["reminded_at"])) == (200, True)

    def test_an_expired_offer_is_made_again(
        self, producer: Program, api: MakeProgram, cast: Cast, url: str, move_clock: MoveClock
    ) -> None:
        share = offer_one(producer, url, cast.beta.number)
        assert producer.post(f"{path_of(share)}/offer-again").status_code == 409
        move_clock(timedelta(days=31))

        answer = api(cast.producer).post(f"{path_of(share)}/offer-again")

        assert (answer.status_code, answer.json()["outcome"], answer.json()["share"]["state"]) == (
            200,
            "offered",
            "pending",
        )

    def test_an_end_is_set_and_taken_away(self, producer: Program, cast: Cast, url: str) -> None:
        path = path_of(offer_one(producer, url, cast.beta.number))

        assert producer.patch(path, json={"until": "2099-01-01"}).json()["access_until"] == "2099-01-01T23:59:59Z"
        assert producer.patch(path, json={"until": None}).json()["access_until"] is None
        assert producer.patch(path, json={}).status_code == 400
        assert producer.patch(path, json={"until": "2001-01-01"}).status_code == 400

    def test_it_is_taken_back(self, producer: Program, cast: Cast, url: str) -> None:
        path = path_of(offer_one(producer, url, cast.beta.number))

        assert producer.delete(path).status_code == 204
        assert producer.delete(path).status_code == producer.get(path).status_code == 404


class TestWhoMay:
    def test_each_role_does_what_it_does_on_the_pages(
        self, api: MakeProgram, cast: Cast, producer: Program, url: str
    ) -> None:
        factories.join(cast.trudy, cast.acme, Role.OBSERVER)
        path = path_of(offer_one(producer, url, cast.beta.number))
        creator, observer = api(cast.creator), api(cast.trudy, cast.acme)

        assert creator.get(url).status_code == observer.get(url).status_code == 200
        assert creator.post(url, json={"recipients": ["dave"]}).status_code == 200
        assert observer.post(url, json={"recipients": ["erin"]}).status_code == 403
        assert creator.patch(path, json={"until": "2099-01-01"}).status_code == 403  # an earlier end is for admins
        assert creator.delete(path).status_code == observer.delete(path).status_code == 403
        assert observer.post(f"{path}/remind").status_code == observer.post(f"{path}/offer-again").status_code == 403

    def test_others_learn_nothing(
        self, api: MakeProgram, cast: Cast, consumer: Program, producer: Program, url: str
    ) -> None:
        path = path_of(offer_one(producer, url, "trudy"))
        asked = [
            ("GET", url),
            ("POST", url),
            ("GET", path),
            ("PATCH", path),
            ("DELETE", path),
            ("POST", f"{path}/remind"),
        ]

        for method, address in asked:
            body = {"recipients": ["bob"]} if address == url else {"until": None} if method == "PATCH" else {}
            assert consumer.ask(method, address, json=body).status_code == 404
        member = api(cast.trudy, cast.trudy.personal_account)
        assert member.get(url).status_code == member.get(path).status_code == 403

    def test_a_share_of_another_image_is_none_of_this_one(self, producer: Program, cast: Cast, url: str) -> None:
        share = offer_one(producer, url, "bob")
        other = factories.make_image(cast.acme, cast.alice, name="other", visibility="shared")

        assert producer.get(f"/image/v2/images/{other.pk}/shares/{share['id']}").status_code == 404
        assert producer.delete(f"/image/v2/images/{other.pk}/shares/{share['id']}").status_code == 404
        assert producer.delete(f"{url}/{'9' * 18}").status_code == 404
        assert producer.delete(f"{url}/{'9' * 40}").status_code == 404
