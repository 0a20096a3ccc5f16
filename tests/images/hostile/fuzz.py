"""Feeds the inspectors whatever a fuzzer thinks of, guided by which lines run.

``python -m tests.images.hostile.fuzz FOLDER -max_total_time=60`` (and other options of libFuzzer). The folder holds the
files to begin with; what reaches new lines is added to it. Whatever is raised but a refusal ends the run.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["images.formats", "images.archives", "oslo_utils.imageutils"]):
    from images.archives import kind_of
    from images.formats import Inspection
    from tests.images.hostile.judging import verdict

from tests.images.hostile.corpus import CORPUS

MAX_SEED = 512 * 1024  # bytes: longer files make a fuzzer slow, and reach nothing new


def judge(data: bytes) -> None:
    """One execution: the file as a disk, and as an archive if it is one."""
    found = verdict(data)
    assert isinstance(found, Inspection | str)
    if kind_of(data):
        verdict(data, unpack=True)


def main() -> None:
    """Run until an option or an error ends it."""
    folder = Path(sys.argv[1])
    for number, row in enumerate(CORPUS):
        if len(data := row.make()) <= MAX_SEED:
            (folder / f"seed-{number}").write_bytes(data)
    atheris.Setup(sys.argv, judge)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
