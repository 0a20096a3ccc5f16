"""Questions to the database that Django writes once, and that are asked many times with other values.

To write the SQL of a list takes Django longer than the database needs to answer it. A ``Blank`` stands in a query where
a value will stand; what was written is kept for the process, by the shape of the question. The querysets are those of
the pages, so the law is the same.
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import Expression, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler

MOST_KEPT = 128  # shapes in one process; whoever asks in ever new ways has theirs written each time

Shape = TypeVar("Shape", bound=Hashable)
Written = TypeVar("Written")


class Blank(Expression):
    """Where a value stands, each time that the question is asked.

    Args:
        name: of the value.
        field: how the database writes it; a whole number when none is given.
    """

    def __init__(self, name: str, field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=field or models.BigIntegerField())
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A placeholder, with the blank itself as its parameter."""
        return "%s", [self]

    def bound(self, values: Mapping[str, Any]) -> Any:
        """What stands there now, as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


class ListBlank(Blank):
    """Where a list of values stands: an array, or JSON where the database has no arrays."""

    def bound(self, values: Mapping[str, Any]) -> Any:
        """Each member as the database takes it."""
        members = [self.output_field.get_db_prep_value(value, connection) for value in values[self.name]]
        return json.dumps(members) if connection.vendor == "sqlite" else members


class OneOf(Func):
    """Whether a column is one of a list, which stands in one blank, however long it is."""

    output_field = models.BooleanField()
    conditional = True
    template = "%(expressions)s)"
    arg_joiner = " = ANY("

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        """SQLite reads the list as a table."""
        joiner = " IN (SELECT value FROM json_each("
        return self.as_sql(compiler, connection, template="%(expressions)s))", arg_joiner=joiner, **context)


class Question:
    """A query as SQL, with blanks among its parameters.

    Args:
        sql: with ``%s`` for each parameter.
        params: values that never change, and blanks.
        convert: makes Python's values of the rows.
    """

    def __init__(self, sql: str, params: Sequence[Any], convert: Callable[[Sequence[Any]], Any] | None = None) -> None:
        self.sql = sql
        self.params = tuple(params)
        self._convert = convert

    @classmethod
    def of(cls, query: "QuerySet[Any, Any]", ids: Mapping[int, str] | None = None) -> "Question":
        """Let Django write it.

        Args:
            query: with ``values_list``.
            ids: numbers that are nobody's ids, and the blanks in whose place they stand: Django compares ids with
                numbers alone.

        Raises:
            EmptyResultSet: it has no rows, whatever the values.
        """
        compiler = query.query.get_compiler(connection=connection)
        sql, written = compiler.as_sql()
        blanks = {number: Blank(name) for number, name in (ids or {}).items()}
        params = [blanks.get(param, param) if isinstance(param, int) else param for param in written]
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select or ()])
        return cls(sql, params, (lambda rows: compiler.apply_converters(rows, converters)) if converters else None)

    def renewed(self, sql: str, params: Sequence[Any]) -> "Question":
        """Another question whose rows are like those of this one."""
        return Question(sql, params, self._convert)

    def ask(self, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The rows for these values of its blanks. One query."""
        params = [param.bound(values) if isinstance(param, Blank) else param for param in self.params]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        return list(self._convert(rows)) if self._convert else rows


def kept(write: Callable[[Shape], Written]) -> Callable[[Shape], Written]:
    """Keep what was written for each shape, for each kind of database."""

    @lru_cache(maxsize=MOST_KEPT)
    def written(key: tuple[str, Shape]) -> Written:
        return write(key[1])

    return lambda shape: written((connection.vendor, shape))
