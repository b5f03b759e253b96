"""Named SQL from the package ``radicale_booking.storage``.

A file ``queries/<noun>.sql`` holds blocks headed ``-- name: <name>``; parameters are written ``:name`` and the
text is valid for SQLite and PostgreSQL alike. Where the two truly differ, a companion ``<file>.<engine>.sql`` says how
and why: that of queries replaces those of the same name, that of a migration runs after it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_HEADER = re.compile(r"^-- name: *(\w+)\s*$", re.MULTILINE)


def read(name: str) -> str:
    """The text of the file ``name`` (a path inside the SQL package)."""
    return files("radicale_booking.storage").joinpath(name).read_text(encoding="utf-8")


@cache
def load(noun: str, engine: str) -> dict[str, str]:
    """The named queries of ``queries/<noun>.sql``, those of ``queries/<noun>.<engine>.sql`` in their place.

    Raises ``ValueError`` when a name stands twice, or replaces nothing.
    """
    queries = _named(f"queries/{noun}.sql")
    companion = _companion(f"queries/{noun}.sql", engine)
    own = _named(companion) if companion else {}
    if own.keys() - queries.keys():
        raise ValueError(f"{companion} replaces nothing: {sorted(own.keys() - queries.keys())}")
    return queries | own


def _named(file: str) -> dict[str, str]:
    parts = _HEADER.split(read(file))
    queries: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in queries:
            raise ValueError(f"{file} names {name!r} twice")
        queries[name] = body.strip().rstrip(";")
    return queries


def migrations() -> list[tuple[int, str, str]]:
    """All migrations as ``(number, name, file)`` in order; ``0001_first.sql`` is number 1, name ``first``."""
    found = []
    for entry in files("radicale_booking.storage").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", entry.name)
        if match:
            found.append((int(match[1]), match[2], f"migrations/{entry.name}"))
    return sorted(found)


def newest() -> int:
    """The number of the last migration."""
    return max(number for number, _, _ in migrations())


def texts(file: str, engine: str) -> list[str]:
    """``file`` and, where the engines differ, its companion ``<file>.<engine>.sql``."""
    companion = _companion(file, engine)
    return [read(file), *([read(companion)] if companion else [])]


def _companion(file: str, engine: str) -> str | None:
    name = f"{file.removesuffix('.sql')}.{engine}.sql"
    return name if files("radicale_booking.storage").joinpath(name).is_file() else None
