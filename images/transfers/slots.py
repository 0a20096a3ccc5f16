"""How many transfers of image data one server process takes at once, so that slow ones do not starve the pages.

A transfer keeps a thread for as long as its line needs: hours, for a large file over a bad one. gunicorn has
``WEB_THREADS`` of them in each process (config/gunicorn.py). Transfers get three quarters, pages always have the rest.
Small bodies that come to the same addresses have a few of their own: they are no transfer, but a client that sends
them one byte a minute keeps a thread as well.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from types import TracebackType
from typing import Self

from django.conf import settings
from django.http import HttpRequest

from images.problems import Busy

SMALL = 64 * 1024  # bytes of a body that is no transfer: a form without a file
RETRY_SECONDS = 10  # what somebody is told who finds no slot


class Slot:
    """The right to one transfer, given back by ``close`` or at the end of a ``with`` block. Once is enough."""

    def __init__(self, slots: "Slots") -> None:
        self._slots: Slots | None = slots

    def close(self) -> None:
        """Give it back. Safe to call more than once."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Slots:
    """The slots of this process.

    Args:
        most: says how many there are.
    """

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._lock = Lock()
        self.held = 0

    def take(self) -> Slot:
        """Take one, if there is one left; see ``hold``."""
        with self._lock:
            if self.held >= self._most():
                raise Busy("Many files are being sent and fetched at this moment. Nothing is lost: try again soon.")
            self.held += 1
        return Slot(self)

    def give_back(self) -> None:
        """Called by the slot."""
        with self._lock:
            self.held -= 1


slots = Slots(lambda: settings.TRANSFERS)
small_slots = Slots(lambda: max(1, settings.TRANSFERS // 6))  # half of what transfers leave


def slot_for(request: HttpRequest) -> AbstractContextManager[object]:
    """A slot if the request has a body, of the kind that goes by its length; nothing to hold otherwise.

    Raises:
        Busy: all are taken.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > SMALL or "Transfer-Encoding" in request.headers:
        return hold()
    return small_slots.take() if int(length) else nullcontext()


def hold() -> Slot:
    """Take a slot for a transfer, before its first byte.

    An upload holds it while the body is read::

        with hold():
            receive(…)

    A download holds it until the response is closed, whatever happens to the client: give ``slot.close`` to what the
    server closes at the end, and close the slot yourself if anything goes wrong before that::

        slot = hold()
        response = …  # its ``close`` calls ``slot.close``

    Answer ``Busy`` with its status (503) and a ``Retry-After`` of ``RETRY_SECONDS``. No slot is needed where the bytes
    do not pass through this process (X-Accel-Redirect, a redirect to the store) or there are none (HEAD, 304).

    Raises:
        Busy: all are taken.
    """
    return slots.take()
