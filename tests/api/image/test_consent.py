"""Consent holds for programs as it does for people: stricter than Glance, on purpose (design, "Who can use it").

A member that has not accepted may see the image and gets none of its data; of what it has rejected it sees how to
accept it; and everybody else is told what they would be told of an image that never existed.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from images import actions as image_actions
from images.models import Image
from sharing import actions
from sharing.actions import Terms
from sharing.addresses import parse
from sharing.models import Policy, Share
from tests.api.conftest import MakeProgram, Program
from tests.conftest import MoveClock
from tests.people import Cast

pytestmark = pytest.mark.django_db

UNKNOWN = "00000000-0000-4000-8000-000000000000"
REDUCED = {
    "id", "name", "owner", "visibility", "status", "created_at", "updated_at", "tags", "self", "file", "schema",
    "stockroom_owner_name", "stockroom_member_status",
}  # fmt: skip

# What becomes of an offer, and what it then gives: the answer to showing the image, to asking for its data, and in
# which lists it is: by default, with member_status=pending, and with member_status=rejected.
TABLE: dict[str, tuple[int, int, tuple[bool, bool, bool]]] = {
    "not offered": (404, 404, (False, False, False)),
    "pending": (200, 403, (False, True, False)),
    "accepted": (200, 200, (True, False, False)),
    "accepted, boot only": (200, 403, (True, False, False)),
    "accepted, then rejected": (200, 403, (False, False, True)),
    "rejected": (200, 403, (False, False, True)),
    "rejected, then accepted": (200, 200, (True, False, False)),
    "accepted, then pending": (200, 403, (False, True, False)),
    "expired": (404, 404, (False, False, False)),
    "ended": (404, 404, (False, False, False)),
    "removed": (404, 404, (False, False, False)),
    "accepted, then removed": (404, 404, (False, False, False)),
    "accepted, then made private": (404, 404, (False, False, False)),
    "blocked": (404, 404, (False, False, False)),
    "accepted, against a policy since": (200, 403, (True, False, False)),
    "accepted, then deactivated": (200, 403, (True, False, False)),
    "accepted, then deleted": (404, 404, (False, False, False)),
}


class Story:
    """An offer, and what becomes of it, by programs of both sides."""

    def __init__(self, api: MakeProgram, cast: Cast, image: Image, move_clock: MoveClock) -> None:
        self.api, self.cast, self.image, self.move_clock = api, cast, image, move_clock
        self.path = f"/image/v2/images/{image.pk}"

    @property
    def own(self) -> str:
        return f"{self.path}/members/{self.cast.beta.number}"

    @property
    def consumer(self) -> Program:
        return self.api(self.cast.consumer)

    def tell(self, what: str) -> None:
        if what == "not offered":
            return
        until = timezone.now() + timedelta(days=2) if what == "ended" else None
        terms = Terms(export="boot only" not in what, access_until=until)
        addresses = parse(self.cast.beta.number)
        actions.offer(self.image.pk, by=self.cast.producer, addresses=addresses, terms=terms)
        for step in what.split(", "):
            self.step(step.removeprefix("then "))

    def step(self, what: str) -> None:
        match what:
            case "pending" | "accepted" | "rejected":
                assert self.consumer.put(self.own, json={"status": what}).status_code == 200
            case "expired":
                self.move_clock(timedelta(days=31))
            case "ended":
                self.consumer.put(self.own, json={"status": "accepted"})
                self.move_clock(timedelta(days=3))
            case "removed":
                assert self.api(self.cast.producer).delete(self.own).status_code == 204
            case "made private":
                image_actions.set_visibility(self.image.pk, by=self.cast.producer, visibility="private")
            case "blocked":
                actions.block(self.cast.acme, recipient=self.cast.beta.group_ptr, by=self.cast.consumer)
            case "against a policy since":
                Policy.objects.create(group=self.cast.beta.group_ptr, mode="enforced", only_trusted=True)
            case "deactivated":
                image_actions.deactivate(self.image.pk, by=self.cast.producer)
            case "deleted":
                image_actions.delete(self.image.pk, by=self.cast.producer)


@pytest.fixture
def story(api: MakeProgram, cast: Cast, image: Image, move_clock: MoveClock) -> Story:
    return Story(api, cast, image, move_clock)


@pytest.mark.parametrize("what", TABLE)
def test_what_an_offer_gives(story: Story, image: Image, what: str) -> None:
    story.tell(what)

    shown, data, listed = TABLE[what]
    consumer = story.consumer
    assert consumer.get(story.path).status_code == shown
    answer = consumer.get(f"{story.path}/file")
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    assert answer.status_code == data
    queries = ("", "?member_status=pending", "?member_status=rejected")
    lists = (consumer.get(f"/image/v2/images{query}").json()["images"] for query in queries)
    assert tuple(str(image.pk) in {one["id"] for one in found} for found in lists) == listed


@pytest.mark.parametrize("what", [what for what, (shown, *_more) in TABLE.items() if shown == 404])
def test_what_is_not_seen_never_existed(story: Story, image: Image, what: str) -> None:
    story.tell(what)
    consumer = story.consumer

    def said(path: str) -> list[tuple[int, Any]]:
        asked = [("GET", ""), ("GET", "/file"), ("GET", "/members"), ("DELETE", ""), ("GET", "/shares")]
        answers = [consumer.ask(method, f"{path}{rest}") for method, rest in asked]
        answers.append(consumer.put(f"{path}/members/{story.cast.beta.number}", json={"status": "accepted"}))
        answers.append(consumer.post(f"{path}/members", json={"member": "bob"}))
        return [(one.status_code, one.content.replace(path.encode()[-36:], b"ID")) for one in answers]

    assert said(story.path) == said(story.path.replace(str(image.pk), UNKNOWN))


def test_why_there_is_no_data_is_said(story: Story) -> None:
    story.tell("pending")
    assert b"Accept the offer first." in story.consumer.get(f"{story.path}/file").content


def test_of_what_was_rejected_only_its_name_and_its_producer_are_left(story: Story, cast: Cast) -> None:
    story.tell("rejected")

    said = story.consumer.get(story.path).json()

    assert set(said) == REDUCED
    assert (said["name"], said["owner"], said["stockroom_member_status"]) == (
        "debian-12-golden",
        cast.acme.number,
        "rejected",
    )


def test_a_token_has_nothing_of_what_its_person_has_elsewhere(
    api: MakeProgram, cast: Cast, image: Image, story: Story
) -> None:
    """Bob accepts for Beta Consumers; his token for his own account knows nothing of it."""
    story.tell("accepted")
    own = api(cast.bob, cast.bob.personal_account)

    assert own.get(story.path).status_code == own.get(f"{story.path}/file").status_code == 404
    assert own.put(story.own, json={"status": "rejected"}).status_code == 404
    assert Share.objects.get().status == "accepted"


def test_a_group_of_the_person_gives_its_tokens_nothing(api: MakeProgram, cast: Cast, image: Image) -> None:
    """Erin has the image through Golden Testers, in the panel; the account of her token is not in it."""
    actions.offer(image.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])
    erin = api(cast.erin, cast.erin.personal_account)

    assert erin.get(f"/image/v2/images/{image.pk}").status_code == 404


def test_a_share_made_on_a_page_is_seen_by_programs_and_the_other_way_round(
    api: MakeProgram, cast: Cast, image: Image
) -> None:
    producer, consumer = api(cast.producer), api(cast.consumer)
    url = f"/image/v2/images/{image.pk}/members"
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    assert consumer.get(url).json()["members"][0]["status"] == "pending"

    consumer.put(f"{url}/{cast.beta.number}", json={"status": "accepted"})
    offered.share.refresh_from_db()
    assert (offered.share.status, offered.share.decided_by) == ("accepted", cast.bob)

    actions.leave(image.pk, by=cast.consumer)
    assert producer.get(f"{url}/{cast.beta.number}").json()["status"] == "rejected"
    producer.delete(f"{url}/{cast.beta.number}")
    assert not Share.objects.exists()
