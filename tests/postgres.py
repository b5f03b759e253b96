"""A temporary PostgreSQL server of Debian's package, as a user that may run one."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

from radicale_booking.store.tables import KEYS

_numbers = itertools.count()
#: Tests lose nothing that a crash could cost, and the server goes with its folder.
_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "listen_addresses": "",
            "max_connections": "300", "shared_buffers": "32MB", "autovacuum": "off"}
#: What was acknowledged outlives the death of the server's processes, though not that of the machine.
DURABLE = {"synchronous_commit": "on"}
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


@dataclass
class Server:
    """A running server that is reached by the socket in ``folder``."""

    folder: Path
    programs: Path
    killed: bool = False

    def address(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.folder}&user=tests"

    def create(self, template: str = "template1") -> str:
        """The address of a new database."""
        name = f"tests_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def write(self, name: str, content: bytes) -> Path:
        """A file in the server's folder that it alone may read."""
        file = self.folder / name
        file.write_bytes(content)
        file.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(file, _runner())
        return file

    def control(self, action: str, *arguments: str) -> None:
        """``pg_ctl``: start, stop or restart, and wait until it is done."""
        _run(self.programs, "pg_ctl", action, "--pgdata", str(self.folder / "data"), "--wait", "--silent",
             "--log", str(self.folder / "log"), *arguments)

    def kill(self) -> None:
        """Let all of its processes die at once, without a word to anybody."""
        self.killed = True
        [postmaster, *_] = (self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="utf-8").split()
        for process in (postmaster, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)
        while any(Path(f"/proc/{process}").exists() for process in (postmaster, *children)):
            time.sleep(0.01)


def remember(address: str) -> None:
    """What is in the database now, a new one with a schema, can be reset to."""
    with psycopg.connect(address) as connection:
        connection.execute(_SAVE)


def reset(address: str) -> None:
    """Let the database hold what it held when it was remembered."""
    with psycopg.connect(address) as connection:
        connection.execute(_RESTORE)


@contextmanager
def server(segment_mib: str = "16", **options: str) -> Iterator[Server]:
    """A new server with a log in files of ``segment_mib``.

    Where PostgreSQL is missing the test is skipped, or fails under RADICALE_BOOKING_REQUIRE_ALL.
    """
    with _folder() as made:
        _run(made.programs, "initdb", "--pgdata", str(made.folder / "data"), "--username=tests",
             "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", f"--wal-segsize={segment_mib}")
        yield from _started(made, {**_OPTIONS, **options})


@contextmanager
def replica(of: Server, **options: str) -> Iterator[Server]:
    """A server that streams what ``of`` writes."""
    with _folder() as made:
        _run(made.programs, "pg_basebackup", "--pgdata", str(made.folder / "data"), "--host", str(of.folder),
             "--username=tests", "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        yield from _started(made, options)


@contextmanager
def bouncer(of: Server, connections: int) -> Iterator[Path]:
    """PgBouncer in transaction mode with so many connections to ``of``; the folder of its socket, of port 5432."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        _missing("pgbouncer")
    folder = of.folder / "bouncer"
    folder.mkdir()
    (folder / "bouncer.ini").write_text(
        f"[databases]\n* = host={of.folder} user=tests\n[pgbouncer]\nlisten_addr =\nlisten_port = 5432\n"
        f"unix_socket_dir = {folder}\nauth_type = any\npool_mode = transaction\nmax_client_conn = 200\n"
        f"default_pool_size = {connections}\n", encoding="utf-8")
    if os.geteuid() == 0:
        shutil.chown(folder, _runner())
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([*_as_runner(), program, str(folder / "bouncer.ini")], cwd="/",
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        while not (folder / ".s.PGSQL.5432").exists():
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            time.sleep(0.02)
        yield folder
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _missing(package: str) -> NoReturn:
    message = f"no {package} found; install it, on Debian as root: apt-get install {package}"
    if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def _folder() -> Iterator[Server]:
    programs = _programs()
    if programs is None:
        _missing("postgresql")
    # Not below pytest's folders, which another user may not enter; and a socket's path has at most 107 octets.
    folder = Path(tempfile.mkdtemp(prefix="rb-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, _runner())
    try:
        yield Server(folder, programs)
    finally:
        shutil.rmtree(folder)


def _started(made: Server, options: dict[str, str]) -> Iterator[Server]:
    with (made.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        for name, value in (*options.items(), ("unix_socket_directories", made.folder)):
            file.write(f"{name} = '{value}'\n")
    made.control("start")
    try:
        yield made
    finally:
        if not made.killed:
            made.control("stop", "--mode=immediate")


def _programs() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def _runner() -> str:
    """PostgreSQL refuses to run as root."""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def _as_runner() -> list[str]:
    return ["runuser", "-u", _runner(), "--"] if os.geteuid() == 0 else []


def _run(programs: Path, program: str, *arguments: str) -> None:
    done = subprocess.run([*_as_runner(), str(programs / program), *arguments], cwd="/", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
