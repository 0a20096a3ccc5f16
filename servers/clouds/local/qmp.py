"""Giving orders to a running machine: the QEMU Machine Protocol, one line of JSON for each order and answer.

Source: docs/interop/qmp-spec.rst of QEMU.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from servers.clouds.base import CloudProblem

ANSWER_SECONDS = 10.0
Answer = dict[str, Any]


class Control:
    """A connection to a machine. QEMU talks to one at a time; others wait for their turn."""

    def __init__(self, connection: socket.socket, file: IO[bytes]) -> None:
        self._connection = connection
        self._file = file

    def order(self, command: str, **arguments: object) -> Any:
        """Give an order and wait for the answer, past whatever events come first.

        Raises:
            CloudProblem: QEMU refuses it, or is gone.
        """
        self._connection.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = self.heard()
            if "error" in answer:
                raise CloudProblem(f"QEMU refused “{command}”: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def heard(self) -> Answer:
        """The next line of QEMU."""
        line = self._file.readline()
        if not line:
            raise CloudProblem("The machine has ended.")
        answer: Answer = json.loads(line)
        return answer


@contextmanager
def control(folder: Path) -> Iterator[Control]:
    """Connect to the machine of a folder.

    Raises:
        CloudProblem: it does not run, or QEMU does not answer.
    """
    try:
        with _connected(folder) as connection, connection.makefile("rb") as file:
            control = Control(connection, file)
            control.heard()
            control.order("qmp_capabilities")
            yield control
    except (OSError, ValueError) as error:
        raise CloudProblem("The machine does not answer to QEMU's control protocol.") from error


def _connected(folder: Path) -> socket.socket:
    """The address of a socket has 108 bytes, so the folder is named by a descriptor."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(f"/proc/self/fd/{descriptor}/control")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(descriptor)
    return connection
