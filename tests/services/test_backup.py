"""Backup and restore on both databases."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from radicale_booking import drill, wiring
from radicale_booking.backup_settings import BackupSettings
from radicale_booking.errors import InvalidInput, NotFound, StoreUnavailable
from radicale_booking.services import accounts, backup, booking, life, restore
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup import BackupBusy
from tests.services.calendars import NINE, NOW, draw_hours, store_item, wish
from tests.services.conftest import Clock

HALF = timedelta(minutes=30)


def with_backup(app: Adapters, **options: object) -> Adapters:
    return replace(app, settings=replace(app.settings, backup=BackupSettings(**options)))  # type: ignore[arg-type]


def digests(app: Adapters) -> dict[str, object]:
    with app.store.read() as uow:
        return {table: uow.tables.digest(table) for table in uow.tables.names}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("booking"))


def test_what_was_there_comes_back(app: Adapters, clock: Clock) -> None:
    booked = booking.reserve(app, wish(NINE))
    before, users = digests(app), app.settings.users_file.read_bytes()
    made = backup.create(app)
    assert made.problems == ()
    assert made.archive.made == NOW
    assert made.archive.path.stat().st_mode & 0o777 == 0o600
    clock.now += timedelta(hours=1)
    life.cancel(app, booked.uid, "page")
    accounts.set_password(app, "ada", "another")
    booking.reserve(app, wish(NINE + HALF, email="zoe@example.org"))
    done = restore.in_place(app, backup.chosen(app.settings, made.archive.path.name), "")
    assert digests(app) == before
    assert app.settings.users_file.read_bytes() == users
    assert done.manifest.made == NOW
    assert booking.reserve(app, wish(NINE + HALF, email="eve@example.org")).live
    # And back again: what was replaced had been saved.
    assert done.safety is not None
    restore.in_place(app, backup.chosen(app.settings, str(done.safety)), "")
    assert booking.reservation(app, booked.uid).status == "cancelled"


def test_a_backup_is_a_snapshot(app: Adapters) -> None:
    """What is written while it is made is not in it, not even in part, and does not wait for it."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            with app.store.write() as uow:
                for _ in range(2):
                    uow.audit.add("pair", f"subject-{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [backup.create(app).archive for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    for one in made:
        with backup.unpacked(one, "") as (_, manifest):
            pairs = manifest.tables["audit"].rows
        assert drill.run(app, one, "").passed
        assert pairs % 2 == manifest_parity(app)


def manifest_parity(app: Adapters) -> int:
    """Rows that were there before the pairs."""
    with app.store.read() as uow:
        return int(uow.connection.run("SELECT count(*) FROM audit WHERE action <> 'pair'", {})[0][0]) % 2


def test_the_drill_finds_everything_good_and_signs_it(app: Adapters, clock: Clock) -> None:
    booking.reserve(app, wish(NINE))
    made = backup.create(app).archive
    clock.now += timedelta(minutes=7)
    done = drill.run(app, made, "")
    assert {one.name: one.passed for one in done.findings} == dict.fromkeys(
        ("archive", "CalDAV", "pages", "integrity", "contents", "items", "booking"), True)
    assert (done.passed, done.rpo) == (True, timedelta(minutes=7))
    assert timedelta(0) < done.rto < timedelta(minutes=2)
    assert drill.last(app, made) == done.as_record()
    details = {one.name: one.detail for one in done.findings}
    assert details["items"] == "2 items parsed"
    assert details["CalDAV"] == "4 answers for 1 users"  # two calendars, an item in each
    assert len(booking.reservations(app)) == 1
    evidence = backup.evidence_file(made.path)
    evidence.write_text(evidence.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")
    assert drill.last(app, made) == done.as_record()
    forged = json.loads(evidence.read_text(encoding="utf-8"))
    forged["signature"] = forged["signature"][:-4] + "AAAA"
    evidence.write_text(json.dumps(forged), encoding="utf-8")
    assert drill.last(app, made) is None


def altered(app: Adapters, made: backup.Archive, change: str) -> drill.Drill:
    """The drill of an archive whose database is another than its manifest says."""
    with app.store.write() as uow:
        uow.connection.change(change, {})
    other = backup.create(app).archive
    with backup.unpacked(made, "") as (_, before), backup.unpacked(other, "") as (folder, after):
        (folder / "manifest.json").write_text(replace(after, tables=before.tables).as_json(), encoding="utf-8")
        files = [folder / name for name in ("manifest.json", *after.files)]
        drill_archive = other.path.with_name("booking-20000101T000000Z.tar.gz")
        backup.archive.pack(files, drill_archive, [])
    return drill.run(app, backup.chosen(app.settings, drill_archive.name), "")


def test_the_drill_finds_what_differs(app: Adapters) -> None:
    made = backup.create(app).archive
    done = altered(app, made, "UPDATE event_type SET title = 'Other'")
    assert [one.name for one in done.findings if not one.passed] == ["contents"]
    assert "event_type: 1 rows, 1 expected" in next(one.detail for one in done.findings if one.name == "contents")


def test_the_drill_finds_an_item_that_cannot_be_read(app: Adapters) -> None:
    store_item(app, "ada/calendar", "x", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nnonsense\r\nEND:VCALENDAR\r\n")
    done = drill.run(app, backup.create(app).archive, "")
    [found] = [one for one in done.findings if one.name == "items"]
    assert not found.passed
    assert "ada/calendar/x.ics" in found.detail


def test_the_newest_by_an_instant_is_chosen(app: Adapters, clock: Clock) -> None:
    made = []
    for _ in range(3):
        made.append(backup.create(app).archive.path)
        clock.now += timedelta(days=1)
    assert backup.chosen(app.settings, None).path == made[2]
    assert backup.chosen(app.settings, None, NOW + timedelta(days=1, hours=5)).path == made[1]
    assert backup.chosen(app.settings, None, NOW).path == made[0]
    with pytest.raises(NotFound):
        backup.chosen(app.settings, None, NOW - timedelta(seconds=1))
    with pytest.raises(NotFound):
        backup.chosen(app.settings, "booking-20300101T000000Z.tar.gz")


def test_old_archives_go_with_their_evidence(app: Adapters, clock: Clock, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    app = with_backup(app, keep_last=1, keep_daily=2, keep_weekly=0, keep_monthly=0, copy_to=str(second))
    first = backup.create(app).archive
    backup.evidence_file(first.path).write_text("{}", encoding="utf-8")
    backup.create(app, current=True)
    for _ in range(3):
        clock.now += timedelta(days=1)
        backup.create(app)
    expected = ["booking-20300109T080000Z.tar.gz", "booking-20300110T080000Z.tar.gz", "booking-current.tar.gz"]
    assert names(app.settings.backup_folder) == expected
    assert names(second) == expected
    assert (second / expected[0]).read_bytes() == (app.settings.backup_folder / expected[0]).read_bytes()


def test_two_in_one_second_are_two(app: Adapters) -> None:
    assert backup.create(app).archive.path.name == "booking-20300107T080000Z.tar.gz"
    second = backup.create(app).archive
    assert second.path.name == "booking-20300107T080000Z-2.tar.gz"
    assert second.made == NOW


def test_when_one_is_due(app: Adapters, clock: Clock) -> None:
    assert not backup.due(app)
    app = with_backup(app, every_hours=24)
    assert backup.due(app)
    backup.create(app)
    assert not backup.due(app)
    clock.now += timedelta(hours=23, minutes=59)
    backup.create(app, current=True)
    assert not backup.due(app)
    clock.now += timedelta(minutes=1)
    assert backup.due(app)


def test_what_cannot_be_passed_on_is_told_and_the_archive_kept(app: Adapters, tmp_path: Path) -> None:
    told = tmp_path / "told"
    app = with_backup(app, copy_to=str(tmp_path / "not-mounted"),
                      command=f"sh -c 'echo \"$0\" > {told}; echo no >&2; exit 3'")
    made = backup.create(app)
    assert len(made.problems) == 2
    assert "not-mounted: No such file" in made.problems[0]
    assert "exit code 3: no" in made.problems[1]
    assert told.read_text(encoding="utf-8").strip() == str(made.archive.path)
    assert made.archive.path.exists()
    assert not (tmp_path / "not-mounted").exists()


def test_one_backup_at_a_time(app: Adapters) -> None:
    with backup._workplace(app.settings.backup_folder), pytest.raises(BackupBusy):
        backup.create(app)
    backup.create(app)
    assert [path.name for path in app.settings.backup_folder.glob(".making-*")] == []


def test_traces_of_one_that_was_killed_are_removed(app: Adapters) -> None:
    left = app.settings.backup_folder / ".making-old"
    left.mkdir(parents=True)
    (left / "booking.sqlite").write_bytes(b"x" * 100)
    backup.create(app)
    assert not left.exists()


def test_secrets_stay_out_if_they_should(app: Adapters) -> None:
    app.links.sign("any", "thing")
    files = []
    for secrets in (True, False):
        with backup.unpacked(backup.create(app, secrets=secrets).archive, "") as (_, manifest):
            files.append([name for name in manifest.files if not name.startswith("booking.")])
    assert files == [["secret", "users"], []]
    app = with_backup(app, secrets=False)
    with backup.unpacked(backup.create(app).archive, "") as (_, manifest):
        assert len(manifest.files) == 1


def test_encrypted_archives(app: Adapters, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "key"
    key.write_text(str(identity), encoding="ascii")
    app = with_backup(app, recipients=str(identity.to_public()))
    made = backup.create(app).archive
    assert made.encrypted
    assert made.path.name.endswith(".tar.gz.age")
    before = digests(app)
    with app.store.write() as uow:
        uow.audit.add("later", "x")
    with pytest.raises(InvalidInput, match="--identity"):
        restore.in_place(app, made, "")
    assert digests(app) != before
    restore.in_place(app, made, str(key))
    assert digests(app) == before
    assert drill.run(app, made, str(key)).passed


def test_a_whole_site_in_a_new_folder(app: Adapters, tmp_path: Path) -> None:
    app.links.sign("any", "thing")
    made = backup.create(app).archive
    folder = tmp_path / "new" / "site"
    restore.into_folder(made, folder, "")
    database = backup.DATABASES["sqlite" if app.settings.database_file else "postgres"]
    assert sorted(path.name for path in folder.iterdir()) == [database, "manifest.json", "secret", "users"]
    assert (folder / "secret").read_bytes() == app.settings.secret_file.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    with pytest.raises(InvalidInput, match="is not empty"):
        restore.into_folder(made, folder, "")


def test_an_archive_that_is_not_whole_changes_nothing(app: Adapters) -> None:
    made = backup.create(app).archive
    content = made.path.read_bytes()
    before = digests(app)
    made.path.write_bytes(content[:len(content) * 2 // 3])
    with pytest.raises(InvalidInput, match="damaged"):
        restore.in_place(app, made, "")
    with pytest.raises(InvalidInput, match="damaged"):
        drill.run(app, made, "")
    assert digests(app) == before
    assert len(backup.archives(app.settings.backup_folder)) == 1


def test_without_room_it_says_so(app: Adapters, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="backup folder"):
        backup.create(with_backup(app, folder=str(blocked / "below")))


class TestOfAFile:
    """What only an SQLite file can suffer."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        return f"sqlite://{tmp_path}/booking.sqlite"

    def test_a_lost_file_comes_back(self, app: Adapters) -> None:
        before = digests(app)
        made = backup.create(app).archive
        app.store.close()
        for path in app.settings.data_folder.glob("booking.sqlite*"):
            path.unlink()
        done = restore.in_place(app, made, "")
        assert done.safety is None
        assert digests(app) == before

    def test_a_damaged_file_is_set_aside(self, app: Adapters) -> None:
        before = digests(app)
        made = backup.create(app).archive
        app.store.close()
        file = app.settings.database_file
        assert file is not None
        for path in app.settings.data_folder.glob("booking.sqlite-*"):
            path.unlink()
        file.write_bytes(b"nonsense" * 4096)
        done = restore.in_place(app, made, "")
        assert done.safety is not None
        assert done.safety.name == "booking.sqlite.damaged-20300107T080000Z"
        assert done.safety.read_bytes().startswith(b"nonsense")
        assert digests(app) == before

    def test_an_archive_of_an_older_schema_is_migrated(self, app: Adapters) -> None:
        made = backup.create(app).archive
        with backup.unpacked(made, "") as (folder, manifest):
            old = sqlite3.connect(folder / "booking.sqlite")
            with old:
                newest = old.execute("SELECT max(number) FROM schema_migration").fetchone()[0]
            old.close()
            assert newest == manifest.schema == app.store.schema_state().known

    def test_one_of_the_other_engine_is_refused(self, app: Adapters) -> None:
        made = backup.create(app).archive
        elsewhere = replace(app, settings=replace(app.settings, database="postgresql:///booking"))
        with pytest.raises(InvalidInput, match="of the engine sqlite, the site of postgres"):
            restore.in_place(elsewhere, made, "")


def test_the_site_of_a_drill_is_forgotten(app: Adapters) -> None:
    known = len(wiring._prepared)
    drill.run(app, backup.create(app).archive, "")
    assert len(wiring._prepared) == known


def test_hours_drawn_after_the_backup_are_not_in_it(app: Adapters) -> None:
    made = backup.create(app).archive
    draw_hours(app, "later", NINE + timedelta(days=1), timedelta(hours=1))
    restore.in_place(app, made, "")
    with app.store.read() as uow:
        bookable = uow.collections.get("ada/bookable")
        assert bookable is not None
        assert uow.items.hrefs(bookable.id) == ["hours.ics"]
