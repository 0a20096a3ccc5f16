"""Looking inside of image data before it is shared: running the look, and reading what it found.

The program that looks is ``images.inside``, locked in. Should a disk take it over, then it can print anything: what it
prints is read as narrowly as what a browser sends.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from images import sandbox
from images.inside.kinds import KINDS, Kind
from images.inside.report import LONGEST_PATH, MOST_PATHS, printable
from images.models import ContentCheck, ImageData
from images.sandbox import Limits, Program, ProgramOverLimit, ProgramProblem

READABLE_FORMATS = ("raw", "qcow2", "iso")
LONGEST_LINE = 512 * 1024  # bytes; a report with everything that fits has a tenth of it
MOST_VOLUMES = 200
MOST_COUNTED = 10**15
PATIENCE = timedelta(hours=1)  # after which a look that says nothing may be asked for again
ORDER = list(KINDS.values())  # the worst first
NAMED = 4  # kinds that a summary names


def why_not_look(data: ImageData) -> str:
    """Why nobody can look into some data; empty when it can be done."""
    if data.disk_format not in READABLE_FORMATS:
        return f"A {data.disk_format} image cannot be looked into. Convert it to qcow2 first."
    if data.damaged_at:
        return "The image data is damaged."
    return ""


def look_into(path: Path, disk_format: str) -> tuple[dict[str, Any], str]:
    """Look into a file, in a process that is locked in.

    Returns:
        What was found, and why that is not everything; empty when it is.

    Raises:
        ProgramProblem: nothing at all could be seen.
    """
    printed = LastLine()
    problem = ""
    try:
        sandbox.run(
            _program(path.resolve(), disk_format),
            limits=Limits(seconds=settings.LOOK_SECONDS, memory=settings.LOOK_MEMORY),
            on_output=printed.feed,
        )
    except sandbox.ProgramMissing:
        raise
    except ProgramProblem as stopped:
        if not printed.line:
            raise
        problem = str(stopped)
    return checked(printed.line), problem


class LastLine:
    """The last whole line of what a program prints."""

    def __init__(self) -> None:
        self.line = b""
        self._rest = b""

    def feed(self, output: bytes) -> None:
        """Take what came.

        Raises:
            ProgramOverLimit: a line is longer than any honest one.
        """
        *lines, self._rest = (self._rest + output).split(b"\n")
        if lines:
            self.line = lines[-1]
        if max(len(self.line), len(self._rest)) > LONGEST_LINE:
            raise ProgramOverLimit("The look inside printed far more than it should.")


def _program(path: Path, disk_format: str) -> Program:
    root = settings.BASE_DIR
    return Program(
        name="The look inside",
        argv=(sys.executable, "-m", "images.inside", str(path), disk_format),
        readable=(path, root / "images" / "inside", root / "images" / "__init__.py"),
        listable=(root,),
        runnable=(Path(sys.prefix), Path(sys.base_prefix)),
        folder=root,
    )


# --- Reading what was printed -----------------------------------------------------------------------


def checked(line: bytes) -> dict[str, Any]:
    """What a look has printed, as it is kept: nothing in it but what belongs there.

    Raises:
        ProgramProblem: it is no report.
    """
    try:
        report = json.loads(line)
        return {
            "table": _one_of(report["table"], ("", "gpt", "mbr")),
            "problem": printable(str(report["problem"])),
            "finished": report["finished"] is True,
            "volumes": [_volume(each) for each in report["volumes"][:MOST_VOLUMES]],
            "findings": [_finding(each) for each in report["findings"][: len(KINDS)]],
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProgramProblem("The look inside gave an answer that makes no sense.") from error


def _volume(given: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: _number(given[name]) for name in ("number", "start", "size", "files")}
    texts = {name: printable(str(given[name])) for name in ("name", "file_system", "why_not")}
    gaps = {printable(str(why)): _number(count) for why, count in list(given["gaps"].items())[:10]}
    return {**numbers, **texts, "gaps": gaps, "finished": given["finished"] is True}


def _finding(given: Mapping[str, Any]) -> dict[str, Any]:
    paths = [printable(str(path))[:LONGEST_PATH] for path in given["paths"][:MOST_PATHS]]
    return {"kind": _one_of(given["kind"], KINDS), "number": _number(given["number"]), "paths": paths}


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MOST_COUNTED:
        raise ValueError(value)
    return value


def _one_of(value: Any, known: Iterable[str]) -> str:
    if value not in tuple(known):
        raise ValueError(value)
    return str(value)


# --- Saying what was found --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one kind.

    Attributes:
        paths: the first of them.
    """

    kind: Kind
    number: int
    paths: tuple[str, ...]

    @property
    def title(self) -> str:
        """Such as "2 private SSH keys"."""
        return self.kind.counted(self.number)

    @property
    def more(self) -> int:
        """How many are not named. One file may hold several, so that fewer paths alone say nothing."""
        return self.number - len(self.paths) if len(self.paths) == MOST_PATHS else 0


@dataclass(frozen=True, slots=True)
class Part:
    """A partition, or the whole disk, and what became of looking into it."""

    title: str
    size: int
    file_system: str
    files: int
    gaps: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether all of it was looked at."""
        return not self.gaps


class Look:
    """What is known of the inside of some image data, for pages.

    Args:
        data: loaded with its ``content_check``, so that this costs no query.
    """

    def __init__(self, data: ImageData) -> None:
        self.data = data
        self.check: ContentCheck | None = getattr(data, "content_check", None)
        self._found = self.check.findings if self.check and self.is_done else {}

    @property
    def reason(self) -> str:
        """Why nobody can look into it; empty when it can be done."""
        return why_not_look(self.data)

    @property
    def is_done(self) -> bool:
        """Whether somebody has looked."""
        return self.check is not None and self.check.status == ContentCheck.Status.DONE

    @property
    def is_underway(self) -> bool:
        """Whether somebody is looking; one that says nothing for long counts as dead."""
        return is_underway(self.check)

    @property
    def problem(self) -> str:
        """Why the last look failed."""
        failed = self.check is not None and self.check.status == ContentCheck.Status.FAILED
        return self.check.problem if self.check and failed else ""

    @cached_property
    def findings(self) -> list[Finding]:
        """What was found, the worst first."""
        known = [each for each in self._found.get("findings", ()) if each["kind"] in KINDS]
        found = [Finding(KINDS[each["kind"]], each["number"], tuple(each["paths"])) for each in known]
        return sorted(found, key=lambda each: ORDER.index(each.kind))

    @cached_property
    def parts(self) -> list[Part]:
        """The partitions; the whole disk if it has none."""
        return [_part(volume) for volume in self._found.get("volumes", ())]

    @property
    def table(self) -> str:
        """The kind of the partition table, in words; empty if there is none."""
        return str(self._found.get("table", "")).upper()

    @cached_property
    def gap(self) -> str:
        """Why the look was not complete; empty when it was. What nobody looked into is never called clean."""
        if not self.is_done or not self.check:
            return ""
        if reason := self.check.problem or self._found.get("problem") or "":
            return str(reason)
        if not self._found.get("finished"):
            return "The look ended early."
        if not any(part.files for part in self.parts):
            return "No files were found that could be looked at."
        return "" if all(part.is_complete for part in self.parts) else "Some parts could not be looked into."

    @property
    def has_secrets(self) -> bool:
        """Whether something was found that gives others access."""
        return any(each.kind.weight == "secret" for each in self.findings)

    @property
    def level(self) -> str:
        """How the summary is shown: as of components/alert.html."""
        if self.has_secrets:
            return "danger"
        return "warning" if self.findings or self.gap else "success"

    @property
    def summary(self) -> str:
        """What was found, in a line, without saying where: fit for a consumer."""
        if not self.findings:
            return self._nothing
        named = [each.title for each in self.findings[:NAMED]]
        if (others := len(self.findings) - NAMED) > 0:
            named.append(f"and {others} more {'kind' if others == 1 else 'kinds'} of things")
        return f"{', '.join(named)} found."

    @property
    def _nothing(self) -> str:
        """That nothing was found, and no more than that of what nobody looked into."""
        if not self.gap:
            return "Nothing found that should not be shared."
        return "Nothing found in what was looked at." if any(part.files for part in self.parts) else ""

    @property
    def line(self) -> str:
        """The summary, and that it is not all."""
        return f"{self.summary} {self.gap}".strip()


def is_underway(check: ContentCheck | None) -> bool:
    """Whether a look waits or runs."""
    if check is None or check.status not in (ContentCheck.Status.WAITING, ContentCheck.Status.RUNNING):
        return False
    return check.requested_at > timezone.now() - PATIENCE


def _part(volume: Mapping[str, Any]) -> Part:
    title = f"Partition {volume['number']}" if volume["number"] else "The whole disk"
    return Part(
        title=f"{title}, {volume['name']}" if volume["name"] else title,
        size=volume["size"],
        file_system=volume["file_system"] or "Unknown",
        files=volume["files"],
        gaps=tuple(_gaps(volume)),
    )


def _gaps(volume: Mapping[str, Any]) -> Iterable[str]:
    """What could not be looked at. Swap holds no files, so that nothing is missing there."""
    if volume["why_not"]:
        if volume["file_system"] != "Swap":
            yield f"not looked into: {volume['why_not']}"
        return
    for why, count in volume["gaps"].items():
        yield f"{why} ({count:,} times)" if count > 1 else why
    if not volume["finished"]:
        yield "the look ended before everything was seen"
