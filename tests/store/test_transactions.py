"""Transactions on each engine: all or nothing, snapshots, many who write at the same time."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.principal import NOBODY, Principal
from radicale_booking.errors import StoreUnavailable
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.store import sql
from radicale_booking.store.engine import Store, open_store


def clock() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = open_store(database, clock=clock)
    opened.migrate()
    yield opened
    opened.close()


def names(store: Store) -> set[str]:
    with store.read() as unit_of_work:
        return {principal.name for principal in unit_of_work.principals.all()}


def test_an_exception_undoes_the_whole_transaction(store: Store) -> None:
    def fail() -> None:
        with store.write(actor="anna") as unit_of_work:
            unit_of_work.principals.add(Principal("anna"))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert names(store) == set()
    with store.write(actor="anna") as unit_of_work:
        unit_of_work.principals.add(Principal("anna"))
    assert names(store) == {"anna"}


def test_a_reader_sees_one_state_while_another_thread_writes(store: Store) -> None:
    with store.read() as reader:
        assert reader.principals.all() == []

        def write() -> None:
            with store.write(actor="bob") as writer:
                writer.principals.add(Principal("bob"))

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert reader.principals.all() == []
    assert names(store) == {"bob"}


def test_writers_of_many_threads_take_turns(store: Store) -> None:
    def write(number: int) -> None:
        for turn in range(10):
            with store.write(actor="load") as unit_of_work:
                unit_of_work.principals.add(Principal(f"user-{number}-{turn}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(store)) == 80


def test_two_who_make_the_same_principal_make_it_once(store: Store) -> None:
    barrier = threading.Barrier(8)

    def ensure(_: int) -> bool:
        barrier.wait(60)
        with store.write(actor="load", principal="ada") as unit_of_work:
            if unit_of_work.principals.get("ada") is not None:
                return False
            unit_of_work.principals.add(Principal("ada"))
            unit_of_work.collections.add("ada")
            return True

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(ensure, range(8))) == {True: 1, False: 7}


def test_changes_of_one_collection_are_numbered_without_gap_or_repetition(store: Store) -> None:
    """Whoever writes, for whatever principal: a client that was told a number has been told all that is below."""
    with store.write() as unit_of_work:
        unit_of_work.principals.add(Principal("ada"))
        unit_of_work.collections.add("ada")
        calendar = unit_of_work.collections.add("ada/calendar", "VCALENDAR").id
    told: list[tuple[int, set[str]]] = []

    def write(number: int) -> None:
        for turn in range(8):
            with store.write(actor="load", principal=f"writer-{number}") as unit_of_work:
                unit_of_work.items.store(calendar, href=f"{number}-{turn}.ics", uid=f"{number}-{turn}", component="",
                                         name="VCALENDAR", text="x", index=ItemIndex(0, 0, rows=()))
            with store.read() as unit_of_work:
                row = unit_of_work.collections.by_id(calendar)
                assert row is not None
                told.append((row.sequence, set(unit_of_work.items.hrefs(calendar))))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    with store.read() as unit_of_work:
        row = unit_of_work.collections.by_id(calendar)
        assert row is not None
        assert row.sequence == 48
        everything = set(unit_of_work.items.hrefs(calendar))
        assert len(everything) == 48
        for sequence, known in told:
            assert known | set(unit_of_work.items.changes(calendar, sequence)) == everything
            assert len(known) == sequence


def test_a_row_of_the_outbox_is_claimed_by_one_worker(store: Store) -> None:
    with store.write() as unit_of_work:
        for number in range(60):
            unit_of_work.outbox.add("mail", f"key-{number}", f"guest-{number % 30}@example.org", {})
    barrier = threading.Barrier(6)

    def claim(worker: int) -> list[tuple[int, str]]:
        barrier.wait(60)
        found = []
        for _ in range(6):
            with store.write(actor="worker", principal=NOBODY) as unit_of_work:
                found += unit_of_work.outbox.claim("mail", f"worker-{worker}", 3, timedelta(minutes=1))
        return [(row.id, row.recipient) for row in found]

    with ThreadPoolExecutor(6) as pool:
        claimed = [row for rows in pool.map(claim, range(6)) for row in rows]
    assert len({row_id for row_id, _ in claimed}) == len(claimed) == 30
    assert len({recipient for _, recipient in claimed}) == 30


_OTHER = """
import sys
from datetime import UTC, datetime
from radicale_booking.store.engine import open_store
with open_store(sys.argv[1], clock=lambda: datetime.now(UTC)).alone("upkeep") as alone:
    print(alone, flush=True)
    sys.stdin.read()
"""


def test_one_process_alone_does_a_task_until_it_dies(database: str, store: Store) -> None:
    def is_alone(task: str) -> bool:
        with store.alone(task) as alone:
            return alone

    with subprocess.Popen([sys.executable, "-c", _OTHER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "True\n"
            assert (is_alone("upkeep"), is_alone("backup")) == (False, True)
        finally:
            other.kill()
    # PostgreSQL hears of it a moment later.
    until = time.monotonic() + 20
    while not is_alone("upkeep"):
        assert time.monotonic() < until
    with store.alone("upkeep") as alone:
        assert alone
        assert not is_alone("upkeep")
    assert is_alone("upkeep")


def test_who_is_alone_may_use_every_connection(database: str, store: Store) -> None:
    with store.alone("upkeep"), store.write(actor="anna") as unit_of_work:
        unit_of_work.principals.add(Principal("anna"))
    few = open_store(database, clock=clock, postgres=PostgresSettings(connections=1))
    with few.alone("upkeep") as alone:
        assert alone
        assert names(few) == {"anna"}
    few.close()


def test_every_row_is_read_by_name_and_by_position(store: Store) -> None:
    with store.write() as unit_of_work:
        unit_of_work.principals.add(Principal("ada", display_name="100 % :ada"))
        row = unit_of_work.one("principal", "get", name="ada")
    assert row is not None
    assert (row["name"], row[1], row["display_name"], len(tuple(row))) == ("ada", "ada", "100 % :ada", 14)


def test_a_newer_schema_is_refused(database: str, store: Store) -> None:
    with store.write() as unit_of_work:
        unit_of_work.connection.change("INSERT INTO schema_migration VALUES (9999, 'future', 0)", {})
    newer = open_store(database, clock=clock)
    with pytest.raises(StoreUnavailable, match="schema 9999"), newer.read():
        pass
    newer.close()


def test_a_newer_schema_that_only_adds_is_used(database: str, store: Store) -> None:
    with store.write() as unit_of_work:
        unit_of_work.principals.add(Principal("ada"))
        unit_of_work.connection.change("INSERT INTO schema_migration VALUES (9998, 'expand_a', 0)", {})
        unit_of_work.connection.change("INSERT INTO schema_migration VALUES (9999, 'expand_b', 0)", {})
    older = open_store(database, clock=clock)
    with older.read() as unit_of_work:
        assert [found.name for found in unit_of_work.principals.all()] == ["ada"]
    state = older.schema_state()
    assert (state.pending, state.unknown) == (0, ("expand_a", "expand_b"))
    older.close()
    with store.write() as unit_of_work:
        unit_of_work.connection.change("UPDATE schema_migration SET name = 'other' WHERE number = 9998", {})
    older = open_store(database, clock=clock)
    with pytest.raises(StoreUnavailable, match="schema 9999"), older.read():
        pass
    older.close()


@pytest.mark.parametrize(("since", "used"), [(sql.newest(), True), (sql.newest() + 1, False)])
def test_a_newer_schema_that_takes_away_is_used_by_who_has_no_use_for_it(database: str, store: Store, since: int, *,
                                                                         used: bool) -> None:
    with store.write() as unit_of_work:
        unit_of_work.connection.change(
            f"INSERT INTO schema_migration VALUES (9998, 'expand_a', 0), (9999, 'contract_{since:04}_b', 0)", {})
    older = open_store(database, clock=clock)
    with contextlib.nullcontext() if used else pytest.raises(StoreUnavailable, match="schema 9999"), older.read():
        pass
    older.close()


def test_migrating_twice_changes_nothing(store: Store) -> None:
    assert store.migrate() == []
    state = store.schema_state()
    assert (state.applied, state.pending) == (len(sql.migrations()), 0)
    assert store.check() == []
    assert store.size_octets() >= 4096
