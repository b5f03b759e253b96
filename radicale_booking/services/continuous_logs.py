"""What was written to a database since a moment, from its log, as the members of pieces: name and content."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg

from radicale_booking.services.adapters import Adapters
from radicale_booking.sqlite_log import LogFollower, LogLost, Piece

_PAGE_OCTETS = 8192
_PARTIAL = ".partial"


class Log(Protocol):
    """Of one database, from its opening on."""

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        """What came since the last time. Raises ``LogLost``, ``sqlite3.Error`` and ``OSError``."""

    def close(self) -> None:
        """Follow no more."""


class SqliteLog:
    """See ``sqlite_log``."""

    def __init__(self, database: Path) -> None:
        self._follower = LogFollower(database)

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        yield from _named(self._follower.take())
        if self._follower.is_long:
            try:
                yield from _named(self._follower.shorten())
            except sqlite3.OperationalError as error:
                # Others write without a pause; the log may be long for a while.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise

    def close(self) -> None:
        self._follower.close()


class PostgresLog:
    """The files that pg_receivewal writes into ``folder``, which is its own; see ``server_archive``."""

    def __init__(self, app: Adapters, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        self._receiver = app.store.receive_log(folder)
        self._seen: dict[str, int] = {}

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        if not self._receiver.alive:
            raise LogLost(f"pg_receivewal has ended: {self._receiver.stop()}")
        files = self._receiver.files()
        for file in files:
            content = file.read_bytes()
            name, end = file.name.removesuffix(_PARTIAL), len(content.rstrip(b"\0"))
            # The last page was full in part only.
            begin = self._seen.get(name, 0) // _PAGE_OCTETS * _PAGE_OCTETS
            if end > self._seen.get(name, 0):
                yield f"wal-{name}-{begin:012}", content[begin:-(-end // _PAGE_OCTETS) * _PAGE_OCTETS]
                self._seen[name] = end
            if file != files[-1]:
                file.unlink()
                self._seen.pop(name, None)
        try:
            self._receiver.let_go()
        except psycopg.Error as error:
            raise LogLost(f"PostgreSQL does not keep its log any more: {error}") from error

    def close(self) -> None:
        self._receiver.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _named(piece: Piece | None) -> Iterator[tuple[str, bytes]]:
    if piece is not None:
        yield f"log-{piece.generation:06}-{piece.offset:012}", piece.content
