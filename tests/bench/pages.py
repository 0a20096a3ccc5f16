"""What a page costs the processor, beside an empty view behind the same middleware: ``python -m tests.bench.pages``.

CPU time of this process for one request through Django's handler, on SQLite, with templates compiled and the
connection open. Compare the ratios rather than the milliseconds: both move with the machine, so the pages take turns.
"""

import argparse
import statistics
import time

from tests.bench.panel import panel

ROUNDS = 60
WARM = 3
IMAGES = 25  # a full page of the list


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each page is asked for")
    chosen = parser.parse_args()
    with panel():
        measure(rounds=chosen.rounds)


def measure(*, rounds: int) -> None:
    """Ask for every page in turns, and print medians."""
    from django.conf import settings

    settings.ROOT_URLCONF, settings.ALLOWED_HOSTS = "tests.bench.urls", ["testserver"]
    from tests.bench.visits import Visit, visits

    def cost(page: Visit) -> float:
        start = time.process_time()
        page.ask()
        return (time.process_time() - start) * 1000

    pages = visits(images=IMAGES)
    for page in pages * WARM:
        page.ask()
    times = [[cost(page) for page in pages] for _ in range(rounds)]
    medians = [statistics.median(costs) for costs in zip(*times, strict=True)]
    print(f"{'page':24} {'CPU ms':>7} {'of empty':>9} {'kB':>6} {'queries':>8}")
    for page, median in zip(pages, medians, strict=True):
        ratio = median / medians[0]
        print(f"{page.name:24} {median:7.1f} {ratio:9.1f} {page.weight() / 1000:6.1f} {page.queries():8}")


if __name__ == "__main__":
    main()
