"""Archives of everything a site needs to go on elsewhere: made while it serves, kept by rule, restored on demand.

An archive is ``booking-YYYYmmddTHHMMSSZ.tar.gz``, with ``.age`` at the end if it is encrypted. It holds
``manifest.json``, the database (``booking.sqlite``, ``booking.dump`` of pg_dump, or a PostgreSQL server's copy) and,
unless the settings say otherwise, the key (``secret``), the passwords' hashes (``users``) and the configuration.
``booking-current`` is the beginning of a continuous copy where the settings ask for one; ``continuous`` keeps what
follows beside it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from radicale_booking import __version__, archive
from radicale_booking.domain.retention import Retention
from radicale_booking.errors import Conflict, InvalidInput, NotFound, StoreUnavailable
from radicale_booking.postgres_cluster import BASE
from radicale_booking.services import backup_pieces, server_archive
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup_manifest import MANIFEST, Manifest, TableDigest, read_manifest
from radicale_booking.settings import Settings

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

DATABASES = {"sqlite": "booking.sqlite", "postgres": "booking.dump"}
SECRET, USERS, CONFIG = "secret", "users", "radicale-booking.ini"
_CURRENT = "booking-current"
_NAME = re.compile(r"booking-(?:(?P<made>\d{8}T\d{6}Z)(?:-\d+)?|current)\.tar\.gz(?:\.age)?")
_STAMP = "%Y%m%dT%H%M%SZ"
_COMMAND_SECONDS = 3600


@dataclass(eq=False)
class BackupBusy(Conflict):
    """Another backup is being written to ``folder``."""

    folder: str

    def __str__(self) -> str:
        return f"another backup is being made in {self.folder}; wait for it"


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive; ``made`` (aware UTC) is when its contents were so, of a continuous one when it was renewed last."""

    path: Path
    made: datetime
    size_octets: int

    @property
    def continuous(self) -> bool:
        """Whether it is renewed in place."""
        return self.path.name.startswith(f"{_CURRENT}.")

    @property
    def encrypted(self) -> bool:
        """Whether a private key is needed to open it."""
        return self.path.suffix == archive.ENCRYPTED_SUFFIX


@dataclass(frozen=True, slots=True)
class Made:
    """A new archive; ``problems``: what could not be done with it afterwards, each a sentence."""

    archive: Archive
    problems: tuple[str, ...] = ()


def create(app: Adapters, *, current: bool = False, chain: str = "", secrets: bool | None = None) -> Made:
    """Write an archive of what is there now, copy it to where the settings say, and remove those not to be kept.

    ``current``: renew the continuous one, with the pieces of ``chain`` to follow. ``secrets``: whether key, passwords'
    hashes and configuration go with it, None: as the settings say. Raises ``StoreUnavailable`` or ``BackupBusy``.
    """
    settings, made = app.settings, app.clock()
    with _workplace(settings.backup_folder) as work:
        manifest = replace(_collect(app, work, made, settings.backup.secrets if secrets is None else secrets),
                           chain=chain)
        (work / MANIFEST).write_text(manifest.as_json(), encoding="utf-8")
        keys = archive.recipients(settings.backup.recipients)
        draft = work / f"archive.tar.gz{archive.ENCRYPTED_SUFFIX if keys else ''}"
        archive.pack([work / name for name in (MANIFEST, *manifest.files)], draft, keys)
        target = _target(settings.backup_folder, None if current else made, "".join(draft.suffixes))
        draft.replace(target)
        sync_folder(target.parent)
    problems = copy_away(settings, target)
    if current:
        problems += _forget_pieces(settings, chain)
    else:
        problems += _run_command(settings.backup.command, target)
        prune(settings.backup_folder, settings.backup.retention)
    return Made(_archive(target), tuple(problems))


def archives(folder: Path) -> list[Archive]:
    """The archives in ``folder``, the newest first. Raises ``StoreUnavailable``."""
    try:
        found = [_archive(path) for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    except OSError as error:
        raise StoreUnavailable(f"backup folder {folder}: {error.strerror}") from error
    return sorted(found, key=lambda one: (one.made, one.path.name), reverse=True)


def chosen(settings: Settings, name: str | None, at: datetime | None = None) -> Archive:
    """The archive that is the file ``name``, as a path or in the settings' folder; by default the newest.

    ``at``: the newest that was made by then. Raises ``NotFound``.
    """
    if name is not None:
        for path in (settings.backup_folder / name, Path(name)):
            if path.is_file():
                return _archive(path)
        raise NotFound("archive", name)
    candidates = [(instants[-1], one) for one in archives(settings.backup_folder)
                  if (instants := [instant for instant in _instants(one) if at is None or instant <= at])]
    if not candidates:
        raise NotFound("archive", f"{settings.backup_folder}" + (f" made by {at.isoformat()}" if at else ""))
    return max(candidates, key=lambda found: (found[0], found[1].path.name))[1]


def prune(folder: Path, rule: Retention) -> list[Path]:
    """Remove the archives in ``folder`` that ``rule`` does not keep, with what belongs to them."""
    dated = [one for one in archives(folder) if not one.continuous]
    kept = rule.kept([one.made for one in dated])
    removed = []
    for one in dated:
        if one.made not in kept:
            one.path.unlink(missing_ok=True)
            evidence_file(one.path).unlink(missing_ok=True)
            removed.append(one.path)
    return removed


def due(app: Adapters) -> bool:
    """Whether the settings want another archive by now; those that a clock which was ahead made do not count."""
    pause, now = app.settings.backup.every_hours, app.clock()
    dated = [one.made for one in archives(app.settings.backup_folder) if not one.continuous and one.made <= now]
    return bool(pause) and (not dated or now - dated[0] >= timedelta(hours=pause))


def evidence_file(path: Path) -> Path:
    """Where the evidence of the last drill of the archive ``path`` is kept."""
    return path.with_name(f"{path.name}.drill.json")


@contextmanager
def unpacked(one: Archive, identity_file: str, at: datetime | None = None, *,
             pieces: bool = True) -> Iterator[tuple[Path, Manifest]]:
    """A private folder with what is in the archive, each file compared with its hash, and the manifest.

    Of a continuous copy, with the ``pieces`` that were made by ``at`` in the database, and ``made`` then.

    Raises ``InvalidInput`` when it is damaged or cannot be opened, ``StoreUnavailable`` when there is no room.
    """
    with _scratch() as folder:
        try:
            archive.unpack(one.path, folder, identity_file)
            manifest = read_manifest(folder / MANIFEST, shown=str(one.path))
            for name, expected in manifest.files.items():
                if not (folder / name).is_file() or archive.sha256(folder / name) != expected:
                    raise InvalidInput("archive", str(one.path), f"is damaged: {name} is not what was packed",
                                       "take another archive")
            manifest = _completed(one, folder, manifest, identity_file, at, pieces=pieces)
        except OSError as error:
            raise StoreUnavailable(f"archive {one.path}: {error}") from error
        yield folder, manifest


def _completed(one: Archive, folder: Path, manifest: Manifest, identity_file: str, at: datetime | None, *,
               pieces: bool) -> Manifest:
    """Of a continuous copy with its pieces; of a server's copy, the database that was in it."""
    found = [piece for piece in (backup_pieces.listed(one.path.parent, manifest.chain) if manifest.chain and pieces
                                 else []) if at is None or piece.made <= at]
    if manifest.recovery:
        manifest = server_archive.recover(folder, manifest, found, identity_file, folder / DATABASES[manifest.engine])
    else:
        backup_pieces.put_back(found, folder / DATABASES[manifest.engine], identity_file)
    return replace(manifest, made=found[-1].made) if found else manifest


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A new private folder in ``folder``, on the same disk, for one backup at a time."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / ".lock").open("w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupBusy(str(folder)) from None
            for left in folder.glob(".making-*"):
                shutil.rmtree(left)
            with tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as work:
                yield Path(work)
    except OSError as error:
        raise StoreUnavailable(f"backup folder {folder}: {error.strerror or error}") from error


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="radicale-booking-") as name:
        yield Path(name)


def _collect(app: Adapters, work: Path, made: datetime, secrets: bool) -> Manifest:
    """Put the files of an archive into ``work``; the digests are of the very snapshot that is copied."""
    settings, recovery = app.settings, dict[str, str]()
    if settings.copies_server:
        with app.store.copy_cluster(work) as (uow, recovery):
            engine, tables = uow.connection.engine, _digests(uow)
        files = [work / BASE, *server_archive.flattened(work)]
    else:
        with app.store.read() as uow:
            engine, tables = uow.connection.engine, _digests(uow)
            uow.connection.copy_to(work / DATABASES[engine])
        files = [work / DATABASES[engine]]
    if secrets:
        for name, source in ((SECRET, settings.secret_file), (USERS, settings.users_file),
                             (CONFIG, settings.config_file)):
            if source is not None and source.is_file():
                shutil.copyfile(source, work / name)
                files.append(work / name)
    return Manifest(made=made, program=__version__, engine=engine, schema=app.store.schema_state().applied,
                    public_url=settings.public_url, tables=tables, recovery=recovery,
                    files={file.name: archive.sha256(file) for file in files})


def _digests(uow: UnitOfWork) -> dict[str, TableDigest]:
    return {name: TableDigest(found.rows, f"{found.sum:064x}")
            for name, found in ((name, uow.tables.digest(name)) for name in uow.tables.names)}


def _target(folder: Path, made: datetime | None, suffix: str) -> Path:
    stem = _CURRENT if made is None else f"booking-{made.astimezone(UTC):{_STAMP}}"
    target, number = folder / f"{stem}{suffix}", 1
    while made is not None and target.exists():
        number += 1
        target = folder / f"{stem}-{number}{suffix}"
    return target


def _archive(path: Path) -> Archive:
    try:
        found = path.stat()
    except OSError as error:
        raise StoreUnavailable(f"archive {path}: {error.strerror}") from error
    named = _NAME.fullmatch(path.name)
    stamp = named["made"] if named is not None else None
    if stamp:
        return Archive(path, datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC), found.st_size)
    one = Archive(path, datetime.fromtimestamp(found.st_mtime, UTC), found.st_size)
    return replace(one, made=max(_instants(one)))


def _instants(one: Archive) -> list[datetime]:
    """When the states were that the archive can bring back, in order."""
    if not one.continuous:
        return [one.made]
    began = datetime.fromtimestamp(one.path.stat().st_mtime, UTC)
    return [began, *(piece.made for piece in backup_pieces.listed(one.path.parent) if piece.made > began)]


def copy_away(settings: Settings, source: Path) -> list[str]:
    """Copy to the second folder and keep to the rule there; what went wrong, each a sentence."""
    if not settings.backup.copy_to:
        return []
    folder = Path(settings.backup.copy_to)
    draft = folder / f".{source.name}.part"
    try:
        # Not made here: where its disk is not mounted, an archive beside the first would only look like a second.
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(folder / source.name)
        prune(folder, settings.backup.retention)
    except OSError as error:
        return [f"{source.name} was not copied to {folder}: {error.strerror or error}"]
    return []


def _forget_pieces(settings: Settings, chain: str) -> list[str]:
    """Those before the copy that was made anew."""
    try:
        for folder in (settings.backup_folder, *([Path(settings.backup.copy_to)] if settings.backup.copy_to else [])):
            backup_pieces.remove_others(folder, chain)
    except OSError as error:
        return [f"old pieces of booking-current were not removed: {error}"]
    return []


def _run_command(command: str, made: Path) -> list[str]:
    if not command:
        return []
    words: Sequence[str] = [*shlex.split(command), str(made)]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,  # noqa: S603 - as set
                              errors="replace", timeout=_COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"[backup] command: {error}"]
    if done.returncode:
        return [f"[backup] command ended with exit code {done.returncode}: {' '.join(done.stderr.split())[:500]}"]
    return []


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
