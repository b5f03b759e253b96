"""A database of every schema there ever was is upgraded whole or not at all, on each engine.

``tests/data/upgrades/NNNN.sql`` is what a program of that schema has written beside what was there before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from radicale_booking import drill, wiring
from radicale_booking.domain.interval import Interval
from radicale_booking.errors import StoreUnavailable
from radicale_booking.services import backup, booking, life, maintenance_mode, privacy
from radicale_booking.services.adapters import Adapters
from radicale_booking.store import sql
from radicale_booking.store.schema import EXPAND
from radicale_booking.store.tables import KEYS
from tests.conftest import ENGINES
from tests.postgres import Server
from tests.services.conftest import settings_in

SAMPLES = Path(__file__).parents[1] / "data" / "upgrades"
MIGRATIONS = sql.migrations()
NOW = datetime(2030, 1, 7, 8, tzinfo=UTC)
#: What an upgrade changes on purpose.
CHANGED = {("event_type", "hidden"), ("event_type", "closed"), ("event_type", "rules"), ("reservation", "location"),
           ("principal", "auto_schedule")}

Rows = list[dict[str, Any]]


@pytest.fixture(params=ENGINES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database of each engine."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/booking.sqlite"
    server: Server = request.getfixturevalue("postgres_server")
    return server.create()


@pytest.fixture
def old(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Adapters]]:
    """Makes a site as the program of a schema left it, and its adapters for that program."""
    opened: list[Adapters] = []

    def make(number: int) -> Adapters:
        app = wiring.adapters(settings_in(tmp_path, address), lambda: NOW)
        opened.append(app)
        for upto in range(1, number + 1):
            monkeypatch.setattr(sql, "migrations", lambda upto=upto: MIGRATIONS[:upto])
            assert len(app.store.migrate()) == 1
            _execute(address, (SAMPLES / f"{upto:04}.sql").read_text(encoding="utf-8"))
        return app

    yield make
    for app in opened:
        app.store.close()


def _execute(address: str, text: str) -> None:
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite://"))) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.executescript(text)
    else:
        with psycopg.connect(address) as connection:
            connection.execute(text.encode())


def contents(app: Adapters) -> dict[str, Rows]:
    """Every row of every table that there is."""
    found = {}
    with app.store.read() as uow:
        for table in KEYS:
            names = {row[0] for row in uow.connection.run(
                "SELECT name FROM pragma_table_info(:name)" if uow.connection.engine == "sqlite" else
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND table_name = :name", {"name": table})}
            if names:
                columns = ", ".join(sorted(names))
                found[table] = [dict(zip(sorted(names), row, strict=True)) for row in uow.connection.run(
                    f"SELECT {columns} FROM {table} ORDER BY {KEYS[table]}, {columns}", {})]
    return found


def upgraded(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    monkeypatch.setattr(sql, "migrations", lambda: MIGRATIONS)
    return wiring.prepare(app.store, app.settings, NOW)


@pytest.mark.parametrize("number", range(1, len(MIGRATIONS)))
def test_everything_is_there_after_an_upgrade(old: Callable[[int], Adapters], number: int,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    app = old(number)
    before = contents(app)
    copy = upgraded(app, monkeypatch)
    assert copy is not None
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.stat().st_size > 1000
    assert app.store.schema_state().pending == 0
    assert app.store.check() == []
    after = contents(app)
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        for was, now in zip(rows, after[table], strict=True):
            same = [name for name in was if name in now and (table, name) not in CHANGED]
            assert {name: now[name] for name in same} == {name: was[name] for name in same}, table
    _used(app)


def _used(app: Adapters) -> None:
    """What was booked is there with its facts, and the site goes on."""
    maintenance_mode.end(app)
    waits = booking.reservation(app, "waits")
    assert (waits.invitee_name, waits.location, waits.status) == ("Charles", "Room 4", "pending")
    assert [one.slug for one in booking.host_page(app, "anna").event_types] == ["talk"]
    assert privacy.export(app, "zoe@example.org")["reservations"]
    [free, *_] = booking.open_slots(app, "anna", "talk", Interval(NOW, NOW + timedelta(days=2)))
    booked = booking.reserve(app, booking.BookingRequest("anna", "talk", free.start, "Bob", "b@example.net"))
    assert life.cancel(app, booked.uid, "page").status == "cancelled"
    assert app.store.check() == []


def test_the_samples_fill_every_column(old: Callable[[int], Adapters]) -> None:
    filled = contents(old(len(MIGRATIONS)))
    assert filled.keys() == KEYS.keys()
    for table, rows in filled.items():
        assert rows, f"{table} has no row: fill it in tests/data/upgrades"
        for column in rows[0]:
            plain = (None, 0, "", "{}", "[]")
            assert any(row[column] not in plain for row in rows) or (table, column) in CHANGED, (
                f"{table}.{column} is never filled: do so in tests/data/upgrades")


def test_an_upgrade_that_fails_is_undone_whole(old: Callable[[int], Adapters], monkeypatch: pytest.MonkeyPatch) -> None:
    app = old(len(MIGRATIONS))
    before, last = contents(app), len(MIGRATIONS)
    texts = {"good.sql": ["CREATE TABLE later (id INTEGER);\nUPDATE principal SET timezone = 'Asia/Tokyo';\n"],
             "bad.sql": ["CREATE TABLE latest (id INTEGER);\nDELETE FROM audit;\nUPDATE nowhere SET x = 1;\n"]}
    monkeypatch.setattr(sql, "migrations", lambda: [*MIGRATIONS, (last + 1, "good", "good.sql"),
                                                    (last + 2, "bad", "bad.sql")])
    monkeypatch.setattr(sql, "texts", lambda file, engine: texts[file])
    with pytest.raises(StoreUnavailable, match=r"failed in bad and was undone: .*nowhere.*the version before"):
        wiring.prepare(app.store, app.settings, NOW)
    monkeypatch.setattr(sql, "migrations", lambda: MIGRATIONS)
    assert app.store.schema_state().applied == last
    assert contents(app) == before
    _used(app)
    assert len(list(app.settings.data_folder.glob(f"*.schema-{last}.*.backup"))) == 1


def test_the_way_back_from_a_newer_program_is_told(old: Callable[[int], Adapters], address: str,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    # Those that only add stop nobody.
    last = max(number for number, name, _ in MIGRATIONS if not name.startswith(EXPAND))
    app = old(last - 1)
    before = contents(app)
    copy = upgraded(app, monkeypatch)
    assert copy is not None
    app.store.close()
    monkeypatch.setattr(sql, "migrations", lambda: MIGRATIONS[:last - 1])
    older = wiring.adapters(app.settings, lambda: NOW)
    with pytest.raises(StoreUnavailable, match="a newer version of radicale-booking has upgraded it") as told, \
            older.store.read():
        pass
    if app.settings.database_file is not None:
        assert str(copy) in str(told.value)
        for end in ("-wal", "-shm"):
            app.settings.database_file.with_name(f"{app.settings.database_file.name}{end}").unlink(missing_ok=True)
        copy.replace(app.settings.database_file)
        assert contents(older) == before
    older.store.close()


def test_the_drill_of_an_archive_from_before_an_upgrade_compares_it_as_it_was(
        old: Callable[[int], Adapters], monkeypatch: pytest.MonkeyPatch) -> None:
    app, texts = old(len(MIGRATIONS)), sql.texts
    made = backup.create(app)
    monkeypatch.setattr(sql, "migrations", lambda: [*MIGRATIONS, (len(MIGRATIONS) + 1, "later", "later.sql")])
    monkeypatch.setattr(sql, "texts", lambda file, engine: (
        ["ALTER TABLE principal ADD COLUMN later TEXT NOT NULL DEFAULT '';\n"] if file == "later.sql"
        else texts(file, engine)))
    findings = {one.name: one for one in drill.run(app, made.archive, "").findings}
    assert findings["contents"].passed, findings["contents"].detail
    assert findings["integrity"].passed
