"""Starts a machine of this host, and stays beside it: keeps what it prints, within bounds, holds it while the host is
short of room, and tells how it ended.

A process of its own, so that machines survive workers and the panel. The standard library only: it starts in a moment
and stays small.

Whoever holds the lock on the file ``run`` is the machine, or was just about to become it; the number in that file is
its process. The keeper holds the same lock and takes leave of the dead process only after it has let go of it. So as
long as the lock is held, the number belongs to the machine and to nobody else, whoever else was killed meanwhile.
"""

import fcntl
import json
import os
import selectors
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from images.confinement.launcher import confine
from images.confinement.system import Unavailable

READ_SIZE = 64 * 1024  # bytes
SEGMENT = 1024 * 1024  # bytes: what people can read of a console lies between one and two of these
WORDS_KEPT = 4096  # bytes of what QEMU says of its errors: the last ones
LOCK_SECONDS = 0.5  # whoever only looks if the machine runs holds the lock for a moment
NICENESS = 5  # machines never keep the panel from answering
LOOK_SECONDS = 2.0  # between looks at how much room the host has
ANSWER_SECONDS = 5.0  # QEMU talks to one at a time


def main(text: str, report: int, room: int) -> None:
    """Start a machine unless it runs already.

    Args:
        text: the policy of ``images.confinement.launcher`` as JSON, with the machine's folder.
        report: a descriptor to which goes why not; it closes when QEMU starts.
        room: bytes of this host that no machine may fill.
    """
    policy: dict[str, Any] = json.loads(text)
    os.set_inheritable(report, False)
    if os.fork():
        os._exit(0)
    os.setsid()
    try:
        os.chdir(policy["folder"])
        if (lock := taken_lock()) is not None:
            keep(policy, lock, report, room)
    except OSError as error:
        with suppress(OSError):  # it is closed once the machine runs
            os.write(report, str(error).encode()[:1000])
    os._exit(0)


def taken_lock() -> int | None:
    """The lock that says "this machine runs"; nothing if it runs already, or is being deleted."""
    lock = os.open("run", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        else:
            return lock if os.fstat(lock).st_nlink else None


def keep(policy: dict[str, Any], lock: int, report: int, room: int) -> None:
    """Start QEMU, write down what it prints until it ends, and how it ended."""
    os.ftruncate(lock, 0)
    Path("ended").unlink(missing_ok=True)
    put("intent", "run")
    listener = listening()
    output, printed = os.pipe()
    errors, complained = os.pipe()
    machine = os.fork()
    if not machine:
        os.dup2(printed, 1)
        os.dup2(complained, 2)
        become(policy, lock, listener, report)
    for descriptor in (printed, complained, listener, report):
        os.close(descriptor)
    words = followed(output, errors, Guard(room))
    ended = os.waitid(os.P_PID, machine, os.WEXITED | os.WNOWAIT)
    assert ended
    status = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
    put("ended", json.dumps({"status": status, "words": words.decode(errors="replace")}))
    os.close(lock)
    os.waitpid(machine, 0)


def become(policy: dict[str, Any], lock: int, listener: int, report: int) -> None:
    """Turn this process into QEMU, locked in."""
    os.write(lock, str(os.getpid()).encode())
    control = f"socket,id=control,fd={listener},server=on,wait=off"
    argv = [*policy["argv"], "-chardev", control, "-mon", "chardev=control,mode=control"]
    for descriptor in (lock, listener):
        os.set_inheritable(descriptor, True)
    try:
        os.nice(NICENESS)
        confine(policy)
        os.execve(argv[0], argv, policy["environment"])  # noqa: S606 - no shell, on purpose
    except (Unavailable, OSError, ValueError) as error:
        os.write(report, str(error).encode()[:1000])
        os._exit(1)


def listening() -> int:
    """The socket at which QEMU takes orders. QEMU itself may make none."""
    Path("control").unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("control")  # a name without its folder: a whole path may be longer than a socket's address
    listener.listen()
    return listener.detach()


def followed(output: int, errors: int, guard: "Guard") -> bytes:
    """Keep what the machine prints until it ends; return the last of what QEMU said of its errors."""
    console, words = ConsoleFile(), b""
    with selectors.DefaultSelector() as selector:
        for descriptor in (output, errors):
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            guard.look()
            for key, _events in selector.select(LOOK_SECONDS):
                chunk = os.read(key.fd, READ_SIZE)
                if not chunk:
                    selector.unregister(key.fd)
                elif key.fd == output:
                    console.add(chunk)
                else:
                    words = (words + chunk)[-WORDS_KEPT:]
    return words


class Guard:
    """Holds the machine while the host is short of room, so that nobody else runs out of it; lets it go on afterwards.

    The file ``held`` says that it is held.

    Args:
        room: bytes that are to stay free on the file system of the machine's disk.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.next_look = time.monotonic() + LOOK_SECONDS
        self.is_held = False
        Path("held").unlink(missing_ok=True)

    def look(self) -> None:
        """See how much room there is, now and then."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + LOOK_SECONDS
        system = os.statvfs(".")
        free = system.f_bavail * system.f_frsize
        # Going on takes more than holding did, or it would go to and fro.
        with suppress(OSError):  # somebody else talks to QEMU, or it has just ended: there is a next look
            if not self.is_held and free < self.room:
                Path("held").touch()  # first: it shows what is about to be, and never the opposite
                ordered("stop")
                self.is_held = True
            elif self.is_held and free > self.room + self.room // 4:
                ordered("cont")
                Path("held").unlink(missing_ok=True)
                self.is_held = False


def ordered(command: str) -> None:
    """Give QEMU one order.

    Raises:
        OSError: it does not answer.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect("control")
        with connection.makefile("rb") as lines:
            lines.readline()
            for order in ("qmp_capabilities", command):
                connection.sendall(json.dumps({"execute": order}).encode() + b"\n")
                while not {"return", "error"} & set(json.loads(lines.readline() or b'{"error": ""}')):
                    continue


class ConsoleFile:
    """What a machine prints: the last of it, in two files that are named by where they begin."""

    def __init__(self) -> None:
        segments = console_segments(Path())
        self.start = segments[-1][0] if segments else 0
        self.file = self._open()
        self.size = os.fstat(self.file).st_size

    def add(self, chunk: bytes) -> None:
        """Write some more. A full disk costs what does not fit, never the machine."""
        try:
            if self.size >= SEGMENT:
                self._turn()
            self.size += os.write(self.file, chunk)
        except OSError:
            time.sleep(0.1)

    def _turn(self) -> None:
        for _start, path in console_segments(Path())[:-1]:
            path.unlink()
        full, self.start = self.file, self.start + self.size
        self.file, self.size = self._open(), 0
        os.close(full)

    def _open(self) -> int:
        return os.open(f"console.{self.start}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def console_segments(folder: Path) -> list[tuple[int, Path]]:
    """Where each file of a console begins, and the file; in order."""
    return sorted((int(path.suffix[1:]), path) for path in folder.glob("console.*"))


def put(name: str, text: str) -> None:
    """Write a small file whole or not at all."""
    part = Path(f"{name}.part")
    part.write_text(text)
    part.rename(name)
