"""The free-busy-query REPORT (RFC 4791 §7.10), answered from rows, or from texts where rows do not tell."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from datetime import UTC, datetime, tzinfo
from http import HTTPStatus

from radicale import types, xmlutils

from radicale_booking.dav import calendar_query
from radicale_booking.dav.collection import Collection
from radicale_booking.domain.interval import Interval, merge
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical import instances
from radicale_booking.services import busy
from radicale_booking.services.adapters import Adapters
from radicale_booking.store.unit_of_work import UnitOfWork

REPORT = xmlutils.make_clark("C:free-busy-query")
_FORMAT = "%Y%m%dT%H%M%SZ"


def report(unit_of_work: UnitOfWork, collection: Collection, body: ET.Element) -> types.WSGIResponse | None:
    """The VFREEBUSY of ``collection``; None where the request is another."""
    frame = _frame(body.find(xmlutils.make_clark("C:time-range")))
    if frame is None or collection.tag != "VCALENDAR":
        return None
    bounds = {"collection_id": collection.row.id, "range_start": int(frame.start.timestamp()),
              "range_end": int(frame.end.timestamp())}
    named = calendar_query.named_zone(collection, body)
    elsewhere = named is not None and named != calendar_query.own_zone(collection)
    periods: dict[str, list[Interval]] = defaultdict(list)
    if elsewhere or unit_of_work.one("listing", "undecided", **bounds) is not None:
        _read_texts(unit_of_work, collection, frame, named or calendar_query.own_zone(collection), periods)
    else:
        for row in unit_of_work.query("listing", "busy", **bounds):
            periods[row["busy_type"]].append(_clipped(row["start_epoch"], row["end_epoch"], frame))
        for row in unit_of_work.query("listing", "unreadable", **bounds):
            periods["BUSY-UNAVAILABLE"].append(_clipped(row["first_epoch"], row["last_epoch"], frame))
    headers = {"Content-Type": "text/calendar; charset=utf-8"}
    return int(HTTPStatus.OK), headers, _write(periods, frame, unit_of_work.now).encode(), None


def _read_texts(unit_of_work: UnitOfWork, collection: Collection, frame: Interval, zone: tzinfo,
                periods: dict[str, list[Interval]]) -> None:
    """Add to ``periods`` what takes time in ``frame``, floating times in ``zone``."""
    apart = calendar_query.APART_SECONDS
    addresses = collection.principal.addresses if collection.principal is not None else ()
    found = {row["href"]: row for component in ("VEVENT", "VFREEBUSY") for row in unit_of_work.query(
        "item", "in_range", collection_id=collection.row.id, component=component,
        range_start=int(frame.start.timestamp()) - apart, range_end=int(frame.end.timestamp()) + apart)}
    for row in found.values():
        try:
            for one in instances.within(row["text"], frame, floating_zone=zone, addresses=addresses):
                if one.busy_type != "FREE" and not one.cancelled and one.start_epoch < one.end_epoch:
                    periods[one.busy_type].append(_clipped(one.start_epoch, one.end_epoch, frame))
        except InvalidCalendar:
            first, last = int(frame.start.timestamp()), int(frame.end.timestamp())
            if row["first_epoch"] < last and row["last_epoch"] > first:
                periods["BUSY-UNAVAILABLE"].append(_clipped(row["first_epoch"], row["last_epoch"], frame))


def of_principal(app: Adapters, unit_of_work: UnitOfWork, path: str, body: ET.Element) -> types.WSGIResponse | None:
    """The VFREEBUSY of all calendars of the principal whose home is ``path``; None where the request is another."""
    frame = _frame(body.find(xmlutils.make_clark("C:time-range"))) if body.tag == REPORT else None
    principal = unit_of_work.principals.get(path.strip("/"))
    if frame is None or principal is None:
        return None
    periods: dict[str, list[Interval]] = defaultdict(list)
    for kind, period in busy.merged(busy.times(app, unit_of_work, principal, frame)):
        periods[kind].append(period)
    headers = {"Content-Type": "text/calendar; charset=utf-8"}
    return int(HTTPStatus.OK), headers, _write(periods, frame, unit_of_work.now).encode(), None


def _frame(element: ET.Element | None) -> Interval | None:
    if element is None:
        return None
    try:
        return Interval(*(datetime.strptime(element.get(end, ""), _FORMAT).replace(tzinfo=UTC)
                          for end in ("start", "end")))
    except ValueError:
        return None


def _clipped(start_epoch: int, end_epoch: int, frame: Interval) -> Interval:
    first, last = int(frame.start.timestamp()), int(frame.end.timestamp())
    return Interval(*(datetime.fromtimestamp(epoch, UTC) for epoch in (max(start_epoch, first), min(end_epoch, last))))


def _write(periods: dict[str, list[Interval]], frame: Interval, now: datetime) -> str:
    # One period a line: clients split the value at the slash.
    lines = sorted(f"FREEBUSY;FBTYPE={kind}:{period.start:{_FORMAT}}/{period.end:{_FORMAT}}"
                   for kind, intervals in periods.items() for period in merge(intervals))
    return "\r\n".join([
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//radicale-booking//EN", "BEGIN:VFREEBUSY",
        f"DTSTAMP:{now:{_FORMAT}}", f"DTSTART:{frame.start:{_FORMAT}}", f"DTEND:{frame.end:{_FORMAT}}", *lines,
        "END:VFREEBUSY", "END:VCALENDAR", ""])
