"""Time goes on: long series are expanded further, and until they are, their time counts as taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.principal import Principal
from radicale_booking.services import upkeep
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, event, store_item
from tests.services.conftest import Clock

DAILY = event("daily", NINE, timedelta(hours=1), "Stand-up", "RRULE:FREQ=DAILY\r\n")
LATER = Interval(NINE + timedelta(days=900), NINE + timedelta(days=901))


def busy(app: Adapters) -> list[timedelta]:
    with app.store.read() as uow:
        principal = uow.principals.get("ada")
        assert principal is not None
        assert principal.id is not None
        return [row.interval.length for row in uow.instances.busy(principal.id, LATER)]


def test_beyond_its_expansion_a_series_blocks_everything(app: Adapters) -> None:
    store_item(app, "ada/calendar", "daily", DAILY)
    assert [length > timedelta(days=365) for length in busy(app)] == [True]


def test_extending_replaces_the_block_by_the_occurrences(app: Adapters, clock: Clock) -> None:
    store_item(app, "ada/calendar", "daily", DAILY)
    assert upkeep.extend_instances(app) == 0
    clock.now += timedelta(days=400)
    assert upkeep.extend_instances(app) == 1
    assert busy(app) == [timedelta(hours=1)]
    assert upkeep.extend_instances(app) == 0


def test_extending_stops_when_told_and_goes_on_the_next_time(app: Adapters, clock: Clock) -> None:
    store_item(app, "ada/calendar", "daily", DAILY)
    clock.now += timedelta(days=400)
    upkeep.run(app, stopping=lambda: True)
    assert [length > timedelta(days=365) for length in busy(app)] == [True]
    upkeep.run(app)
    assert busy(app) == [timedelta(hours=1)]


def test_one_process_at_a_time_looks_after_a_site(app: Adapters, clock: Clock) -> None:
    store_item(app, "ada/calendar", "daily", DAILY)
    clock.now += timedelta(days=400)
    with app.store.alone("upkeep"):
        upkeep.run(app)
    assert busy(app) != [timedelta(hours=1)]


def test_extending_is_no_change_that_a_client_must_fetch(app: Adapters, clock: Clock) -> None:
    store_item(app, "ada/calendar", "daily", DAILY)
    with app.store.read() as uow:
        before = uow.collections.get("ada/calendar")
    clock.now += timedelta(days=400)
    upkeep.extend_instances(app)
    with app.store.read() as uow:
        assert uow.collections.get("ada/calendar") == before


def test_nobody_waits_while_a_series_is_read_and_a_newer_text_is_kept(app: Adapters, clock: Clock) -> None:
    """Else whoever writes would wait for the series of everybody, which are all due in the same days."""
    @dataclass
    class Slow:
        inner: Any
        reads: int = 0

        def index(self, text: str, *, now: datetime, owner: Principal | None) -> ItemIndex:
            self.reads += 1
            if self.reads == 1:
                store_item(app, "ada/calendar", "daily", weekly)
            return self.inner.index(text, now=now, owner=owner)

    weekly = DAILY.replace("DAILY", "WEEKLY")
    store_item(app, "ada/calendar", "daily", DAILY)
    clock.now += timedelta(days=400)
    slow = Slow(app.calendar)
    assert upkeep.extend_instances(replace(app, calendar=slow)) == 0
    with app.store.read() as uow:
        rows = uow.connection.run("SELECT count(*) FROM instance JOIN item ON item.id = item_id WHERE text = :text",
                                  {"text": weekly})
    assert 100 < rows[0][0] < 200
    assert slow.reads == 1
