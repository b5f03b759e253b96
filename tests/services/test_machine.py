"""Whatever invitees, hosts and time do in whatever order: reservations, times, objects and the audit trail agree."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import icalendar
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from radicale_booking import wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.team import Team
from radicale_booking.errors import BookingError
from radicale_booking.services import accounts, booking, event_types, life, upkeep
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, NOW, audited, event, objects, remove_item, store_item, wish
from tests.services.conftest import Clock, settings_in
from tests.services.overlaps import overlaps

HALF_HOUR = timedelta(minutes=30)
HOSTS = ("ada", "ben")
EVENT_TYPES = (
    EventType("ada", "talk", "Talk", HALF_HOUR, buffer_after=timedelta(minutes=10)),
    EventType("ada", "asked", "Asked", HALF_HOUR, confirmation=True, decision_time=timedelta(hours=5)),
    EventType("ada", "both", "Both", HALF_HOUR, team=Team("collective", HOSTS)),
    EventType("ada", "turns", "Turns", HALF_HOUR, team=Team("round-robin", HOSTS), limit_per_day=4),
    EventType("ada", "group", "Group", HALF_HOUR, seats=3),
    EventType("ada", "series", "Series", HALF_HOUR, repeat_every="day", repeat_most=3),
)
SLUGS = st.sampled_from([event_type.slug for event_type in EVENT_TYPES])
TIMES = st.builds(lambda day, slot: NINE + timedelta(days=day) + slot * HALF_HOUR, st.integers(0, 2), st.integers(0, 5))
GUESTS = st.integers(1, 4).map(lambda number: f"guest{number}@example.org")
FOUND = st.integers(0, 40)
ALWAYS = Interval(NOW - timedelta(days=60), NOW + timedelta(days=60))


class Life(RuleBasedStateMachine):
    undone = Bundle("undone")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.app: Adapters = wiring.adapters(settings_in(Path(self.folder.name)), self.clock)
        self.app.store.migrate()

    @initialize()
    def hosts(self) -> None:
        with self.app.store.write() as uow:
            for name in HOSTS:
                uow.principals.add(Principal(name, f"{name}@example.org", timezone="Europe/Berlin", host=True))
                principal = uow.principals.get(name)
                assert principal is not None
                accounts.make_collections(uow, principal)
        for event_type in EVENT_TYPES:
            event_types.add(self.app, event_type)
        for name in HOSTS:
            store_item(self.app, f"{name}/bookable", f"hours-{name}",
                       event(f"hours-{name}", NINE, timedelta(hours=3), extra="RRULE:FREQ=DAILY;COUNT=6\r\n"))

    def teardown(self) -> None:
        self.app.store.close()
        self.folder.cleanup()

    def all(self) -> list[Reservation]:
        return booking.reservations(self.app)

    def tried(self, call: Any, *arguments: Any, **options: Any) -> Any:
        """What ``call`` gives; None where it is refused, which must have changed nothing."""
        before = self.rows()
        try:
            return call(self.app, *arguments, **options)
        except BookingError:
            assert self.rows() == before
            return None

    def rows(self) -> list[Any]:
        with self.app.store.read() as uow:
            return [tuple(row) for table in ("reservation", "occupancy", "item", "instance", "outbox", "audit", "seat")
                    for row in uow.connection.run(f"SELECT * FROM {table} ORDER BY rowid", {})]

    @rule(slug=SLUGS, start=TIMES, email=GUESTS, count=st.integers(1, 3))
    def book(self, slug: str, start: Any, email: str, count: int) -> None:
        request = replace(wish(start, slug=slug, email=email), occurrences=count if slug == "series" else 1)
        offered = any(slot.start == start for slot in booking.open_slots(self.app, "ada", slug, ALWAYS))
        seated = any(found.slug == slug and found.start == start and found.live for found in self.all())
        booked = self.tried(booking.reserve, request)
        assert booked is None or offered
        if count == 1 and not seated:
            assert (booked is not None) == offered

    @rule(number=FOUND)
    def cancel(self, number: int) -> None:
        if self.all():
            self.tried(life.cancel, self.all()[number % len(self.all())].uid, "invitee")

    @rule(number=FOUND, start=TIMES)
    def reschedule(self, number: int, start: Any) -> None:
        if self.all():
            self.tried(life.reschedule, self.all()[number % len(self.all())].uid, start, "invitee")

    @rule(number=FOUND, answer=st.sampled_from(["confirm", "decline"]))
    def decide(self, number: int, answer: str) -> None:
        pending = [found for found in self.all() if found.status == "pending"]
        if pending:
            self.tried(life.decide, pending[number % len(pending)].uid, answer, "ada")

    @rule(hours=st.integers(1, 8))
    def time_passes(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)
        upkeep.run(self.app)

    @rule(number=FOUND, start=TIMES, host=st.sampled_from(HOSTS))
    def host_moves(self, number: int, start: Any, host: str) -> None:
        single = [found for found in self.all() if found.live and found.series is None and host in found.hosts]
        if single:
            found = single[number % len(single)]
            status = "TENTATIVE" if found.status == "pending" else "CONFIRMED"
            self.tried(store_item, f"{host}/calendar", found.uid,
                       event(found.uid, start, HALF_HOUR, "Moved", f"STATUS:{status}\r\n"))

    @rule(number=FOUND, by=st.sampled_from([HALF_HOUR, timedelta(days=1), -timedelta(days=1)]))
    def host_moves_series(self, number: int, by: timedelta) -> None:
        series = [found for found in self.all() if found.live and found.series is not None]
        if series:
            uid = series[number % len(series)].calendar_uid
            calendar = icalendar.Calendar.from_ical(objects(self.app, "ada")[uid])
            for part in calendar.walk("VEVENT"):
                for name in ("DTSTART", "DTEND", *(["RECURRENCE-ID"] if "RECURRENCE-ID" in part else [])):
                    value = part.pop(name).dt
                    part.add(name, value + by)
                if "EXDATE" in part:
                    dates = part.pop("EXDATE")
                    for group in dates if isinstance(dates, list) else [dates]:
                        part.add("EXDATE", [one.dt + by for one in group.dts])
            self.tried(store_item, "ada/calendar", uid, calendar.to_ical().decode())

    @rule(target=undone, number=FOUND, host=st.sampled_from(HOSTS))
    def host_deletes(self, number: int, host: str) -> Any:
        kept = sorted(objects(self.app, host).items())
        if not kept:
            return multiple()
        uid, text = kept[number % len(kept)]
        remove_item(self.app, f"{host}/calendar", uid)
        return (host, uid, text)

    @rule(deleted=consumes(undone))
    def host_undoes(self, deleted: tuple[str, str, str]) -> None:
        host, uid, text = deleted
        if uid not in objects(self.app, host):
            self.tried(store_item, f"{host}/calendar", uid, text)
            ended = [found for found in self.all() if found.calendar_uid == uid and not found.live]
            if ended and uid in objects(self.app, host):
                # A program wrote what is over, which only the program's owner can take away again.
                remove_item(self.app, f"{host}/calendar", uid)

    @invariant()
    def no_two_live_times_overlap(self) -> None:
        assert overlaps(self.app.settings.database) == []
        with self.app.store.read() as uow:
            occupied = {(host, row.uid) for host in HOSTS for row in uow.reservations.occupancies(host, ALWAYS)}
        assert occupied == {(host, found.uid) for found in self.all() if found.live for host in found.hosts}

    @invariant()
    def objects_say_what_is_booked(self) -> None:
        for host in HOSTS:
            live = [found for found in self.all() if found.live and host in found.hosts]
            assert sorted(objects(self.app, host)) == sorted({found.calendar_uid for found in live})
            with self.app.store.read() as uow:
                principal = uow.principals.get(host)
                assert principal is not None
                assert principal.id is not None
                busy = [(row.uid, row.interval) for row in uow.instances.busy(principal.id, ALWAYS)]
            assert sorted(busy) == sorted((found.calendar_uid, Interval(found.start, found.end)) for found in live)

    @invariant()
    def the_audit_trail_has_every_change(self) -> None:
        """Each change is there, and the last one led to the status; of a series the first stands for all at first."""
        for found in self.all():
            changes = [action for action in audited(self.app, found.uid) if action not in ("join", "leave")]
            booked = changes[:1] in (["book"], ["request"])
            assert booked or found.series is not None
            assert found.sequence >= len(changes) - booked
            assert not changes or changes[-1] in _LAST[found.status]


_LAST = {
    "pending": ("request", "reschedule", "resume"),
    "confirmed": ("book", "confirm", "reschedule", "reinstate"),
    "cancelled": ("cancel",),
    "declined": ("decline",),
    "expired": ("expire",),
}

TestLife = Life.TestCase
TestLife.settings = settings(max_examples=12, stateful_step_count=25, deadline=None,
                             suppress_health_check=list(HealthCheck))
