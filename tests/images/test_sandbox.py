"""A program that has been taken over finds every door closed. Each test is such a program."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings

from images import sandbox
from images.confinement.system import Unavailable
from images.sandbox import Limits, Program, ProgramMissing, ProgramOverLimit, ProgramProblem

LIMITS = Limits(seconds=20, memory=512 * 1024**2, file_size=1024**2)
PYTHON = (Path(sys.prefix), Path(sys.base_prefix))


def python(code: str, *, readable: Path | None = None, writable: Path | None = None) -> Program:
    return Program(
        name="The test",
        argv=(sys.executable, "-I", "-S", "-c", code),
        runnable=PYTHON,
        readable=(readable,) if readable else (),
        writable=(writable,) if writable else (),
    )


def run(code: str, *, limits: Limits = LIMITS, readable: Path | None = None, writable: Path | None = None) -> str:
    return sandbox.run(python(code, readable=readable, writable=writable), limits=limits).decode()


def test_a_program_prints_what_it_found() -> None:
    assert run("print('fourteen files')") == "fourteen files\n"


def test_it_knows_nothing_of_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    assert run("import os; print(sorted(os.environ.items()))") == "[('LANG', 'C.UTF-8'), ('PATH', '/usr/bin:/bin')]\n"


def test_it_reads_what_it_is_given(tmp_path: Path) -> None:
    given = tmp_path / "disk.raw"
    given.write_text("boot")
    assert run(f"print(open({str(given)!r}).read())", readable=given) == "boot\n"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/proc/self/environ", f"/proc/{os.getppid()}/cmdline", f"{settings.BASE_DIR}/manage.py"]
)
def test_it_reads_no_other_file(path: str) -> None:
    with pytest.raises(ProgramProblem, match="Permission denied"):
        run(f"open({path!r}).read()")


def test_it_cannot_write_what_it_may_read(tmp_path: Path) -> None:
    given = tmp_path / "disk.raw"
    given.write_text("boot")
    with pytest.raises(ProgramProblem, match="Permission denied"):
        run(f"open({str(given)!r}, 'r+')", readable=given)
    with pytest.raises(ProgramProblem, match="Operation not permitted"):
        run(f"import os; os.chmod({str(given)!r}, 0o777)", readable=given)
    with pytest.raises(ProgramProblem, match="Operation not permitted"):
        run(f"import os; os.truncate({str(given)!r}, 0)", readable=given)
    assert given.read_text() == "boot"


def test_it_writes_into_its_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "result"
    folder.mkdir()
    run(f"open('{folder}/new', 'w').write('done')", writable=folder)
    assert (folder / "new").read_text() == "done"
    with pytest.raises(ProgramProblem, match="Permission denied"):
        run(f"open('{tmp_path}/beside', 'w')", writable=folder)
    with pytest.raises(ProgramProblem, match="Permission denied"):
        run(f"import os; os.symlink('/etc/passwd', '{folder}/link')", writable=folder)


def test_a_file_that_grows_too_large_ends_it(tmp_path: Path) -> None:
    grow = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL);"
    grow += f"open('{tmp_path}/big', 'wb').write(bytes(1 << 24))"
    with pytest.raises(ProgramOverLimit, match="larger than allowed"):
        run(grow, writable=tmp_path)
    assert (tmp_path / "big").stat().st_size <= LIMITS.file_size


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.fork()",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.system('true') and os.fork()",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall(56, 17, 0, 0, 0, 0) >= 0 or os.fork()",
    ],
)
def test_it_starts_no_other_process(code: str) -> None:
    with pytest.raises(ProgramProblem, match="Operation not permitted"):
        run(f"import os; {code}")


def test_it_may_have_threads() -> None:
    assert (
        run("from threading import Thread; t = Thread(target=print, args=('here',)); t.start(); t.join()") == "here\n"
    )


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"])
def test_it_has_no_network(family: str) -> None:
    with pytest.raises(ProgramProblem, match="Operation not permitted"):
        run(f"import socket; socket.socket(socket.{family}, socket.SOCK_RAW if 'P' in '{family}'[3:] else 1)")


def test_nobody_listens_where_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ProgramProblem, match="Operation not permitted"):
            run(f"import socket; socket.create_connection(('127.0.0.1', {port}))")


@pytest.mark.parametrize("call", ["kill(os.getppid(), 9)", "kill(1, 15)", "kill(-1, 9)", "killpg(0, 9)"])
def test_it_sends_no_signals(call: str) -> None:
    with pytest.raises(ProgramProblem, match="Operation not permitted"):
        run(f"import os; os.{call}")


@pytest.mark.parametrize(("name", "number"), [("ptrace", 101), ("mount", 165), ("unshare", 272), ("bpf", 321)])
def test_the_corners_of_the_kernel_are_closed(name: str, number: int) -> None:
    if os.uname().machine != "x86_64":
        number = {"ptrace": 117, "mount": 40, "unshare": 97, "bpf": 280}[name]
    call = f"c.syscall({number}, 0, 0, 0, 0), ctypes.get_errno()"
    assert run(f"import ctypes; c = ctypes.CDLL(None, use_errno=True); print({call})") == "-1 1\n"


def test_it_has_no_powers_of_root() -> None:
    effective = "import ctypes; b = (ctypes.c_uint32 * 6)(); h = (ctypes.c_uint32 * 2)(0x20080522, 0);"
    assert run(f"{effective} ctypes.CDLL(None).capget(h, b); print(list(b))") == "[0, 0, 0, 0, 0, 0]\n"


def test_memory_has_an_end() -> None:
    with pytest.raises(ProgramProblem, match="MemoryError"):
        run("bytearray(1 << 30)")


def test_open_files_have_an_end(tmp_path: Path) -> None:
    given = tmp_path / "disk.raw"
    given.touch()
    with pytest.raises(ProgramProblem, match="Too many open files"):
        run(f"files = [open({str(given)!r}) for _ in range(100)]", readable=given)


def test_time_has_an_end() -> None:
    with pytest.raises(ProgramOverLimit, match="took longer than 1 seconds"):
        run("import time; time.sleep(60)", limits=replace(LIMITS, seconds=1))


def test_whoever_closes_the_ends_is_still_watched() -> None:
    with pytest.raises(ProgramOverLimit, match="took longer"):
        run("import os, time; os.close(1); os.close(2); time.sleep(60)", limits=replace(LIMITS, seconds=1))


def test_work_of_several_threads_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is far away; the processor's time is over first."""
    told = sandbox.policy_of

    def one_second(program: Program, limits: Limits) -> str:
        return told(program, replace(limits, seconds=0.1))

    monkeypatch.setattr(sandbox, "policy_of", one_second)
    with pytest.raises(ProgramOverLimit, match="processor"):
        run("while True: pass")


def test_a_flood_of_output_ends_it() -> None:
    with pytest.raises(ProgramOverLimit, match="printed far more"):
        run("while True: print('x' * 65536)", limits=replace(LIMITS, output=1 << 20))


def test_of_a_flood_of_errors_the_end_is_kept() -> None:
    with pytest.raises(ProgramProblem, match=r"failed: the last word$"):
        run("import sys; sys.stderr.write('x' * 10_000_000 + '\\nthe last word'); sys.exit(3)")


def test_its_last_words_name_no_place_and_fit_a_page(tmp_path: Path) -> None:
    given = tmp_path / "disk.raw"
    given.write_text("boot")
    code = f"import sys; sys.exit(\"Could not open 'file:{given}'\" + chr(0) + chr(0x202e) + chr(27))"
    with pytest.raises(ProgramProblem) as told:
        run(code, readable=given)
    assert str(told.value) == "The test failed: Could not open 'file:…'"


def test_no_core_is_dumped(tmp_path: Path) -> None:
    with pytest.raises(ProgramProblem, match="broke down"):
        run(f"import os; os.chdir({str(tmp_path)!r}); os.abort()", writable=tmp_path)
    assert not list(tmp_path.iterdir())


def test_output_comes_while_it_runs() -> None:
    seen: list[bytes] = []
    code = "import time; print(1, flush=True); time.sleep(0.3); print(2, flush=True)"
    assert sandbox.run(python(code), limits=LIMITS, on_output=seen.append) == b""
    assert seen == [b"1\n", b"2\n"]


def test_whoever_watches_can_stop_it(tmp_path: Path) -> None:
    def cancel() -> None:
        raise InterruptedError

    started = time.monotonic()
    with pytest.raises(InterruptedError):
        sandbox.run(python("import time; time.sleep(60)"), limits=LIMITS, on_tick=cancel)
    assert time.monotonic() - started < 10


def test_it_dies_with_the_panel(tmp_path: Path) -> None:
    """The parent is killed with no chance to clean up."""
    alive = tmp_path / "alive"
    code = f"""
import sys, time
while True:
    open({str(alive)!r}, "w").write(str(time.time()))
    time.sleep(0.05)
"""
    parent = f"""
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from pathlib import Path
from tests.images.test_sandbox import python
from images import sandbox
limits = sandbox.Limits(seconds=60, memory=1 << 29, file_size=1 << 20)
sandbox.run(python({code!r}, writable=Path({str(tmp_path)!r})), limits=limits)
"""
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=settings.BASE_DIR)
    wait_until(alive.exists)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.3)
    last = alive.stat().st_mtime_ns
    time.sleep(0.5)
    assert alive.stat().st_mtime_ns == last


def wait_until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < deadline, "It never happened."
        time.sleep(0.05)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ProgramMissing, match="No such file"):
        sandbox.run(Program(name="The test", argv=("/usr/bin/no-such-program",)), limits=LIMITS)


@pytest.mark.parametrize("strict", [True, False])
def test_without_landlock_it_runs_only_if_that_is_allowed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    settings.SANDBOX_STRICT = strict
    lacking = "import images.confinement.landlock as l; from images.confinement.system import Unavailable\n"
    lacking += (
        "def restrict(rules, listens): raise Unavailable('Landlock: not in this kernel')\nl.restrict = restrict\n"
    )
    start = sandbox.START.replace(
        "from images.confinement.launcher", f"exec({lacking!r}); from images.confinement.launcher"
    )
    monkeypatch.setattr(sandbox, "START", start)
    if strict:
        with pytest.raises(ProgramMissing, match="not in this kernel"):
            run("print(open('/etc/hostname').read())")
    else:
        assert run("print(len(open('/etc/passwd').read()) > 0)") == "True\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_one_that_listens_answers_at_its_port() -> None:
    port = free_port()
    code = f"import socket; s = socket.create_server(('127.0.0.1', {port})); print('here', flush=True)\n"
    program = replace(python(code + "c, _ = s.accept(); c.sendall(b'hello'); c.close()"), listens=(port,))

    def call(_output: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            assert connection.recv(5) == b"hello"

    sandbox.run(program, limits=LIMITS, on_output=call)


CALLS_ELSEWHERE = {
    "connect": "socket.create_connection(('127.0.0.1', {other}))",
    "fast open": "socket.socket().sendto(b'x', socket.MSG_FASTOPEN, ('127.0.0.1', {other}))",
    "fast open, other call": "socket.socket().sendmsg([b'x'], [], socket.MSG_FASTOPEN, ('127.0.0.1', {other}))",
    "datagrams": "socket.socket(type=socket.SOCK_DGRAM)",
    "raw": "socket.socket(type=socket.SOCK_RAW)",
    "another protocol": "socket.socket(proto=132)",
    "another family": "socket.socket(socket.AF_INET6)",
    "the host's sockets": "socket.socket(socket.AF_UNIX)",
}


@pytest.mark.parametrize("call", CALLS_ELSEWHERE.values(), ids=CALLS_ELSEWHERE)
def test_one_that_listens_calls_nobody(call: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = "import socket; " + call.format(other=server.getsockname()[1])
        with pytest.raises(ProgramProblem, match="not permitted"):
            sandbox.run(replace(python(code), listens=(free_port(),)), limits=LIMITS)


def test_it_listens_at_no_other_port() -> None:
    """Where Landlock knows networks: Linux 6.7 and newer."""
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) < (6, 7):
        return
    code = f"import socket; socket.create_server(('127.0.0.1', {free_port()}))"
    with pytest.raises(ProgramProblem, match="Permission denied"):
        sandbox.run(replace(python(code), listens=(free_port(),)), limits=LIMITS)


def test_an_unknown_machine_is_not_locked_in_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    from images.confinement import seccomp

    monkeypatch.setattr(seccomp, "ARCHITECTURES", {})
    with pytest.raises(Unavailable, match="not known here"):
        seccomp.restrict()
