"""What is made once, and put back row by row for each test that asks for it.

The panel's actions take their time over nine people and what they belong to. The rows that they leave are the same
each time, so that writing these again is ten times faster, and every test has a world of its own all the same.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import connection, transaction

T = TypeVar("T")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Kept(Generic[T]):
    """Something that was made in the database.

    Attributes:
        make: makes it, by the panel's own actions.
        pickled: what ``make`` gave back.
        rows: what ``make`` wrote, by table. They go into empty tables only.
    """

    make: Callable[[], T]
    pickled: bytes
    rows: dict[str, Rows]

    @classmethod
    def of(cls, make: Callable[[], T]) -> "Kept[T]":
        """Make it, keep it, and take it back."""
        with transaction.atomic():
            before = _all_rows()
            pickled = pickle.dumps(make())
            rows = {table: after for table, after in _all_rows().items() if after != before[table]}
            transaction.set_rollback(True)
        assert not any(before[table] for table in rows), "It would not be put back into empty tables."
        return cls(make, pickled, rows)

    def put_back(self) -> T:
        """Have it in the database: from its rows, or made anew where these have no place.

        That is where a test has made people before; and on PostgreSQL, which would count on from other ids.
        """
        if connection.vendor != "sqlite" or self._is_taken():
            return self.make()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self.rows.items():
                places = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608  # names of our own
        made: T = pickle.loads(self.pickled)  # noqa: S301  # pickled above
        return made

    def _is_taken(self) -> bool:
        found = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in self.rows)  # noqa: S608  # as above
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {found}")
            return bool(cursor.fetchone()[0])


def _all_rows() -> dict[str, Rows]:
    """Every row of every table."""
    return {
        model._meta.db_table: _rows_of(model._meta.db_table) for model in apps.get_models(include_auto_created=True)
    }


def _rows_of(table: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608  # as above
        return list(cursor.fetchall())
