"""What a real Nova answered when it was recorded (``record``), beside the stand-in and before the panel itself."""

import json
import re
from typing import Any

import pytest

from servers.clouds.openstack import OpenStackCloud
from tests.servers.openstack.exchanges import SNAPSHOT, Exchange, Notes
from tests.servers.openstack.record import RECORDED
from tests.servers.openstack.standin import Environ, StandIn, serving
from tests.servers.openstack.stories import STORIES, prepare

UNDER_WAY = {"BUILD", "REBOOT", "REBUILD"}


class Player(StandIn):
    """Answers what Nova answered, in that order; the other services are as in the stand-in."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        super().__init__()
        self._left = list(exchanges)

    def _answered(self, what: str, environ: Environ, body: bytes) -> tuple[int, Any, list[tuple[str, str]]]:
        if "/compute/v2.1/" not in what:
            return super()._answered(what, environ, body)
        exchange = self._left.pop(0)
        if exchange["answer"] == {"image_id": SNAPSHOT}:
            facts = {"id": SNAPSHOT, **exchange["body"]["createImage"].get("metadata", {})}
            self._image(exchange["body"]["createImage"]["name"], facts, b"The disk", owner=self.project)
        return exchange["status"], exchange["answer"], []


def recorded(name: str) -> list[Exchange]:
    """What was recorded of a story."""
    exchanges: list[Exchange] = json.loads((RECORDED / f"{name}.json").read_text())["exchanges"]
    return exchanges


@pytest.mark.parametrize("name", STORIES)
def test_the_panel_asks_as_it_did_and_understands_nova(name: str) -> None:
    exchanges, notes = recorded(name), Notes()
    with serving(Player(exchanges)) as there:
        cloud = OpenStackCloud(there.access)
        with notes.taken(cloud):
            STORIES[name](cloud, notes.quietly(lambda _: None))
    assert notes.exchanges == exchanges


@pytest.mark.parametrize("name", STORIES)
def test_the_stand_in_answers_as_nova_did(there: StandIn, oslo: OpenStackCloud, name: str) -> None:
    prepare(oslo)
    there.slow, there.cores, there.output = True, 6, "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE"
    notes = Notes()
    with notes.taken(oslo):
        STORIES[name](oslo, notes.quietly(lambda _: there.settle()))
    for answered, exchange in zip(notes.exchanges, recorded(name), strict=True):
        assert _without_chance(answered) == _without_chance(exchange)


def _without_chance(exchange: Exchange) -> Exchange:
    """Without what depends on how fast a cloud is: what it is just doing with a machine of which it says that it is
    made, made anew or restarted; how far an image is; and a machine that it lists for a moment as deleted.
    """
    text = re.sub(r"\bimage_(snapshot_pending|snapshot|pending_upload|uploading)\b", "image_…", json.dumps(exchange))
    same: Exchange = json.loads(text)
    listed = (same["answer"] or {}).get("servers", [])
    listed[:] = [each for each in listed if each["status"] != "DELETED"]
    for server in listed:
        if server["status"] in UNDER_WAY:
            server["OS-EXT-STS:task_state"] = "…"
    return same
