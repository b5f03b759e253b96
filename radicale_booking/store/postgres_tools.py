"""PostgreSQL's own programs, pg_dump and pg_restore, and a scratch database to try a copy in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from radicale_booking import postgres_cluster
from radicale_booking.errors import StoreUnavailable

_Raw = psycopg.Connection[Any]


def dump(raw: _Raw, conninfo: str, target: Path) -> None:
    """Write what the open transaction of ``raw``, on ``conninfo``, sees to ``target``, in pg_dump's custom format.

    Raises ``StoreUnavailable``.
    """
    [snapshot] = [row[0] for row in raw.execute("SELECT pg_export_snapshot()")]
    refuse_pooler("pg_dump", conninfo)
    postgres_cluster.dump(conninfo, target, f"--snapshot={snapshot}")


def restore(conninfo: str, source: Path) -> None:
    """Replace what the database ``conninfo`` holds by the dump ``source``, all or nothing.

    Raises ``StoreUnavailable``.
    """
    _run("pg_restore", conninfo, "--clean", "--if-exists", "--no-owner",
         "--no-privileges", "--exit-on-error", "--single-transaction", arguments=(str(source),))


@contextmanager
def scratch(address: str, conninfo: str) -> Iterator[str]:
    """The address of a new database beside ``address``, gone at the end. Raises ``StoreUnavailable``."""
    parts = urlsplit(address)
    name = f"{parts.path.strip('/')}_drill_{secrets.token_hex(4)}"
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise StoreUnavailable(f"no scratch database: {error}; ALTER ROLE … CREATEDB allows one") from error
    try:
        yield f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")
    finally:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(program: str, conninfo: str, *options: str, arguments: tuple[str, ...] = ()) -> None:
    refuse_pooler(program, conninfo)
    postgres_cluster.run(program, conninfo, *options, arguments=arguments)


def refuse_pooler(program: str, conninfo: str) -> None:
    """Both programs set their session, such as its search path to nothing: a pooler would hand that on to others."""
    try:
        with psycopg.connect(conninfo) as connection:
            [pid] = [row[0] for row in connection.execute("SELECT pg_backend_pid()")]
            pooled = pid != connection.info.backend_pid
    except psycopg.Error as error:
        raise StoreUnavailable(f"{program}: {error}") from error
    if pooled:
        raise StoreUnavailable(f"{program} needs PostgreSQL itself, and [storage] database leads to a pooler such as "
                               "PgBouncer; run the command with a configuration that names PostgreSQL's own address")

