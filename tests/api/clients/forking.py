"""The unmodified `openstack` command, without the two seconds that Python takes to import it each time.

One process imports it once and parts for every command. A program named `openstack` stands on the PATH of a shell and
hands over what a process has: arguments, environment, folder and open files. So commands run as they are printed, in
a real shell, each in a process of its own.
"""

import gc
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NoReturn

# Started for each command, so it imports next to nothing and leaves out what `site` does.
STUB = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect("{address}")
    said = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
    socket.send_fds(line, [len(said).to_bytes(4, "big")], [0, 1, 2])
    line.sendall(said)
    sys.exit(int(line.recv(3) or b"70"))
"""
READY = b"ready\n"


@contextmanager
def forked_openstack(folder: Path) -> Iterator[Path]:
    """The folder to put first on a PATH.

    Args:
        folder: a new one, with a short name: addresses of sockets have at most 107 characters.
    """
    address = folder / "line"
    stub = folder / "openstack"
    stub.write_text(STUB.format(python=sys.executable, address=address), encoding="utf-8")
    stub.chmod(0o755)
    with subprocess.Popen([sys.executable, "-m", __name__, str(address)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == READY
        yield folder
        process.terminate()


def serve(address: str) -> None:
    """Part for every command that comes."""
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that nobody has to wait for children
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.buffer.write(READY)
        sys.stdout.flush()
        while True:
            line, _ = listener.accept()
            with line:
                if os.fork() == 0:
                    run_one(line)


def warm_up() -> None:
    """Import what commands import: nearly all of it when they sign in, here to where nobody is."""
    sys.argv[0] = "openstack"  # which it takes its name from, once and for all
    from openstackclient import shell

    nobody = ["--os-auth-url", "http://127.0.0.1:1/v3", "--os-username", "a", "--os-password", "b"]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        shell.main([*nobody, "image", "list"])
        shell.main(["help", "image", "list"])  # which looks through everything that is installed
    logging.getLogger().handlers.clear()
    gc.collect()
    gc.freeze()  # so that children do not copy it all by counting it


def run_one(line: socket.socket) -> NoReturn:
    """In a process of its own: have another one do the command, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (command := os.fork()) == 0:
        take_over(line)
        from openstackclient import shell

        sys.exit(shell.main(sys.argv[1:]))
    _, how = os.waitpid(command, 0)
    line.sendall(str(os.waitstatus_to_exitcode(how)).encode())
    os._exit(0)


def take_over(line: socket.socket) -> None:
    """Become the process that asked."""
    head, files, *_ = socket.recv_fds(line, 4, 3)
    with line.makefile("rb") as stream:
        arguments, environment, folder = json.loads(stream.read(int.from_bytes(head, "big")))
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["openstack", *arguments]


if __name__ == "__main__":
    serve(sys.argv[1])
