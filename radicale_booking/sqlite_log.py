"""The write-ahead log of an SQLite file (https://www.sqlite.org/walformat.html): followed while it grows, and put back.

A log begins anew when all of it is in the file and nobody reads it; each such *generation* is a header and frames,
which are pages as they were committed. A copy of the file and all generations since are the file as it was at their
end.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEADER_OCTETS, _FRAME_HEADER_OCTETS = 32, 24
_INDEX = struct.Struct("=4x4x4x B x H I 4x 8x 8s 8x")
_BACKFILL = struct.Struct("=I")
_BACKFILL_OFFSET = 2 * _INDEX.size
#: As SQLite itself does it by default, then the log is brought into the file.
_LONG_FRAMES = 1000
_BUSY_SECONDS = 10.0


class LogLost(Exception):
    """The log went on without being seen; follow it anew, with another copy of the file."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the log goes: ``frames`` are committed in the generation that ``salt`` names, ``filed`` of them are in
    the file."""

    salt: bytes
    frames: int
    filed: int
    page_octets: int

    @property
    def end(self) -> int:
        """In octets of the log's file."""
        return _HEADER_OCTETS + self.frames * (_FRAME_HEADER_OCTETS + self.page_octets) if self.frames else 0


@dataclass(frozen=True, slots=True)
class Piece:
    """``content`` stands at ``offset`` of the log of a ``generation``, which are counted from 0."""

    generation: int
    offset: int
    content: bytes


class LogFollower:
    """Follows the log of the file ``path``, which must be in WAL mode, from now on.

    It reads all the time. A log that is not in the file as far as a reader has seen it does not begin anew, and a
    reader of the file alone lets nobody write into that; so the log can begin anew once at most before the reader
    looks again, which it does while nobody may write. Raises ``sqlite3.Error``, ``OSError`` and ``LogLost``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._reader, self._writer = (
            sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            for _ in range(2))
        try:
            self._hold()
            self._seen = self._held = self._position()
        except BaseException:
            self.close()
            raise
        self._files = self._identity()
        self._generation = 0
        self._taken = 0
        # A copy that is made from now on has what is before; checksums go on from it all the same.
        self._begun = self._seen.end

    def take(self) -> Piece | None:
        """What was committed since the last piece; None when nothing was."""
        if self._identity() != self._files:
            raise LogLost(f"{self._path} is another file now")
        now = self._position()
        if now.salt != self._seen.salt:
            if (self._held != self._seen or self._held.filed != self._held.frames
                    or max(self._taken, self._begun) != self._seen.end):
                raise LogLost(f"{self._log} began anew before it was read to its end")
            self._generation, self._taken, self._begun = self._generation + 1, 0, 0
        elif now.frames < self._seen.frames:
            raise LogLost(f"{self._log} was cut off")
        self._seen = now
        if now.end <= max(self._taken, self._begun):
            return None
        with self._log.open("rb") as file:
            file.seek(self._taken)
            content = file.read(now.end - self._taken)
        if len(content) != now.end - self._taken:
            raise LogLost(f"{self._log} is shorter than it was")
        piece = Piece(self._generation, self._taken, content)
        self._taken = now.end
        return piece

    @property
    def is_long(self) -> bool:
        """Whether it is time to ``shorten``."""
        return self._seen.frames >= _LONG_FRAMES

    def shorten(self) -> Piece | None:
        """Bring the log into the file, so that it may begin anew; the rest of it. Nobody writes meanwhile."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            piece = self.take()
            self._hold()
            with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as other:
                other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            # Of the file alone, if all of the log is in it now.
            self._hold()
            self._seen = self._held = self._position()
            return piece
        finally:
            self._writer.execute("ROLLBACK")

    def close(self) -> None:
        """Follow no more."""
        self._reader.close()
        self._writer.close()

    def _hold(self) -> None:
        if self._reader.in_transaction:
            self._reader.execute("ROLLBACK")
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()

    def _position(self) -> Position:
        """What the index of the log says, which is kept twice as it is not changed at once."""
        index = self._path.with_name(f"{self._path.name}-shm")
        for _ in range(1000):
            with index.open("rb") as file:
                raw = file.read(_BACKFILL_OFFSET + _BACKFILL.size)
            if raw[:_INDEX.size] == raw[_INDEX.size:_BACKFILL_OFFSET]:
                ready, page_octets, frames, salt = _INDEX.unpack_from(raw)
                if ready:
                    return Position(salt, frames, _BACKFILL.unpack_from(raw, _BACKFILL_OFFSET)[0],
                                    65536 if page_octets == 1 else page_octets)
        raise LogLost(f"{index} cannot be read")

    def _identity(self) -> tuple[int, ...]:
        return tuple(path.stat().st_ino for path in (self._path, self._log))


def put_back(database: Path, log: Path) -> None:
    """Bring the ``log`` of one generation into the copy ``database`` that nobody uses; the log is gone then.

    Raises ``sqlite3.Error``, and ``LogLost`` when it is damaged: SQLite takes it up to its first false checksum only.
    """
    with log.open("rb") as file:
        expected = _frames(file)
    log.replace(database.with_name(f"{database.name}-wal"))
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        _, found, filed = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    if (found, filed) != (expected, expected):
        raise LogLost(f"the log of {database.name} is damaged: {filed} of {expected} pages are good")


def _frames(file: BinaryIO) -> int:
    page_octets = struct.unpack(">8xI20x", file.read(_HEADER_OCTETS))[0]
    return (file.seek(0, 2) - _HEADER_OCTETS) // (_FRAME_HEADER_OCTETS + (65536 if page_octets == 1 else page_octets))
