"""The clock beside a connection."""

import socket
from contextlib import suppress
from threading import Event, Thread
from time import monotonic

from images.outside.problems import BrokenTransfer, OutOfTime, TooSlow

LOOK_SECONDS = 0.5
ANSWER_SECONDS = 30  # for connecting, TLS and the headers together
WINDOW_SECONDS = 30  # over which the speed is measured
SLOWEST = 1024  # bytes a second


class Watch:
    """Ends a connection that takes too long, from a thread of its own.

    A timeout of a socket starts again with every byte, so a server that sends one byte now and then keeps its reader
    for ever, in the TLS handshake and in the headers too. The watch holds a second handle on the connection: shutting
    that down wakes whoever waits for bytes.

    Attributes:
        problem: why the connection was ended; None if it was not.
    """

    def __init__(self, *, deadline: float) -> None:
        self.problem: BrokenTransfer | OutOfTime | None = None
        self._deadline = deadline
        self._handle: socket.socket | None = None
        self._over = Event()
        self._due = monotonic() + ANSWER_SECONDS  # when the answer, or the next bytes, have to be there
        self._missing = 1  # how many bytes until then
        self._reading = True
        self._away_since = 0.0
        self._thread = Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Everything is over, one way or the other. Safe to call more than once."""
        self._over.set()
        self._thread.join()
        if self._handle:
            self._handle.close()

    @property
    def seconds_left(self) -> float:
        """Until the answer has to be there, or all time is over."""
        return max(0.001, min(self._due, self._deadline) - monotonic())

    def connected(self, connection: socket.socket) -> None:
        """From now on there is something to end."""
        self._handle = connection.dup()

    def waits(self) -> None:
        """Somebody waits for bytes of the file: from now on their speed counts."""
        if self._away_since:
            self._due += monotonic() - self._away_since
        self._reading = True

    def came(self, size: int) -> None:
        """So many bytes have come. Until somebody waits for more, the clock of the speed stands still."""
        self._away_since, self._reading = monotonic(), False
        self._missing -= size
        if self._missing <= 0:
            self._due, self._missing = self._away_since + WINDOW_SECONDS, WINDOW_SECONDS * SLOWEST

    def _run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.problem = self._lateness()
            if self.problem:
                self._end()
                return

    def _lateness(self) -> BrokenTransfer | OutOfTime | None:
        now = monotonic()
        if now > self._deadline:
            return OutOfTime("This took too long and was given up.")
        if self._reading and now > self._due:
            return TooSlow("The server sends too slowly, or nothing more.")
        return None

    def _end(self) -> None:
        if self._handle:
            with suppress(OSError):  # the other side was faster
                self._handle.shutdown(socket.SHUT_RDWR)
