"""What the panel asks Compute, and what that answers, written down so that two clouds can be held side by side.

Ids, times and addresses are made neutral. Of servers and flavors only those fields are kept that the panel reads, with
a few beside them (``OF_A_SERVER``, ``OF_A_FLAVOR``): of some forty, most say nothing to us.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests import PreparedRequest, Response

from servers.clouds.openstack import OpenStackCloud
from tests.servers.openstack.stories import Until

Exchange = dict[str, Any]
OF_A_SERVER = [
    *("id", "name", "status", "created", "metadata", "tags", "image", "addresses", "fault"),
    *("OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-SRV-USG:launched_at"),
]
OF_A_FLAVOR = ["id", "name", "vcpus", "ram", "disk", "OS-FLV-DISABLED:disabled"]
OF_AN_ADDRESS = ["addr", "version", "OS-EXT-IPS:type"]
OF_COMPUTE = re.compile(r".*/v2\.1/")
SERVER_ID = re.compile(r"(?<=servers/)[0-9a-f-]{36}|(?<=nstance )[0-9a-f-]{36}")
TIMES = {"created": "2026-11-21T00:00:00Z", "OS-SRV-USG:launched_at": "2026-11-21T00:00:01.000000"}
ADDRESS = "10.0.0.7"
SNAPSHOT = "5b1e4c2a-1111-4222-8333-444455556669"


class Notes:
    """What was asked of Compute, in order, while they were ``taken``.

    Attributes:
        exchanges: what was asked, and what was answered.
        taking: whether what is asked now is written down.
    """

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.taking = False
        self._names: dict[str, str] = {}

    @contextmanager
    def taken(self, cloud: OpenStackCloud) -> Iterator[None]:
        """Write down what a cloud is asked."""
        hooks = cloud._sdk.session.session.hooks["response"]
        hooks.append(self._note)
        self.taking = True
        try:
            yield
        finally:
            self.taking = False
            hooks.remove(self._note)

    def quietly(self, until: Until) -> Until:
        """Wait without writing down how often one looked; then look once more."""

        def wait(reached: Any) -> None:
            self.taking = False
            until(reached)
            self.taking = True
            assert reached()

        return wait

    def _note(self, answer: Response, **_: Any) -> None:
        if self.taking and OF_COMPUTE.match(answer.request.url or ""):
            self.exchanges.append(self._neutral(answer))

    def _neutral(self, answer: Response) -> Exchange:
        said = answer.json() if answer.content else None
        exchange = {**asked_of(answer.request), "status": answer.status_code, "answer": _kept(said)}
        if answer.request.method == "POST" and isinstance(said, dict) and "server" in said:
            self._named(said["server"]["id"])
        text = json.dumps(exchange)
        for pk in SERVER_ID.findall(text):
            self._named(pk)
        for pk, name in self._names.items():
            text = text.replace(pk, name)
        neutral: Exchange = json.loads(text)
        return neutral

    def _named(self, pk: str) -> None:
        self._names.setdefault(pk, f"00000000-0000-4000-8000-{len(self._names) + 1:012}")


def asked_of(request: PreparedRequest) -> Exchange:
    """A request as it is written down."""
    sent = json.loads(request.body) if isinstance(request.body, bytes | str) else None
    if isinstance(sent, dict) and "user_data" in sent.get("server", {}):
        sent["server"]["user_data"] = "…"  # the parts of such a message are parted by chance
    return {
        "request": f"{request.method} /{OF_COMPUTE.sub('', str(request.url))}",
        "version": str(request.headers.get("OpenStack-API-Version", "")).removeprefix("compute "),
        "body": json.loads(json.dumps(sent, sort_keys=True)),
    }


def _kept(said: Any) -> Any:
    """What is kept of an answer, with neutral times and addresses."""
    if not isinstance(said, dict):
        return said
    if "servers" in said:
        return {"servers": [_kept_of_server(each) for each in said["servers"]]}
    if "server" in said:
        return {"server": _kept_of_server(said["server"])}
    if "flavors" in said:
        return {"flavors": [_picked(each, OF_A_FLAVOR) for each in said["flavors"]]}
    return {"image_id": SNAPSHOT} if "image_id" in said else said


def _kept_of_server(said: Exchange) -> Exchange:
    kept = _picked(said, OF_A_SERVER) | {key: time for key, time in TIMES.items() if said.get(key)}
    if "addresses" in kept:
        kept["addresses"] = {
            name: [_picked(each, OF_AN_ADDRESS) | {"addr": ADDRESS} for each in several]
            for name, several in kept["addresses"].items()
        }
    if "image" in kept:
        kept["image"] = _picked(kept["image"], ["id"])
    if "fault" in kept:
        kept["fault"] = _picked(kept["fault"], ["code", "message"])
    return kept


def _picked(said: Exchange, keys: list[str]) -> Exchange:
    return {key: said[key] for key in keys if key in said}
