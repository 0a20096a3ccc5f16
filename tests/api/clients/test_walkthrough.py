"""docs/api.md is true: its commands run as they are printed, in the shells of two people, and say what stands there."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from images.demo_disks import bootable_qcow2
from sharing.demo.people import PASSWORD
from sharing.models import Share
from tests import factories
from tests.people import Cast

MANUAL = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BETA = "4071385962"  # the number of Beta Consumers in the manual
DISK = bootable_qcow2("The disk of the manual.", size=512 * 600)
END = "--- done"
OUTPUTS = {"text": 0, "error": 1}  # what a command said, by how it ended


@dataclass(frozen=True)
class Step:
    """A block of commands, and what the manual says that they print.

    Attributes:
        person: whose shell it is for; the first line says so.
        said: empty, where the manual shows nothing.
    """

    person: str
    commands: str
    status: int = 0
    said: str = ""


class Shell:
    """A bash that is fed a block at a time, as people paste from a page."""

    def __init__(self, folder: Path, openstack: Path) -> None:
        self._process = subprocess.Popen(
            ["/bin/bash"],
            cwd=folder,
            env={"HOME": str(folder), "PATH": f"{openstack}:{os.environ['PATH']}", "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, commands: str) -> tuple[int, str]:
        """How the last of them ended, and what all of them said."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{{\n{commands}}} </dev/null\nstatus=$?; echo; echo '{END}' $status\n")
        self._process.stdin.flush()
        lines: list[str] = []
        while not (line := self._process.stdout.readline()).startswith(END):
            assert line, "The shell has ended."
            lines.append(line)
        return int(line.removeprefix(END)), "".join(lines).strip()

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)


def steps(section: str) -> Iterator[Step]:
    """The steps of a section of the manual."""
    [text] = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## )", MANUAL, re.MULTILINE | re.DOTALL)
    blocks = [(kind, block) for kind, block in FENCE.findall(text) if kind == "sh" or kind in OUTPUTS]
    for (kind, commands), (next_kind, said) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind == "sh":
            person = commands.partition("\n")[0].removeprefix("# ")
            told = (OUTPUTS[next_kind], said.strip()) if next_kind in OUTPUTS else (0, "")
            yield Step(person, commands, *told)


def looks_like(expected: str, said: str) -> bool:
    """Whether it is the same but for the width of tables, and for "…": anything, or on its own any number of lines."""
    lines = re.escape(narrow(expected)).replace(re.escape("\n…\n"), r"\n(?:.*\n)?")
    pattern = lines.replace("…", ".*?")
    return re.fullmatch(pattern, narrow(said), re.DOTALL) is not None


def narrow(text: str) -> str:
    return re.sub(r" +", " ", re.sub(r"-{4,}", "----", text))


@pytest.fixture
def shells(panel: str, openstack_folder: Path, tmp_path: Path) -> Iterator[dict[str, Shell]]:
    """Alice's and Bob's."""
    opened: dict[str, Shell] = {}
    for person in ("alice", "bob"):
        (tmp_path / person).mkdir()
        opened[person] = Shell(tmp_path / person, openstack_folder)
    yield opened
    for shell in opened.values():
        shell.close()


def test_the_walkthrough_says_what_happens(panel: str, shells: dict[str, Shell], cast: Cast) -> None:
    factories.make_image(cast.acme, cast.alice, data=factories.make_data(DISK))
    meant = {"http://127.0.0.1:8000": panel, PASSWORD: factories.PASSWORD, BETA: cast.beta.number}

    def here(text: str) -> str:
        for printed, real in meant.items():
            text = text.replace(printed, real)
        return text

    for step in steps("Sharing an image, command by command"):
        status, said = shells[step.person].run(here(step.commands))
        assert status == step.status, f"{step.commands}\n{said}"
        assert not step.said or looks_like(here(step.said), said), f"{step.commands}\n{said}"


@pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning")
def test_the_programs_do_what_they_are_printed_for(
    panel: str, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_alice, of_bob = re.findall(r"^```python\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("web-1.qcow2").write_bytes(DISK)
    for person, account, program in ((cast.alice, cast.acme, of_alice), (cast.bob, cast.beta, of_bob)):
        auth = {"auth_url": f"{panel}/identity/v3", "username": person.username, "password": factories.PASSWORD}
        whom = {"user_domain_name": "Default", "project_id": account.number}
        clouds = tmp_path / f"{person.username}.yaml"
        clouds.write_text(json.dumps({"clouds": {"stockroom": {"auth": auth | whom}}}))  # JSON is YAML
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
        exec(program.replace(BETA, cast.beta.number), {})  # noqa: S102  # that is the test
    assert Path("saved.qcow2").read_bytes() == DISK
    assert Share.objects.get(image__name="web-1").status == Share.Status.ACCEPTED
