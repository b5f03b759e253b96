"""A booking that PostgreSQL undoes for another's sake is made again, and told to nobody twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from radicale_booking.errors import TransactionUndone
from radicale_booking.services import booking, life
from radicale_booking.services.adapters import Adapters
from tests.postgres import Server
from tests.services.calendars import NINE, audited, mails, wish
from tests.undone import DEADLOCK, DEATH, SERIALISATION, tries, undo

HALF_HOUR = timedelta(minutes=30)
@pytest.fixture
def database(postgres_server: Server, postgres_template: str) -> str:
    """One that nobody uses again."""
    return postgres_server.create(postgres_template)


@pytest.mark.parametrize("how", [DEADLOCK, SERIALISATION, DEATH])
@pytest.mark.parametrize("table", ["reservation", "occupancy", "outbox"])
def test_a_booking_that_was_undone_is_made_again(app: Adapters, how: str, table: str) -> None:
    undo(app.settings.database, 2, how, table)
    booked = booking.reserve(app, wish(NINE))
    assert [found.uid for found in booking.reservations(app)] == [booked.uid]
    assert audited(app, booked.uid) == ["book"]
    assert mails(app).count("book") == 1


def test_the_third_time_it_is_told(app: Adapters) -> None:
    undo(app.settings.database, 100, DEADLOCK, "reservation")
    with pytest.raises(TransactionUndone) as refused:
        booking.reserve(app, wish(NINE))
    assert refused.value.retry_after_seconds > 0
    assert tries(app.settings.database) == 3
    assert booking.reservations(app) == []


@pytest.mark.parametrize("change", [
    lambda app, uid: life.cancel(app, uid, "page"),
    lambda app, uid: life.reschedule(app, uid, NINE + HALF_HOUR, "page"),
])
def test_a_change_that_was_undone_is_made_again(app: Adapters, change: Callable[[Adapters, str], object]) -> None:
    booked = booking.reserve(app, wish(NINE))
    undo(app.settings.database, 2, DEADLOCK, "reservation")
    change(app, booked.uid)
    assert tries(app.settings.database) >= 3
    [found] = booking.reservations(app)
    assert (found.live, found.start) != (True, NINE)
