"""A PostgreSQL database that undoes what is written to it, a number of times."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from radicale_booking.store.postgres import PostgresConnection

#: How: by an error that it raises, or by the death of the session.
DEADLOCK = "RAISE EXCEPTION 'undone' USING ERRCODE = '40P01'"
SERIALISATION = "RAISE EXCEPTION 'undone' USING ERRCODE = '40001'"
DEATH = "PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"

#: A sequence keeps what it counted when the transaction is undone.
_FUNCTION = """CREATE SEQUENCE tries;
CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') <= {times} THEN {how}; END IF;
    RETURN NULL;
END $$;
"""
_TRIGGER = """CREATE TRIGGER undo_{table} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT
    EXECUTE FUNCTION undo();
"""
_AT_COMMIT = """CREATE CONSTRAINT TRIGGER undo_{table} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION undo();
"""


def undo(database: str, times: int, how: str, *tables: str, at_commit: bool = False) -> None:
    """The next so many writes to ``tables`` end their transaction, at once or when it commits."""
    triggers = "".join((_AT_COMMIT if at_commit else _TRIGGER).format(table=table) for table in tables)
    with psycopg.connect(database) as connection:
        connection.execute((_FUNCTION.format(times=times, how=how) + triggers).encode())


def undo_again(database: str) -> None:
    """Count from the start."""
    with psycopg.connect(database) as connection:
        connection.execute("SELECT setval('tries', 1, false)")


def tries(database: str) -> int:
    """How many writes there were."""
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT last_value FROM tries").fetchone()
        assert row is not None
        return int(row[0])


def sessions_die(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every fourth transaction from now on is the last of its session, which the server ends at the first statement;
    the statements that were asked then."""
    died: list[str] = []
    numbers = itertools.count()

    def dying(method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(self: PostgresConnection, statement: str, parameters: Any) -> Any:
            if "number" not in self.__dict__:
                self.__dict__["number"] = next(numbers)
                if self.__dict__["number"] % 4 == 0:
                    died.append(statement)
                    return run(self, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)", {})
            return method(self, statement, parameters)
        return asked

    run = PostgresConnection.run
    monkeypatch.setattr(PostgresConnection, "run", dying(run))
    monkeypatch.setattr(PostgresConnection, "change", dying(PostgresConnection.change))
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    return died
