"""The continuous copy: ``booking-current`` and what was written since, piece by piece.

A piece is ``booking-current-CHAIN-NUMBER-INSTANT.tar.gz`` (``.age``): one member, a part of the write-ahead log. Pieces
belong to the ``booking-current`` whose manifest names their chain. Of PostgreSQL's dumps the whole is made again.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from radicale_booking import archive
from radicale_booking.errors import StoreUnavailable
from radicale_booking.services import backup, backup_pieces
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.continuous_logs import Log, PostgresLog, SqliteLog
from radicale_booking.sqlite_log import LogLost

#: When the whole is copied anew, so that a restore does not take for ever.
_MOST_PIECES = 2000
_LEAST_OCTETS = 64 * 1024 * 1024
_LONGEST = timedelta(hours=24)


@dataclass
class _Chain:
    """Pieces so far: ``number`` of them with ``octets``; ``whole_octets`` are the database's."""

    name: str
    began: datetime
    log: Log
    whole_octets: int
    number: int = 0
    octets: int = 0

    def is_old(self, now: datetime) -> bool:
        return (self.number >= _MOST_PIECES or self.octets > max(self.whole_octets, _LEAST_OCTETS)
                or abs(now - self.began) > _LONGEST)


class ContinuousCopy:
    """Keeps the copy of ``app`` up to date; one in all processes of a site, the others find it ``BackupBusy``."""

    def __init__(self, app: Adapters) -> None:
        self._app = app
        self._lock: TextIO | None = None
        self._chain: _Chain | None = None

    def renew(self) -> tuple[str, ...]:
        """Copy what has changed; what could not be done with it afterwards, each a sentence.

        Raises ``StoreUnavailable`` and ``BackupBusy``; the next time all is copied anew then.
        """
        settings = self._app.settings
        if settings.database_file is None and not settings.copies_server:
            return backup.create(self._app, current=True).problems
        self._take_lock(settings.backup_folder)
        try:
            try:
                return self._continued()
            except LogLost:
                return self._begin()
        except (sqlite3.Error, OSError, LogLost) as error:
            self._end()
            raise StoreUnavailable(f"continuous copy: {error}") from error
        except BaseException:
            self._end()
            raise

    def finish(self) -> None:
        """Copy what is left, and then no more. Raises ``StoreUnavailable``."""
        try:
            if self._chain is not None:
                self.renew()
        finally:
            self._end()
            if self._lock is not None:
                self._lock.close()
            self._lock = None

    def _continued(self) -> tuple[str, ...]:
        if self._chain is None or self._chain.is_old(self._app.clock()):
            return self._begin()
        return tuple(problem for name, content in self._chain.log.pieces() for problem in self._keep(name, content))

    def _take_lock(self, folder: Path) -> None:
        if self._lock is not None:
            return
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (folder / ".continuous").open("w", encoding="ascii")
        except OSError as error:
            raise StoreUnavailable(f"backup folder {folder}: {error.strerror or error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise backup.BackupBusy(str(folder)) from None
        self._lock = lock

    def _begin(self) -> tuple[str, ...]:
        """Follow first, then copy: what is written meanwhile is in the first piece as well, which does no harm."""
        self._end()
        settings = self._app.settings
        log: Log = (PostgresLog(self._app, settings.backup_folder / ".wal") if settings.database_file is None
                    else SqliteLog(settings.database_file))
        name = secrets.token_hex(4)
        self._chain = _Chain(name, self._app.clock(), log, self._app.store.size_octets())
        return backup.create(self._app, current=True, chain=name).problems

    def _keep(self, name: str, content: bytes) -> list[str]:
        chain, settings = self._chain, self._app.settings
        assert chain is not None  # noqa: S101 - the piece is of its follower
        keys = archive.recipients(settings.backup.recipients)
        chain.number += 1
        chain.octets += len(content)
        target = backup_pieces.path(settings.backup_folder, chain.name, chain.number, self._app.clock(), bool(keys))
        member = settings.backup_folder / name
        draft = target.with_name(f".{target.name}")
        try:
            descriptor = os.open(member, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            archive.pack([member], draft, keys)
            draft.replace(target)
        finally:
            member.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
        backup.sync_folder(target.parent)
        return backup.copy_away(settings, target)

    def _end(self) -> None:
        if self._chain is not None:
            self._chain.log.close()
        self._chain = None
