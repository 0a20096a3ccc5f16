"""Starts the application server and the background workers together, and stops them together: ``make run``."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

# Two imports may run at once, or an import beside a conversion; more at DATA_WORKERS=4.
DATA_WORKERS = int(os.environ.get("DATA_WORKERS", "2"))
# A cloud that is slow to answer keeps one waiting, and others of its servers; the second works on all the rest.
SERVER_WORKERS = int(os.environ.get("SERVER_WORKERS", "2"))
WORKERS = (
    {"control worker": "control", "mail worker": "mail", "webhook worker": "webhooks"}
    | {f"server worker {number}": "servers" for number in range(1, SERVER_WORKERS + 1)}
    | {f"data worker {number}": "data" for number in range(1, DATA_WORKERS + 1)}
)
COMMANDS = {"server": [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"]} | {
    name: [sys.executable, "-m", "config.worker", queue] for name, queue in WORKERS.items()
}
GRACE_SECONDS = 35  # a little more than gunicorn's graceful_timeout
RESTART_SECONDS = 1


class Stop(Exception):
    """Somebody asked the panel to stop."""


class Panel:
    """The processes of one panel. Each leads a group of its own, so that ctrl-C reaches only this one."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        self.processes[name] = subprocess.Popen(COMMANDS[name], start_new_session=True)  # noqa: S603 - our own words

    def run(self) -> int:
        """Run until somebody stops the panel or its server ends.

        Returns:
            The exit status: 0 when somebody asked, otherwise the server's.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, ask_to_stop)
        try:
            for name in COMMANDS:
                self.start(name)
            return self.watch()
        except Stop:
            return 0
        finally:
            self.stop()

    def watch(self) -> int:
        """Start again each worker that ends; return when the server does."""
        while True:
            for name, process in list(self.processes.items()):
                status = process.poll()
                if status is None:
                    continue
                if name == "server":
                    say(f"The server ended ({status}), so everything stops.")
                    return abs(status)
                say(f"The {name} ended ({status}) and is started again.")
                self.start(name)
            time.sleep(RESTART_SECONDS)

    def stop(self) -> None:
        """Let everyone finish what is at hand; whoever takes longer than the grace, and what it started, is killed."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self.processes.values():
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in self.processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"Process {process.pid} did not end in {GRACE_SECONDS} seconds and is killed.")
            kill_group(process)
        say("Stopped.")


def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise Stop


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended, and left nobody behind
    process.wait()


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(Panel().run())
