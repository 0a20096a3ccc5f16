"""What a look inside has found, as it is kept: kinds, numbers and paths, never what is in a file."""

from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 1  # of the shape of the report
MOST_PATHS = 20  # of each kind that are named
LONGEST_PATH = 200  # characters


@dataclass(slots=True)
class Volume:
    """A partition, or the whole disk where it has none.

    Attributes:
        number: of the partition; 0 for the whole disk.
        gaps: what could not be looked at, each with how often; without any, everything was.
        why_not: why nobody looked into it; empty when somebody did.
    """

    number: int
    start: int
    size: int
    name: str = ""
    file_system: str = ""
    why_not: str = ""
    files: int = 0
    finished: bool = False
    gaps: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Finding:
    """What was found of one kind."""

    kind: str
    number: int = 0
    paths: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """Everything that is known so far.

    Attributes:
        table: "gpt", "mbr" or empty.
        problem: why the disk as a whole could not be looked at.
    """

    table: str = ""
    volumes: list[Volume] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    problem: str = ""
    finished: bool = False

    def found(self, kind: str, path: str, number: int) -> None:
        """Add what a file is."""
        finding = self.findings.setdefault(kind, Finding(kind))
        finding.number += number
        if len(finding.paths) < MOST_PATHS:
            finding.paths.append(printable(f"/{path}"))

    def as_json(self) -> dict[str, Any]:
        """The report as it is printed and kept."""
        return {
            "version": VERSION,
            "table": self.table,
            "volumes": [asdict(volume) for volume in self.volumes],
            "findings": [asdict(finding) for finding in self.findings.values()],
            "problem": self.problem,
            "finished": self.finished,
        }


def printable(text: str) -> str:
    """A name of a stranger's disk as it can be shown: no control characters, not too long."""
    clean = "".join(char if char.isprintable() else "�" for char in text)
    return clean if len(clean) <= LONGEST_PATH else f"{clean[: LONGEST_PATH - 1]}…"
