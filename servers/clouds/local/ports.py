"""At which ports of this host the ports of machines are reached.

A machine keeps those that it was given, so that addresses stay right. They are chosen by chance: whoever still uses the
address of a machine that is gone should not meet somebody else's.
"""

import random
import socket
from collections.abc import Iterator

from django.conf import settings

from servers.clouds.base import CloudProblem, Machine
from servers.clouds.local.folder import Folder, folders


def assigned(machine: Machine, folder: Folder) -> dict[int, int]:
    """The ports of a machine, and those of this host: as before, unless something else answers there by now.

    Under the lock of the host. The machine must not run.

    Raises:
        CloudProblem: none is free.
    """
    before, free = folder.ports(), _free_ports(machine)
    return {
        port: before[port] if _is_free(before.get(port, 0)) else next(free) for port in dict.fromkeys(machine.ports)
    }


def _free_ports(machine: Machine) -> Iterator[int]:
    mine = str(machine.id)
    taken = {port for folder in folders() if folder.path.name != mine for port in folder.ports().values()}
    first, last = settings.SERVERS_PORTS.first, settings.SERVERS_PORTS.last
    for port in random.sample(range(first, last + 1), last + 1 - first):  # no secret
        if port not in taken and _is_free(port):
            taken.add(port)
            yield port
    raise CloudProblem(f"This host has no free port left for it between {first} and {last}.")


def _is_free(port: int) -> bool:
    """Whether a machine can answer at a port of this host; 0 is none."""
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as QEMU does
        try:
            probe.bind((settings.SERVERS_PORTS.address, port))
        except OSError:
            return False
    return True
