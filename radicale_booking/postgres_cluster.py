"""All data of a PostgreSQL server as a copy (pg_basebackup) with its write-ahead log (pg_receivewal), and back.

The log is in files of 16 MiB; the newest, ``….partial``, is longer filled than its programs have said.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from radicale_booking.errors import StoreUnavailable

BASE = "base.tar"
_PARTIAL = ".partial"
_START_SECONDS = 30.0
_END_SECONDS = 60.0
_LOOK_SECONDS = 0.05


def program(name: str, package: str = "postgresql-client") -> str:
    """The path of one of PostgreSQL's programs, the newest. Raises ``StoreUnavailable``."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise StoreUnavailable(f"{name} is not installed; on Debian: apt-get install {package}")
    return found


def command(name: str, conninfo: str, *options: str) -> tuple[list[str], dict[str, str]]:
    """A command line of one of PostgreSQL's programs and its environment, which has the password: anybody may read a
    command line. Raises ``StoreUnavailable``."""
    parameters = conninfo_to_dict(conninfo)
    password = str(parameters.pop("password", ""))
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    return [program(name), *options, f"--dbname={make_conninfo('', **parameters)}"], environment


def run(name: str, conninfo: str, *options: str, arguments: Sequence[str] = ()) -> None:
    """Run it to its end. Raises ``StoreUnavailable`` with what it said."""
    words, environment = command(name, conninfo, *options)
    done = subprocess.run([*words, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,  # noqa: S603 - no shell, no input
                          text=True, check=False)
    if done.returncode:
        raise StoreUnavailable(f"{name}: {' '.join(done.stderr.split())}")


def copy(conninfo: str, folder: Path) -> None:
    """Write all files of the server to ``base.tar`` in ``folder``, without their log. Raises ``StoreUnavailable``."""
    written = folder / "base"
    run("pg_basebackup", conninfo, f"--pgdata={written}", "--format=tar", "--wal-method=none", "--checkpoint=fast",
        "--no-manifest")
    (written / BASE).replace(folder / BASE)
    if others := [path.name for path in written.iterdir()]:
        raise StoreUnavailable(f"the PostgreSQL server has tablespaces ({', '.join(others)}), which such a copy does "
                               "not hold; set [backup] postgresql = dump")


class Receiver:
    """Writes the log of the server into ``folder`` from now on, until it is stopped or the connection breaks.

    Raises ``StoreUnavailable`` when it cannot begin.
    """

    def __init__(self, conninfo: str, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._name = f"radicale_booking_{secrets.token_hex(4)}"
        words, environment = command("pg_receivewal", make_conninfo(conninfo, application_name=self._name),
                                     f"--directory={folder}", "--no-loop", "--status-interval=1")
        self._keeper = _keeper(conninfo, self._name)
        self._process = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,  # noqa: S603 - no shell, no input
                                         stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + _START_SECONDS
        while not any(folder.glob(f"*{_PARTIAL}")):
            if not self.alive or time.monotonic() > deadline:
                raise StoreUnavailable(f"pg_receivewal: {self.stop() or 'does not begin'}; its user needs REPLICATION")
            time.sleep(_LOOK_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self._process.poll() is None

    def files(self) -> list[Path]:
        """What was written, in order."""
        return sorted(path for path in self._folder.iterdir() if _is_log(path))

    def wait_for(self, end: str) -> None:
        """Until the log has come as far as ``end``, an LSN. Raises ``StoreUnavailable``, and ``psycopg.Error``."""
        deadline = time.monotonic() + _END_SECONDS
        while not self._keeper.execute("SELECT 1 FROM pg_stat_replication WHERE application_name = %s"
                                       " AND write_lsn >= CAST(%s AS pg_lsn)", [self._name, end]).fetchone():
            if not self.alive or time.monotonic() > deadline:
                raise StoreUnavailable(f"pg_receivewal: {self.stop() or 'does not go on'}")
            time.sleep(_LOOK_SECONDS)

    def let_go(self) -> None:
        """The server need not keep what has been received. Raises ``psycopg.Error``."""
        self._keeper.execute(
            "SELECT pg_replication_slot_advance(slot_name, write_lsn) FROM pg_stat_replication, pg_replication_slots"
            " WHERE application_name = %s AND slot_name = %s AND write_lsn > restart_lsn", [self._name, self._name])

    def stop(self) -> str:
        """What it has complained of."""
        self._keeper.close()
        if self.alive:
            self._process.send_signal(signal.SIGINT)
        try:
            _, said = self._process.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        return " ".join(said.split())


def dump(conninfo: str, target: Path, *options: str) -> None:
    """Write the database to ``target``, in pg_dump's custom format. Raises ``StoreUnavailable``."""
    run("pg_dump", conninfo, "--format=custom", "--no-owner", "--no-privileges", "--no-comments", *options,
        f"--file={target}")


def _keeper(conninfo: str, name: str) -> psycopg.Connection[Any]:
    """A session for whose length the server keeps its log from now on, whatever becomes of this process.

    Raises ``StoreUnavailable``.
    """
    try:
        keeper = psycopg.connect(conninfo, autocommit=True)
        try:
            keeper.execute("SELECT pg_create_physical_replication_slot(%s, true, true)", [name])
        except BaseException:
            keeper.close()
            raise
    except psycopg.Error as error:
        raise StoreUnavailable(f"PostgreSQL's log cannot be received: {error}; its user needs REPLICATION") from error
    return keeper


@contextmanager
def recovered(copied: Path, target: Mapping[str, str], user: str, database: str) -> Iterator[str]:
    """The connection parameters of a scratch server from ``base.tar`` and the log in ``wal`` in the folder ``copied``.

    ``target`` are PostgreSQL's settings of how far the log is followed, to its end where there are none. Nothing
    outside reaches the server. Raises ``StoreUnavailable``.
    """
    with _scratch() as (scratch, owner):
        data = scratch / "data"
        data.mkdir(mode=0o700)
        with tarfile.open(copied / BASE) as tar:
            tar.extractall(data, filter="data")
        _configure(scratch, data, target)
        shutil.copytree(copied / "wal", scratch / "wal")
        _give(scratch, owner)
        conninfo = make_conninfo("", host=str(scratch), user=user, dbname=database)
        _control(scratch, owner, "start")
        try:
            _await(scratch, conninfo)
            yield conninfo
        finally:
            _control(scratch, owner, "stop", "--mode=immediate")


def _await(scratch: Path, conninfo: str) -> None:
    """Until the log has been followed: it accepts nobody before. Raises ``StoreUnavailable``."""
    while True:
        try:
            psycopg.connect(conninfo).close()
            return
        except psycopg.OperationalError as error:
            # It ends by itself where the log does not lead to the target.
            if not (scratch / "data" / "postmaster.pid").exists():
                raise StoreUnavailable(f"the copy of PostgreSQL cannot be used: {_said(scratch)}") from error
        time.sleep(_LOOK_SECONDS)


def _said(scratch: Path) -> str:
    log = scratch / "log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    # We ask again and again whether it is ready.
    fatal = [line for line in text.splitlines() if re.search(r"FATAL|PANIC", line) and "accepting" not in line]
    return " ".join(" ".join(fatal[:1] or text.splitlines()[-3:]).split())


def _configure(scratch: Path, data: Path, target: Mapping[str, str]) -> None:
    for name in ("postmaster.pid", "postgresql.auto.conf", "standby.signal"):
        (data / name).unlink(missing_ok=True)
    (data / "recovery.signal").touch()
    (scratch / "hba.conf").write_text("local all all trust\n", encoding="ascii")
    settings = {
        "data_directory": data, "hba_file": scratch / "hba.conf", "unix_socket_directories": scratch,
        "listen_addresses": "", "fsync": "off", "hot_standby": "off", "archive_mode": "off", "autovacuum": "off",
        # The newest file has its own name for as long as it is written.
        "restore_command": f'cp "{scratch}/wal/%f" "%p" || cp "{scratch}/wal/%f{_PARTIAL}" "%p"',
        "recovery_target_action": "promote", **target}
    (scratch / "postgresql.conf").write_text(
        "".join(f"{name} = '{value}'\n" for name, value in settings.items()), encoding="utf-8")


@contextmanager
def _scratch() -> Iterator[tuple[Path, str | None]]:
    """A folder, not below private ones of ours, and whose it has to be: PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="rb-"))
    owner = None
    if os.geteuid() == 0:
        owner = next((name for name in ("postgres", "nobody") if _exists(name)), None)
    try:
        yield folder, owner
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _exists(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


def _give(folder: Path, owner: str | None) -> None:
    if owner is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, owner)


def _control(scratch: Path, owner: str | None, action: str, *options: str) -> None:
    words = [program("pg_ctl", "postgresql"), action, f"--pgdata={scratch / 'data'}", "--wait", "--silent", *options]
    if action == "start":
        words += [f"--log={scratch / 'log'}", f"--options=-c config_file={scratch / 'postgresql.conf'}"]
    as_owner: dict[str, Any] = {"user": owner, "group": pwd.getpwnam(owner).pw_gid} if owner is not None else {}
    done = subprocess.run(words, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,  # noqa: S603 - no shell, no input
                          **as_owner)
    if done.returncode and action == "start":
        raise StoreUnavailable(f"the copy of PostgreSQL cannot be used: {_said(scratch) or done.stderr.strip()}")


def _is_log(path: Path) -> bool:
    name = path.name.removesuffix(_PARTIAL)
    return len(name) == 24 and all(letter in "0123456789ABCDEF" for letter in name)
