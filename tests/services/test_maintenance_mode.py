"""The site held still: who is refused what, and that nobody but commands writes in read-only mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from radicale_booking.caretaker import Caretaker
from radicale_booking.errors import InvalidInput, UnderMaintenance
from radicale_booking.notify import incoming
from radicale_booking.services import booking, inbound, maintenance_mode, upkeep
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import Delivery
from radicale_booking.services.webhooks import WebhookChannel
from tests.services.calendars import NINE, audited, wish
from tests.services.conftest import Clock

HALF = timedelta(minutes=30)


def test_nothing_is_booked_in_either_mode(app: Adapters) -> None:
    for mode in maintenance_mode.MODES:
        maintenance_mode.begin(app, mode, "The server moves.")
        with pytest.raises(UnderMaintenance, match="The server moves") as refused:
            booking.reserve(app, wish(NINE))
        assert refused.value.retry_after_seconds == 300
    assert booking.reservations(app) == []
    assert maintenance_mode.end(app)
    assert booking.reserve(app, wish(NINE)).live
    assert audited(app, "closed") == ["maintenance on"]


def test_a_repeated_request_still_hears_of_its_booking(app: Adapters) -> None:
    booked = booking.reserve(app, wish(NINE, key="k"))
    maintenance_mode.begin(app, "closed")
    assert booking.reserve(app, wish(NINE, key="k")).uid == booked.uid


def test_the_mail_server_keeps_its_mail(app: Adapters) -> None:
    maintenance_mode.begin(app, "closed")
    raw = b"From: bob@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHello"
    with pytest.raises(UnderMaintenance):
        inbound.receive(app, "bob@example.org", "ada+talk@book.example.org", raw, incoming.read(raw))
    maintenance_mode.end(app)
    assert inbound.receive(app, "bob@example.org", "ada+talk@book.example.org", raw, incoming.read(raw))


def test_what_is_told_and_since_when(app: Adapters, clock: Clock) -> None:
    settings = replace(app.settings, maintenance_message="From the settings.")
    since = clock.now
    maintenance_mode.begin(replace(app, settings=settings), "closed")
    clock.now += timedelta(hours=1)
    found = maintenance_mode.state(app)
    assert found is not None
    assert (found.mode, found.message, found.since) == ("closed", "From the settings.", since)
    maintenance_mode.begin(app, "read-only", "  Another. ")
    found = maintenance_mode.state(app)
    assert found is not None
    assert (found.mode, found.message, found.since) == ("read-only", "Another.", since)
    with pytest.raises(InvalidInput, match="too long"):
        maintenance_mode.begin(app, "closed", "x" * 1001)


def test_only_commands_write_in_read_only_mode(app: Adapters, clock: Clock) -> None:
    booking.reserve(app, wish(NINE))
    with app.store.write() as uow:
        uow.connection.change("UPDATE outbox SET kind = 'webhook'", {})
    delivery = Delivery(app, WebhookChannel(app), "w", lambda: 0.5, lambda seconds: False)
    due = replace(app.settings, maintenance_hour=clock().astimezone().hour)
    caretaker = Caretaker(replace(app, settings=due), lambda sentence: None)
    maintenance_mode.begin(app, "read-only")
    before = everything(app)
    clock.now += timedelta(days=3)
    upkeep.run(app)
    caretaker._maintain()
    assert delivery.round().claimed == 0
    assert everything(app) == before
    maintenance_mode.end(app)
    clock.now -= timedelta(days=3)
    caretaker._maintain()
    assert everything(app)["audit"] != before["audit"]
    assert delivery.round().claimed > 0


def everything(app: Adapters) -> dict[str, object]:
    with app.store.read() as uow:
        return {table: uow.tables.digest(table) for table in uow.tables.names}
