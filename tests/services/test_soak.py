"""Whatever invitees and hosts do in whatever order, no two live occupancies overlap."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from radicale_booking import wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.errors import IllegalTransition, SlotTaken
from radicale_booking.services import accounts, booking, event_types, life
from tests.services.calendars import NINE, draw_hours, event, item_text, remove_item, store_item, wish
from tests.services.conftest import Clock, settings_in
from tests.services.overlaps import live_count, overlaps

DAY = Interval(datetime(2030, 1, 8, tzinfo=UTC), datetime(2030, 1, 9, tzinfo=UTC))
GRID = st.integers(0, 11).map(lambda step: NINE + step * timedelta(minutes=15))
SLUGS = st.sampled_from(["talk", "buffered", "asked"])


class BookingMachine(RuleBasedStateMachine):
    """A host with three event types, invitees who book and cancel, and a host who moves and deletes."""

    uids = Bundle("uids")

    @initialize()
    def make_host(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.app = wiring.adapters(settings_in(Path(self.folder.name)), Clock())
        self.app.store.migrate()
        accounts.add_user(self.app, "ada", "ada@example.org", "Europe/Berlin", "secret", host=True)
        step = timedelta(minutes=15)
        for event_type in (
            EventType("ada", "talk", "Talk", timedelta(minutes=30), step=step),
            EventType("ada", "buffered", "Buffered", timedelta(minutes=30), step=step, buffer_before=step,
                      buffer_after=step),
            EventType("ada", "asked", "Asked", timedelta(minutes=45), step=step, confirmation=True),
        ):
            event_types.add(self.app, event_type)
        draw_hours(self.app, "hours", NINE, timedelta(hours=3))

    @rule(target=uids, start=GRID, slug=SLUGS)
    def reserve(self, start: datetime, slug: str) -> object:
        offered = start in {slot.start for slot in booking.open_slots(self.app, "ada", slug, DAY)}
        if offered:
            return booking.reserve(self.app, wish(start, slug=slug)).uid
        with pytest.raises(SlotTaken) as refused:
            booking.reserve(self.app, wish(start, slug=slug))
        shown = {slot.start for slot in booking.open_slots(self.app, "ada", slug, DAY)}
        assert set(refused.value.alternatives) <= shown
        return multiple()

    @rule(uid=uids)
    def cancel(self, uid: str) -> None:
        live = booking.reservation(self.app, uid).live
        try:
            life.cancel(self.app, uid, "invitee")
        except IllegalTransition:
            assert not live
        assert not booking.reservation(self.app, uid).live

    @rule(uid=uids, start=GRID, length=st.sampled_from([15, 30, 60]),
          status=st.sampled_from(["", "STATUS:CONFIRMED\r\n", "STATUS:CANCELLED\r\n"]))
    def host_writes(self, uid: str, start: datetime, length: int, status: str) -> None:
        if item_text(self.app, "ada/calendar", uid) is None:
            return
        before = booking.reservation(self.app, uid)
        try:
            store_item(self.app, "ada/calendar", uid, event(uid, start, timedelta(minutes=length), "Talk", status))
        except SlotTaken:
            assert booking.reservation(self.app, uid) == before
            return
        after = booking.reservation(self.app, uid)
        assert not after.live or (after.start, after.end) == (start, start + timedelta(minutes=length))

    @rule(uid=consumes(uids))
    def host_deletes(self, uid: str) -> None:
        if item_text(self.app, "ada/calendar", uid) is not None:
            remove_item(self.app, "ada/calendar", uid)
        assert not booking.reservation(self.app, uid).live

    @rule(start=GRID)
    def host_adds_an_own_event(self, start: datetime) -> None:
        store_item(self.app, "ada/calendar", "own", event("own", start, timedelta(minutes=30), "Dentist"))

    @invariant()
    def nothing_overlaps(self) -> None:
        if not hasattr(self, "app"):
            return
        database = self.app.settings.database
        assert overlaps(database) == []
        assert live_count(database) == sum(found.live for found in booking.reservations(self.app))

    def teardown(self) -> None:
        if hasattr(self, "app"):
            self.app.store.close()
            self.folder.cleanup()


TestBooking = BookingMachine.TestCase
TestBooking.settings = settings(max_examples=20, stateful_step_count=25, deadline=None,
                                suppress_health_check=list(HealthCheck))
