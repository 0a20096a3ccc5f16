"""docs/hostile-files.md lists the corpus: every hostile file and what becomes of it."""

import os
from collections.abc import Iterable
from pathlib import Path

from images.formats import Reason
from tests.images.hostile.corpus import CHAPTERS, CORPUS
from tests.images.hostile.rows import Hostile, Taken

PAGE = Path(__file__).parents[3] / "docs" / "hostile-files.md"
TEST = "tests/images/hostile/test_page.py"
WRITE = "WRITE_HOSTILE_FILES_PAGE"


# Files that are no image of the format that a program has said; any file may be one (tests/api/image/test_upload.py).
REASONS = [reason for reason in Reason if reason is not Reason.OTHER_FORMAT]


def becomes(row: Hostile) -> str:
    """What the reader wants to know."""
    if isinstance(row.becomes, Taken):
        return f"**Taken** as {row.becomes.disk_format}: {row.becomes.why}."
    return f"Refused: `{row.becomes}`"


def cells(*texts: str) -> str:
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"


def table(rows: Iterable[Hostile]) -> list[str]:
    """A Markdown table of some files."""
    head = ["File", "What it would do, or what is wrong", "From", "What becomes of it"]
    return [
        cells(*head),
        cells(*["---"] * len(head)),
        *(cells(row.name, row.what, row.advisory or "–", becomes(row)) for row in rows),
    ]


def page() -> str:
    """The whole page."""
    taken = sum(isinstance(row.becomes, Taken) for row in CORPUS)
    lines = [
        "# Hostile files, and what becomes of them",
        "",
        "Made from the corpus in `tests/images/hostile`; this command writes it anew:",
        "",
        f"    {WRITE}=1 .venv/bin/python -m pytest {TEST}",
        "",
        f"{len(CORPUS)} files, all made by code: {len(CORPUS) - taken} are refused, and {taken} are taken, since they",
        "only look hostile. A test inspects each of them twice, the second time with the inspector pickled after every",
        "block, and lets `qemu-img info` look at those that are taken: it may name no other file, no other format, and",
        "no other size of the disk.",
        "",
        "A refusal comes while the file comes, as soon as the bytes are there that it depends on, mostly with the",
        "first MiB. The code is for programs; the sentence that a person reads says what to do.",
        "",
        "## Codes",
        "",
        *(f"- `{reason}` ({sum(row.becomes == reason for row in CORPUS)})" for reason in REASONS),
    ]
    for title, rows in CHAPTERS.items():
        lines += ["", f"## {title}", "", *table(rows)]
    return "\n".join(lines) + "\n"


def test_the_page_lists_the_corpus() -> None:
    if os.environ.get(WRITE):
        PAGE.write_text(page())

    assert PAGE.read_text() == page(), f"Run this test with {WRITE}=1 to write docs/hostile-files.md anew."


def test_every_code_is_reached_by_a_file() -> None:
    assert {row.becomes for row in CORPUS if not isinstance(row.becomes, Taken)} == set(REASONS)
