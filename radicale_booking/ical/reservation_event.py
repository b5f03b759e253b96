"""Reservations as a calendar object, and what a host's edit of it means."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from radicale_booking.domain import civil
from radicale_booking.domain.booked_event import BookedEvent, EventChange
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import Component, expand
from radicale_booking.domain.repetition import starts
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical import new_reservation
from radicale_booking.ical.new_reservation import STATUS, printable
from radicale_booking.ical.reader import component, read_calendar

#: How rules call the units of repetitions.
FREQUENCY = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY"}
_DAY = timedelta(days=1)


def write(booked: BookedEvent) -> str:
    """The new calendar object (RFC 5545 §3.6.1) with the hosts as organizer and participants."""
    first = booked.reservations[0]
    if first.series is None:
        return new_reservation.write(booked)
    # The rule and what departs from it are the library's to write.
    calendar = read_calendar(new_reservation.write(replace(booked, reservations=[first])))
    [event] = calendar.walk("VEVENT")
    return _finished(calendar, event, booked)


def rewrite(text: str, booked: BookedEvent) -> str:
    """``text`` with the times, states and people of ``booked``; all else that the host wrote stays.

    Raises ``InvalidCalendar`` when the object or its event cannot be read.
    """
    calendar = read_calendar(text)
    uid = booked.reservations[0].calendar_uid
    event = next((found for found in calendar.walk("VEVENT")
                  if str(found.get("UID", "")) == uid and "RECURRENCE-ID" not in found), None)
    if event is None:
        raise InvalidCalendar("VEVENT", uid, "is not in the object", "keep the event's UID")
    return _finished(calendar, event, booked)


def _finished(calendar: Any, event: Any, booked: BookedEvent) -> str:
    series = booked.reservations[0].series is not None
    shown = min((found for found in booked.reservations if found.live), default=booked.reservations[0],
                key=lambda found: found.start)
    answers = _answers(event, (booked.reservations[0].recurrence or shown.start) if series else shown.start)
    _set(event, "DTSTAMP", max(found.modified for found in booked.reservations))
    _set(event, "LAST-MODIFIED", max(found.modified for found in booked.reservations))
    _set(event, "SEQUENCE", max(found.sequence for found in booked.reservations))
    _set(event, "STATUS", STATUS.get(shown.status, "CANCELLED"))
    for name in ("DTEND", "DURATION"):
        event.pop(name, None)
    _write_people(event, booked, answers)
    if series:
        _write_series(calendar, event, booked)
    else:
        _set(event, "DTSTART", shown.start)
        _set(event, "DTEND", shown.end)
    calendar.add_missing_timezones()
    return str(calendar.to_ical().decode("utf-8"))


def _write_series(calendar: Any, event: Any, booked: BookedEvent) -> None:
    """The occurrences as a rule where they still follow it, else as dates; what is unlike the first as overrides."""
    first = booked.reservations[0]
    assert first.recurrence is not None  # noqa: S101 - the schema holds it
    length = first.end - first.start
    _set(event, "DTSTART", first.recurrence.astimezone(booked.zone))
    _set(event, "DTEND", _local(first.recurrence + length, booked.zone))
    for name in ("RRULE", "RDATE", "EXDATE"):
        event.pop(name, None)
    recurrences = [found.recurrence for found in booked.reservations if found.recurrence is not None]
    if booked.every and recurrences == starts(recurrences[0], booked.zone, booked.every, booked.interval,
                                              len(recurrences)):
        event.add("RRULE", {"FREQ": FREQUENCY[booked.every], "INTERVAL": booked.interval, "COUNT": len(recurrences)})
    else:
        event.add("RDATE", recurrences[1:])
    written = _Overrides([found for found in calendar.subcomponents
                          if "RECURRENCE-ID" in found and str(found.get("UID", "")) == first.calendar_uid])
    calendar.subcomponents = [found for found in calendar.subcomponents if "RECURRENCE-ID" not in found]
    usual = str(event["STATUS"])
    for reservation, recurrence in zip(booked.reservations, recurrences, strict=True):
        status, kept = STATUS.get(reservation.status), written.at(recurrence)
        if status is None:
            event.add("EXDATE", recurrence.astimezone(booked.zone))
        elif kept is not None or (reservation.start, reservation.end, status) != (
                recurrence, recurrence + length, usual):
            calendar.add_component(_override(event, kept, reservation, recurrence, status, booked.zone))


class _Overrides:
    """The changed occurrences of one event by the starts that its rule gives them (RFC 5545 §3.8.4.4)."""

    def __init__(self, events: Iterable[Any]) -> None:
        self._by_start = {_recurrence(event): event for event in events}
        self._following = sorted(start for start, event in self._by_start.items()
                                 if str(event["RECURRENCE-ID"].params.get("RANGE", "")).upper() == "THISANDFUTURE")

    def own(self, start: datetime) -> Any | None:
        """The one for this occurrence alone, or that begins with it."""
        return self._by_start.get(start)

    def following(self, start: datetime) -> Any | None:
        """The one that changes this occurrence as one of those that come after another."""
        place = bisect_right(self._following, start)
        return self._by_start[self._following[place - 1]] if place else None

    def at(self, start: datetime) -> Any | None:
        """The one that says what this occurrence is like."""
        return self.own(start) or self.following(start)


def _override(event: Any, kept: Any | None, reservation: Reservation, recurrence: datetime, status: str,
              zone: ZoneInfo) -> Any:
    """The occurrence as an event: what the host wrote into it (``kept``) stays, people and times are ours."""
    override = (event if kept is None else kept).copy(recursive=True)
    for name in ("RRULE", "RDATE", "EXDATE", "DURATION"):
        override.pop(name, None)
    answers = _answers(override, reservation.start)
    for name in ("ORGANIZER", "ATTENDEE", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED"):
        override.pop(name, None)
        if name in event:
            override[name] = event[name]
    if not answers and reservation.start != recurrence:
        # Guests have not been asked about this time.
        answers = {str(one).lower(): "NEEDS-ACTION" for one in _attendees(override)
                   if one.params.get("ROLE") == "OPT-PARTICIPANT"}
    _set_answers(override, answers)
    _set(override, "RECURRENCE-ID", recurrence.astimezone(zone))
    _set(override, "STATUS", status)
    _set(override, "DTSTART", _local(reservation.start, zone))
    _set(override, "DTEND", _local(reservation.end, zone))
    return override


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    """``instant`` on the clock of ``zone``, in UTC where that clock shows it for the second time."""
    local = instant.astimezone(zone)
    return instant if local.fold else local


def _answers(event: Any, start: datetime) -> dict[str, str]:
    """What its people have answered, by address in lower case, as far as they were asked about ``start``."""
    try:
        asked = event.start
    except (icalendar.IncompleteComponent, icalendar.InvalidCalendar, ValueError):
        return {}
    if not isinstance(asked, datetime) or asked.tzinfo is None or asked != start:
        return {}
    return {str(one).lower(): str(one.params["PARTSTAT"]) for one in _attendees(event) if "PARTSTAT" in one.params}


def _attendees(event: Any) -> list[Any]:
    found = event.get("ATTENDEE", [])
    return found if isinstance(found, list) else [found]


def _set_answers(event: Any, answers: Mapping[str, str]) -> None:
    """Give back what was answered; the lines of another event are not touched."""
    if not answers or "ATTENDEE" not in event:
        return
    people = [address(str(one).removeprefix("mailto:"), str(one.params.get("CN", "")), {
        **{name: str(value) for name, value in one.params.items() if name != "CN"},
        "PARTSTAT": answers.get(str(one).lower(), str(one.params.get("PARTSTAT", "NEEDS-ACTION")))})
        for one in _attendees(event)]
    event["ATTENDEE"] = people


def _write_people(event: Any, booked: BookedEvent, answers: Mapping[str, str]) -> None:
    organizer, *others = booked.hosts
    event.pop("ATTENDEE", None)
    if organizer.email:
        _set(event, "ORGANIZER", address(organizer.email, organizer.shown_name, {}))
    accepted = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED"}
    for host in (booked.hosts if others else ()):
        if host.email:
            event.add("ATTENDEE", address(host.email, host.shown_name, accepted))
    for invitee in booked.invitees:
        event.add("ATTENDEE", address(invitee.email, invitee.name, accepted))
    for guest in booked.guests:
        event.add("ATTENDEE", address(guest, guest, {**accepted, "ROLE": "OPT-PARTICIPANT",
                                                      "PARTSTAT": "NEEDS-ACTION"}))
    _set_answers(event, answers)


def _set(event: Any, name: str, value: Any) -> None:
    event.pop(name, None)
    event.add(name, value)


def read_changes(text: str, uid: str) -> list[EventChange]:
    """What the event ``uid`` in ``text`` says: itself, or every occurrence of its rule in order, the removed ones too.

    Raises ``InvalidCalendar`` when it has no times or its rule costs too much.
    """
    events = [event for event in read_calendar(text).walk("VEVENT") if str(event.get("UID", "")) == uid]
    master = next((event for event in events if "RECURRENCE-ID" not in event), None)
    if master is None:
        raise InvalidCalendar("VEVENT", uid, "is not in the object", "keep the event's UID")
    if "RRULE" not in master and "RDATE" not in master:
        return [_change(master)]
    return _occurrences(master, _Overrides([event for event in events if event is not master]))


def _occurrences(master: Any, overrides: _Overrides) -> list[EventChange]:
    plain = _change(master)
    read: Component = component(master)
    frame = Interval(plain.start - _DAY, plain.start + 3660 * _DAY)
    found = []
    for instance in expand([replace(read, exdates=frozenset(), exdays=frozenset())], frame, UTC).instances:
        local = civil.wall(instance.start, read.zone or UTC)
        own, following = overrides.own(instance.start), overrides.following(instance.start)
        if own is not None:
            found.append(replace(_change(own), recurrence=instance.start))
            continue
        removed = local in read.exdates or local.date() in read.exdays
        change = (replace(plain, start=instance.start, end=instance.end) if following is None else
                  _shifted(following, instance.start, read.zone or UTC))
        found.append(replace(change, recurrence=instance.start, removed=removed))
    return found


def _shifted(following: Any, start: datetime, zone: tzinfo) -> EventChange:
    """The occurrence that began at ``start``, moved on the wall clock of ``zone`` as the one that it follows."""
    change = _change(following)
    by = civil.wall(change.start, zone) - civil.wall(_recurrence(following), zone)
    moved = civil.to_utc(civil.wall(start, zone) + by, zone)
    return replace(change, start=moved, end=moved + (change.end - change.start))


def _recurrence(event: Any) -> datetime:
    moment = event["RECURRENCE-ID"].dt
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise InvalidCalendar("RECURRENCE-ID", str(moment), "is not a time in a time zone",
                              "keep a booking at a time of the day")
    return moment.astimezone(UTC)


def _change(event: Any) -> EventChange:
    try:
        start, end = event.start, event.end
    except (icalendar.IncompleteComponent, icalendar.InvalidCalendar, ValueError) as error:
        raise InvalidCalendar("VEVENT", str(event.get("UID", "")), str(error), "give it a start and an end") from None
    if not isinstance(start, datetime) or not isinstance(end, datetime) or start.tzinfo is None or end.tzinfo is None:
        raise InvalidCalendar("DTSTART", str(start), "is not a time in a time zone",
                              "keep a booking at a time of the day")
    return EventChange(start.astimezone(UTC), end.astimezone(UTC), str(event.get("STATUS", "")).strip().upper(),
                       int(event.get("SEQUENCE", 0)))


def address(email: str, name: str, parameters: dict[str, str]) -> icalendar.vCalAddress:
    """``email`` with its ``name`` (CN) and further ``parameters``, fit for any text in the name."""
    written = icalendar.vCalAddress(f"mailto:{email}")
    written.params["CN"] = printable(name)
    for key, value in parameters.items():
        written.params[key] = value
    return written
