"""The `openstack` of these tests is the one that people install, and speaks as a process of its own does."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.api.clients.conftest import OpenTerminal
from tests.api.clients.terminals import Terminal
from tests.people import Cast


def test_it_is_the_installed_one(terminal: OpenTerminal, cast: Cast) -> None:
    """Word for word, with its exit status: one failure, as it needs no second process to have done something."""
    bob = terminal(cast.bob, cast.beta)
    installed = shutil.which("openstack", path=str(Path(sys.executable).parent))
    arguments = ["image", "show", "nothing-of-this-name"]
    real = subprocess.run(
        [str(installed), *arguments], env=bob.environment, cwd=bob.folder, capture_output=True, text=True, check=False
    )
    ours = bob.run(" ".join(["openstack", *arguments]))
    assert (ours.returncode, ours.stdout, ours.stderr) == (real.returncode, real.stdout, real.stderr)
    assert (real.returncode, real.stderr) == (1, "No Image found for nothing-of-this-name\n")


def test_commands_are_shells_commands(alice: Terminal) -> None:
    done = alice.run("openstack image bogus >said 2>&1; echo $? $(wc -l <said)")
    assert done.stdout.startswith("2 ")
    assert alice.run("openstack --version | tr a-z A-Z").stdout.startswith("OPENSTACK ")
