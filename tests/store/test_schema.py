"""The schema file and the migrations are the same, and every named query is valid SQL on it: on each engine."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from radicale_booking.errors import StoreUnavailable
from radicale_booking.store import sql
from radicale_booking.store.postgres_sql import convert
from radicale_booking.store.schema import EXPAND
from radicale_booking.store.sqlite import SqliteStore
from tests.postgres import Server

NOUNS = sorted(entry.name.removesuffix(".sql") for entry in
               files("radicale_booking.storage").joinpath("queries").iterdir() if re.fullmatch(r"\w+\.sql", entry.name))


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


def described_by_postgres(address: str) -> dict[str, object]:
    """Every column, constraint and index by what PostgreSQL says of it."""
    statements = {
        "column": "SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default, is_identity"
                  " FROM information_schema.columns WHERE table_schema = 'public'",
        "constraint": "SELECT CASE WHEN contype <> 'c' THEN conname END, CAST(conrelid AS regclass),"
                      " pg_get_constraintdef(oid) FROM pg_constraint"
                      " WHERE connamespace = CAST('public' AS regnamespace)",
        "index": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    with psycopg.connect(address) as connection:
        return {kind: sorted(map(str, connection.execute(text))) for kind, text in statements.items()}


def test_schema_equals_migrations_on_postgres(postgres_server: Server, postgres_template: str) -> None:
    written = postgres_server.create()
    with psycopg.connect(written) as connection:
        for text in sql.texts("schema.sql", "postgres"):
            connection.execute(text.encode())
    migrated = described_by_postgres(postgres_server.create(postgres_template))
    assert migrated == described_by_postgres(written)
    assert all(len(found) > 20 for found in migrated.values())


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _, _ in sql.migrations()] == list(range(1, len(sql.migrations()) + 1))


#: What an older program need not know of: it names the columns that it writes.
_ADDS = re.compile(r"""
    CREATE\ TABLE\ \w+\ .* | CREATE\ INDEX\ .* | ALTER\ TABLE\ \w+\ ALTER\ COLUMN\ id\ ADD\ GENERATED\ .*
    | ALTER\ TABLE\ \w+\ ADD\ COLUMN\ (?!.*\b(?:UNIQUE|CHECK|REFERENCES)\b)(?!(?!.*\bDEFAULT\b).*\bNOT\ NULL\b).*""",
                   re.VERBOSE)


def more_than_adds(text: str) -> list[str]:
    """The statements of a migration that an older program could stumble over."""
    plain = re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", text))
    # An index may take the place of another.
    plain = re.sub(r"DROP INDEX (\w+); (?=CREATE INDEX \1 )", "", plain)
    return [found.strip() for found in plain.split(";") if found.strip() and not _ADDS.fullmatch(found.strip())]


@pytest.mark.parametrize("statement", [
    "DROP INDEX outbox_due", "CREATE UNIQUE INDEX a ON b (c)", "UPDATE reservation SET note = ''",
    "ALTER TABLE a ADD COLUMN b TEXT NOT NULL", "ALTER TABLE a ADD COLUMN b TEXT UNIQUE",
    "ALTER TABLE a RENAME COLUMN b TO c", "CREATE TRIGGER a BEFORE INSERT ON b BEGIN SELECT 1",
])
def test_what_does_more_than_add_is_found(statement: str) -> None:
    adds = "-- So.\nCREATE TABLE x (\n  y TEXT NOT NULL\n);\nALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT '';"
    assert more_than_adds(f"{adds}\nALTER TABLE a ADD COLUMN c TEXT;\n{statement};\n") == [statement]


def test_an_index_may_take_the_place_of_another() -> None:
    assert more_than_adds("DROP INDEX a;\nCREATE INDEX a ON b (c, d);\n") == []
    assert more_than_adds("DROP INDEX a;\nCREATE INDEX e ON b (c, d);\n") == ["DROP INDEX a"]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_migration_named_expand_only_adds(engine: str) -> None:
    found = {file: more_than_adds(text) for _, name, file in sql.migrations() if name.startswith(EXPAND)
             for text in sql.texts(file, engine)}
    assert not any(found.values()), found


@pytest.mark.parametrize("noun", NOUNS)
def test_every_query_writes_columns_by_name(noun: str) -> None:
    """A newer program may have added some."""
    for engine in ("sqlite", "postgres"):
        for name, text in sql.load(noun, engine).items():
            assert not re.search(r"INSERT(?: OR \w+)? INTO \w+\s+(?:VALUES|SELECT)\b", text), name


def test_every_query_is_used() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for folder in ("radicale_booking", "plugins")
                      for file in (Path(__file__).parents[2] / folder).rglob("*.py"))
    quoted = set(re.findall(r'"(\w+)"', sources))
    assert quoted >= set(NOUNS)
    assert [f"{noun}.{name}" for noun in NOUNS for name in sql.load(noun, "sqlite") if name not in quoted] == []


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


@pytest.mark.parametrize("noun", NOUNS)
def test_every_query_is_valid_on_postgres(noun: str, postgres_server: Server, postgres_template: str) -> None:
    with psycopg.connect(postgres_server.create(postgres_template)) as connection:
        for statement in sql.load(noun, "postgres").values():
            names = set(re.findall(r"(?<!:):(\w+)", statement))
            connection.execute(convert(f"EXPLAIN {statement}").encode(), dict.fromkeys(names))


def test_a_companion_of_queries_replaces_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "json_each" in sql.load("item", "sqlite")["get_many"]
    assert "json_array_elements_text" in sql.load("item", "postgres")["get_many"]
    assert sql.load("item", "sqlite")["put"] == sql.load("item", "postgres")["put"]
    texts = {"queries/item.sql": "-- name: a\nSELECT 1;\n", "queries/item.postgres.sql": "-- name: b\nSELECT 2;\n"}
    monkeypatch.setattr(sql, "read", texts.__getitem__)
    with pytest.raises(ValueError, match=r"replaces nothing: \['b'\]"):
        sql.load.__wrapped__("item", "postgres")


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
