"""What a server prints, made safe to show: terminals obey control characters, and a page must not."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from servers.asking import for_a_page
from servers.clouds.base import CloudBusy, CloudProblem
from servers.clouds.finding import cloud_of, machine_of
from servers.models import Server

AT_ONCE = 32 * 1024  # bytes
JUST_CHANGED = timedelta(seconds=5)
LONGEST_SEQUENCE = 200  # characters; what has not ended by then is no escape sequence
# Commands to a terminal: CSI with parameters, OSC and the like up to their end, and short ones.
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")
# None with bytes that are no text: nobody knows how many of them each U+FFFD stands for, and so where to go on.
UNFINISHED = re.compile(rf"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\ufffd]{{0,{LONGEST_SEQUENCE}}}\x1b?|[ -/]*)\Z")
# Other control characters but line feed and tab, and those that turn the direction of a text around.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Output:
    """A part of what a server has printed, for a page.

    Attributes:
        is_cut: whether something before it is not shown.
        end: where to go on, in bytes.
        problem: why it cannot be read.
        pause: after which a page asks for more.
    """

    text: str = ""
    is_cut: bool = False
    end: int = 0
    problem: str = ""
    pause: str = "15s"


def output_of(server: Server, *, offset: int = -AT_ONCE) -> Output:
    """What a server has printed, from a place on.

    Args:
        offset: bytes; negative: so many before the end.
    """
    try:
        cloud = cloud_of(server.region, server.account)
        if not cloud.abilities.console:
            return Output(problem="The cloud of this region does not show what its servers print.")
        with for_a_page(server, cloud):
            part = cloud.console(machine_of(server), offset=offset, limit=AT_ONCE)
    except CloudBusy:
        return Output(end=max(offset, 0), pause="2s")
    except CloudProblem as problem:
        return Output(end=max(offset, 0), problem=str(problem))
    text, waiting = _without_unfinished(part.text)
    is_cut = part.offset > max(offset, 0)
    return Output(text=printable(text), is_cut=is_cut, end=part.end - waiting, pause=_pause(server))


def _pause(server: Server) -> str:
    """Hardly any while people wait for the first lines; long when it can print nothing, until somebody starts it."""
    if server.status != Server.Status.RUNNING and not server.is_busy:
        return "15s"
    return "200ms" if timezone.now() - server.changed_at < JUST_CHANGED else "2s"


def printable(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return CONTROLS.sub("", ESCAPES.sub("", text))


def _without_unfinished(text: str) -> tuple[str, int]:
    """The text without an escape sequence at its end that is still coming, and how many bytes of it wait."""
    found = UNFINISHED.search(text, max(0, len(text) - LONGEST_SEQUENCE))
    return (text[: found.start()], len(found.group().encode())) if found else (text, 0)
