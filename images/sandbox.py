"""Running a program on hostile data, locked in: it reads what it is given, writes one folder, and ends in time.

Image data comes from strangers, and the programs that understand it (QEMU, The Sleuth Kit) are large and written in C.
Whatever takes them over finds itself without a network, without other processes, without files and without time
(docs/adr/0015).
"""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from images.problems import DataProblem

READ_SIZE = 64 * 1024  # bytes
ERRORS_KEPT = 4096  # bytes of what a program says of its errors: the last ones
TICK_SECONDS = 1.0
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from images.confinement.launcher import main; "
START += "main(sys.argv[1], int(sys.argv[2]))"


class ProgramProblem(DataProblem):
    """A program that works on image data did not do what it should."""

    code = "program-failed"
    status = 422


class ProgramMissing(ProgramProblem):
    """The program is not installed, or this system cannot lock it in."""

    code = "program-missing"
    status = 501


class ProgramOverLimit(ProgramProblem):
    """The program wanted more time or room than it gets."""

    code = "program-over-limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program may use up.

    Attributes:
        seconds: of the clock, and of the processor for each core that it keeps busy; 0 for what runs on and on.
        memory: bytes of address space.
        file_size: bytes of each file that it writes.
        output: bytes that it may print.
    """

    seconds: float
    memory: int
    file_size: int = 0
    output: int = 1024 * 1024
    open_files: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, and what it may see.

    Attributes:
        name: what people call it, at the start of a sentence ("The conversion").
        argv: the program, by its whole path, and its arguments.
        readable: files and folders that it may read, besides the libraries of the system.
        runnable: the same, with programs and libraries in them.
        listable: folders of which it may read the names only.
        writable: folders that it may write to, or files.
        devices: what it may read, write and control.
        calls: system calls that ``images.confinement.seccomp`` refuses to others.
        listens: TCP ports of this host at which it answers. It can still call nobody.
        folder: where it starts.
    """

    name: str
    argv: tuple[str, ...]
    readable: tuple[Path, ...] = ()
    runnable: tuple[Path, ...] = ()
    listable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = ()
    calls: tuple[str, ...] = ()
    listens: tuple[int, ...] = ()
    folder: Path = Path("/")


@dataclass(slots=True)
class Said:
    """What a program has printed so far."""

    output: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)


def find_program(name: str) -> str:
    """The whole path of an installed program; empty if there is none."""
    return shutil.which(name) or ""


def run(
    program: Program,
    *,
    limits: Limits,
    on_output: Callable[[bytes], None] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> bytes:
    """Run a program to its end.

    Args:
        program: what to run.
        limits: what it may use up.
        on_output: takes what it prints, as it comes; without it, everything is kept and returned.
        on_tick: called about once a second. When either of the two raises, the program is killed.

    Returns:
        What it printed.

    Raises:
        ProgramMissing: this system cannot run it, or not safely.
        ProgramOverLimit: it took too long or wanted too much.
        ProgramProblem: it failed; the text ends with what it said of that.
    """
    process = _started(program, limits)
    try:
        said = _followed(program, process, limits, on_output, on_tick)
        status = process.wait()
    finally:
        _kill(process)
    if status:
        raise _failure(program, status, said)
    return bytes(said.output)


def policy_of(program: Program, limits: Limits, *, outlives_us: bool = False) -> str:
    """What ``images.confinement.launcher`` is told, as JSON."""
    folders = {kind: [str(path) for path in getattr(program, kind)] for kind in ("runnable", "listable", "writable")}
    policy = folders | {
        "argv": program.argv,
        "readable": [str(path) for path in program.readable],
        "devices": [str(path) for path in program.devices],
        "allowed_calls": program.calls,
        "listens": program.listens,
        "folder": str(program.folder),
        "environment": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        "parent": 0 if outlives_us else os.getpid(),
        "strict": settings.SANDBOX_STRICT,
        "limits": {
            # Two cores for as long as the clock allows; a program that spins is stopped by whichever comes first.
            "cpu_seconds": int(2 * limits.seconds) + 1 if limits.seconds else 0,
            "memory": limits.memory,
            "file_size": limits.file_size,
            "open_files": limits.open_files,
        },
    }
    return json.dumps(policy)


def _started(program: Program, limits: Limits) -> "subprocess.Popen[bytes]":
    """The program, once it is locked in and runs."""
    report, told = os.pipe()
    launcher = [sys.executable, "-I", "-S", "-c", START, str(settings.BASE_DIR), policy_of(program, limits), str(told)]
    try:
        process = subprocess.Popen(  # noqa: S603 - a list of our own words, no shell
            launcher,
            cwd=program.folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[told],
            start_new_session=True,
        )
    finally:
        os.close(told)
    with os.fdopen(report, "rb") as file:
        reason = file.read().decode(errors="replace")
    if reason:
        _kill(process)
        raise ProgramMissing(f"{program.name} cannot run on this server in safety ({reason}). Tell who runs the panel.")
    return process


def _followed(
    program: Program,
    process: "subprocess.Popen[bytes]",
    limits: Limits,
    on_output: Callable[[bytes], None] | None,
    on_tick: Callable[[], None] | None,
) -> Said:
    """Read what the program prints until it closes both ends, and watch the clock."""
    said = Said()
    deadline = time.monotonic() + limits.seconds
    next_tick = time.monotonic() + TICK_SECONDS
    with selectors.DefaultSelector() as selector:
        for stream, take in ((process.stdout, on_output or said.output.extend), (process.stderr, said.errors.extend)):
            assert stream
            selector.register(stream, selectors.EVENT_READ, take)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise _too_slow(program, limits)
            for key, _events in selector.select(max(0.0, min(next_tick, deadline) - time.monotonic())):
                chunk = os.read(key.fd, READ_SIZE)
                key.data(chunk) if chunk else selector.unregister(key.fileobj)
            del said.errors[:-ERRORS_KEPT]
            if len(said.output) > limits.output:
                raise ProgramOverLimit(f"{program.name} printed far more than it should.")
            if on_tick and time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_SECONDS
                on_tick()
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, deadline - time.monotonic()))
        return said
    raise _too_slow(program, limits)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the program and everything it may have started."""
    if process.returncode is None:  # afterwards the number may belong to somebody else
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        assert stream
        stream.close()


def _too_slow(program: Program, limits: Limits) -> ProgramOverLimit:
    return ProgramOverLimit(f"{program.name} was stopped: it took longer than {_duration(limits.seconds)}.")


def _failure(program: Program, status: int, said: Said) -> ProgramProblem:
    match -status:
        case signal.SIGXCPU | signal.SIGKILL:
            return ProgramOverLimit(f"{program.name} was stopped: it kept the processor busy for too long.")
        case signal.SIGXFSZ:
            return ProgramOverLimit(f"{program.name} was stopped: the result became larger than allowed.")
    last = _last_words(program, said)
    if status < 0:
        return ProgramProblem(f"{program.name} broke down (signal {-status}). {last}".rstrip())
    return ProgramProblem(f"{program.name} failed: {last or f'exit status {status}'}")


def _last_words(program: Program, said: Said) -> str:
    """The last line of what a program said of its errors, without the places of the files: consumers may read it."""
    lines = said.errors.decode(errors="replace").strip().splitlines()
    words = lines[-1] if lines else ""
    for path in sorted((str(path) for path in (*program.readable, *program.writable)), key=len, reverse=True):
        words = words.replace(path, "…")
    return "".join(char for char in words[:300] if char.isprintable())


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"  # noqa: PLR2004 - two minutes
