"""Whether an answer, its length or its time tells who and what exists: ``python -m tests.bench.alike``.

At every door that takes an address, a number, a code or an id, somebody asks about two that exist and are not theirs,
and about one that does not exist, in turns and in a random order. The answers have to be the same, letter by letter but
for what was asked. CPU time of this process, medians: the ratio of the stranger to the first says what the time tells;
that of the two who exist says what is mere noise. The hash of passwords is the quick one of the tests, because a slow
one would hide what comes after it.
"""

import argparse
import logging
import random
import statistics
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.bench.panel import panel

if TYPE_CHECKING:
    from tests.bench.doors import Door

    Measured = tuple[Door, list[float], str]

ROUNDS = 40
ROUNDS_OF_IDS = 10  # there are many of these doors, and all of them end at the same step
WARM = 3
SHOWN = 5  # of the doors that take ids: those that differ most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is asked about")
    chosen = parser.parse_args()
    with panel():
        return measure(rounds=chosen.rounds)


def measure(*, rounds: int) -> int:
    """Print what each door takes.

    Returns:
        How many doors answer differently.
    """
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    logging.disable(logging.ERROR)  # every refusal is a warning
    from tests.bench.address_doors import address_doors
    from tests.bench.id_doors import id_doors
    from tests.people import call_together

    cast = call_together()
    print(f"{'door':44} {'CPU ms':>7} {'unknown':>8} {'another':>8}  answers")
    told = sum(_show(door, times_of(door, rounds), door.difference()) for door in address_doors(cast))
    doors = [(door, times_of(door, min(rounds, ROUNDS_OF_IDS)), door.difference()) for door in id_doors(cast)]
    unlike = [each for each in doors if each[2]]
    print(f"\n{len(doors)} doors that take an id of somebody else's, or of nothing: {len(unlike)} answer differently")
    for door, times, difference in [*unlike, *sorted(doors, key=_distance)[-SHOWN:]]:
        _show(door, times, difference)
    print(f"{'median of all':44} {'':7} {_median_ratio(doors, 2):8.3f} {_median_ratio(doors, 1):8.3f}")
    return told + len(unlike)


def times_of(door: "Door", rounds: int) -> list[float]:
    """Milliseconds for each of the three, in the order in which the door asks."""
    chance = random.Random(1)
    costs: list[list[float]] = [[] for _ in door.questions]
    for turn in range(WARM + rounds):
        for index in chance.sample(range(len(costs)), len(costs)):
            start = time.process_time()
            door.ask(index)
            cost = (time.process_time() - start) * 1000
            door.clean_up()
            if turn >= WARM:
                costs[index].append(cost)
    return [statistics.median(each) for each in costs]


def _show(door: "Door", times: Sequence[float], difference: str) -> bool:
    known, another, unknown = times
    said = f"DIFFERENT: {difference}" if difference else "the same"
    print(f"{door.name:44} {known:7.2f} {unknown / known:8.3f} {another / known:8.3f}  {said}", flush=True)
    return bool(difference)


def _distance(measured: "Measured") -> float:
    _door, times, _difference = measured
    return abs(times[2] / times[0] - 1)


def _median_ratio(doors: "Sequence[Measured]", which: int) -> float:
    return statistics.median(times[which] / times[0] for _door, times, _difference in doors)


if __name__ == "__main__":
    sys.exit(main())
