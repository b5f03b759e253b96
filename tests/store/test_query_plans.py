"""What is asked for every page, and every little while, finds its rows by an index: other hosts cost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from radicale_booking.store import sql
from radicale_booking.store.sqlite import SqliteStore
from tests.services.conftest import Clock

_VALUES = {"principal_id": 1, "span_class": 0, "earliest": 0, "range_start": 0, "range_end": 1, "host": "ada",
           "event_type_id": 1, "email": "bob@example.org", "now": 0, "start_epoch": 0, "calendar_uid": "u", "uid": "u",
           "series": "s", "idempotency_key": "k", "reservation_id": 1, "most": 1, "slug": "talk", "id": 1,
           "until_epoch": 1, "path": "ada", "below": "ada/", "above": "ada0"}
_QUERIES = [("instance", name) for name in ("busy", "blocking_items", "windows", "all_day", "titles")] + [
    ("reservation", name) for name in ("get_by_uid", "by_idempotency_key", "at", "of_object", "of_series", "expired",
                                       "of_invitee", "occupancies", "booked", "seat", "seats", "seats_taken")] + [
    ("event_type", name) for name in ("get", "all", "booked", "hosts")] + [
    ("principal", "by_email"), ("principal", "with_agenda"), ("collection", "claim_principal"), ("item", "behind"),
    ("webhook", "of_reservation"), ("figures", "outbox"), ("figures", "unreadable"), ("figures", "reservations")]
#: Of what is in one of these there is little, however large the table is: ``reach`` is three constant rows.
_SMALL = ("CONSTANT ROW", "SCAN reach", "principal_agenda", "outbox_due", "outbox_failed", "item_unreadable")


@pytest.mark.parametrize(("noun", "name"), _QUERIES)
def test_no_query_of_a_page_reads_a_whole_table(tmp_path: Path, noun: str, name: str) -> None:
    store = SqliteStore(tmp_path / "plans.sqlite", clock=Clock())
    store.migrate()
    with store.read() as uow:
        query = sql.load(noun, "sqlite")[name]
        plan = [row["detail"] for row in uow.connection.run(f"EXPLAIN QUERY PLAN {query}", _VALUES)]
    store.close()
    assert plan
    assert [step for step in plan if step.startswith("SCAN") and not any(part in step for part in _SMALL)] == []
