"""Time goes on: long series are expanded further, and until they are, their time counts as taken."""

from __future__ import annotations

from datetime import timedelta

from radicale_booking.domain.interval import Interval
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


def test_extending_is_no_change_that_a_client_must_fetch(app: Adapters, clock: Clock) -> None:
    store_item(app, "ada/calendar", "daily", DAILY)
    with app.store.read() as uow:
        before = uow.collections.get("ada/calendar")
    clock.now += timedelta(days=400)
    upkeep.extend_instances(app)
    with app.store.read() as uow:
        assert uow.collections.get("ada/calendar") == before
