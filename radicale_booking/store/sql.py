"""Named SQL from the package ``radicale_booking.storage``.

A file ``queries/<noun>.sql`` holds blocks headed ``-- name: <name>``; parameters are written ``:name`` and the
text is valid for SQLite and PostgreSQL alike.
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
def load(noun: str) -> dict[str, str]:
    """The named queries of ``queries/<noun>.sql``. Raises ``ValueError`` when a name stands twice."""
    parts = _HEADER.split(read(f"queries/{noun}.sql"))
    queries: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in queries:
            raise ValueError(f"queries/{noun}.sql names {name!r} twice")
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


def texts(file: str, engine: str) -> list[str]:
    """``file`` and, where the engines differ, its companion ``<file>.<engine>.sql``."""
    companion = file.removesuffix(".sql") + f".{engine}.sql"
    both = [read(file)]
    if files("radicale_booking.storage").joinpath(companion).is_file():
        both.append(read(companion))
    return both
