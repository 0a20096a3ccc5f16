"""Shared with us, for programs: the inbox of the token's account, and deciding with more than a status."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.roles import Role
from images.models import Image, Reference
from sharing import actions
from sharing.actions import Terms
from sharing.addresses import parse
from sharing.models import Policy, Share
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.conftest import MoveClock
from tests.people import Cast

pytestmark = pytest.mark.django_db

OFFERS = "/image/v2/offers"


@pytest.fixture
def offered(cast: Cast, image: Image) -> Share:
    """What waits for Beta Consumers."""
    terms = Terms(message="Patched.", export=False)
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number), terms=terms)
    return offered.share


@pytest.fixture
def path(offered: Share) -> str:
    return f"{OFFERS}/{offered.pk}"


def ids(answer: Any) -> list[int]:
    return [offer["id"] for offer in answer.json()["offers"]]


def test_what_waits_is_listed_with_what_a_decision_needs(consumer: Program, cast: Cast, offered: Share) -> None:
    said = consumer.get(OFFERS).json()

    [offer] = said["offers"]
    assert (offer["image_name"], offer["producer"], offer["producer_name"]) == (
        "debian-12-golden",
        cast.acme.number,
        "Acme Producers",
    )
    assert (offer["message"], offer["export"], offer["region"]) == ("Patched.", False, "IAD")
    assert (offer["recipient"], offer["refusal"], offer["size"]) == (cast.beta.number, "", 4096)
    assert said["counts"] == {"pending": 1, "accepted": 0, "rejected": 0, "expired": 0}


def test_each_status_has_its_list(consumer: Program, offered: Share, path: str) -> None:
    for verb, status in (("accept", "accepted"), ("leave", "rejected"), ("accept", "accepted")):
        answer = consumer.post(f"{path}/{verb}")
        assert (answer.status_code, answer.json()["state"]) == (200, status)
        assert ids(consumer.get(f"{OFFERS}?status={status}")) == [offered.pk]
        assert ids(consumer.get(OFFERS)) == []


def test_accepting_says_how_it_is_called_here(consumer: Program, cast: Cast, path: str) -> None:
    answer = consumer.post(f"{path}/accept", json={"label": "Base image", "future": True})

    assert (answer.json()["state"], answer.json()["takes_future"]) == ("accepted", False)  # it is of no family
    assert Reference.objects.get(account=cast.beta).label == "Base image"


def test_rejecting_says_why(consumer: Program, offered: Share, path: str) -> None:
    said = consumer.post(f"{path}/reject", json={"reason": "Too old."}).json()

    offered.refresh_from_db()
    assert (said["state"], offered.reason) == ("rejected", "Too old.")
    assert "message" not in said
    assert "region" not in said


def test_what_is_accepted_is_left_and_not_rejected(consumer: Program, path: str) -> None:
    consumer.post(f"{path}/accept")
    assert consumer.post(f"{path}/reject").status_code == 409
    assert consumer.post(f"{path}/leave", json={"reason": "Done."}).json()["state"] == "rejected"


def test_what_is_not_accepted_is_not_left_and_says_so(
    api: MakeProgram, cast: Cast, consumer: Program, offered: Share, path: str
) -> None:
    for reason in (b"was not accepted, so there is nothing to leave: reject it instead", b"was rejected"):
        refused = consumer.post(f"{path}/leave")
        assert (refused.status_code, reason in refused.content) == (409, True)
        assert api(cast.observer).post(f"{path}/leave").status_code == 403
        stranger, unknown = api(cast.producer).post(f"{path}/leave"), consumer.post(f"{OFFERS}/{'9' * 18}/leave")
        assert (stranger.status_code, stranger.content) == (404, unknown.content)
        actions.reject(offered.pk, by=cast.consumer)


def test_only_an_admin_decides_and_others_read_why(api: MakeProgram, cast: Cast, path: str) -> None:
    observer = api(cast.observer)

    assert observer.get(path).json()["refusal"] == "Only an admin of Beta Consumers can decide on offers."
    for verb in ("accept", "reject"):
        assert observer.post(f"{path}/{verb}").status_code == 403


def test_a_policy_speaks_with_its_reason(consumer: Program, cast: Cast, path: str) -> None:
    Policy.objects.create(group=cast.beta.group_ptr, mode="enforced", only_trusted=True)

    answer = consumer.post(f"{path}/accept")

    assert answer.status_code == 403
    assert b"takes only images of producers that it trusts" in answer.content


def test_nobody_else_knows_of_it(api: MakeProgram, cast: Cast, producer: Program, offered: Share, path: str) -> None:
    own = api(cast.bob, cast.bob.personal_account)  # the same person, for another account
    for program in (producer, api(cast.rhea, cast.rival), own):
        assert ids(program.get(OFFERS)) == []
        assert program.get(path).status_code == program.post(f"{path}/accept").status_code == 404
        unknown = program.post(f"{OFFERS}/{'9' * 18}/accept")
        assert unknown.content == program.post(f"{path}/accept").content
    offered.refresh_from_db()
    assert offered.status == "pending"


def test_offers_to_what_the_person_manages_are_not_the_tokens(api: MakeProgram, cast: Cast, image: Image) -> None:
    """Bob manages Beta Holdings: its offers wait for him in the panel."""
    factories.join(cast.alice, cast.beta_holdings, Role.MEMBER)
    share = Share.objects.create(
        image=image, kind="organization", address=str(cast.beta_holdings.pk), recipient=cast.beta_holdings.group_ptr,
        offered_by=cast.alice,
    )  # fmt: skip

    assert ids(api(cast.consumer).get(OFFERS)) == []
    assert api(cast.consumer).post(f"{OFFERS}/{share.pk}/accept").status_code == 404


def test_after_its_time_it_is_listed_as_expired_alone(
    api: MakeProgram, cast: Cast, offered: Share, path: str, move_clock: MoveClock
) -> None:
    move_clock(timedelta(days=31))
    consumer = api(cast.consumer)

    assert ids(consumer.get(f"{OFFERS}?status=expired")) == [offered.pk]
    assert consumer.get(path).status_code == consumer.post(f"{path}/accept").status_code == 404


def test_a_region_has_its_own(consumer: Program, offered: Share, path: str) -> None:
    here, elsewhere = OFFERS.replace("/v2", "/IAD/v2"), OFFERS.replace("/v2", "/DFW/v2")

    assert (ids(consumer.get(here)), ids(consumer.get(elsewhere))) == ([offered.pk], [])
    assert consumer.get(elsewhere).json()["counts"]["pending"] == 1  # of all regions
    assert consumer.post(f"{path.replace('/v2', '/DFW/v2')}/accept").status_code == 404


def test_pages_follow_each_other(consumer: Program, cast: Cast) -> None:
    for number in range(23):
        image = factories.make_image(cast.acme, cast.alice, name=f"image-{number}", visibility="shared")
        Share.objects.create(
            image=image, kind="number", address=cast.beta.number, recipient=cast.beta.group_ptr, offered_by=cast.alice
        )

    first = consumer.get(OFFERS)
    second = consumer.get(f"/image{first.json()['next']}")

    assert (len(ids(first)), len(ids(second))) == (20, 3)
    assert not set(ids(first)) & set(ids(second))
    assert "next" not in second.json()


@pytest.mark.parametrize("query", ["status=bogus", "status=producers", "marker=x", "marker=1-", "marker=9-" + "9" * 30])
def test_what_it_does_not_know_it_refuses(consumer: Program, query: str) -> None:
    assert consumer.get(f"{OFFERS}?{query}").status_code == 400


@pytest.mark.parametrize("body", [{"label": 3}, {"future": "yes"}, {"into": "x"}, {"label": "x" * 256}, [], 3])
def test_a_body_that_does_not_fit_is_refused(consumer: Program, offered: Share, path: str, body: Any) -> None:
    assert consumer.post(f"{path}/accept", json=body).status_code == 400
    offered.refresh_from_db()
    assert offered.status == "pending"
