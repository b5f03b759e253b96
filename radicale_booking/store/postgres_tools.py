"""PostgreSQL's own programs, pg_dump and pg_restore, and a scratch database to try a copy in."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from radicale_booking.errors import StoreUnavailable

_Raw = psycopg.Connection[Any]


def dump(raw: _Raw, conninfo: str, target: Path) -> None:
    """Write what the open transaction of ``raw``, on ``conninfo``, sees to ``target``, in pg_dump's custom format.

    Raises ``StoreUnavailable``.
    """
    [snapshot] = [row[0] for row in raw.execute("SELECT pg_export_snapshot()")]
    _run("pg_dump", conninfo, "--format=custom", "--no-owner", "--no-privileges",
         "--no-comments", f"--snapshot={snapshot}", f"--file={target}")


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
    """The password goes by the environment: anybody may read a command line."""
    _refuse_pooler(program, conninfo)
    parameters = conninfo_to_dict(conninfo)
    password = str(parameters.pop("password", ""))
    found = shutil.which(program) or _of_debian(program)
    if found is None:
        raise StoreUnavailable(f"{program} is not installed; on Debian: apt-get install postgresql-client")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run([found, *options, f"--dbname={make_conninfo('', **parameters)}", *arguments],  # noqa: S603 - no shell, no input
                          env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StoreUnavailable(f"{program}: {' '.join(done.stderr.split())}")


def _refuse_pooler(program: str, conninfo: str) -> None:
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


def _of_debian(program: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[-3]))
    return str(versions[-1]) if versions else None
