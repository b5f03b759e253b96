"""Fixtures of several kinds of tests: the two databases that everything runs on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from radicale_booking.store.postgres import PostgresStore
from tests import postgres

ENGINES = ("sqlite", "postgres")


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


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database, on each engine: an SQLite file that does not exist yet, a migrated PostgreSQL one."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/booking.sqlite"
    return request.getfixturevalue("postgres_server").create(request.getfixturevalue("postgres_template"))
