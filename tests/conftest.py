"""Fixtures of several kinds of tests: the two databases that everything runs on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from radicale_booking.store.postgres import PostgresStore
from radicale_booking.store.sqlite import SqliteStore
from radicale_booking.store.tables import KEYS
from tests import postgres

# How long an example takes depends on what else the machine does.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

ENGINES = ("sqlite", "postgres")
_SAVE = b"""
CREATE SCHEMA saved;
CREATE TABLE saved.collection AS SELECT * FROM collection;
CREATE TABLE saved.schema_migration AS SELECT * FROM schema_migration;
"""
#: Tests leave few rows, and DELETE takes a fifth of the time of TRUNCATE, which makes every file anew. References are
#: not looked at meanwhile.
_RESTORE = f"""
SET LOCAL session_replication_role = replica;
{" ".join(f"DELETE FROM {table};" for table in (*KEYS, "schema_migration"))}
INSERT INTO collection SELECT * FROM saved.collection;
INSERT INTO schema_migration SELECT * FROM saved.schema_migration;
SELECT setval(CAST(oid AS regclass), CASE relname WHEN 'collection_id_seq' THEN 2 ELSE 1 END, false)
    FROM pg_class WHERE relkind = 'S' AND relnamespace = CAST('public' AS regnamespace);
""".encode()


def _now() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the present schema, to be copied."""
    file = tmp_path_factory.mktemp("template") / "booking.sqlite"
    store = SqliteStore(file, clock=_now)
    store.migrate()
    store.close()
    return file


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One server for each process of tests."""
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> str:
    """The name of a database with the present schema, to be copied."""
    address = postgres_server.create()
    store = PostgresStore(address, clock=_now)
    store.migrate()
    store.close()
    return psycopg.conninfo.conninfo_to_dict(address)["dbname"]


@pytest.fixture(scope="session")
def postgres_database(postgres_server: postgres.Server, postgres_template: str) -> str:
    """The address of a database that one test after the other has for itself, with a copy of what is in a new one."""
    address = postgres_server.create(postgres_template)
    with psycopg.connect(address) as connection:
        connection.execute(_SAVE)
    return address


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database with the present schema, on each engine."""
    if request.param == "sqlite":
        file = tmp_path / "booking.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite://{file}"
    address: str = request.getfixturevalue("postgres_database")
    with psycopg.connect(address) as connection:
        connection.execute(_RESTORE)
    return address
