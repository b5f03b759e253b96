"""What only PostgreSQL does: hosts side by side, connections that die, time-outs, and errors that say what to do."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.principal import NOBODY, Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import Conflict, InvalidInput, StoreUnavailable
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.store import sql
from radicale_booking.store.postgres import PostgresStore
from radicale_booking.store.postgres_sql import convert
from radicale_booking.store.unit_of_work import OverlapRefused, UnitOfWork
from tests import postgres
from tests.postgres import Server

NINE = datetime(2030, 1, 8, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def clock() -> datetime:
    return datetime(2030, 1, 7, 12, tzinfo=UTC)


@pytest.fixture
def address(postgres_server: Server, postgres_template: str) -> str:
    return postgres_server.create(postgres_template)


@pytest.fixture
def make(address: str) -> Iterator[Callable[..., PostgresStore]]:
    """Stores on one database, as different processes have them."""
    made = []

    def make(**settings: object) -> PostgresStore:
        made.append(PostgresStore(address, clock=clock, settings=PostgresSettings(**settings)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make: Callable[..., PostgresStore]) -> PostgresStore:
    """With the hosts ada and bob, each with an event type of an hour."""
    store = make()
    with store.write(actor="test") as uow:
        for name in ("ada", "bob"):
            uow.principals.add(Principal(name, host=True))
            uow.event_types.add(EventType(name, "talk", "Talk", HOUR))
    return store


def book(uow: UnitOfWork, host: str, uid: str, start: datetime = NINE, others: tuple[str, ...] = ()) -> None:
    talk = uow.event_types.get(host, "talk")
    assert talk is not None
    uow.reservations.add(Reservation(host, "talk", "Talk", uid, "confirmed", start, start + HOUR, "Eve",
                                     "eve@example.org", clock(), clock(), other_hosts=others), talk)


@pytest.mark.parametrize(("given", "expected"), [
    ("a = :a AND b = :a_b", "a = %(a)s AND b = %(a_b)s"),
    ("CAST(:a AS TEXT) || a::text", "CAST(%(a)s AS TEXT) || a::text"),
    ("a LIKE '%:x' AND b = ':y' AND 7 % 2", "a LIKE '%%:x' AND b = ':y' AND 7 %% 2"),
    ("a -- :not % this\n= :b", "a \n= %(b)s"),
    ("a LIKE :b ESCAPE '\\'", "a LIKE %(b)s ESCAPE '\\'"),
])
def test_parameters_are_written_as_psycopg_has_them(given: str, expected: str) -> None:
    assert convert(given) == expected


def test_hosts_are_written_at_the_same_time(store: PostgresStore, make: Callable[..., PostgresStore]) -> None:
    other = make(lock_timeout_seconds=1)
    with store.write(principal="ada") as mine:
        book(mine, "ada", "a")
        with other.write(principal="bob") as theirs:
            book(theirs, "bob", "b")
        with other.write(principal=NOBODY) as theirs:
            theirs.outbox.add("mail", "k", "eve@example.org", {})
        for principal in ("ada", ""):
            with pytest.raises(StoreUnavailable, match="busy"), other.write(principal=principal):
                pass
    with other.read() as uow:
        assert [found.uid for found in uow.reservations.list()] == ["a", "b"]


def test_a_write_of_everybodys_data_waits_and_is_waited_for(store: PostgresStore,
                                                            make: Callable[..., PostgresStore]) -> None:
    other = make(lock_timeout_seconds=1)
    with store.write(), pytest.raises(StoreUnavailable, match="busy"), other.write(principal="ada"):
        pass


def test_who_waits_for_a_host_sees_what_was_written_meanwhile(store: PostgresStore) -> None:
    held, seen = threading.Event(), []

    def wait() -> None:
        held.wait(60)
        with store.write(principal="ada") as uow:
            seen.extend(found.uid for found in uow.reservations.list())

    thread = threading.Thread(target=wait)
    thread.start()
    with store.write(principal="ada") as uow:
        held.set()
        while not waiting(store):
            time.sleep(0.01)
        book(uow, "ada", "a")
    thread.join()
    assert seen == ["a"]


def waiting(store: PostgresStore) -> int:
    with psycopg.connect(store.address) as raw:
        row = raw.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        assert row is not None
        return int(row[0])


def test_the_constraint_sees_what_is_not_committed_yet(store: PostgresStore) -> None:
    """A team books its hosts under the lock of its owner: there the constraint alone stands between two."""
    def book_bob() -> None:
        with store.write(principal="bob") as uow:
            book(uow, "bob", "b")

    with ThreadPoolExecutor(1) as pool:
        with store.write(principal="ada") as uow:
            book(uow, "ada", "a", others=("bob",))
            second = pool.submit(book_bob)
            while not waiting(store):
                time.sleep(0.01)
        with pytest.raises(OverlapRefused):
            second.result(60)


def test_after_a_refused_overlap_the_transaction_goes_on(store: PostgresStore) -> None:
    with store.write(principal="ada") as uow:
        book(uow, "ada", "a")
        with pytest.raises(OverlapRefused):
            book(uow, "ada", "b", NINE + HOUR / 2)
        book(uow, "ada", "c", NINE + HOUR)
        assert len(uow.reservations.list("ada")) == 3


def test_of_two_that_wait_for_each_other_one_goes_on(store: PostgresStore) -> None:
    barrier = threading.Barrier(2)

    def cross(mine: str, other: str) -> str:
        try:
            with store.write(principal=mine) as uow:
                book(uow, mine, mine)
                barrier.wait(60)
                book(uow, mine, f"{mine}-2", NINE + HOUR, others=(other,))
                book(uow, other, f"{mine}-3")
        except (StoreUnavailable, OverlapRefused):
            return "refused"
        return mine

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(cross, ("ada", "bob"), ("bob", "ada")))
    [winner] = set(outcomes) - {"refused"}
    with store.read() as uow:
        assert {found.uid for found in uow.reservations.list()} == {winner, f"{winner}-2", f"{winner}-3"}


def test_two_addresses_of_one_person_are_a_conflict(store: PostgresStore) -> None:
    with store.write(principal="eve") as uow:
        uow.principals.add(Principal("eve", "eve@example.org"))
    with pytest.raises(Conflict), store.write(principal="eva") as uow:
        uow.principals.add(Principal("eva", "EVE@example.org"))


def test_a_transaction_that_failed_is_never_taken_for_done(store: PostgresStore) -> None:
    def add_twice() -> None:
        with store.write(principal="eve") as uow:
            uow.principals.add(Principal("eve"))
            with contextlib.suppress(Conflict):
                uow.principals.add(Principal("eve"))

    with pytest.raises(StoreUnavailable):
        add_twice()
    with store.read() as uow:
        assert uow.principals.get("eve") is None


def test_a_reader_cannot_write(store: PostgresStore) -> None:
    with pytest.raises(StoreUnavailable, match="only reads"), store.read() as uow:
        uow.principals.add(Principal("eve"))


def test_a_statement_that_takes_too_long_is_given_up(make: Callable[..., PostgresStore]) -> None:
    store = make(statement_timeout_seconds=1)
    with pytest.raises(StoreUnavailable, match="too long"), store.read() as uow:
        uow.connection.run("SELECT pg_sleep(60)", {})


def test_connections_that_died_are_replaced(store: PostgresStore) -> None:
    with psycopg.connect(store.address, autocommit=True) as raw:
        raw.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()")
    with store.read() as uow:
        assert {found.name for found in uow.principals.all()} == {"ada", "bob"}


def test_a_connection_that_dies_in_a_transaction_undoes_it(store: PostgresStore) -> None:
    def lose() -> None:
        with store.write(principal="eve") as uow:
            uow.principals.add(Principal("eve"))
            pid = uow.connection.run("SELECT pg_backend_pid()", {})[0][0]
            with psycopg.connect(store.address, autocommit=True) as raw:
                raw.execute("SELECT pg_terminate_backend(%s)", (pid,))
            uow.principals.all()

    with pytest.raises(StoreUnavailable) as refused:
        lose()
    assert refused.value.retry_after_seconds > 0
    with store.read() as uow:
        assert uow.principals.get("eve") is None


def test_a_node_that_falls_silent_in_a_transaction_does_not_hold_its_host(make: Callable[..., PostgresStore]) -> None:
    silent, other = make(statement_timeout_seconds=1), make()

    def fall_silent() -> None:
        with silent.write(principal="ada") as uow:
            uow.principals.add(Principal("ada"))
            with other.write(principal="ada") as theirs:
                theirs.principals.add(Principal("ada", display_name="other"))

    with pytest.raises(StoreUnavailable, match="stood still"):
        fall_silent()
    with other.read() as uow:
        assert [found.display_name for found in uow.principals.all()] == ["other"]


def test_a_server_that_only_reads_now_is_left(make: Callable[..., PostgresStore]) -> None:
    """As after a change of roles: its address leads to the new primary one."""
    store = make(connections=1)
    with store.write() as uow:
        uow.connection.run("SELECT set_config('default_transaction_read_only', 'on', false)", {})
    with pytest.raises(StoreUnavailable, match="only reads"), store.write(principal="ada") as uow:
        uow.principals.add(Principal("ada"))
    with store.write(principal="ada") as uow:
        uow.principals.add(Principal("ada"))


def test_what_the_address_says_of_the_connection_counts(postgres_server: Server) -> None:
    store = PostgresStore(postgres_server.address("x") + "&keepalives_idle=7", clock=clock)
    said = psycopg.conninfo.conninfo_to_dict(store._server.conninfo())
    assert (said["keepalives_idle"], said["keepalives_count"], said["connect_timeout"]) == ("7", "3", "10")


def test_a_server_that_went_and_came_back_is_used_again() -> None:
    with postgres.server() as server:
        store = PostgresStore(server.create(), clock=clock, settings=PostgresSettings(lock_timeout_seconds=1))
        store.migrate()
        server.control("stop", "--mode=fast")
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
        with pytest.raises(StoreUnavailable, match="cannot be used"), store.read():
            pass
        server.control("start")
        deadline = time.monotonic() + 60
        while True:
            try:
                with store.write(principal="ada") as uow:
                    uow.principals.add(Principal("ada"))
                break
            except StoreUnavailable:
                assert time.monotonic() < deadline
        store.close()


def test_no_connection_is_a_reason_of_its_own(make: Callable[..., PostgresStore]) -> None:
    store = make(connections=1, lock_timeout_seconds=1)
    store._server.patience_seconds = 0.2
    with (store.read(), ThreadPoolExecutor(1) as pool,
          pytest.raises(StoreUnavailable, match="database_connections")):
        pool.submit(store.schema_state).result()


def test_a_database_that_does_not_exist_is_named(postgres_server: Server) -> None:
    store = PostgresStore(postgres_server.address("nowhere"), clock=clock)
    with pytest.raises(StoreUnavailable, match=r'cannot be used: .*"nowhere" does not exist'):
        store.schema_state()
    store.close()


def test_the_password_comes_from_its_file_and_is_never_shown(postgres_server: Server, tmp_path: Path,
                                                             caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "password"
    file.write_text("s3cret\nnot this\n", encoding="utf-8")
    store = PostgresStore(postgres_server.address("nowhere"), clock=clock,
                          settings=PostgresSettings(password_file=str(file)))
    assert "password=s3cret" in store._server.conninfo().split()
    with pytest.raises(StoreUnavailable) as refused:
        store.schema_state()
    store.close()
    shown = caplog.text + repr(refused.value) + repr(store.__dict__) + str(refused.value.__cause__)
    assert "s3cret" not in shown
    file.unlink()
    with pytest.raises(StoreUnavailable, match="database_password_file"):
        store.schema_state()


def test_a_character_that_postgresql_cannot_keep_is_refused(store: PostgresStore) -> None:
    with pytest.raises(InvalidInput, match="NUL"), store.write(principal="eve") as uow:
        uow.principals.add(Principal("eve", description="a\0b"))


def test_nothing_of_a_transaction_is_left_in_the_session(store: PostgresStore) -> None:
    """A pooler gives the next transaction another session, and ours to somebody else."""
    for _ in range(10):
        with store.read() as uow:
            uow.principals.get("ada")
            [[inside]] = uow.connection.run("SHOW statement_timeout", {})
    with store.write(principal="ada") as uow:
        prepared = uow.connection.run("SELECT name FROM pg_prepared_statements", {})
    with store._server.opened().connection() as raw:
        [outside] = raw.execute("SHOW statement_timeout").fetchone() or [None]
        locks = raw.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert (inside, outside, list(prepared), locks.fetchone()) == ("1min", "0", [], (0,))


def test_processes_that_migrate_at_the_same_time_do_it_once(postgres_server: Server) -> None:
    stores = [PostgresStore(postgres_server.create(), clock=clock)]
    stores += [PostgresStore(stores[0].address, clock=clock) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        applied = [name for names in pool.map(PostgresStore.migrate, stores) for name in names]
    # Each by whoever came first.
    assert sorted(applied) == sorted(name for _, name, _ in sql.migrations())
    for store in stores:
        store.close()


def test_a_broken_database_is_told(store: PostgresStore) -> None:
    with psycopg.connect(store.address) as raw:
        raw.execute("ALTER TABLE occupancy DROP CONSTRAINT occupancy_overlap")
        raw.execute("ALTER TABLE seat ADD CONSTRAINT unchecked CHECK (name <> '') NOT VALID")
    with store.write(principal="ada") as uow:
        book(uow, "ada", "a")
        book(uow, "ada", "b")
    problems = store.check()
    assert len(problems) == 2
    assert "unchecked" in problems[0]
    assert "overlap" in problems[1]
