"""Fixtures of several kinds of tests: the two databases that everything runs on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from radicale_booking.store.postgres import PostgresStore
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
_RESTORE = """
INSERT INTO collection SELECT * FROM saved.collection;
INSERT INTO schema_migration SELECT * FROM saved.schema_migration;
ALTER SEQUENCE collection_id_seq RESTART 2;
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One server for each process of tests."""
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> str:
    """The name of a database with the present schema, to be copied."""
    address = postgres_server.create()
    store = PostgresStore(address, clock=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))
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
    """The address of a database, on each engine: an SQLite file that does not exist yet, a migrated PostgreSQL one."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/booking.sqlite"
    address: str = request.getfixturevalue("postgres_database")
    with psycopg.connect(address) as connection:
        connection.execute(f"TRUNCATE {', '.join(KEYS)}, schema_migration RESTART IDENTITY; {_RESTORE}".encode())
    return address
