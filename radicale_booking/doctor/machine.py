"""The machine: versions, disk, rights of files, clock, time zones."""

from __future__ import annotations

import importlib.metadata
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from radicale_booking.doctor.finding import ERROR, NOTE, OK, WARNING, Finding
from radicale_booking.settings import Settings

_SMALLEST_FREE_OCTETS = 500 * 1024 * 1024
_SMALLEST_FREE_SHARE = 0.05
#: RETURNING, which our statements use, came with it.
_OLDEST_SQLITE = (3, 35)


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """``now`` is aware."""
    yield _versions()
    yield _disk(settings)
    yield from _rights(settings)
    yield _clock()
    yield _zones(now)


def _versions() -> Finding:
    found = ", ".join([f"Python {'.'.join(map(str, sys.version_info[:3]))}",
                       *(f"{name} {importlib.metadata.version(name)}" for name in ("radicale-booking", "Radicale")),
                       f"SQLite {sqlite3.sqlite_version}"])
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        return Finding("versions", ERROR, found, f"install SQLite {'.'.join(map(str, _OLDEST_SQLITE))} or newer")
    return Finding("versions", OK, found)


def _disk(settings: Settings) -> Finding:
    folder = next(path for path in (settings.data_folder, *settings.data_folder.parents) if path.exists())
    usage = shutil.disk_usage(folder)
    detail = f"{usage.free // 2**20} MiB of {usage.total // 2**20} free for {settings.data_folder}"
    if usage.free < _SMALLEST_FREE_OCTETS or usage.free < usage.total * _SMALLEST_FREE_SHARE:
        return Finding("disk", WARNING, detail, "free space; bookings are refused when it is full")
    return Finding("disk", OK, detail)


def _rights(settings: Settings) -> Iterator[Finding]:
    """What holds secrets must be nobody else's to read."""
    secret = [settings.secret_file, settings.users_file, settings.database_file, settings.config_file]
    if settings.mail.password_file:
        secret.append(Path(settings.mail.password_file))
    open_ones = []
    for path in secret:
        try:
            mode = path.stat().st_mode if path is not None else 0
        except OSError:
            continue
        # A configuration without a password in it may be read by all.
        if path == settings.config_file and not settings.mail.password:
            continue
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            open_ones.append(str(path))
    if open_ones:
        yield Finding("file rights", WARNING, f"everybody may read {', '.join(open_ones)}",
                      f"chmod o-rwx {' '.join(open_ones)}")
    else:
        yield Finding("file rights", OK, "key, users and database are closed to others")


def _clock() -> Finding:
    """Whether the operating system keeps its clock right; only systemd says so."""
    program = shutil.which("timedatectl")
    if program is None:
        return Finding("clock", NOTE, "cannot be told without systemd", "make sure that NTP runs")
    done = subprocess.run([program, "show", "--property=NTPSynchronized", "--value"],  # noqa: S603 - fixed words
                          capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        return Finding("clock", NOTE, "systemd does not say", "make sure that NTP runs")
    if done.stdout.strip() != "yes":
        return Finding("clock", WARNING, "is not synchronised",
                       "timedatectl set-ntp true; links and notice depend on it")
    return Finding("clock", OK, "is synchronised")


def _zones(now: datetime) -> Finding:
    version = importlib.metadata.version("tzdata")
    if version[:4].isdigit() and now.year - int(version[:4]) > 1:
        return Finding("time zones", WARNING, f"data of {version}",
                       "pip install --upgrade tzdata; rules change each year")
    return Finding("time zones", OK, f"data of {version}")
