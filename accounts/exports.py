"""Files of rows that people take out of the panel: CSV and JSON lines, written while they are sent."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from itertools import islice
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

Row = Mapping[str, Any]

LINES_IN_A_CHUNK = 200
# What makes a spreadsheet take a cell for a formula, in ASCII and in full width (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(name: str, columns: Iterable[str], rows: Iterable[Row]) -> StreamingHttpResponse:
    """A CSV file: UTF-8 with a mark that spreadsheets look for, lines that end in CR LF (RFC 4180).

    Args:
        name: of the file, without its ending.
        columns: in this order; each row has them all.
    """
    return _file(f"{name}.csv", "text/csv; charset=utf-8", _csv_chunks(list(columns), rows))


def as_json_lines(name: str, rows: Iterable[Row]) -> StreamingHttpResponse:
    """A file with a JSON object on each line (https://jsonlines.org)."""
    lines = (f"{json.dumps(dict(row), ensure_ascii=False)}\n" for row in rows)
    return _file(f"{name}.jsonl", "application/jsonl; charset=utf-8", _joined(lines))


def safe_cell(value: Any) -> str:
    """A cell of CSV that no spreadsheet runs: what looks like a formula gets an apostrophe in front."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False) if value else ""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _csv_chunks(columns: list[str], rows: Iterable[Row]) -> Iterator[str]:
    yield "\ufeff"
    yield from _joined(_csv_lines(columns, rows))


def _csv_lines(columns: list[str], rows: Iterable[Row]) -> Iterator[str]:
    yield _csv_line(columns)
    for row in rows:
        yield _csv_line(safe_cell(row[column]) for column in columns)


def _csv_line(cells: Iterable[str]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """Many lines at once: each chunk is a write to the socket."""
    while chunk := "".join(islice(lines, LINES_IN_A_CHUNK)):
        yield chunk


def _file(name: str, kind: str, chunks: Iterable[str]) -> StreamingHttpResponse:
    """An attachment that is sent as it is made, so that its size does not count."""
    stem, _dot, ending = name.rpartition(".")
    filename = f"{stem}-{timezone.now():%Y-%m-%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(chunks, content_type=kind, headers=headers)
