"""The server and the workers run together, and end together, in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config import run
from tests.architecture.source import ROOT

# Stand-ins that say when they start and when they are asked to stop.
PROCESS = """
import signal, sys, time
def stop(*_):
    time.sleep(0.2)
    print("{name} stopped in order", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("{name} started", flush=True)
while True:
    time.sleep(0.05)
"""
PANEL = """
import sys
from config import run
run.RESTART_SECONDS = 0.05
run.COMMANDS = {commands!r}
sys.exit(run.Panel().run())
"""


class RunningPanel:
    """A panel of stand-ins in a process of its own, as ``make run`` starts it."""

    def __init__(self, output: Path) -> None:
        names = ("server", "mail worker")
        commands = {name: [sys.executable, "-c", PROCESS.replace("{name}", name)] for name in names}
        self.output = output
        command = [sys.executable, "-c", PANEL.format(commands=commands)]
        with output.open("wb") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=file)

    def wait_for(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 20
        while self.output.read_text().count(text) < times:
            assert time.monotonic() < deadline, f"{text!r} never came:\n{self.output.read_text()}"
            time.sleep(0.02)

    def child(self, name: str) -> int:
        """The process that plays this part."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (found,) = (int(pid) for pid in children if f"{name} started" in Path(f"/proc/{pid}/cmdline").read_text())
        return found


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[RunningPanel]:
    running = RunningPanel(tmp_path / "output")
    running.wait_for("server started")
    running.wait_for("mail worker started")
    yield running
    running.process.terminate()
    running.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_everything_stops_in_order(panel: RunningPanel, number: signal.Signals) -> None:
    panel.process.send_signal(number)
    assert panel.process.wait(timeout=20) == 0
    panel.wait_for("server stopped in order")
    panel.wait_for("mail worker stopped in order")


def test_a_killed_worker_comes_back(panel: RunningPanel) -> None:
    os.kill(panel.child("mail worker"), signal.SIGKILL)
    panel.wait_for("The mail worker ended (-9) and is started again.")
    panel.wait_for("mail worker started", times=2)


def test_a_killed_server_stops_everything(panel: RunningPanel) -> None:
    os.kill(panel.child("server"), signal.SIGKILL)
    assert panel.process.wait(timeout=20) == 9
    panel.wait_for("The server ended (-9), so everything stops.")
    panel.wait_for("mail worker stopped in order")


def test_every_queue_has_a_worker() -> None:
    queues, others = set(settings.TASK_SECONDS), settings.Q_CLUSTER["ALT_CLUSTERS"]
    assert isinstance(others, dict)
    assert set(run.WORKERS.values()) == queues == {"control", *others}
    assert {schedule["cluster"] for schedule in settings.SCHEDULES.values()} <= queues


def test_a_slow_cloud_holds_up_neither_other_servers_nor_the_ends_of_shares() -> None:
    assert list(run.WORKERS.values()).count("servers") == 2
    queue_of = {schedule["func"]: schedule["cluster"] for schedule in settings.SCHEDULES.values()}
    assert queue_of["sharing.tasks.attend_to_ends"] == "control"
    assert queue_of["servers.tasks.attend_to_servers"] == queue_of["servers.tasks.look_at_servers"] == "servers"
