"""Landlock: the kernel lets a process see only the files that it named beforehand. Linux 5.13 and newer.

The numbers are those of ``linux/landlock.h``; they are the same on every architecture.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from images.confinement.system import syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_ONLY, PATH_BENEATH, NET_PORT = 1, 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_FILE, MAKE_REG, TRUNCATE, IOCTL_DEV = 1 << 5, 1 << 8, 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
WRITE = READ | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE

FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many kinds of file access a version knows
NETWORK_SINCE, SCOPES_SINCE = 4, 6
BIND_TCP, BIND_AND_CONNECT_TCP = 0b01, 0b11
SOCKETS_AND_SIGNALS = 0b11


def restrict(rules: Iterable[tuple[str, int]], *, listens: Iterable[int] = ()) -> None:
    """Allow this process, for ever, no file access but that of the rules, no TCP and no signals to others.

    Args:
        rules: paths, each with what may be done at and below it. Paths that do not exist are left out.
        listens: TCP ports at which it may listen all the same. Before Linux 6.7, Landlock knows no networks.

    Raises:
        Unavailable: the kernel has no Landlock, or it is switched off.
    """
    version = version_here()
    known = (1 << FILE_RIGHTS[min(version, max(FILE_RIGHTS))]) - 1
    attributes = _attributes(version, known)
    ruleset = syscall("Landlock", CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for path, rights in rules:
        _allow(ruleset, path, rights & known)
    if version >= NETWORK_SINCE:
        for port in listens:
            _allow_port(ruleset, port)
    syscall("Landlock", RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def version_here() -> int:
    """What this kernel can do.

    Raises:
        Unavailable: it has no Landlock, or it is switched off.
    """
    return syscall("Landlock", CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_ONLY))


def _attributes(version: int, known: int) -> bytes:
    """What is forbidden unless a rule allows it, in as many words as this version reads."""
    words = [known]
    if version >= NETWORK_SINCE:
        words.append(BIND_AND_CONNECT_TCP)
    if version >= SCOPES_SINCE:
        words.append(SOCKETS_AND_SIGNALS)
    return struct.pack(f"={len(words)}Q", *words)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= OF_FILES
    rule = struct.pack("=Qi", rights, descriptor)
    syscall(
        f"Landlock for {path}", ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint32(0)
    )
    os.close(descriptor)


def _allow_port(ruleset: int, port: int) -> None:
    rule = struct.pack("=QQ", BIND_TCP, port)
    syscall(
        f"Landlock for port {port}", ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(NET_PORT), rule, ctypes.c_uint32(0)
    )
