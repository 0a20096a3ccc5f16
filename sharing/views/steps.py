"""Answers that take long: a sign of life for each step, so that nobody on the way gives up, and then the page."""

from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from typing import TypeVar

from django.http import HttpResponse, StreamingHttpResponse

SIGN_OF_LIFE = b"\n"  # empty lines in front of a page mean nothing to a browser
Step = TypeVar("Step")


def step_by_step(
    number: int, steps: Iterable[Step], page: Callable[[list[Step]], HttpResponse]
) -> StreamingHttpResponse:
    """Take the steps while the answer is being sent. When whoever asked goes away, the next ones are not taken.

    Args:
        number: of the steps, for the script that shows how far it is (static/js/dialog.js).
        steps: each is taken when its turn comes.
        page: what to say at the end, about everything that was done.
    """
    context = copy_context()  # of the request, which is over for its middleware when the first step is taken

    def parts() -> Iterator[bytes]:
        left, done = iter(steps), []
        while (step := context.run(next, left, None)) is not None:
            done.append(step)
            yield SIGN_OF_LIFE
        yield context.run(page, done).content

    # A proxy that keeps an answer back until it is whole would give up on this one.
    return StreamingHttpResponse(parts(), headers={"X-Steps": str(number), "X-Accel-Buffering": "no"})
