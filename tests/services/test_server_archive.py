"""Archives of a whole PostgreSQL server with its log: by the same commands, to the very moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from radicale_booking import archive, drill, wiring
from radicale_booking.backup_settings import BackupSettings
from radicale_booking.errors import InvalidInput, StoreUnavailable
from radicale_booking.services import backup, backup_pieces, restore, server_archive
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup_manifest import read_manifest
from radicale_booking.services.continuous import ContinuousCopy
from radicale_booking.store.postgres import PostgresStore
from tests import postgres
from tests.services.conftest import Clock
from tests.services.test_backup import digests, manifest_parity
from tests.services.test_continuous import SECOND, current, pieces, write


@pytest.fixture(scope="module")
def alone() -> Iterator[postgres.Server]:
    """A server with no other tests' databases, all of which would be copied, and a log in many small files."""
    with postgres.server(segment_mib="1") as running:
        yield running


@pytest.fixture
def database(alone: postgres.Server) -> str:
    address = alone.create()
    store = PostgresStore(address, clock=Clock())
    store.migrate()
    store.close()
    return address


@pytest.fixture
def site(app: Adapters) -> Adapters:
    return replace(app, settings=replace(app.settings, backup=BackupSettings(postgresql="base")))


def test_made_while_others_write_it_is_of_one_moment(site: Adapters, tmp_path: Path) -> None:
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(0.01):
            with site.store.write() as uow:
                for _ in range(2):
                    uow.audit.add("pair", "x")

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        made = backup.create(site).archive
    finally:
        stop.set()
        writer.join()
    done = drill.run(site, made, "")
    assert [one for one in done.findings if not one.passed] == []
    _without_its_log_it_is_refused(made, tmp_path)
    done_in_place = restore.in_place(site, made, "")
    assert done_in_place.manifest.tables["audit"].rows % 2 == manifest_parity(site)
    assert {table: (one.rows, f"{one.sum:064x}") for table, one in digests(site).items()} == {  # type: ignore[attr-defined]
        table: (one.rows, one.digest) for table, one in done_in_place.manifest.tables.items()}


def _without_its_log_it_is_refused(made: backup.Archive, folder: Path) -> None:
    unpacked = archive.unpack(made.path, folder, "")
    manifest = read_manifest(folder / "manifest.json", "archive")
    log = sorted(path for path in unpacked if path.name.startswith("wal-"))
    for path in log[1:]:
        path.unlink()
    less = replace(manifest, files={path.name: "" for path in unpacked if path.exists()})
    with pytest.raises(StoreUnavailable, match="FATAL"):
        server_archive.recover(folder, less, [], "", folder / "booking.dump")


def await_log(database: str) -> None:
    """It comes by itself, a moment after it was written."""
    with psycopg.connect(database, autocommit=True) as connection:
        [end] = [row[0] for row in connection.execute("SELECT pg_current_wal_insert_lsn()")]
        while not connection.execute("SELECT bool_and(write_lsn >= %s) FROM pg_stat_replication"
                                     " WHERE state = 'streaming'", [end]).fetchall()[0][0]:
            pass


def test_every_piece_brings_back_what_was_written_by_its_time(site: Adapters, database: str, clock: Clock) -> None:
    copy = ContinuousCopy(site)
    try:
        copy.renew()
        states, made = [], []
        for octets in (10, 3_000_000, 10):
            write(site, clock, octets)
            states.append(digests(site))
            await_log(database)
            copy.renew()
            made.append(pieces(site)[-1].made)
            clock.now += SECOND
    finally:
        copy.finish()
    write(site, clock)
    for at, state in ((made[1], states[1]), (None, states[2])):
        restore.in_place(site, current(site), "", at)
        assert digests(site) == state
    pieces(site)[0].path.unlink()
    with pytest.raises(InvalidInput, match="misses piece 1"):
        restore.in_place(site, current(site), "")


def test_a_receiver_that_ended_begins_anew(site: Adapters, database: str, clock: Clock) -> None:
    copy = ContinuousCopy(site)
    try:
        copy.renew()
        write(site, clock)
        await_log(database)
        copy.renew()
        before = {piece.chain for piece in pieces(site)}
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
        write(site, clock)
        while {piece.chain for piece in pieces(site)} == before:
            copy.renew()
    finally:
        copy.finish()
    assert not before & {piece.chain for piece in pieces(site)}


def test_who_may_not_is_told_why(site: Adapters, alone: postgres.Server) -> None:
    alone.execute("CREATE ROLE weak LOGIN")
    weak = wiring.adapters(replace(site.settings, database=site.settings.database.replace("user=tests", "user=weak")))
    with pytest.raises(StoreUnavailable, match="REPLICATION"):
        backup.create(weak)
    weak.store.close()
    assert backup_pieces.listed(site.settings.backup_folder) == []
