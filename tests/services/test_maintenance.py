"""Maintenance on both databases: what is old goes, nothing else."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from radicale_booking import wiring
from radicale_booking.backup_settings import BackupSettings
from radicale_booking.caretaker import Caretaker
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import InvalidEventType
from radicale_booking.imap import ImapPoller
from radicale_booking.services import backup, booking, event_types, life, maintenance
from radicale_booking.services.adapters import Adapters
from radicale_booking.store.engine import Store
from tests.services.calendars import NINE, draw_hours, event, item_text, objects, remove_item, store_item, wish
from tests.services.conftest import Clock

DAY = timedelta(days=1)


def count(app: Adapters, table: str, where: str = "1 = 1") -> int:
    with app.store.read() as uow:
        return int(uow.connection.run(f"SELECT count(*) FROM {table} WHERE {where}", {})[0][0])


def sent(app: Adapters) -> None:
    with app.store.write() as uow:
        uow.connection.change("UPDATE outbox SET status = 'sent', sent_epoch = :now", {"now": uow.now_epoch})


def test_mail_that_was_sent_long_ago_is_forgotten(app: Adapters, clock: Clock) -> None:
    booking.reserve(app, wish(NINE))
    sent(app)
    booking.reserve(app, wish(NINE + timedelta(minutes=30), email="zoe@example.org"))
    queued = count(app, "outbox", "status = 'queued'")
    assert queued
    clock.now += 90 * DAY
    assert maintenance.run(app).done["mail removed"] == 0
    clock.now += DAY
    assert maintenance.run(app).done["mail removed"] == 2
    assert count(app, "outbox", "status = 'queued'") == queued


def test_the_audit_trail_is_kept_for_years(app: Adapters, clock: Clock) -> None:
    with app.store.write() as uow:
        for number in range(1300):
            uow.audit.add("old", f"{number}")
    clock.now += 1101 * DAY
    with app.store.write() as uow:
        uow.audit.add("young", "x")
    assert maintenance.run(app).done["audit entries removed"] >= 1300
    assert count(app, "audit", "action = 'old'") == 0
    assert count(app, "audit", "action = 'young'") == 1
    assert count(app, "audit", "action = 'maintain'") == 1


def test_tokens_from_before_a_forgotten_removal_are_refused(app: Adapters, clock: Clock) -> None:
    for name in ("a", "b"):
        store_item(app, "ada/calendar", name, event(name, NINE + 300 * DAY, DAY))
    with app.store.read() as uow:
        before = uow.collections.get("ada/calendar")
    remove_item(app, "ada/calendar", "a")
    with app.store.read() as uow:
        removed = uow.collections.get("ada/calendar")
    clock.now += 181 * DAY
    remove_item(app, "ada/calendar", "b")
    assert before is not None
    assert removed is not None
    assert maintenance.run(app).done["removals forgotten"] == 1
    with app.store.read() as uow:
        now = uow.collections.get("ada/calendar")
        assert now is not None
        assert before.sequence < now.oldest_sequence <= removed.sequence
        assert uow.items.changes(now.id, removed.sequence) == ["b.ics"]
    assert maintenance.run(app).done["removals forgotten"] == 0


def test_who_booked_is_forgotten_if_wanted(app: Adapters, clock: Clock) -> None:
    past = booking.reserve(app, wish(NINE))
    assert item_text(app, "ada/calendar", past.uid) is not None
    app = replace(app, settings=replace(app.settings, keep_reservations_days=30))
    clock.now = past.end + 29 * DAY
    assert maintenance.run(app).done["reservations made anonymous"] == 0
    clock.now = past.end + 31 * DAY
    assert maintenance.run(app).done["reservations made anonymous"] == 1
    kept = booking.reservation(app, past.uid)
    assert (kept.start, kept.status, kept.invitee_name, kept.note) == (past.start, "confirmed", "erased", "")
    assert past.invitee_email not in kept.invitee_email
    assert objects(app, "ada") == {}
    assert maintenance.run(app).done["reservations made anonymous"] == 0


def test_an_event_type_may_have_its_own_time(app: Adapters, clock: Clock) -> None:
    event_types.add(app, EventType("ada", "kept", "Kept", timedelta(minutes=30), keep_days=0))
    event_types.add(app, EventType("ada", "short", "Short", timedelta(minutes=30), keep_days=7))
    booked = {slug: booking.reserve(app, wish(NINE + number * timedelta(minutes=30), slug=slug))
              for number, slug in enumerate(("talk", "kept", "short"))}

    def known() -> set[str]:
        return {slug for slug, one in booked.items() if booking.reservation(app, one.uid).invitee_name == "Bob"}

    clock.now = booked["short"].end + 8 * DAY
    assert maintenance.run(app).done["reservations made anonymous"] == 1
    assert known() == {"talk", "kept"}
    app = replace(app, settings=replace(app.settings, keep_reservations_days=30))
    clock.now += 900 * DAY
    assert maintenance.run(app).done["reservations made anonymous"] == 1
    assert known() == {"kept"}
    with pytest.raises(InvalidEventType):
        event_types.set(app, "ada", "kept", keep_days=-1)


def test_what_was_booked_together_is_forgotten_together(app: Adapters, clock: Clock) -> None:
    event_types.set(app, "ada", "talk", repeat_every="week", repeat_most=2, keep_days=2)
    draw_hours(app, "next", NINE + 7 * DAY, timedelta(hours=1))
    first = booking.reserve(app, replace(wish(NINE), occurrences=2))
    clock.now = NINE + 4 * DAY
    assert maintenance.run(app).done["reservations made anonymous"] == 0
    assert item_text(app, "ada/calendar", first.calendar_uid) is not None
    clock.now = NINE + 11 * DAY
    assert maintenance.run(app).done["reservations made anonymous"] == 2
    assert objects(app, "ada") == {}


def test_archives_that_no_rule_keeps_any_more_go(app: Adapters, clock: Clock) -> None:
    made = []
    for _ in range(3):
        made.append(backup.create(app).archive)
        clock.now += timedelta(hours=1)
    assert maintenance.run(app).done["archives removed"] == 0
    rule = BackupSettings(keep_last=2, keep_daily=1, keep_weekly=0, keep_monthly=0)
    assert maintenance.run(replace(app, settings=replace(app.settings, backup=rule))).done["archives removed"] == 1
    assert backup.archives(app.settings.backup_folder) == made[:0:-1]


@pytest.mark.parametrize("vacuum", [False, True])
def test_everything_else_stays(app: Adapters, clock: Clock, vacuum: bool) -> None:
    booked = booking.reserve(app, wish(NINE))
    life.cancel(app, booked.uid, "page")
    booking.reserve(app, wish(NINE))
    before = {table: count(app, table) for table in ("item", "reservation", "occupancy", "event_type", "instance")}
    report = maintenance.run(app, vacuum=vacuum)
    assert (report.problems, report.stopped) == ([], False)
    assert {table: count(app, table) for table in before} == before


def test_it_stops_when_told(app: Adapters) -> None:
    report = maintenance.run(app, stopping=lambda: True)
    assert report.stopped
    assert count(app, "audit", "action = 'maintain'") == 0


def test_once_in_the_hour_of_the_day(app: Adapters, clock: Clock) -> None:
    assert maintenance.due(app, 3)
    assert not maintenance.due(app, 4)
    maintenance.run(app)
    assert not maintenance.due(app, 3)
    clock.now += timedelta(hours=23)
    assert maintenance.due(app, 3)
    never = replace(app, settings=replace(app.settings, maintenance_hour=-1))
    assert not any(maintenance.due(never, hour) for hour in range(24))


def test_two_processes_do_not_do_it_at_the_same_time(app: Adapters, tmp_path: Path) -> None:
    config = tmp_path / "booking.ini"
    config.write_text(f"[storage]\ndatabase = {app.settings.database}\n[booking]\ndata_folder = {tmp_path}\n",
                      encoding="utf-8")
    writing = wiring.adapters(app.settings).store
    with contextlib.ExitStack() as written, contextlib.ExitStack() as ended:
        written.callback(writing.close)
        written.enter_context(writing.write())
        # It waits for that transaction, in the middle of it.
        other = ended.enter_context(subprocess.Popen(
            [sys.executable, "-m", "radicale_booking", "--config", str(config), "maintain"], stdout=subprocess.PIPE,
            text=True))
        ended.callback(other.kill)
        until = time.monotonic() + 60
        while _is_free(app):
            assert time.monotonic() < until
            time.sleep(0.05)
        with pytest.raises(maintenance.MaintenanceBusy, match="by another process"):
            maintenance.run(app)
        due = replace(app, settings=replace(app.settings, maintenance_hour=3))
        assert maintenance.run_due(due, 3, lambda: False) is None
        written.close()
        assert "the database is sound" in other.communicate(timeout=60)[0]
    assert other.returncode == 0
    assert count(app, "audit", "action = 'maintain'") == 1
    assert maintenance.run(app).problems == []


def _is_free(app: Adapters) -> bool:
    with app.store.alone("maintenance") as alone:
        return alone


def test_who_waited_for_another_to_do_it_does_not_do_it_again(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    app = replace(app, settings=replace(app.settings, maintenance_hour=3))
    alone = type(app.store).alone

    @contextlib.contextmanager
    def after_another(store: Store, task: str) -> Iterator[bool]:
        if task == "maintenance":
            monkeypatch.setattr(type(app.store), "alone", alone)
            maintenance.run(app)
        with alone(store, task) as found:
            yield found

    monkeypatch.setattr(type(app.store), "alone", after_another)
    assert maintenance.run_due(app, 3, lambda: False) is None
    assert count(app, "audit", "action = 'maintain'") == 1


def test_an_archive_is_made_by_one_process_at_a_time(app: Adapters) -> None:
    app = replace(app, settings=replace(app.settings, backup=BackupSettings(every_hours=24)))
    caretaker = Caretaker(app, lambda sentence: None)
    with app.store.alone("backup"):
        caretaker._look(continuous=False)
        assert backup.archives(app.settings.backup_folder) == []
    caretaker._look(continuous=False)
    assert len(backup.archives(app.settings.backup_folder)) == 1


def test_a_mailbox_is_read_by_one_process_at_a_time(app: Adapters) -> None:
    told: list[str] = []
    app = replace(app, settings=replace(app.settings, inbound=replace(
        app.settings.inbound, imap_host="127.0.0.1", imap_port=1)))
    poller = ImapPoller(app, threading.Event(), told.append)
    with app.store.alone("imap"):
        poller._round()
    assert told == []
    poller._round()
    assert [sentence.partition(":")[0] for sentence in told] == ["mail is not fetched"]
