"""A booking that PostgreSQL undoes for another's sake is made again, and told to nobody twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from radicale_booking.errors import TransactionUndone
from radicale_booking.services import booking, life
from radicale_booking.services.adapters import Adapters
from tests.postgres import Server
from tests.services.calendars import NINE, audited, mails, wish

HALF_HOUR = timedelta(minutes=30)
#: A sequence keeps what it counted when the transaction is undone.
_UNDOES = """CREATE SEQUENCE tries;
CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'undone' USING ERRCODE = '{code}'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER undo AFTER INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION undo()"""
DEADLOCK, SERIALISATION = "40P01", "40001"


@pytest.fixture
def database(postgres_server: Server, postgres_template: str) -> str:
    """One that nobody uses again."""
    return postgres_server.create(postgres_template)


def undo(app: Adapters, times: int, code: str = DEADLOCK, table: str = "reservation") -> None:
    """The next so many transactions that write to ``table`` are refused there."""
    with psycopg.connect(app.settings.database) as connection:
        connection.execute(_UNDOES.format(times=times, code=code, table=table).encode())


def tries(app: Adapters) -> int:
    with psycopg.connect(app.settings.database) as connection:
        row = connection.execute("SELECT last_value FROM tries").fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("code", [DEADLOCK, SERIALISATION])
@pytest.mark.parametrize("table", ["reservation", "occupancy", "outbox"])
def test_a_booking_that_was_undone_is_made_again(app: Adapters, code: str, table: str) -> None:
    undo(app, 2, code, table)
    booked = booking.reserve(app, wish(NINE))
    assert [found.uid for found in booking.reservations(app)] == [booked.uid]
    assert audited(app, booked.uid) == ["book"]
    assert mails(app).count("book") == 1


def test_the_third_time_it_is_told(app: Adapters) -> None:
    undo(app, 100)
    with pytest.raises(TransactionUndone) as refused:
        booking.reserve(app, wish(NINE))
    assert refused.value.retry_after_seconds > 0
    assert tries(app) == 3
    assert booking.reservations(app) == []


@pytest.mark.parametrize("change", [
    lambda app, uid: life.cancel(app, uid, "page"),
    lambda app, uid: life.reschedule(app, uid, NINE + HALF_HOUR, "page"),
])
def test_a_change_that_was_undone_is_made_again(app: Adapters, change: Callable[[Adapters, str], object]) -> None:
    booked = booking.reserve(app, wish(NINE))
    undo(app, 2)
    change(app, booked.uid)
    assert tries(app) >= 3
    [found] = booking.reservations(app)
    assert (found.live, found.start) != (True, NINE)
