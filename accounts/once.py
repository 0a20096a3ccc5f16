"""Answers that are kept with whom or what they are about."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

About = TypeVar("About")
Answer = TypeVar("Answer")


def once_for_each(ask: Callable[[About], Answer]) -> Callable[[About], Answer]:
    """Ask once about an object, which keeps the answer as it keeps its cached properties.

    For what a lower app's object cannot have as a property, because only a higher app can answer it. A viewer lives as
    long as its request, and so does an image that a page has read: no answer is older than that.
    """
    name = f"{ask.__module__}.{ask.__qualname__}"

    @wraps(ask)
    def answer(about: About) -> Answer:
        kept = vars(about)
        if name not in kept:
            kept[name] = ask(about)
        found: Answer = kept[name]
        return found

    return answer
