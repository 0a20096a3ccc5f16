"""Background work of sharing: the delivery of letters."""

from typing import Any

from sharing import letters


def tell_recipient(**letter: Any) -> None:
    """Deliver a letter to the side that receives the image."""
    letters.tell_recipient(letters.Letter(**letter))


def tell_producer(**letter: Any) -> None:
    """Deliver a letter to the side that shares the image."""
    letters.tell_producer(letters.Letter(**letter))
