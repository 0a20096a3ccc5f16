"""What requests of programs cost the processor, above an empty view behind the same middleware, in a panel with 2,000
images and with 20,000: ``python -m tests.bench.api``.

CPU time of this process for one request through Django's handler; on SQLite that is the database's work as well. The
requests take turns, so that whatever else the machine does is shared by all. It fails where a request asks for more
statements, or costs markedly more, when there are more images.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.panel import DATABASES, panel

if TYPE_CHECKING:
    from tests.bench.programs import Request

SIZES = (2_000, 20_000)
ROUNDS = 200
WARM = 3
MOST_GROWTH = 1.5  # times; more than noise
NOISE = 0.3  # ms


@dataclass(frozen=True)
class Cost:
    """What a request costs.

    Attributes:
        cpu: milliseconds.
    """

    cpu: float
    queries: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each request is made")
    chosen = parser.parse_args()
    if chosen.database:
        with panel(chosen.database):
            return measure(chosen.database, rounds=chosen.rounds)
    command = [sys.executable, "-m", "tests.bench.api", "--rounds", str(chosen.rounds), "--database"]
    return sum(subprocess.run([*command, database], check=False).returncode for database in DATABASES)


def measure(database: str, *, rounds: int) -> int:
    """Print what each request costs above the empty view.

    Returns:
        How many grow with the number of images.
    """
    from django.conf import settings

    settings.ROOT_URLCONF, settings.ALLOWED_HOSTS = "tests.bench.urls", ["testserver"]
    from tests.bench.programs import World

    world = World()
    found = []
    for size in SIZES:
        world.grow(size)
        requests = world.requests()
        found.append(costs_of(requests, rounds))
    few, many = found
    print(f"{database}: CPU ms above an empty view ({few[0].cpu:.2f} and {many[0].cpu:.2f} ms)")
    print(f"{'request':32} {'queries':>8} {SIZES[0]:>8,} {SIZES[1]:>8,}")
    for request, one, other in zip(requests, few, many, strict=True):
        above, later = one.cpu - few[0].cpu, other.cpu - many[0].cpu
        print(f"{request.name:32} {other.queries:8} {above:8.2f} {later:8.2f}", flush=True)
    return sum(grows(few[0], many[0], one, other) for one, other in zip(few, many, strict=True))


def costs_of(requests: "list[Request]", rounds: int) -> list[Cost]:
    """The median of each."""
    for request in requests * WARM:
        request.ask()
    times = [[_cpu(request.ask) for request in requests] for _ in range(rounds)]
    medians = [statistics.median(some) for some in zip(*times, strict=True)]
    return [Cost(median, request.queries()) for median, request in zip(medians, requests, strict=True)]


def grows(few_empty: Cost, many_empty: Cost, few: Cost, many: Cost) -> bool:
    """Whether a request costs more because there are more images."""
    above, later = few.cpu - few_empty.cpu, many.cpu - many_empty.cpu
    return many.queries > few.queries or later > max(above, NOISE) * MOST_GROWTH + NOISE


def _cpu(ask: Callable[[], object]) -> float:
    start = time.process_time()
    ask()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    sys.exit(main())
