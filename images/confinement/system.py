"""Calls to the Linux kernel that Python has no functions for."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38
CLONE_NEWUSER, CLONE_NEWIPC, CLONE_NEWNET = 0x10000000, 0x08000000, 0x40000000
CAPABILITIES = 64  # the kernel knows about 41; a number that it does not know ends the loop
CAPABILITY_VERSION = 0x20080522


class Unavailable(Exception):
    """The kernel cannot do this, or does not let us."""


def syscall(what: str, number: int, *arguments: object) -> int:
    """Call the kernel by number.

    Raises:
        Unavailable: it refuses; the text names ``what``.
    """
    return checked(what, LIBC.syscall(ctypes.c_long(number), *arguments))


def prctl(what: str, option: int, *values: object) -> int:
    """Change something about this process; values that are not given are 0.

    Raises:
        Unavailable: the kernel refuses.
    """
    padded = [*values, 0, 0, 0, 0][:4]
    return checked(what, LIBC.prctl(option, *(ctypes.c_ulong(x) if isinstance(x, int) else x for x in padded)))


def checked(what: str, result: int) -> int:
    """The result of a call of the C library, unless it says that it failed."""
    if result < 0:
        raise Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")
    return int(result)


def drop_capabilities() -> None:
    """Give up every power of root for good, also for a process that runs as root."""
    for number in range(CAPABILITIES):
        if LIBC.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0) < 0:
            break  # not root, or past the last one
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()
    checked("giving up capabilities", LIBC.capset(ctypes.byref(header), ctypes.byref(nothing)))


def leave_network() -> None:
    """Move into a network (and a System V IPC) of one's own, in which there is nobody.

    Raises:
        Unavailable: neither root nor user namespaces allow it.
    """
    user, group = os.geteuid(), os.getegid()
    if LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - pathlib costs 10 ms of start-up here
                file.write(text)
        return
    checked("a network of its own", LIBC.unshare(CLONE_NEWNET | CLONE_NEWIPC))
