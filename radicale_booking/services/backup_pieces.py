"""The pieces of the continuous copy as files: what they are called, and how they are put back onto its beginning."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from radicale_booking import archive, sqlite_log
from radicale_booking.errors import InvalidInput

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"booking-current-(?P<chain>[0-9a-f]{8})-(?P<number>\d{6})-(?P<made>\d{8}T\d{6}\.\d{6}Z)"
                   r"\.tar\.gz(?:\.age)?")
_MEMBER = re.compile(r"log-(?P<generation>\d{6})-(?P<offset>\d{12})")


@dataclass(frozen=True, slots=True)
class PieceFile:
    """``made`` (aware UTC): what was committed by then is in this piece or an earlier one."""

    path: Path
    chain: str
    number: int
    made: datetime


def path(folder: Path, chain: str, number: int, made: datetime, encrypted: bool) -> Path:
    """The file of a piece."""
    return folder / (f"booking-current-{chain}-{number:06}-{made.astimezone(UTC):{_STAMP}}.tar.gz"
                     + (archive.ENCRYPTED_SUFFIX if encrypted else ""))


def listed(folder: Path, chain: str | None = None) -> list[PieceFile]:
    """Those in ``folder``, of one chain or of all, in order. Raises ``OSError``."""
    found = []
    for file in folder.iterdir() if folder.is_dir() else ():
        named = _NAME.fullmatch(file.name)
        if named is not None and chain in (None, named["chain"]):
            made = datetime.strptime(named["made"], _STAMP).replace(tzinfo=UTC)
            found.append(PieceFile(file, named["chain"], int(named["number"]), made))
    return sorted(found, key=lambda one: (one.chain, one.number))


def remove_others(folder: Path, chain: str) -> None:
    """Remove the pieces of other chains: their beginning is gone. Raises ``OSError``."""
    for one in listed(folder):
        if one.chain != chain:
            one.path.unlink(missing_ok=True)


def check_order(pieces: list[PieceFile]) -> None:
    """Raises ``InvalidInput`` when one of a chain is missing."""
    for number, piece in enumerate(pieces, start=1):
        if piece.number != number:
            raise InvalidInput("archive", str(piece.path.parent), f"misses piece {number} of booking-current",
                               f"name an instant before {piece.made:%Y-%m-%dT%H:%M:%SZ} with --at, or bring it there")


def put_back(pieces: list[PieceFile], database: Path, identity_file: str) -> None:
    """Bring an SQLite file's ``pieces`` into the copy ``database``. Raises ``InvalidInput`` and ``OSError``."""
    check_order(pieces)
    log, generation = database.with_name("log"), 0
    for piece in pieces:
        with tempfile.TemporaryDirectory(dir=database.parent) as scratch:
            [member] = archive.unpack(piece.path, Path(scratch), identity_file)
            named = _MEMBER.fullmatch(member.name)
            if named is None:
                raise InvalidInput("archive", str(piece.path), "is no piece of a log", "take another archive")
            if int(named["generation"]) != generation:
                _file(database, log, piece)
                generation = int(named["generation"])
            if int(named["offset"]) != (log.stat().st_size if log.exists() else 0):
                raise InvalidInput("archive", str(piece.path), "does not follow the piece before it",
                                   "take another archive")
            with log.open("ab") as whole:
                whole.write(member.read_bytes())
    if pieces:
        _file(database, log, pieces[-1])


def _file(database: Path, log: Path, piece: PieceFile) -> None:
    if not log.exists():
        return
    try:
        sqlite_log.put_back(database, log)
    except (sqlite_log.LogLost, sqlite3.Error) as error:
        raise InvalidInput("archive", str(piece.path), f"is damaged: {error}", "take another archive") from error
