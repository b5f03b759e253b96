"""Fixtures of several kinds of tests: the two databases that everything runs on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import psycopg
import pytest
from flask import Flask
from hypothesis import settings
from jinja2.bccache import Bucket

from radicale_booking.services import accounts
from radicale_booking.store.postgres import PostgresStore
from radicale_booking.store.sqlite import SqliteStore
from tests import postgres

# How long an example takes depends on what else the machine does.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Passwords of tests are worth little work.
accounts._HASHES.update(argon2__time_cost=1, argon2__memory_cost=64, argon2__parallelism=1)


class Templates(jinja2.BytecodeCache):
    """Compiled once for all the applications that a process of tests makes."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}

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
