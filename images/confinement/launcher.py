"""Locks itself in, then becomes the program that works on hostile data.

Started by ``images.sandbox`` as a process of its own, because none of this can be done safely between fork and exec
of a process with threads, and none of it can be undone.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any

from images.confinement import landlock, seccomp
from images.confinement.system import (
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    Unavailable,
    drop_capabilities,
    leave_network,
    prctl,
)

THREADS = 128  # QEMU's pool has 64
# What any program needs to start. /proc is missing on purpose: it holds the environment of the panel.
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/localtime")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def main(text: str, report: int) -> None:
    """Give everything up that the policy does not name, and run its program.

    Args:
        text: the policy as JSON (``images.sandbox.policy_of``).
        report: a descriptor to which goes why not; it closes when the program starts.
    """
    policy: dict[str, Any] = json.loads(text)
    os.set_inheritable(report, False)
    try:
        confine(policy)
        os.execve(policy["argv"][0], policy["argv"], policy["environment"])  # noqa: S606 - no shell, on purpose
    except (Unavailable, OSError, ValueError) as error:
        os.write(report, str(error).encode()[:1000])
        os._exit(1)


def confine(policy: dict[str, Any]) -> None:
    """The layers from the outermost to the innermost; each needs what the next one takes away."""
    # A container may not allow it. seccomp closes the network anyway, so this is a second door behind the first.
    alone = not policy["listens"] and attempt(leave_network, required=False)
    prctl("no new privileges", PR_SET_NO_NEW_PRIVS, 1)
    drop_capabilities()
    if policy["parent"]:  # a machine outlives who started it
        die_with(policy["parent"])
    attempt(lambda: landlock.restrict(rules(policy), listens=policy["listens"]), required=policy["strict"])
    set_limits(policy["limits"])
    if alone:  # elsewhere it would count everything that this user runs
        resource.setrlimit(resource.RLIMIT_NPROC, (THREADS, THREADS))
    attempt(
        lambda: seccomp.restrict(policy["allowed_calls"], listens=bool(policy["listens"])), required=policy["strict"]
    )


def attempt(layer: Callable[[], None], *, required: bool) -> bool:
    """Add a layer, and say whether it is there.

    Raises:
        Unavailable: it is not, and the program must not run without it.
    """
    try:
        layer()
    except Unavailable:
        if required:
            raise
        return False
    return True


def die_with(parent: int) -> None:
    """Be killed when the panel's process dies, also if it has died already."""
    prctl("the signal of a parent's death", PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def rules(policy: dict[str, Any]) -> list[tuple[str, int]]:
    """Which files the program may see, for Landlock."""
    return [
        *((path, landlock.RUN) for path in (*SYSTEM, *policy["runnable"])),
        *((path, landlock.READ_FILE | landlock.WRITE_FILE) for path in DEVICES),
        *((path, landlock.READ_FILE | landlock.WRITE_FILE | landlock.IOCTL_DEV) for path in policy["devices"]),
        *((path, landlock.READ) for path in policy["readable"]),
        *((path, landlock.READ_DIR) for path in policy["listable"]),
        *((path, landlock.WRITE) for path in policy["writable"]),
    ]


def set_limits(limits: dict[str, int]) -> None:
    """The limits of the process; at the first one on CPU time (0: none) it is told, a second later killed.

    A limit of one byte on core dumps is the only one that also holds where they are piped to a program (core(5)).
    """
    if limits["cpu_seconds"]:
        resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 1))
    for kind, value in (
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_AS, limits["memory"]),
    ):
        _soft, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
