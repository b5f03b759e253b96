"""The repositories on a real database of each engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.item_index import InstanceRow, ItemIndex
from radicale_booking.domain.location import Location
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.question import Question
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.seat import Seat
from radicale_booking.domain.team import Team
from radicale_booking.errors import NotFound
from radicale_booking.store.collections import CollectionRow
from radicale_booking.store.engine import open_store
from radicale_booking.store.items import ItemRow
from radicale_booking.store.unit_of_work import OverlapRefused, UnitOfWork

NOW = datetime(2030, 1, 7, 8, tzinfo=UTC)
NINE = datetime(2030, 1, 8, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TALK = EventType("ada", "talk", "Talk", HOUR, buffer_before=timedelta(minutes=15), buffer_after=timedelta(minutes=30))


@pytest.fixture
def uow(database: str) -> Iterator[UnitOfWork]:
    """A write transaction with the host ada, who has a calendar and bookable hours."""
    store = open_store(database, clock=lambda: NOW)
    store.migrate()
    with store.write(actor="test") as unit_of_work:
        unit_of_work.principals.add(Principal("ada", "Ada@example.org", timezone="Europe/Berlin", host=True))
        unit_of_work.collections.add("ada")
        unit_of_work.collections.add("ada/calendar", "VCALENDAR", {"D:displayname": "Calendar"}, "default")
        unit_of_work.collections.add("ada/bookable", "VCALENDAR", {"C:schedule-calendar-transp": "transparent"},
                                     "bookable")
        yield unit_of_work
    store.close()


def collection(uow: UnitOfWork, path: str = "ada/calendar") -> CollectionRow:
    found = uow.collections.get(path)
    assert found is not None
    return found


def ada(uow: UnitOfWork) -> int:
    principal = uow.principals.get("ada")
    assert principal is not None
    assert principal.id is not None
    return principal.id


def row(start: datetime, length: timedelta = HOUR, busy_type: str = "BUSY", **fields: object) -> InstanceRow:
    epoch = int(start.timestamp())
    return InstanceRow(epoch, epoch + int(length.total_seconds()), busy_type, **fields)  # type: ignore[arg-type]


def put(uow: UnitOfWork, name: str, *rows: InstanceRow, path: str = "ada/calendar",
        unreadable: str | None = None) -> ItemRow:
    index = ItemIndex(min((r.start_epoch for r in rows), default=0), max((r.end_epoch for r in rows), default=0),
                      rows=() if unreadable else rows, unreadable=unreadable)
    return uow.items.store(collection(uow, path).id, href=f"{name}.ics", uid=name, name="VCALENDAR",
                           component="VEVENT", text=f"text of {name}", index=index)


def reservation(start: datetime, uid: str, **fields: object) -> Reservation:
    return replace(Reservation("ada", "talk", "Talk", uid, "confirmed", start, start + HOUR, "Bob", "bob@example.org",
                               NOW, NOW), **fields)  # type: ignore[arg-type]


def test_principals_are_found_by_name_and_address(uow: UnitOfWork) -> None:
    found = uow.principals.by_email("ada@EXAMPLE.org")
    assert found is not None
    assert (found.name, found.timezone, found.host) == ("ada", "Europe/Berlin", True)
    uow.principals.update(replace(found, display_name="Ada L."))
    assert [principal.shown_name for principal in uow.principals.all()] == ["Ada L."]
    assert uow.principals.remove("ada")
    assert not uow.principals.remove("ada")
    assert uow.collections.get("ada/calendar") is None


def test_a_new_principal_owns_the_collections_of_its_name(uow: UnitOfWork) -> None:
    for path in ("a_b", "axb"):
        uow.collections.add(path)
        uow.collections.add(f"{path}/work", "VCALENDAR")
    added = uow.principals.add(Principal("a_b"))
    assert added.id is not None
    assert [found.path for found in uow.collections.of_principal(added.id)] == ["a_b/work"]
    assert collection(uow, "axb/work").principal_id is None


def test_collections_form_a_tree(uow: UnitOfWork) -> None:
    assert [child.path for child in uow.collections.children(collection(uow, "ada"))] == ["ada/bookable",
                                                                                         "ada/calendar"]
    found = uow.collections.by_role(ada(uow), "bookable")
    assert found is not None
    assert (found.path, found.transparent, found.principal_id) == ("ada/bookable", True, ada(uow))
    with pytest.raises(NotFound):
        uow.collections.add("eve/calendar")
    uow.collections.remove(collection(uow, "ada"))
    assert uow.collections.get("ada/bookable") is None


def test_properties_are_replaced_and_counted(uow: UnitOfWork) -> None:
    before = collection(uow)
    uow.collections.set_props(before, {"C:schedule-calendar-transp": "C:transparent", "D:displayname": "ü"})
    after = collection(uow)
    assert (after.transparent, after.props["D:displayname"], after.sequence) == (True, "ü", before.sequence + 1)
    assert uow.collections.touch(after.id) == after.sequence + 1


def test_items_are_kept_as_written_and_their_history_too(uow: UnitOfWork) -> None:
    calendar = collection(uow)
    first = put(uow, "one", row(NINE))
    second = put(uow, "two", row(NINE + HOUR))
    assert uow.items.get(calendar.id, "one.ics") == first
    assert uow.items.by_uid(calendar.id, "two") == second
    assert {found.href for found in uow.items.get_many(calendar.id, ["one.ics", "none.ics"])} == {"one.ics"}
    assert uow.items.changes(calendar.id, first.sequence) == ["two.ics"]
    assert uow.items.delete(calendar.id, "one.ics")
    assert not uow.items.delete(calendar.id, "one.ics")
    assert uow.items.get(calendar.id, "one.ics") is None
    assert set(uow.items.changes(calendar.id, second.sequence)) == {"one.ics"}
    again = put(uow, "one", row(NINE))
    assert again.sequence > second.sequence
    assert set(uow.items.changes(calendar.id, second.sequence)) == {"one.ics"}


@pytest.mark.parametrize("length", [HOUR, timedelta(days=20), timedelta(days=400)])
def test_busy_times_are_found_however_long_they_are(uow: UnitOfWork, length: timedelta) -> None:
    put(uow, "own", row(NINE, length, summary="Dentist"))
    principal_id = ada(uow)
    end = NINE + length
    for frame in (Interval(NINE, NINE + HOUR), Interval(end - HOUR, end), Interval(NINE - HOUR, end + HOUR)):
        assert [(busy.interval, busy.summary) for busy in uow.instances.busy(principal_id, frame)] == [
            (Interval(NINE, end), "Dentist")]
    for frame in (Interval(NINE - HOUR, NINE), Interval(end, end + HOUR)):
        assert uow.instances.busy(principal_id, frame) == []


def test_what_is_free_cancelled_or_in_the_bookable_hours_is_not_busy(uow: UnitOfWork) -> None:
    put(uow, "free", row(NINE, busy_type="FREE"))
    put(uow, "cancelled", row(NINE, cancelled=True))
    put(uow, "window", row(NINE, summary="Bookable"), path="ada/bookable")
    frame = Interval(NINE, NINE + HOUR)
    assert uow.instances.busy(ada(uow), frame) == []
    assert [(window.interval, window.summary, window.href) for window in uow.instances.windows(ada(uow), frame)[1]] == [
        (frame, "Bookable", "window.ics")]
    assert uow.instances.titles(ada(uow)) == ["Bookable"]


def test_an_unreadable_item_blocks_what_it_may_cover(uow: UnitOfWork) -> None:
    put(uow, "broken", row(NINE, HOUR * 5), unreadable="no end of recurrence")
    assert [busy.interval for busy in uow.instances.busy(ada(uow), Interval(NINE + HOUR, NINE + 2 * HOUR))] == [
        Interval(NINE, NINE + 5 * HOUR)]


def test_all_day_occurrences_are_found_in_every_calendar(uow: UnitOfWork) -> None:
    day = datetime(2030, 1, 8, tzinfo=UTC)
    put(uow, "away", row(day, timedelta(days=1), "FREE", all_day=True, summary="Away", categories="Trip"))
    found = uow.instances.all_day(ada(uow), Interval(NINE, NINE + HOUR))
    assert [(busy.summary, busy.categories) for busy in found] == [("Away", "Trip")]


def test_event_types_are_read_as_they_were_written(uow: UnitOfWork) -> None:
    uow.principals.add(Principal("bob", host=True))
    minute = timedelta(minutes=1)
    rich = EventType(
        "ada", "rich", "Rich", 45 * minute, "d", (15 * minute, 60 * minute), 10 * minute, 5 * minute, 10 * minute,
        240 * minute, timedelta(days=30), True, date(2026, 11, 1), date(2026, 12, 31), 1, 2, 3, 60, 120, 180, 4, 1,
        True, 90 * minute, True, "week", 2, 6,
        (Question("why", "Why?", "choice", True, ("ä", "b"), "help"),),
        (Location("in_person", "Room"), Location("call_invitee")), True, True, True, "Europe/Paris", "#123456",
        "https://example.org/thanks", {date(2026, 12, 24): ((time(9), time(12)),), date(2026, 12, 25): ()},
        ("ada/calendar",), "ada/work",
        (timedelta(hours=1),), timedelta(hours=2), "Thanks", 30, Team("round-robin", ("bob", "ada"), "fewest"),
        "calendar")
    defaults = EventType("ada", "rich", "Rich", 45 * minute)
    same = {field.name for field in fields(EventType) if getattr(rich, field.name) == getattr(defaults, field.name)}
    assert same == {"host", "slug", "title", "duration", "seats", "id"}
    stored = uow.event_types.add(rich)
    assert uow.event_types.get("ada", "rich") == stored == replace(rich, id=stored.id)
    uow.event_types.update(replace(stored, step=None, hidden=False, team=None))
    changed = uow.event_types.get("ada", "rich")
    assert changed == replace(stored, step=None, hidden=False, team=None)
    assert stored.id is not None
    uow.event_types.remove(stored.id)
    assert uow.event_types.all("ada") == []


def test_a_reservation_occupies_its_time_with_buffers(uow: UnitOfWork) -> None:
    talk = uow.event_types.add(TALK)
    stored = uow.reservations.add(reservation(NINE, "r1"), talk, "key")
    assert uow.reservations.get_by_uid("r1") == stored
    assert uow.reservations.by_idempotency_key(talk, "key") == stored
    assert uow.reservations.at(talk, NINE) == stored
    occupied = Interval(NINE - timedelta(minutes=15), NINE + timedelta(minutes=90))
    [found] = uow.reservations.occupancies("ada", Interval(NINE, NINE + HOUR))
    assert (found.interval, found.uid, found.calendar_uid) == (occupied, "r1", "r1")
    assert uow.reservations.occupancies("ada", Interval(occupied.end, occupied.end + HOUR)) == []


def test_the_database_refuses_overlaps_by_insert_and_by_update(uow: UnitOfWork) -> None:
    talk = uow.event_types.add(TALK)
    uow.reservations.add(reservation(NINE, "r1"), talk)
    later = uow.reservations.add(reservation(NINE + 2 * HOUR, "r2"), talk)
    for start in (NINE, NINE + HOUR, NINE - HOUR, NINE + timedelta(minutes=104)):
        with pytest.raises(OverlapRefused):
            uow.execute("reservation", "move_occupancy", reservation_id=later.id,
                        start_epoch=int((start - TALK.buffer_before).timestamp()),
                        end_epoch=int((start + HOUR + TALK.buffer_after).timestamp()))
    with pytest.raises(OverlapRefused):
        uow.reservations.add(reservation(NINE + HOUR, "r3"), talk)


def test_a_reservation_that_ended_occupies_nothing(uow: UnitOfWork) -> None:
    talk = uow.event_types.add(TALK)
    stored = uow.reservations.add(reservation(NINE, "r1"), talk)
    uow.reservations.set_state(replace(stored, status="cancelled", sequence=1, reason="ill"))
    assert uow.reservations.occupancies("ada", Interval(NINE, NINE + HOUR)) == []
    assert uow.reservations.booked(talk, Interval(NINE, NINE + HOUR)) == []
    uow.reservations.add(reservation(NINE, "r2"), talk)
    assert [found.uid for found in uow.reservations.list("ada", "cancelled")] == ["r1"]
    assert [found.uid for found in uow.reservations.list()] == ["r1", "r2"]
    assert uow.reservations.list("eve") == []


def test_seats_are_counted_by_start(uow: UnitOfWork) -> None:
    talk = uow.event_types.add(replace(TALK, seats=3))
    stored = uow.reservations.add(reservation(NINE, "r1"), talk)
    assert stored.id is not None
    seats = [Seat(stored.id, name, name, f"{name}@example.org", "UTC", "de", "n", {"why": "ä"}, reservation_uid="r1")
             for name in ("one", "two", "three")]
    for seat in seats:
        uow.seats.add(seat, f"key-{seat.uid}")
    uow.seats.cancel("two")
    assert uow.seats.taken(talk, Interval(NINE, NINE + HOUR)) == {NINE: 2}
    assert [seat.uid for seat in uow.seats.of(stored.id)] == ["one", "three"]
    found = [uow.seats.get(seat.uid) for seat in seats]
    ids = [seat.id for seat in found if seat is not None and seat.id is not None]
    assert len(set(ids)) == 3
    assert found == [replace(seats[0], id=ids[0]), replace(seats[1], id=ids[1], status="cancelled"),
                     replace(seats[2], id=ids[2])]
    assert uow.seats.by_key(talk, "key-one") == found[0]


def test_effects_and_deeds_are_kept_in_order(uow: UnitOfWork) -> None:
    uow.outbox.add("mail", "b", "bob@example.org", {"event": "ü"}, due=NOW + HOUR)
    uow.outbox.add("mail", "a", "ada@example.org", {})
    assert [(effect.recipient, effect.due) for effect in uow.outbox.pending()] == [
        ("ada@example.org", NOW), ("bob@example.org", NOW + HOUR)]
    uow.audit.add("book", "r1", {"x": 1})
    uow.audit.add("cancel", "r1")
    assert [(deed.actor, deed.action, deed.at, dict(deed.detail)) for deed in uow.audit.of("r1")] == [
        ("test", "book", NOW, {"x": 1}), ("test", "cancel", NOW, {})]


def test_ranges_reach_as_far_as_clients_ask(uow: UnitOfWork) -> None:
    put(uow, "one", row(NINE))
    for start in (-(2**31), -(2**31) - 1, -62_135_596_800):
        found = uow.items.in_range(collection(uow).id, "VEVENT", start, 253_402_300_799)
        assert [item.href for item, _ in found] == ["one.ics"]
