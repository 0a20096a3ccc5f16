"""The whole panel is killed while servers are made, stopped, started, rebooted, rebuilt and deleted.

Whatever starts next finds the truth: each server is as people want it, has one process or none, and nothing is left.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from images.demo_disks import bootable_qcow2
from tests.images.kills.panel import Panel, Sender, panel, wait_until
from tests.servers.local.conftest import processes_below
from tests.servers.local.test_kills import emulators

pytestmark = pytest.mark.long
VERBS = ("stop", "start", "reboot", "rebuild", "delete")
DELAYS = (0.2, 0.6, 1.2)  # seconds


def do(running: Panel, *command: str) -> dict[str, Any]:
    program = [sys.executable, "-m", "tests.servers.local.world", *command]
    said = subprocess.run(program, env=running.env, check=True, stdout=subprocess.PIPE, stderr=running.log).stdout
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    return answer


def servers_of(running: Panel) -> Path:
    return Path(running.env["STOCKROOM_DATA_DIR"]) / "servers"


def all_is_well(running: Panel) -> bool:
    """Whether every server is settled, and as many run as should."""
    known = do(running, "look")
    are_settled = all(status == wanted and settled for _pk, status, wanted, settled, _disk in known.values())
    ups = {pk for pk, status, *_ in known.values() if status == "running"}
    return are_settled and len(emulators(servers_of(running))) == len(ups)


def begin(running: Panel, folder: Path) -> None:
    sender, disk = Sender(running), folder / "hello.qcow2"
    disk.write_bytes(bootable_qcow2("Hello"))
    url = sender.begin(disk.stat().st_size)
    sender.send(url, disk)
    do(running, "found", sender.show(url)["id"])
    running.do("wait_for", "hello")


@pytest.mark.parametrize("delay", DELAYS)
def test_whoever_starts_next_finds_the_truth(tmp_path: Path, delay: float) -> None:
    with panel(tmp_path / "panel", STOCKROOM_QEMU_ACCELERATOR="tcg", STOCKROOM_SERVERS_STOP_SECONDS="1") as running:
        begin(running, tmp_path)
        do(running, "order", "create", *VERBS)
        wait_until(lambda: all_is_well(running))
        do(running, "order", "stop", "start")
        wait_until(lambda: all_is_well(running))
        machines = emulators(servers_of(running))
        for verb in VERBS:
            do(running, "order", verb, verb)
        do(running, "order", "create", "new")
        time.sleep(delay)
        running.kill()
        assert emulators(servers_of(running)) or not machines, "Servers need no panel."
        running.start()
        wait_until(lambda: all_is_well(running))
        known = do(running, "look")
        states = {name: (status, disk) for name, (_pk, status, _wanted, _settled, disk) in known.items()}
        ups = {"start": ("running", 1), "reboot": ("running", 1), "rebuild": ("running", 2), "new": ("running", 1)}
        assert states == ups | {"stop": ("stopped", 1)}
        do(running, "order", "delete", *known)
        wait_until(lambda: not do(running, "look"))
        assert not emulators(servers_of(running))
        assert {path.name for path in servers_of(running).rglob("*")} == {"bases", "lock"}
    assert not processes_below(servers_of(running))
