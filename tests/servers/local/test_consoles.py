"""What a machine prints is kept within bounds, and each part says where it begins."""

from contextlib import suppress
from pathlib import Path

import pytest

from servers import keeper
from servers.clouds.local import LocalCloud
from servers.clouds.local.folder import Folder
from servers.keeper import ConsoleFile, console_segments
from tests.servers.local.conftest import NewMachine, Says

# mov dx, 0x3f8; mov al, "A"; again: out dx, al; jmp again
FLOOD = (bytes.fromhex("baf803b041eeebfd").ljust(510, b"\0") + b"\x55\xaa").ljust(2**20, b"\0")


def test_a_part_of_the_console(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    machine = new_machine("One two three")
    cloud.create(machine)
    says(machine, "three\r\n")
    part = cloud.console(machine, offset=4, limit=3)
    assert (part.text, part.offset, part.end) == ("two", 4, 7)
    last = cloud.console(machine, offset=-7, limit=100)
    assert (last.text, last.offset, last.end) == ("three\r\n", 8, 15)
    beyond = cloud.console(machine, offset=99, limit=100)
    assert (beyond.text, beyond.offset, beyond.end) == ("", 15, 15)


def test_a_character_that_is_still_coming_is_left_out(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine()
    folder = Folder(machine.id)
    folder.path.mkdir(parents=True)
    (folder / "console.10").write_bytes("né".encode()[:-1])
    part = cloud.console(machine, offset=0, limit=100)
    assert (part.text, part.offset, part.end) == ("n", 10, 11)


def test_the_keeper_keeps_the_last_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keeper, "SEGMENT", 100)
    console = ConsoleFile()
    for number in range(100):
        console.add(f"{number:010}".encode())
    assert [(start, path.stat().st_size) for start, path in console_segments(tmp_path)] == [(800, 100), (900, 100)]
    ConsoleFile().add(b"again")
    assert [(start, path.stat().st_size) for start, path in console_segments(tmp_path)] == [(900, 100), (1000, 5)]


@pytest.mark.long
def test_a_machine_that_prints_without_end_fills_no_disk(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine(data=FLOOD)
    cloud.create(machine)
    while cloud.console(machine, offset=-1, limit=1).end < 4 * keeper.SEGMENT:
        kept = 0
        for _start, path in Folder(machine.id).console()[-2:]:
            with suppress(FileNotFoundError):  # the oldest goes whenever a new one begins
                kept += path.stat().st_size
        assert kept <= 2 * (keeper.SEGMENT + keeper.READ_SIZE)
    part = cloud.console(machine, offset=0, limit=10)
    assert part.offset > keeper.SEGMENT
    assert part.text == "A" * 10
