"""What only SQLite does: files, copies, and errors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidSetting, StoreUnavailable
from radicale_booking.store.engine import open_store
from radicale_booking.store.sqlite import SqliteStore


def clock() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "a.db", clock=clock)
    opened.migrate()
    yield opened
    opened.close()


def names(store: SqliteStore) -> set[str]:
    with store.read() as unit_of_work:
        return {principal.name for principal in unit_of_work.principals.all()}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"no database at all" * 1000)
    store = SqliteStore(tmp_path / "bad.db", clock=clock)
    with pytest.raises(StoreUnavailable, match="not an SQLite database"), store.read():
        pass
    store.close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "nowhere" / "a.db", clock=clock)
    with pytest.raises(StoreUnavailable, match="cannot be opened"), store.read():
        pass
    store.close()


def test_its_files_are_closed_to_others(store: SqliteStore, tmp_path: Path) -> None:
    with store.write() as unit_of_work:
        unit_of_work.principals.add(Principal("anna"))
    store.backup(tmp_path / "copy.db")
    rights = {file.name: file.stat().st_mode & 0o007 for file in tmp_path.iterdir()}
    assert rights == {"a.db": 0, "a.db-wal": 0, "a.db-shm": 0, "copy.db": 0}


def test_a_full_disk_loses_nothing(store: SqliteStore) -> None:
    with store.write(actor="a") as unit_of_work:
        unit_of_work.principals.add(Principal("kept"))
    raw = store._writer.connection.raw
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="disk full"), store.write(actor="a") as unit_of_work:
        unit_of_work.principals.add(Principal("huge", description="x" * 1_000_000))
    raw.execute("PRAGMA max_page_count = 1000000000")
    assert names(store) == {"kept"}
    assert store.check() == []


def test_commits_are_durable(store: SqliteStore) -> None:
    raw = store._writer.connection.raw
    assert raw.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert raw.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_backup_of_a_store_in_use_is_whole(store: SqliteStore, tmp_path: Path) -> None:
    with store.write(actor="a") as unit_of_work:
        unit_of_work.principals.add(Principal("anna"))
    store.backup(tmp_path / "copy.db")
    copy = sqlite3.connect(tmp_path / "copy.db")
    try:
        assert copy.execute("SELECT name FROM principal").fetchall() == [("anna",)]
    finally:
        copy.close()


@pytest.mark.parametrize("address", ["", "sqlite://", "sqlite:///", "mysql://x", "/tmp/a.db"])
def test_an_address_that_is_no_database_is_refused(address: str) -> None:
    with pytest.raises(InvalidSetting, match="database"):
        open_store(address, clock=clock)


def test_looking_at_the_tables_anew_is_short_however_large_they_are(store: SqliteStore) -> None:
    """Who writes waits for it."""
    store.tidy(vacuum=False)
    raw = store._connection().raw
    assert 0 < raw.execute("PRAGMA analysis_limit").fetchone()[0] <= 1000
    assert raw.execute("SELECT count(*) FROM sqlite_stat1").fetchone()[0]


@pytest.mark.parametrize(("start", "end", "overlaps"), [(0, 604_800, True), (604_799, 604_800, True),
                                                       (604_800, 604_900, False)])
def test_an_overlap_that_got_past_the_trigger_is_found(store: SqliteStore, start: int, end: int,
                                                       overlaps: bool) -> None:
    raw = store._connection().raw
    raw.executescript("DROP TRIGGER occupancy_overlap_insert; PRAGMA foreign_keys = OFF;"
                      "INSERT INTO occupancy VALUES (7, 1, 1, 0, 604800, 1)")
    raw.execute("INSERT INTO occupancy VALUES (8, 2, 1, ?, ?, 1)", (start, end))
    found = [problem for problem in store.check() if "overlap" in problem]
    assert found == (["principal 1: live occupancies 7 and 8 overlap"] if overlaps else [])
