"""A database is carried to the other engine and back, and everything goes on there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from radicale_booking import wiring
from radicale_booking.errors import InvalidInput, StoreUnavailable
from radicale_booking.services import booking, database_copy, life
from radicale_booking.services.adapters import Adapters
from radicale_booking.store.tables import KEYS, Tables
from tests.postgres import Server
from tests.services.calendars import NINE, draw_hours, wish
from tests.services.conftest import Clock, settings_in

HALF = timedelta(minutes=30)


@pytest.fixture
def other(app: Adapters, tmp_path: Path, clock: Clock, postgres_server: Server) -> Iterator[Adapters]:
    """A new database of the engine that ``app`` is not on."""
    address = postgres_server.create() if app.settings.database_file else f"sqlite://{tmp_path}/other.sqlite"
    made = wiring.adapters(settings_in(tmp_path, address), clock)
    yield made
    made.store.close()


def fill(app: Adapters) -> None:
    booked = booking.reserve(app, wish(NINE))
    booking.reserve(app, wish(NINE + HALF, email="zoë@example.org"))
    life.cancel(app, booked.uid, "page")
    draw_hours(app, "more", NINE + timedelta(days=7), timedelta(hours=3))
    with app.store.write() as uow:
        for number in range(1200):
            uow.audit.add("test", f"subject-{number}", {"ü": number})


def digests(app: Adapters) -> dict[str, object]:
    with app.store.read() as uow:
        return {table: uow.tables.digest(table) for table in uow.tables.names}


def test_everything_arrives_and_goes_on(app: Adapters, other: Adapters) -> None:
    fill(app)
    seen: list[tuple[int, int]] = []
    copied = database_copy.copy(app, other, lambda done, total: seen.append((done, total)))
    assert digests(other) == digests(app)
    assert copied["audit"] > 1200
    assert copied["occupancy"] == 2
    assert seen[-1] == (2 * sum(copied.values()), 2 * sum(copied.values()))
    assert seen == sorted(seen)
    assert other.store.check() == []
    with other.store.read() as uow:
        assert uow.connection.run("SELECT 1 FROM sqlite_stat1 WHERE tbl = 'audit'" if other.settings.database_file else
                                  "SELECT 1 FROM pg_class WHERE relname = 'audit' AND reltuples > 1200", {})
    again = booking.reserve(other, wish(NINE))
    assert again.live
    assert {found.uid for found in booking.reservations(app)} == {
        found.uid for found in booking.reservations(other)} - {again.uid}


def test_a_copy_of_the_copy_is_the_original(app: Adapters, other: Adapters, tmp_path: Path, clock: Clock) -> None:
    fill(app)
    database_copy.copy(app, other)
    back = wiring.adapters(settings_in(tmp_path, f"sqlite://{tmp_path}/back.sqlite"), clock)
    try:
        database_copy.copy(other, back)
        assert digests(back) == digests(app)
    finally:
        back.store.close()


def refused_to_others(other: Adapters, clock: Clock) -> None:
    """Whoever opens the target now is told that it is not complete."""
    late = wiring.adapters(other.settings, clock)
    try:
        with pytest.raises(StoreUnavailable, match="an unfinished copy"), late.store.read():
            pass
    finally:
        late.store.close()


def open_to_others(other: Adapters, clock: Clock) -> None:
    late = wiring.adapters(other.settings, clock)
    try:
        assert booking.reserve(late, wish(NINE)).live
    finally:
        late.store.close()


def test_what_came_out_differently_stays_unfinished(app: Adapters, other: Adapters, clock: Clock,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    add = Tables.add

    def forgetful(tables: Tables, table: str, rows: list[object]) -> None:
        add(tables, table, rows[1:] if table == "audit" else rows)

    fill(app)
    with monkeypatch.context() as patch:
        patch.setattr(Tables, "add", forgetful)
        with pytest.raises(InvalidInput, match="'audit': came out other"):
            database_copy.copy(app, other)
    refused_to_others(other, clock)
    database_copy.copy(app, other)
    assert digests(other) == digests(app)
    open_to_others(other, clock)


class Pulled(BaseException):
    """As when somebody ends the program."""


def interrupted(app: Adapters, other: Adapters, rows: int) -> None:
    """A copy that ends after about so many rows."""
    def pull(done: int, total: int) -> None:
        if done >= rows:
            raise Pulled

    with pytest.raises(Pulled):
        database_copy.copy(app, other, pull)


def test_an_interrupted_copy_goes_on_with_what_is_missing(app: Adapters, other: Adapters, tmp_path: Path, clock: Clock,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    fill(app)
    interrupted(app, other, 600)
    refused_to_others(other, clock)
    again = wiring.adapters(other.settings, clock)
    added: list[object] = []
    add = Tables.add
    monkeypatch.setattr(Tables, "add", lambda tables, table, rows: (added.extend(rows), add(tables, table, rows)))
    seen: list[tuple[int, int]] = []
    try:
        copied = database_copy.copy(app, again, lambda done, total: seen.append((done, total)))
        assert digests(again) == digests(app)
    finally:
        again.store.close()
    total = sum(copied.values())
    assert 0 < len(added) <= total - 600
    assert seen[-1] == (2 * total, 2 * total)
    assert seen == sorted(seen)
    open_to_others(other, clock)


def test_where_the_source_has_changed_meanwhile_the_copy_begins_anew(app: Adapters, other: Adapters,
                                                                    clock: Clock) -> None:
    fill(app)
    interrupted(app, other, 600)
    with app.store.write() as uow:
        uow.connection.change("UPDATE principal SET display_name = 'Ada L.'", {})
    seen: list[int] = []
    copied = database_copy.copy(app, other, lambda done, total: seen.append(done))
    assert 0 in seen
    assert seen[-1] == 2 * sum(copied.values())
    assert digests(other) == digests(app)
    open_to_others(other, clock)


def test_a_database_that_holds_data_is_not_written_to(app: Adapters, other: Adapters) -> None:
    database_copy.copy(app, other)
    before = digests(other)
    with pytest.raises(InvalidInput, match="holds data already"):
        database_copy.copy(app, other)
    assert digests(other) == before


def test_a_source_of_an_older_schema_is_refused(app: Adapters, other: Adapters) -> None:
    with app.store.write() as uow:
        uow.connection.change("DELETE FROM schema_migration WHERE number > 1", {})
    with pytest.raises(InvalidInput, match="db migrate"):
        database_copy.copy(app, other)


def test_no_copy_to_or_from_a_schema_that_a_newer_program_has_added_to(app: Adapters, other: Adapters) -> None:
    """Rows are carried whole, and this program does not know all of them."""
    other.store.migrate()
    for name, newer in (("target", other), ("source", app)):
        with newer.store.write() as uow:
            uow.connection.change("INSERT INTO schema_migration VALUES (9999, 'expand_a', 0)", {})
        with pytest.raises(InvalidInput, match=f"{name}.*another schema"):
            database_copy.copy(app, other)


def columns(app: Adapters) -> dict[str, list[str]]:
    """Table -> its columns in their order."""
    with app.store.read() as uow:
        rows = uow.connection.run(
            "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
            " WHERE tables.type = 'table' ORDER BY columns.cid" if uow.connection.engine == "sqlite" else
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " ORDER BY ordinal_position", {})
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found


def test_both_engines_have_the_same_columns_in_the_same_order(app: Adapters, other: Adapters) -> None:
    """Rows are carried by position, and no table is forgotten."""
    other.store.migrate()
    assert columns(app) == columns(other)
    assert columns(app).keys() == {*KEYS, "schema_migration"}
