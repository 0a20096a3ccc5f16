"""What a page costs with one row, a full page and a thousand: ``python -m tests.bench.growth``.

CPU time of this process for one request through Django's handler, and statements to the database, on SQLite. It fails
where a page asks for more statements when it has more rows.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.bench.panel import panel

if TYPE_CHECKING:
    from tests.bench.visits import Visit

ROUNDS = 10
WARM = 2
ONE, FULL, MANY = 1, 100, 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each page is asked for")
    parser.add_argument("--rows", type=int, default=MANY, help="how many are many")
    chosen = parser.parse_args()
    with panel():
        return measure(rounds=chosen.rounds, many=chosen.rows)


def measure(*, rounds: int, many: int) -> int:
    """Print what every page costs, and the weight of the largest.

    Returns:
        How many pages ask for more statements with more rows.
    """
    from django.conf import settings

    settings.ROOT_URLCONF, settings.ALLOWED_HOSTS = "tests.bench.urls", ["testserver"]
    from tests.bench.rows import Rows

    rows = Rows()
    pages = rows.visits()
    costs = []
    for count in (ONE, FULL, many):
        rows.grow(count)
        costs.append([(page.queries(), median) for page, median in zip(pages, _medians(pages, rounds), strict=True)])
    print(f"{'':24}" + "".join(f" {f'{count} rows':>18}" for count in (ONE, FULL, many)))
    print(f"{'page':24}" + f" {'queries':>10} {'CPU ms':>7}" * len(costs) + f" {'kB':>6}")
    for page, *each in zip(pages, *costs, strict=True):
        cells = "".join(f" {queries:10} {median:7.1f}" for queries, median in each)
        print(f"{page.name:24}{cells} {page.weight() / 1000:6.1f}{'  MORE' if _grows(each) else ''}")
    return sum(_grows(each) for each in zip(*costs, strict=True))


def _grows(costs: Sequence[tuple[int, float]]) -> bool:
    return len({queries for queries, _median in costs}) > 1


def _medians(pages: "list[Visit]", rounds: int) -> list[float]:
    """Milliseconds of each page; they take turns, because the machine has good and bad moments."""

    def cost(page: "Visit") -> float:
        start = time.process_time()
        page.ask()
        return (time.process_time() - start) * 1000

    for page in pages * WARM:
        page.ask()
    times = [[cost(page) for page in pages] for _ in range(rounds)]
    return [statistics.median(costs) for costs in zip(*times, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
