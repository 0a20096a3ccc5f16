"""The panel's own verbs for producers: recipients of every kind, terms, reminders, ends."""

from datetime import timedelta
from typing import Any

import pytest

from images.models import Image
from sharing import actions
from sharing.models import Rules, Share
from tests.api.conftest import MakeProgram, Program
from tests.conftest import MoveClock
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(golden: Image) -> Image:
    Image.objects.filter(pk=golden.pk).update(visibility="shared")
    golden.refresh_from_db()
    return golden


@pytest.fixture
def url(image: Image) -> str:
    return f"/image/v2/images/{image.pk}/shares"


@pytest.fixture
def producer(api: MakeProgram, cast: Cast) -> Program:
    return api(cast.producer)


def test_several_are_offered_to_at_once_each_with_a_result(producer: Program, cast: Cast, url: str) -> None:
    recipients = [f"organization:{cast.acme_group.pk}", cast.beta.number, "bob", "x@example.net"]
    producer.post(url, json={"recipients": ["bob"]})
    terms = {"message": "Patched.", "export": False, "until": "2099-12-31"}

    answer = producer.post(url, json={"recipients": recipients, **terms})

    assert answer.status_code == 200
    results = {result["recipient"]: result for result in answer.json()["results"]}
    assert {name: result["outcome"] for name, result in results.items()} == {
        cast.beta.number: "offered",
        "bob": "already_offered",
        "x@example.net": "offered",
        f"organization:{cast.acme_group.pk}": "offered",
    }
    share = results[cast.beta.number]["share"]
    assert (share["state"], share["message"], share["export"]) == ("pending", "Patched.", False)
    assert share["access_until"] == "2099-12-31T23:59:59Z"
    assert producer.get(share["self"].replace("/v2", "/image/v2")).json() == share


def test_the_list_has_what_members_leave_out(
    producer: Program, api: MakeProgram, cast: Cast, image: Image, url: str, move_clock: MoveClock
) -> None:
    producer.post(url, json={"recipients": ["bob", "dave"]})
    actions.reject(Share.objects.get(address="bob").pk, by=_personal(cast.bob), reason="Not now.")
    move_clock(timedelta(days=31))

    shares = api(cast.producer).get(url).json()["shares"]

    assert {share["recipient"]: share["state"] for share in shares} == {"bob": "rejected", "dave": "expired"}
    assert shares[0]["reason"] == "Not now."
    assert "recipient_id" not in shares[0]


class TestGroups:
    def test_the_own_organization_is_asked_and_its_managers_decide(
        self, producer: Program, cast: Cast, image: Image, url: str
    ) -> None:
        [result] = producer.post(url, json={"recipients": [f"organization:{cast.acme_group.pk}"]}).json()["results"]

        assert result["outcome"] == "offered"
        actions.accept(result["share"]["id"], by=cast.producer)
        assert Share.objects.get().status == "accepted"

    def test_a_group_of_the_person_is_not_the_accounts(self, producer: Program, cast: Cast, url: str) -> None:
        """Alice manages Golden Testers, but her token speaks for Acme Producers alone."""
        known = producer.post(url, json={"recipients": [f"group:{cast.golden_testers.pk}"]})
        unknown = producer.post(url, json={"recipients": ["group:999999"]})
        others = producer.post(url, json={"recipients": [f"organization:{cast.beta_holdings.pk}"]})

        assert (known.status_code, known.content) == (403, unknown.content)
        assert others.content == unknown.content
        assert not Share.objects.exists()

    def test_a_group_with_which_the_account_has_shared_is_asked_again(
        self, producer: Program, cast: Cast, image: Image, url: str
    ) -> None:
        other = Image.objects.get(pk=image.pk)
        other.pk, other.id = None, None  # type: ignore[assignment]
        actions.offer(image.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])
        share = Share.objects.get()
        assert share.status == "accepted"  # in the panel its manager decides at once
        actions.remove(image.pk, share.pk, by=cast.producer)
        again = producer.post(url, json={"recipients": [f"group:{cast.golden_testers.pk}"]})
        assert again.status_code == 403


def _personal(user: Any) -> Any:
    from tests.factories import viewer

    return viewer(user)
