"""The schema file and the migrations are the same, and every named query is valid SQL on it."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from radicale_booking.errors import StoreUnavailable
from radicale_booking.store import sql
from radicale_booking.store.engine import open_store
from radicale_booking.store.sqlite import SqliteStore

NOUNS = sorted(entry.name.removesuffix(".sql") for entry in
               files("radicale_booking.storage").joinpath("queries").iterdir() if entry.name.endswith(".sql"))


def clock() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


def described(connection: sqlite3.Connection) -> dict[str, object]:
    """Every table by its columns, keys and checks, every index and trigger by its text.

    A column that a migration added stands last in SQLite's own text of the table, so that is not compared.
    """
    found: dict[str, object] = {}
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        plain = re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", text))
        if kind != "table":
            found[name] = plain
            continue
        columns = {row[1:] for row in connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,))}
        keys = {row[2:] for row in connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (name,))}
        unique = {tuple(column[2] for column in connection.execute("SELECT * FROM pragma_index_info(?)", (index[1],)))
                  for index in connection.execute("SELECT * FROM pragma_index_list(?)", (name,)) if index[3] != "c"}
        found[name] = columns, keys, unique, sorted(checks(plain))
    return found


def checks(table: str) -> list[str]:
    """The texts of the CHECKs in the text of a table."""
    found = []
    for match in re.finditer(r"CHECK \(", table):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(table[end], 0)
            end += 1
        found.append(table[match.start():end])
    return found


def test_schema_equals_migrations(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "migrated.db", clock=clock)
    assert store.migrate() == [name for _, name, _ in sql.migrations()]
    store.close()
    migrated = sqlite3.connect(tmp_path / "migrated.db")
    written = sqlite3.connect(":memory:")
    try:
        for text in sql.texts("schema.sql", "sqlite"):
            written.executescript(text)
        assert described(migrated) == described(written)
        assert len(described(written)) > 20
    finally:
        migrated.close()
        written.close()


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _, _ in sql.migrations()] == list(range(1, len(sql.migrations()) + 1))


@pytest.mark.parametrize("noun", NOUNS)
def test_every_query_is_valid(noun: str) -> None:
    connection = sqlite3.connect(":memory:")
    try:
        for text in sql.texts("schema.sql", "sqlite"):
            connection.executescript(text)
        queries = sql.load(noun, "sqlite")
        assert queries
        for statement in queries.values():
            if "{" not in statement:
                names = set(re.findall(r"(?<!:):(\w+)", statement))
                connection.execute("EXPLAIN " + statement, dict.fromkeys(names))
    finally:
        connection.close()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db", clock=clock)
    assert store.migrate()
    assert store.migrate() == []
    assert store.schema_state().pending == 0
    assert store.check() == []
    store.close()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    store = SqliteStore(path, clock=clock)
    store.migrate()
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO schema_migration VALUES (9999, 'future', 0)")
    raw.close()
    before = path.read_bytes()
    newer = SqliteStore(path, clock=clock)
    with pytest.raises(StoreUnavailable, match="schema 9999"), newer.read():
        pass
    newer.close()
    assert path.read_bytes() == before
