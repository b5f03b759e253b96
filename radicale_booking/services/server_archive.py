"""A copy of a whole PostgreSQL server in an archive: ``base.tar`` and the files of its log, ``wal-NAME``.

A scratch server follows the log from it; what counts is the dump of the site's database that is taken there.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from radicale_booking import archive, postgres_cluster
from radicale_booking.errors import InvalidInput
from radicale_booking.postgres_cluster import BASE
from radicale_booking.services import backup_pieces
from radicale_booking.services.backup_manifest import Manifest
from radicale_booking.services.backup_pieces import PieceFile

_PREFIX = "wal-"
_PIECE = re.compile(r"wal-(?P<name>[0-9A-F]{24})-(?P<offset>\d{12})")


def flattened(folder: Path) -> list[Path]:
    """The files of the log below ``folder``, under the names that they have in an archive."""
    return [path.rename(folder / f"{_PREFIX}{path.name}") for path in sorted((folder / "wal").iterdir())]


def recover(folder: Path, manifest: Manifest, pieces: list[PieceFile], identity_file: str, dump: Path) -> Manifest:
    """Write the database to ``dump``: to the end of the ``pieces``, else to where the archive was made.

    The manifest, with the dump instead of the server. Raises ``InvalidInput`` and ``StoreUnavailable``.
    """
    log = folder / "wal"
    log.mkdir(mode=0o700)
    files = [name for name in manifest.files if name.startswith(_PREFIX)]
    for name in files:
        (folder / name).replace(log / name.removeprefix(_PREFIX))
    backup_pieces.check_order(pieces)
    for piece in pieces:
        _write(piece, log, identity_file)
    target = {} if pieces else {"recovery_target_lsn": manifest.recovery["end"], "recovery_target_inclusive": "off"}
    with postgres_cluster.recovered(folder, target, manifest.recovery["user"],
                                    manifest.recovery["database"]) as conninfo:
        postgres_cluster.dump(conninfo, dump)
    kept = {name: digest for name, digest in manifest.files.items() if name not in (BASE, *files)}
    return replace(manifest, files={dump.name: archive.sha256(dump), **kept})


def _write(piece: PieceFile, log: Path, identity_file: str) -> None:
    """A file of the log has its whole length from the beginning, as the others have it."""
    length = next(log.iterdir()).stat().st_size
    with tempfile.TemporaryDirectory(dir=log.parent) as scratch:
        [member] = archive.unpack(piece.path, Path(scratch), identity_file)
        named = _PIECE.fullmatch(member.name)
        if named is None:
            raise InvalidInput("archive", str(piece.path), "is no piece of a log", "take another archive")
        target = log / named["name"]
        partial = target.with_name(f"{target.name}.partial")
        if partial.exists():
            partial.rename(target)
        with target.open("r+b" if target.exists() else "w+b") as file:
            file.truncate(length)
            file.seek(int(named["offset"]))
            file.write(member.read_bytes())
