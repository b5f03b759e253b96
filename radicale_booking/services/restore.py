"""Put an archive back: into a new folder, or in the place of what is there, which is saved before."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from radicale_booking.errors import InvalidInput, StoreUnavailable
from radicale_booking.services import backup
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup import DATABASES, SECRET, USERS, Archive
from radicale_booking.services.backup_manifest import MANIFEST, Manifest
from radicale_booking.settings import Settings


@dataclass(frozen=True, slots=True)
class Restored:
    """``safety``: the archive, or the damaged file set aside, of what was there before; None where nothing was.
    ``files``: what else was put back."""

    manifest: Manifest
    safety: Path | None
    files: tuple[Path, ...]


def into_folder(one: Archive, folder: Path, identity_file: str, at: datetime | None = None) -> Manifest:
    """Write everything in the archive into the new or empty ``folder``; of a continuous copy, as it was ``at``.

    Raises ``InvalidInput``, also when something is in the folder, or ``StoreUnavailable``.
    """
    with backup.unpacked(one, identity_file, at) as (contents, manifest), _writing(folder):
        if folder.is_dir() and any(folder.iterdir()):
            raise InvalidInput("folder", str(folder), "is not empty", "name a new one")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (MANIFEST, *manifest.files):
            _replace(contents / name, folder / name)
    return manifest


def in_place(app: Adapters, one: Archive, identity_file: str, at: datetime | None = None, *,
             files: bool = True) -> Restored:
    """Put the archive in the place of the site's database and, with ``files``, of its key and users.

    Of a continuous copy, as it was ``at``.

    What was there is saved first; a database too damaged for that is set aside as it is. The configuration stays.
    Raises ``InvalidInput`` when the archive cannot be used here, ``StoreUnavailable`` when it cannot be written;
    nothing has changed then.
    """
    settings = app.settings
    with backup.unpacked(one, identity_file, at) as (contents, manifest):
        engine = "sqlite" if settings.database_file is not None else "postgres"
        if manifest.engine != engine:
            raise InvalidInput("archive", str(one.path), f"is of the engine {manifest.engine}, the site of {engine}",
                               "restore it with --to and use db copy, or name such a [storage] database")
        database = contents / DATABASES[engine]
        safety = _safety(app)
        app.store.restore(database)
        app.store.migrate()
        put = _put_files(contents, manifest, settings) if files else ()
        return Restored(manifest, safety, put)


def _safety(app: Adapters) -> Path | None:
    """Save what is there: an archive or, where the database cannot be read, its file set aside."""
    settings = app.settings
    file = settings.database_file
    if file is not None and not file.exists():
        return None
    try:
        if not app.store.schema_state().applied:
            return None
        return backup.create(app, secrets=True).archive.path
    except StoreUnavailable:
        if file is None:
            raise
        return _set_aside(app, file)


def _set_aside(app: Adapters, file: Path) -> Path:
    app.store.close()
    aside = file.with_name(f"{file.name}.damaged-{app.clock():%Y%m%dT%H%M%SZ}")
    with _writing(file.parent):
        for end in ("-wal", "-shm", ""):
            source = file.with_name(file.name + end)
            if source.exists():
                source.replace(aside.with_name(aside.name + end))
    return aside


def _put_files(contents: Path, manifest: Manifest, settings: Settings) -> tuple[Path, ...]:
    targets = {SECRET: settings.secret_file, USERS: settings.users_file}
    put = []
    for name, target in targets.items():
        if name in manifest.files:
            with _writing(target.parent):
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _replace(contents / name, target)
            put.append(target)
    return tuple(put)


def _replace(source: Path, target: Path) -> None:
    """``target`` becomes a private, durable copy of ``source``, at once."""
    draft = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, draft)
    draft.chmod(0o600)
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(target)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"{folder}: {error.strerror or error}") from error
