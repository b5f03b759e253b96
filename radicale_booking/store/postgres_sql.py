"""Named SQL and rows as psycopg has them: parameters by ``%(name)s``, rows readable by name and by position."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Cursor

#: A literal, a comment, a cast, a parameter, or a sign that psycopg would take for its own.
_TOKEN = re.compile(r"(?P<literal>'[^']*')|(?P<comment>--[^\n]*)|(?P<cast>::)|:(?P<name>[a-z_]\w*)|(?P<percent>%)")


@cache
def convert(statement: str) -> str:
    """``statement`` with each ``:name`` written ``%(name)s``; comments are left out."""
    return _TOKEN.sub(_converted, statement)


def _converted(token: re.Match[str]) -> str:
    if token["name"]:
        return f"%({token['name']})s"
    return "" if token["comment"] else token[0].replace("%", "%%")


def rows(cursor: Cursor[Any]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """psycopg's row factory."""
    return _row_class(tuple(column.name for column in cursor.description or ()))


@cache
def _row_class(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    # Of several columns with one name the first counts, as with SQLite.
    positions = {name: position for position, name in reversed(list(enumerate(names)))}

    class Row(tuple[Any, ...]):
        __slots__ = ()

        def __getitem__(self, key: Any) -> Any:
            return tuple.__getitem__(self, positions[key] if isinstance(key, str) else key)

        def keys(self) -> Iterable[str]:
            return positions

    return Row
