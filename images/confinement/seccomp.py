"""seccomp: system calls that a program on hostile data has no business with fail with "not permitted".

What Landlock does not cover: networks of every kind, new processes, signals to others, changes of modes and owners,
and the corners of the kernel in which most of its holes are found.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Container, Sequence

from images.confinement.system import PR_SET_SECCOMP, Unavailable, prctl

FILTER_MODE = 2
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
NONE = -1  # this architecture has no such call
X32_CALLS = 0x40000000  # the second table of calls of x86_64
CLONE_THREAD = 0x00010000

# Where things are in what a filter sees (struct seccomp_data), and the few instructions that are needed.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, (16, 24, 32, 40)
LOAD, EQUAL, AT_LEAST, HAS_BITS, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06

# By name, as in the manual: the number on x86_64, and on aarch64.
REFUSED: dict[str, tuple[int, int]] = {
    # new processes, and others' processes
    "fork": (57, NONE), "vfork": (58, NONE), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438), "setpriority": (141, 140), "ioprio_set": (251, 30),
    # networks, and other ways to talk
    "socket": (41, 198), "socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "connect": (42, 203), "mq_open": (240, 180), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
    # what a file is, beside its bytes: Landlock has no say in it
    "chmod": (90, NONE), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, NONE),
    "fchown": (93, 55), "lchown": (94, NONE), "fchownat": (260, 54), "utime": (132, NONE), "utimes": (235, NONE),
    "futimesat": (261, NONE), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "setxattrat": (463, 463), "removexattrat": (466, 466), "truncate": (76, 45), "open_by_handle_at": (304, 265),
    # another view of the system
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268),
    # corners of the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "personality": (135, 92), "syslog": (103, 116),
    "acct": (163, 89), "swapon": (167, 224), "reboot": (169, 142), "quotactl": (179, 60),
}  # fmt: skip
CLONE, CLONE3, TGKILL, PRLIMIT = (56, 220), (435, 435), (234, 131), (302, 261)

# For programs that listen. Without "connect", nothing but a flag of these calls makes a connection: MSG_FASTOPEN.
LISTENING = ("socket", "bind", "listen", "accept")
SENDTO, SENDMSG, SENDMMSG, CONNECTS = (44, 206), (46, 211), (307, 269), 0x20000000
INTERNET, STREAM, TCP = 2, 1, 6
STREAMS = tuple(STREAM | flags for flags in (0, 0o4000, 0o2000000, 0o2004000))  # with SOCK_NONBLOCK and SOCK_CLOEXEC


def restrict(allowed: Container[str] = (), *, listens: bool = False) -> None:
    """Refuse the calls above in this process, for ever. It needs "no new privileges" first.

    Args:
        allowed: names of those that this program may make all the same.
        listens: whether it may answer at TCP ports. Other kinds of sockets, and calling others, stay refused.

    Raises:
        Unavailable: an architecture whose calls are not known here, or a kernel without seccomp.
    """
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        raise Unavailable(f"seccomp: the system calls of {machine} are not known here")
    program = _program(*ARCHITECTURES[machine], process=os.getpid(), allowed=allowed, listens=listens)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    prctl("seccomp", PR_SET_SECCOMP, FILTER_MODE, header)


def _program(column: int, architecture: int, *, process: int, allowed: Container[str], listens: bool) -> bytes:
    """The filter. A thread is a clone that stays in the process; clone3 hides its flags, and libc can do without."""
    names = [name for name in REFUSED if name not in allowed and not (listens and name in LISTENING)]
    refused = [REFUSED[name][column] for name in names]
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(EQUAL, architecture, then=1),
        _step(ANSWER, KILL),
        _step(LOAD, NUMBER),
        _step(AT_LEAST, X32_CALLS, otherwise=1),
        _refuse(),
        *(step for number in refused if number != NONE for step in _refused(number)),
        *_refused(CLONE3[column], errno.ENOSYS),
        *_unless(CLONE[column], 0, _step(HAS_BITS, CLONE_THREAD, then=1)),
        *_only(TGKILL[column], 0, (process,)),
        *_only(PRLIMIT[column], 0, (process, 0)),
        *(_listening(column) if listens else ()),
        _step(ANSWER, ALLOW),
    ]
    return b"".join(steps)


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; ``then`` and ``otherwise`` are how many to skip after a comparison."""
    return struct.pack("=HBBI", code, then, otherwise, value)


def _refuse(error: int = errno.EPERM) -> bytes:
    return _step(ANSWER, REFUSE | error)


def _refused(number: int, error: int = errno.EPERM) -> list[bytes]:
    return [_step(EQUAL, number, otherwise=1), _refuse(error)]


def _unless(number: int, argument: int, *tests: bytes) -> list[bytes]:
    """Refuse a call unless one of the tests of its argument skips the refusal."""
    body = [_step(LOAD, ARGUMENTS[argument]), *tests, _refuse(), _step(LOAD, NUMBER)]
    return [_step(EQUAL, number, otherwise=len(body)), *body]


def _only(number: int, argument: int, values: Sequence[int]) -> list[bytes]:
    """Refuse a call unless its argument is one of the values."""
    tests = [_step(EQUAL, value, then=len(values) - place) for place, value in enumerate(values)]
    return _unless(number, argument, *tests)


def _listening(column: int) -> list[bytes]:
    """Sockets are for TCP only, and call nobody."""
    socket, calls_nobody = REFUSED["socket"][column], _step(HAS_BITS, CONNECTS, otherwise=1)
    return [
        *_only(socket, 0, (INTERNET,)),
        *_only(socket, 1, STREAMS),
        *_only(socket, 2, (0, TCP)),
        *_unless(SENDTO[column], 3, calls_nobody),
        *_unless(SENDMSG[column], 2, calls_nobody),
        *_unless(SENDMMSG[column], 3, calls_nobody),
    ]
