"""The continuous copy of an SQLite file: every piece brings back what was written by its time, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from radicale_booking import drill
from radicale_booking.backup_settings import BackupSettings
from radicale_booking.errors import InvalidInput, NotFound
from radicale_booking.services import backup, backup_pieces, continuous, restore
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup import BackupBusy
from radicale_booking.services.continuous import ContinuousCopy
from tests.services.calendars import NOW
from tests.services.conftest import Clock
from tests.services.test_backup import digests

SECOND = timedelta(seconds=1)


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/booking.sqlite"


@pytest.fixture
def copy(app: Adapters) -> Iterator[ContinuousCopy]:
    made = ContinuousCopy(app)
    yield made
    made.finish()


def write(app: Adapters, clock: Clock, octets: int = 10) -> None:
    clock.now += SECOND
    with app.store.write() as uow:
        for number in range(max(1, octets // 100_000)):
            uow.audit.add("write", f"subject-{number}", {"text": "x" * min(octets, 100_000)})


def pieces(app: Adapters) -> list[backup_pieces.PieceFile]:
    return backup_pieces.listed(app.settings.backup_folder)


def current(app: Adapters) -> backup.Archive:
    return backup.chosen(app.settings, next(path.name for path in app.settings.backup_folder.glob("booking-current.*")))




def test_each_piece_brings_back_what_was_written_by_its_time(app: Adapters, clock: Clock, copy: ContinuousCopy) -> None:
    assert copy.renew() == ()
    states = [digests(app)]
    for octets in (10, 3_000_000, 10, 6_000_000, 10, 5_000_000, 10):
        write(app, clock, octets)
        copy.renew()
        states.append(digests(app))
    copy.renew()
    found = pieces(app)
    assert [piece.number for piece in found] == list(range(1, len(found) + 1))
    assert current(app).made == clock.now == found[-1].made
    for number, state in enumerate(states[1:], start=1):
        at = NOW + number * SECOND
        with backup.unpacked(current(app), "", at) as (folder, manifest):
            assert manifest.made == at
            scratch = sqlite3.connect(folder / "booking.sqlite")
            assert scratch.execute("SELECT count(*) FROM audit").fetchone()[0] == state["audit"].rows  # type: ignore[attr-defined]
            assert scratch.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            scratch.close()
    clock.now += SECOND
    write(app, clock)
    restore.in_place(app, current(app), "", NOW + 4 * SECOND)
    assert digests(app) == states[4]


def test_the_log_began_anew_in_between(app: Adapters, clock: Clock, copy: ContinuousCopy) -> None:
    copy.renew()
    for _ in range(4):
        write(app, clock, 5_000_000)
        copy.renew()
    log = app.settings.data_folder / "booking.sqlite-wal"
    assert log.stat().st_size < 12_000_000
    before = digests(app)
    copy.renew()
    write(app, clock)
    restore.in_place(app, current(app), "")
    assert digests(app) == before


def test_nothing_is_copied_where_nothing_was_written(app: Adapters, clock: Clock, copy: ContinuousCopy) -> None:
    for _ in range(3):
        copy.renew()
    assert pieces(app) == []
    write(app, clock)
    for _ in range(3):
        copy.renew()
    assert len(pieces(app)) == 1


def test_what_was_written_last_is_copied_at_the_end(app: Adapters, clock: Clock) -> None:
    copy = ContinuousCopy(app)
    copy.renew()
    write(app, clock)
    before = digests(app)
    copy.finish()
    write(app, clock)
    restore.in_place(app, current(app), "")
    assert digests(app) == before


def test_the_newest_state_is_chosen(app: Adapters, clock: Clock, copy: ContinuousCopy) -> None:
    copy.renew()
    write(app, clock)
    copy.renew()
    assert backup.chosen(app.settings, None).continuous
    clock.now += SECOND
    made = backup.create(app).archive
    assert backup.chosen(app.settings, None) == made
    assert backup.chosen(app.settings, None, made.made - SECOND / 2).continuous
    with pytest.raises(NotFound):
        backup.chosen(app.settings, None, NOW - timedelta(days=9000))


def test_the_drill(app: Adapters, clock: Clock, copy: ContinuousCopy) -> None:
    copy.renew()
    write(app, clock)
    copy.renew()
    clock.now += 3 * SECOND
    done = drill.run(app, current(app), "")
    assert [one for one in done.findings if not one.passed] == []
    assert done.rpo == 3 * SECOND


def test_encrypted_and_elsewhere(app: Adapters, clock: Clock, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity), encoding="ascii")
    (tmp_path / "away").mkdir()
    app = replace(app, settings=replace(app.settings, backup=BackupSettings(
        recipients=str(identity.to_public()), copy_to=str(tmp_path / "away"))))
    copy = ContinuousCopy(app)
    copy.renew()
    write(app, clock)
    assert copy.renew() == ()
    before = digests(app)
    copy.finish()
    write(app, clock)
    away = backup.chosen(app.settings, str(tmp_path / "away" / "booking-current.tar.gz.age"))
    assert b"audit" not in pieces(app)[0].path.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "away").iterdir()} == {0o600}
    restore.in_place(app, away, str(tmp_path / "key"))
    assert digests(app) == before


@pytest.mark.parametrize(("harm", "told"), [("remove", "misses piece 1"), ("cut", "is damaged"),
                                            ("exchange", "does not follow")])
def test_a_piece_that_is_not_whole_is_told(app: Adapters, clock: Clock, copy: ContinuousCopy, harm: str,
                                           told: str) -> None:
    copy.renew()
    for _ in range(2):
        write(app, clock)
        copy.renew()
    first, second = (piece.path for piece in pieces(app))
    if harm == "remove":
        first.unlink()
    elif harm == "cut":
        second.write_bytes(second.read_bytes()[:-200])
    else:
        second.write_bytes(first.read_bytes())
    before = digests(app)
    with pytest.raises(InvalidInput, match=told):
        restore.in_place(app, current(app), "")
    assert digests(app) == before


def test_after_a_while_all_is_copied_anew(app: Adapters, clock: Clock, tmp_path: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "away").mkdir()
    app = replace(app, settings=replace(app.settings, backup=BackupSettings(copy_to=str(tmp_path / "away"))))
    monkeypatch.setattr(continuous, "_MOST_PIECES", 2)
    copy = ContinuousCopy(app)
    chains = set()
    for count in (0, 1, 2, 0, 1):
        write(app, clock)
        copy.renew()
        assert len(pieces(app)) == len(backup_pieces.listed(tmp_path / "away")) == count
        chains |= {piece.chain for piece in pieces(app)}
    clock.now += timedelta(hours=25)
    copy.renew()
    assert pieces(app) == []
    assert len(chains) == 2
    copy.finish()


def test_another_file_in_its_place_is_copied_anew(app: Adapters, clock: Clock, copy: ContinuousCopy) -> None:
    copy.renew()
    write(app, clock)
    copy.renew()
    app.store.close()
    file = app.settings.data_folder / "booking.sqlite"
    for path in (file, *(file.with_name(f"{file.name}-{end}") for end in ("wal", "shm"))):
        path.rename(path.with_name(f"old-{path.name}"))
    app.store.migrate()
    write(app, clock)
    copy.renew()
    assert pieces(app) == []
    before = digests(app)
    write(app, clock)
    restore.in_place(app, current(app), "")
    assert digests(app) == before


def test_one_in_all_processes(app: Adapters, copy: ContinuousCopy) -> None:
    copy.renew()
    with pytest.raises(BackupBusy):
        ContinuousCopy(app).renew()
    copy.finish()
    other = ContinuousCopy(app)
    other.renew()
    other.finish()


def test_maintenance_does_not_wait_for_it(app: Adapters, clock: Clock, copy: ContinuousCopy) -> None:
    copy.renew()
    write(app, clock, 1_000_000)
    app.store.tidy(vacuum=True)
    write(app, clock)
    copy.renew()
    before = digests(app)
    write(app, clock)
    restore.in_place(app, current(app), "")
    assert digests(app) == before
