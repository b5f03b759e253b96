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
from tests import postgres

# How long an example takes depends on what else the machine does.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

ENGINES = ("sqlite", "postgres")

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
    postgres.remember(address)
    return address


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database with the present schema, on each engine."""
    if request.param == "sqlite":
        file = tmp_path / "booking.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite://{file}"
    address: str = request.getfixturevalue("postgres_database")
    postgres.reset(address)
    return address
