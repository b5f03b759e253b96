"""A streaming replica answers what only reads, and nobody sees anything older for it than the primary would show."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from radicale_booking import again, wiring
from radicale_booking.dav.application import BookingApplication
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import StoreUnavailable, TransactionUndone
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.services import accounts, booking, busy, event_types, slot_calendar
from radicale_booking.store import postgres_replica
from radicale_booking.store.postgres import PostgresStore
from tests import postgres
from tests.compat.conftest import configuration, no_pages
from tests.compat.dav_client import Client
from tests.dav.conftest import HALF_HOUR, NINE, event
from tests.services.calendars import NINE as TUESDAY
from tests.services.calendars import draw_hours, wish
from tests.services.conftest import Clock, settings_in


def clock() -> datetime:
    return datetime(2030, 1, 7, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    primary: postgres.Server
    replica: postgres.Server
    template: str

    def asked(self, statement: str) -> object:
        """The replica's answer."""
        with psycopg.connect(self.replica.address("postgres"), autocommit=True) as raw:
            row = raw.execute(statement.encode()).fetchone()
            assert row is not None
            return row[0]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with postgres.server(**postgres.DURABLE) as primary, postgres.replica(primary) as replica:
        address = primary.create()
        store = PostgresStore(address, clock=clock)
        store.migrate()
        store.close()
        yield Pair(primary, replica, psycopg.conninfo.conninfo_to_dict(address)["dbname"])


@pytest.fixture
def addresses(pair: Pair) -> tuple[str, str]:
    """A new database at the primary and at the replica."""
    address = pair.primary.create(pair.template)
    return address, address.replace(str(pair.primary.folder), str(pair.replica.folder))


@pytest.fixture
def make(addresses: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PostgresStore]]:
    """Stores as different processes have them, patient with the replica and eager to try it again."""
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    monkeypatch.setattr(postgres_replica, "_REST_SECONDS", 0.0)
    monkeypatch.setattr(postgres_replica, "_PATIENCE_SECONDS", 20.0)
    with contextlib.ExitStack() as closing:
        def make(replica: str = addresses[1]) -> PostgresStore:
            store = PostgresStore(addresses[0], clock=clock, settings=PostgresSettings(replica=replica))
            closing.callback(store.close)
            return store

        yield make


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged, however Radicale's log is set up."""
    lines: list[str] = []
    monkeypatch.setattr(postgres_replica._logger, "warning", lambda text, *values: lines.append(text % values))
    return lines


def answers(store: PostgresStore) -> str:
    """Who answers what reads much."""
    with store.read(at_replica=True) as uow:
        return "replica" if uow.connection.run("SELECT pg_is_in_recovery()", {})[0][0] else "primary"


def wait_for_replica(store: PostgresStore) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while answers(store) != "replica":
        assert datetime.now(UTC) < deadline


def add(store: PostgresStore, name: str) -> None:
    with store.write(principal=name) as uow:
        uow.principals.add(Principal(name))


def seen(store: PostgresStore, *, at_replica: bool = True) -> set[str]:
    with store.read(at_replica=at_replica) as uow:
        return {found.name for found in uow.principals.all()}


def test_what_reads_much_is_asked_of_the_replica_and_nothing_else(make: Callable[..., PostgresStore]) -> None:
    store = make()
    wait_for_replica(store)
    with store.read() as uow:
        assert uow.connection.run("SELECT pg_is_in_recovery()", {}) == [(False,)]
    assert answers(make(replica="")) == "primary"


def test_whoever_has_written_reads_it_at_the_replica_of_another_process(make: Callable[..., PostgresStore]) -> None:
    writer, reader = make(), make()
    wait_for_replica(reader)
    names = set()
    for number in range(40):
        add(writer, f"p{number}")
        names.add(f"p{number}")
        assert seen(reader) == names
        assert answers(reader) == "replica"


def test_the_primary_answers_while_the_replica_lags(pair: Pair, make: Callable[..., PostgresStore],
                                                    monkeypatch: pytest.MonkeyPatch,
                                                    said: list[str]) -> None:
    store = make()
    wait_for_replica(store)
    monkeypatch.setattr(postgres_replica, "_PATIENCE_SECONDS", 0.0)
    said.clear()
    pair.asked("SELECT pg_wal_replay_pause()")
    try:
        while pair.asked("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass
        add(store, "late")
        for _ in range(3):
            assert (seen(store), answers(store)) == ({"late"}, "primary")
    finally:
        pair.asked("SELECT pg_wal_replay_resume()")
    wait_for_replica(store)
    assert [("lags" in line, "again" in line) for line in said] == [(True, False), (False, True)]


def test_a_replica_that_lags_is_left_alone_for_a_while(pair: Pair, make: Callable[..., PostgresStore],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    store = make(replica=pair.primary.address("postgres"))
    monkeypatch.setattr(postgres_replica, "_REST_SECONDS", 1000.0)
    assert answers(store) == "primary"
    assert store._replica is not None
    monkeypatch.setattr(store._replica, "_caught_up", lambda *_: pytest.fail("it was asked"))
    assert answers(store) == "primary"


def test_the_primary_answers_while_the_replica_is_away(pair: Pair, make: Callable[..., PostgresStore]) -> None:
    store = make()
    wait_for_replica(store)

    def read_on() -> None:
        with store.read(at_replica=True) as uow:
            assert uow.principals.all() == []
            pair.replica.control("stop", "--mode=immediate")
            uow.principals.all()

    with pytest.raises(TransactionUndone):
        read_on()
    try:
        add(store, "ada")
        assert (seen(store), answers(store)) == ({"ada"}, "primary")
    finally:
        pair.replica.control("start")
    wait_for_replica(store)
    assert seen(store) == {"ada"}


def test_a_read_that_fails_at_the_replica_is_made_at_the_primary(pair: Pair, make: Callable[..., PostgresStore],
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    store, asked = make(), []
    wait_for_replica(store)
    monkeypatch.setattr(postgres_replica, "_REST_SECONDS", 1000.0)

    @again.if_undone
    def read() -> bool:
        with store.read(at_replica=True) as uow:
            asked.append(uow.connection.run("SELECT pg_is_in_recovery()", {})[0][0])
            if asked[-1]:
                # As PostgreSQL ends it when the primary has removed rows that it looks at.
                uow.connection.run("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)", {})
            return bool(asked[-1])

    assert (read(), asked) == (False, [True, False])


def test_a_commit_that_does_not_wait_for_the_replica_any_more_is_not_acknowledged(
        pair: Pair, make: Callable[..., PostgresStore]) -> None:
    """Whose waiting is cancelled is told by PostgreSQL that it is committed, with a warning that it may get lost."""
    store = make(replica="")
    add(store, "ada")
    pair.primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    pair.primary.execute("SELECT pg_reload_conf()")
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(add, store, "bob")
        with psycopg.connect(pair.primary.address("postgres"), autocommit=True) as raw:
            while not raw.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                                  ).fetchone():
                pass
        pair.primary.execute("ALTER SYSTEM RESET synchronous_standby_names")
        pair.primary.execute("SELECT pg_reload_conf()")
        with pytest.raises(StoreUnavailable, match="canceling wait") as refused:
            waits.result(60)
    assert not isinstance(refused.value, TransactionUndone)
    add(store, "carl")


def test_another_server_is_no_replica(pair: Pair, postgres_server: postgres.Server,
                                      make: Callable[..., PostgresStore], said: list[str]) -> None:
    """Not the primary itself, not one of another site, not another database, however far they have got."""
    for address in (pair.primary.address("postgres"), postgres_server.address("postgres"),
                    pair.replica.address("postgres")):
        said.clear()
        assert answers(make(replica=address)) == "primary"
        assert ["does not follow this primary" in line for line in said] == [True]


def test_a_server_on_another_timeline_is_no_replica() -> None:
    """After a failover, one that still has what the primary before had written last."""
    with pytest.raises(StoreUnavailable, match="does not follow"):
        postgres_replica._wait(None, (10, "1", "booking", "00000002"), (20, "1", "booking", "00000001"))  # type: ignore[arg-type]


def test_a_calendar_program_never_sees_anything_older(addresses: tuple[str, str], make: Callable[..., PostgresStore],
                                                      tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_replica(make())
    config = configuration(tmp_path / "data", type="radicale_booking.plugins.storage", database=addresses[0],
                           database_replica=addresses[1])
    bob = Client(BookingApplication(config, no_pages), "bob")
    used = _count_snapshots(monkeypatch)
    sync = '<sync-collection xmlns="DAV:"><sync-token>{}</sync-token><prop><getetag/></prop></sync-collection>'
    try:
        assert bob.request("MKCALENDAR", "/bob/work/").status == 201
        token = bob.request("REPORT", "/bob/work/", sync.format("")).token()
        for number in range(10):
            etag = bob.request("PUT", "/bob/work/a.ics", event("a", NINE, summary=f"{number}")).headers["etag"]
            assert bob.request("GET", "/bob/work/a.ics").headers["etag"] == etag
            answer = bob.request("REPORT", "/bob/work/", sync.format(token))
            assert etag in answer.body.decode()
            assert answer.token() != token
            token = answer.token()
        assert used["replica"] >= 20
        assert used["primary"] == 0
    finally:
        wiring.close()


def test_pages_and_feeds_show_a_booking_at_once(addresses: tuple[str, str], make: Callable[..., PostgresStore],
                                                tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_replica(make())
    settings = replace(settings_in(tmp_path, addresses[0]), postgres=PostgresSettings(replica=addresses[1]))
    app = wiring.adapters(settings, Clock())
    accounts.add_user(app, "ada", "ada@example.org", "Europe/Berlin", "secret")
    accounts.enable_host(app, "ada", free_busy_url=True)
    event_types.add(app, EventType("ada", "talk", "Talk", HALF_HOUR))
    draw_hours(app, "hours", TUESDAY, timedelta(hours=3))
    used = _count_snapshots(monkeypatch)
    frame = Interval(TUESDAY, TUESDAY + timedelta(hours=3))
    try:
        for start in (TUESDAY, TUESDAY + HALF_HOUR):
            assert booking.open_slots(app, "ada", "talk", frame)[0].start == start
            assert slot_calendar.offer(app, "ada", "talk").slots[0].slot.start == start
            booking.reserve(app, wish(start))
            assert busy.published(app, "ada@example.org", frame)[-1][1].end == start + HALF_HOUR
        assert booking.host_page(app, "ada").event_types
        assert used == {"replica": 7}
    finally:
        app.store.close()


def _count_snapshots(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Who answers from now on."""
    used: Counter[str] = Counter()
    caught_up = postgres_replica.Replica._caught_up

    def counted(self: postgres_replica.Replica, *arguments: Any) -> Any:
        raw = caught_up(self, *arguments)
        used["replica" if raw is not None else "primary"] += 1
        return raw

    monkeypatch.setattr(postgres_replica.Replica, "_caught_up", counted)
    return used
