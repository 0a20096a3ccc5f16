"""Writes down anew what a real Nova answers to the stories.

Run by hand: ``STOCKROOM_DATA_DIR=/tmp/recording .venv/bin/python -m tests.servers.openstack.record``. It needs ``make
openstack`` and takes three minutes. Each story goes into a file of its own in ``recorded/``: what has changed there is
what this version of Nova says otherwise, and ``test_recorded`` tells where the stand-in no longer answers like that.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

RECORDED = Path(__file__).with_name("recorded")
PATIENCE_SECONDS, TICK_SECONDS = 60, 0.3


def wait(reached: Callable[[], bool]) -> None:
    """Wait until a real cloud has come so far."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "The cloud took too long."
        time.sleep(TICK_SECONDS)


def main() -> None:
    """Start the cloud, tell it every story, and write down what it says."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from servers.clouds.openstack import OpenStackCloud
    from tests.servers.openstack.exchanges import Notes
    from tests.servers.openstack.services import Cloud
    from tests.servers.openstack.stories import STORIES, prepare

    with tempfile.TemporaryDirectory(prefix="stockroom-openstack-") as folder:
        real = Cloud(Path(folder))
        try:
            real.start()
            real.start_compute()
            cloud = OpenStackCloud(real.project("producer").access)
            prepare(cloud)
            for name, story in STORIES.items():
                notes = Notes()
                with notes.taken(cloud):
                    story(cloud, notes.quietly(wait))
                _write(name, notes.exchanges)
        finally:
            real.stop()


def _write(name: str, exchanges: list[dict[str, Any]]) -> None:
    """Write one line for what was asked, one for what was sent, and one for what was answered."""
    each = ",\n\n".join(
        "{" + ",\n ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in exchange.items()) + "}"
        for exchange in exchanges
    )
    whence = json.dumps(f"Nova {_version()} with nova.virt.fake")
    text = f'{{"recorded_from": {whence},\n"exchanges": [\n{each}\n]}}\n'
    (RECORDED / f"{name}.json").write_text(text)
    sys.stdout.write(f"{name}: {len(exchanges)} exchanges\n")


def _version() -> str:
    from tests.servers.openstack.services import PYTHON

    asks = "from importlib.metadata import version; print(version('nova'))"
    return subprocess.run([PYTHON, "-c", asks], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
