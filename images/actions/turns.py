"""Taking turns: whoever takes long makes room while others wait.

A few workers serve everybody, and how fast an import comes is for a stranger's server to say: two that send a little
now and then would hold up the imports, conversions and looks of all accounts for a day.
"""

import time

from django.utils import timezone
from django_q.models import OrmQ

from images.problems import CannotContinue

TURN_SECONDS = 60  # of one that goes on later where it was; asking the server again takes about one of them
WHOLE_TURN_SECONDS = 900  # of one that has to begin anew
LOOK_SECONDS = 5  # between two looks at the queue
NOT_IN_TIME = "Others wait, and the server cannot send the rest of a file. It comes from its beginning."


class TurnOver(Exception):
    """Others wait: go on behind them."""


class Turn:
    """The time that a task has before it looks whether others wait.

    Args:
        queue: in which they wait.
        goes_on: whether the task can go on later where it was.
    """

    def __init__(self, queue: str, *, goes_on: bool) -> None:
        self._queue = queue
        self._goes_on = goes_on
        self._next_look = time.monotonic() + (TURN_SECONDS if goes_on else WHOLE_TURN_SECONDS)

    def check(self) -> None:
        """Called often.

        Raises:
            TurnOver: time is over, and others wait.
            CannotContinue: the same, for what has to begin anew.
        """
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        if OrmQ.objects.filter(key=self._queue, lock__lte=timezone.now()).exists():
            raise TurnOver if self._goes_on else CannotContinue(NOT_IN_TIME)
