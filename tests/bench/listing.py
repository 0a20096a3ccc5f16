"""How long a page of the list takes in a panel full of images, on both databases: ``python -m tests.bench.listing``.

Wall-clock time of the query with its counts, what Python does for it included. It fails when a database stops reading
the indexes that the list is made for.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.bench.panel import DATABASES, panel

if TYPE_CHECKING:
    from accounts.viewer import Viewer
    from images.listing import Wanted

ROUNDS = 20
FAR = 50  # the number of a page that nobody opens by hand
INDEXES = ("image_of_account", "grant_of_group", "image_public")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    if database := parser.parse_args().database:
        with panel(database):
            return measure(database)
    command = [sys.executable, "-m", "tests.bench.listing", "--database"]
    return sum(subprocess.run([*command, database], check=False).returncode for database in DATABASES)


def measure(database: str) -> int:
    """Print medians and the indexes that are read.

    Returns:
        How many indexes are not read.
    """
    from tests.bench import crowd
    from tests.factories import viewer

    cast = crowd.assemble()
    people = {"typical": viewer(cast.rhea, cast.rival), f"{crowd.HEAVY} shared": viewer(cast.bob, cast.beta)}
    print(f"{database}: {crowd.IMAGES} images, {crowd.GRANTS} grants, {crowd.MEMBERSHIPS} memberships")
    missing = 0
    for name, person in people.items():
        for page, wanted in pages(person):
            print(f"  {name:14} {page:16} {median_of(person, wanted):7.1f} ms", flush=True)
        unread = [index for index in INDEXES if index not in plan_of(person)]
        print(f"  {name:14} reads {'its indexes' if not unread else 'no index ' + ', '.join(unread)}")
        missing += len(unread)
    return missing


def pages(person: "Viewer") -> "Iterator[tuple[str, Wanted]]":
    """What is measured, by name."""
    from images import listing
    from images.listing import Sort, Wanted

    yield "first page", Wanted()
    page = listing.page_of(person, Wanted(), size=(FAR - 1) * listing.PAGE_SIZE)
    yield f"page {FAR}", Wanted(after=page.older)
    yield "by name", Wanted(sort=Sort.NAME)
    yield "search", Wanted(q="image-77")


def median_of(person: "Viewer", wanted: "Wanted") -> float:
    """Milliseconds."""
    from images import listing
    from images.views.lists import COUNTED_TABS

    def cost() -> float:
        start = time.perf_counter()
        listing.page_of(person, wanted, counted=COUNTED_TABS)
        return (time.perf_counter() - start) * 1000

    return statistics.median(cost() for _ in range(ROUNDS))


def plan_of(person: "Viewer") -> str:
    """How the database goes about the first page."""
    from django.db import connection

    from images import listing
    from images.listing import Tab, Wanted

    union, params = listing._union(listing.Lists(person, Wanted()).branches(Tab.ALL), Wanted(), limit=26)
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {union}", params)
        return "\n".join(str(row) for row in cursor.fetchall())


if __name__ == "__main__":
    sys.exit(main())
