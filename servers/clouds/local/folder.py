"""The folder of a machine: what is known of it, and whether it runs.

- ``lock``: held by whoever changes something of the machine;
- ``run``: locked by the running machine itself, with its process number in it (``keeper``);
- ``intent``: "run", "stop" or "reboot", since it first ran;
- ``held``: it waits for room on this host (``keeper``);
- ``ended``: how it ended, unless it runs or the keeper was killed with it;
- ``machine.json``: as it was made, with the data that it needs;
- ``snapshot.lock``: locked while an image of its disk is made; as large as the room that was promised to that;
- ``disk.<n>.qcow2``, ``console.<offset>``, ``control`` (a socket), ``snapshot/``, ``seed`` (a small disk).
"""

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings

from servers.clouds.base import CloudBusy, CloudProblem
from servers.keeper import console_segments

KILL_SECONDS = 10.0
PROMISE = "snapshot.lock"
LOCK_SECONDS = 30.0  # longer than a gentle stop; whoever waits longer comes again later


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is written down of a machine.

    Attributes:
        data_id: of the image data below its disk.
        disk_format: of that data.
        ram: MiB.
        ports: of the machine, and of this host. JSON makes words of the first.
    """

    disk_number: int
    data_id: str
    disk_format: str
    ram: int
    ports: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a machine ended: the exit status (negative: the signal), and the last that QEMU said of errors."""

    status: int
    words: str


class Folder:
    """The folder of a machine, which may not be there."""

    def __init__(self, machine_id: UUID | str) -> None:
        self.path = settings.SERVERS_DIR / str(machine_id)

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def is_there(self) -> bool:
        """Whether anything of the machine is."""
        return self.path.is_dir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all others from changing the machine. Makes the folder.

        Raises:
            CloudBusy: somebody else is at it, and takes long.
        """
        lock = self._lock()
        try:
            yield
        finally:
            os.close(lock)

    def _lock(self) -> int:
        deadline = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < deadline:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            with suppress(FileNotFoundError):
                lock = os.open(self / "lock", os.O_RDWR | os.O_CREAT, 0o600)
                if locked_at(lock, self / "lock"):
                    return lock
                os.close(lock)
            time.sleep(0.01)
        raise CloudBusy("Something else is being done with it, such as an image of its disk.")

    def made(self) -> Made | None:
        """What is written down of the machine, if anything is."""
        with suppress(FileNotFoundError):
            return Made(**json.loads((self / "machine.json").read_text()))
        return None

    def write_down(self, made: Made) -> None:
        """Remember what the machine needs; before it is there, so that nobody removes it."""
        self.put("machine.json", json.dumps(asdict(made)))

    def ports(self) -> dict[int, int]:
        """The ports of the machine, and where this host answers for each."""
        made = self.made()
        return {int(port): outside for port, outside in made.ports.items()} if made else {}

    def intent(self) -> str:
        """What the machine was last told; empty if it never ran."""
        with suppress(FileNotFoundError):
            return (self / "intent").read_text()
        return ""

    def ended(self) -> Ended | None:
        """How it ended, if it did and anybody saw it."""
        with suppress(FileNotFoundError):
            return Ended(**json.loads((self / "ended").read_text()))
        return None

    def put(self, name: str, text: str) -> None:
        """Write a small file whole or not at all."""
        part = self / f"{name}.part"
        part.write_text(text)
        part.rename(self / name)

    def disk(self, number: int) -> Path:
        """Where the disk of this number is."""
        return self / f"disk.{number}.qcow2"

    def console(self) -> list[tuple[int, Path]]:
        """The files of the console, each with where it begins."""
        return console_segments(self.path)

    # --- Whether it runs ----------------------------------------------------------------------------

    def is_running(self) -> bool:
        """Whether the machine runs now."""
        with self.idle() as idle:
            return not idle

    @contextmanager
    def idle(self) -> Iterator[bool]:
        """Whether the machine does not run; then nobody can start it while the context lasts."""
        try:
            lock = os.open(self / "run", os.O_RDWR)
        except FileNotFoundError:
            yield True
            return
        try:
            yield _try_to_lock(lock)
        finally:
            os.close(lock)

    def kill(self) -> None:
        """End the machine by force, and wait until it has ended.

        Raises:
            CloudProblem: it does not end.
        """
        deadline = time.monotonic() + KILL_SECONDS
        while self.is_running():
            self._send_kill()
            if time.monotonic() > deadline:
                raise CloudProblem("The machine cannot be ended: its process hangs in this host's kernel.")
            time.sleep(0.01)

    def _send_kill(self) -> None:
        """Kill the process that holds the lock. First its number is pinned, then it is made sure of that it is hers."""
        number = (self / "run").read_text()
        if not number:
            return  # it is about to become the machine
        try:
            process = os.pidfd_open(int(number))
        except ProcessLookupError:
            return
        try:
            if self.is_running():
                signal.pidfd_send_signal(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
        finally:
            os.close(process)

    # --- Its end ------------------------------------------------------------------------------------

    def remove(self) -> None:
        """Leave nothing of a machine that does not run. Under its lock.

        Raises:
            CloudProblem: it runs, or its files cannot be removed.
        """
        gone = self.path.with_name(f"gone.{self.path.name}")
        shutil.rmtree(gone, ignore_errors=True)
        with self.idle() as idle:
            if not idle:
                raise CloudProblem("The machine was started while it was being deleted.")
            self.path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)  # others may clear it away at the same moment (``disks.collect``)
            if gone.exists():
                raise CloudProblem("Its files cannot be removed from this host.")


def folders() -> list[Folder]:
    """Those of all machines of this host."""
    paths = settings.SERVERS_DIR.glob("*/machine.json")
    return [Folder(path.parent.name) for path in paths if not path.parent.name.startswith("gone.")]


@contextmanager
def host_locked() -> Iterator[None]:
    """Keep all others from what concerns all machines: how much memory is left, and which bases are needed."""
    settings.SERVERS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.SERVERS_DIR / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def promised() -> int:
    """Bytes that images which are being made of machines may still take. A killed worker keeps no promise."""
    return sum(_promised_at(path) for path in settings.SERVERS_DIR.glob(f"*/{PROMISE}"))


def _promised_at(path: Path) -> int:
    with suppress(FileNotFoundError), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return 0 if size == 0 or _try_to_lock(file.fileno()) else size
    return 0


def locked_at(descriptor: int, path: Path) -> bool:
    """Lock an open file for this process alone, if nobody else has, and it is still what is found at the path."""
    return _try_to_lock(descriptor) and _is_at(descriptor, path)


def _try_to_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
