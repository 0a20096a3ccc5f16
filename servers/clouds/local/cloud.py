"""Machines on this host, run by QEMU."""

import codecs
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from servers.clouds.base import (
    Abilities,
    Bytes,
    CloudBusy,
    CloudProblem,
    CloudRefused,
    Condition,
    Console,
    Machine,
    Progress,
    Source,
    State,
)
from servers.clouds.local import disks, needs, qemu, snapshots
from servers.clouds.local.folder import Folder, Made, host_locked
from servers.clouds.local.qmp import control

NO_ROOM = "It is held, because this host has no room left for its disk. It goes on when there is room again."
NO_ROOM_EVER = "It is held, because its disk could not grow on this host. Make room there, then reboot it."
UNSEEN = "It ended without a word: this host was restarted, or something there ended it."
SHUTTING_DOWN = "It is shutting down."
TICK_SECONDS = 0.05
PATIENCE_SECONDS = 0.5  # for which a worker waits for a guest to shut down, before it does something else
FORGOTTEN_SECONDS = 60  # after its time is up; then nobody has meant to switch it off
# What QEMU says of each processor, and the bit that lets interrupts in ("EFLAGS Register" in Intel's manual).
FLAGS, HALTED, INTERRUPTS = re.compile(r"\b[ER]FL=([0-9a-f]+)"), re.compile(r"\bHLT=(\d)"), 0x200


class LocalCloud:
    """QEMU on this host. Everything it knows is in the folders of the machines, so that any process can go on."""

    abilities = Abilities(
        live_snapshots=True,
        network_choice=False,
        port_forwards=True,
        console=True,
        gives_data=False,
        far=False,
        disk_formats=frozenset({"qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx"}),
        architectures=frozenset({"x86_64", ""}),
        user_data=64 * 1024,
    )

    def why_not(self) -> str:
        """What this host lacks, and what to do about it."""
        return needs.why_not()

    def create(self, machine: Machine) -> None:
        """Have a disk above its image data, and QEMU running; see ``Cloud.create``."""
        disks.require_programs()
        folder = Folder(machine.id)
        with folder.locked():
            made = folder.made()
            if made and made.disk_number < machine.disk_number:
                (folder / "intent").unlink(missing_ok=True)  # from now on there is no machine until the new one runs
                folder.kill()
            with host_locked():
                folder.write_down(_made(machine, made.ports if made else {}))
            disks.require_base(machine)
            disks.make_disk(machine, folder)
            disks.remove_old_disks(folder, below=machine.disk_number)
            qemu.start(machine, folder)
        if machine.disk_number > 1:
            disks.collect()  # the image of before

    def bring(self, source: Source, data: Bytes) -> str:
        """Copy image data that lies elsewhere to this host; see ``TakesImages.bring``."""
        disks.bring_base(source, data)
        return str(source.data_id)

    def condition(self, machine: Machine) -> Condition:
        """Whether its process lives, and how it ended."""
        folder = Folder(machine.id)
        made = folder.made()
        if made is None:
            return Condition(state=State.ABSENT)
        state, problem = _running(folder) if folder.is_running() else _at_rest(folder)
        ports = folder.ports()
        address = settings.SERVERS_PORTS.host if ports else ""
        return Condition(state=state, problem=problem, disk_number=made.disk_number, address=address, ports=ports)

    def start(self, machine: Machine) -> None:
        """Run it from the disk that it has; go on with one that is held."""
        disks.require_programs()
        folder = Folder(machine.id)
        with folder.locked():
            _require_disk(machine, folder)
            qemu.start(machine, folder)
            if not (folder / "held").exists():
                with control(folder.path) as orders:
                    orders.order("cont")

    def stop(self, machine: Machine) -> None:
        """Ask the guest to shut down; switch it off if it cannot hear, or takes too long.

        Raises:
            CloudBusy: it is shutting down.
        """
        folder = Folder(machine.id)
        if folder.made() is None:
            return
        with folder.locked():
            _switch_off(folder, "stop")

    def reboot(self, machine: Machine) -> None:
        """Stop it and start it. A worker that dies between the two leaves one that has stopped, and is to be started.

        Raises:
            CloudBusy: it is shutting down.
        """
        disks.require_programs()
        folder = Folder(machine.id)
        with folder.locked():
            _require_disk(machine, folder)
            _switch_off(folder, "reboot")
            qemu.start(machine, folder)

    def delete(self, machine: Machine) -> None:
        """Switch it off and remove its folder, and its base if no other machine needs that."""
        folder = Folder(machine.id)
        if folder.is_there:
            with folder.locked():
                (folder / "intent").unlink(missing_ok=True)
                folder.kill()
                folder.remove()
        disks.collect()

    def console(self, machine: Machine, *, offset: int, limit: int) -> Console:
        """Read from the files that the keeper writes; see ``Cloud.console``."""
        while True:
            with suppress(FileNotFoundError):  # the keeper has turned to the next file meanwhile
                return _console(Folder(machine.id), offset, limit)

    def snapshot(self, machine: Machine, *, folder: Path, progress: Progress) -> Iterator[bytes]:
        """Copy its disk, by QEMU itself while it runs; see ``Cloud.snapshot``."""
        return snapshots.snapshot(machine, folder, progress)


def _made(machine: Machine, ports: dict[str, int]) -> Made:
    return Made(
        disk_number=machine.disk_number,
        data_id=str(machine.image.data_id),
        disk_format=machine.image.disk_format,
        ram=machine.ram,
        ports=ports,
    )


def _running(folder: Folder) -> tuple[State, str]:
    """A machine that runs. That QEMU does not answer just now does not mean that it does not run.

    One that was told to stop may still do so after people have changed their minds; then it is started again.
    """
    if folder.intent() == "stop" and _seconds_left(folder) > 0:
        return State.BUILDING, SHUTTING_DOWN
    if (folder / "held").exists():
        return State.RUNNING, NO_ROOM
    with suppress(CloudProblem), control(folder.path) as orders:
        if orders.order("query-status")["status"] == "io-error":
            return State.RUNNING, NO_ROOM_EVER
    return State.RUNNING, ""


def _at_rest(folder: Folder) -> tuple[State, str]:
    match folder.intent():
        case "":
            return State.ABSENT, ""
        case "stop" | "reboot":
            return State.STOPPED, ""
    ended = folder.ended()
    if ended is None:
        return State.STOPPED, UNSEEN
    if ended.status == 0:
        return State.STOPPED, ""
    how = f"signal {-ended.status}" if ended.status < 0 else f"exit status {ended.status}"
    return State.STOPPED, f"QEMU broke down ({how}). {qemu.last_words(ended.words, folder)}".rstrip()


def _require_disk(machine: Machine, folder: Folder) -> None:
    if not folder.disk(machine.disk_number).exists():
        raise CloudRefused("Its disk is gone from this host, so that it can only be rebuilt or deleted.")


def _switch_off(folder: Folder, intent: str) -> None:
    """Gently where the guest listens, else by force when its time is up. No worker waits for that.

    Raises:
        CloudBusy: it is shutting down.
    """
    if folder.is_running() and (folder.intent() != intent or _seconds_left(folder) < -FORGOTTEN_SECONDS):
        if _is_deaf(folder):
            folder.kill()
        folder.put("intent", intent)
    deadline = time.monotonic() + min(PATIENCE_SECONDS, _seconds_left(folder))
    while folder.is_running() and time.monotonic() < deadline:
        time.sleep(TICK_SECONDS)
    if folder.is_running() and _seconds_left(folder) > 0:
        raise CloudBusy(SHUTTING_DOWN)
    folder.kill()
    folder.put("intent", intent)


def _is_deaf(folder: Folder) -> bool:
    """Ask the guest to shut down, and say whether it can never hear: all its processors halted, without interrupts."""
    try:
        with control(folder.path) as orders:
            orders.order("system_powerdown")
            said = orders.order("human-monitor-command", **{"command-line": "info registers -a"})
    except CloudProblem:
        return False
    flags, halted = FLAGS.findall(said), HALTED.findall(said)
    return bool(flags) and set(halted) == {"1"} and not any(int(each, 16) & INTERRUPTS for each in flags)


def _seconds_left(folder: Folder) -> float:
    """Until a guest that was asked to shut down is switched off; negative: since then."""
    try:
        asked = (folder / "intent").stat().st_mtime
    except FileNotFoundError:
        return 0
    allowed: float = settings.SERVERS_STOP_SECONDS
    return asked + allowed - time.time()


def _console(folder: Folder, offset: int, limit: int) -> Console:
    segments = folder.console() or [(0, Path(os.devnull))]
    first, end = segments[0][0], segments[-1][0] + segments[-1][1].stat().st_size
    start = min(max(offset if offset >= 0 else end + offset, first), end)
    stop = min(start + limit, end)
    data = b"".join(_part(path, start - begins, stop - begins) for begins, path in segments)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    return Console(text=text, offset=start, end=start + len(data) - len(decoder.getstate()[0]))


def _part(path: Path, start: int, stop: int) -> bytes:
    """Bytes of a file from one place to another, as far as it has them."""
    start = max(0, start)
    if stop <= start:
        return b""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)
