"""What is kept of an object, and that nothing a client sends makes it raise."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.item_index import FIRST_EPOCH, LAST_EPOCH, ItemIndex
from radicale_booking.ical import empty_until
from radicale_booking.ical.instances import index

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def indexed(block: str, kind: str = "VEVENT") -> ItemIndex:
    body = block.replace("\n", "\r\n")
    return index(
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:{kind}\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n"
        f"{body}\r\nEND:{kind}\r\nEND:VCALENDAR\r\n",
        now=NOW,
        floating_zone=ZoneInfo("Europe/Berlin"),
        addresses=("mailto:ada@example.org",),
    )


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("block", "busy_type", "cancelled"),
    [
        ("", "BUSY", False),
        ("STATUS:CONFIRMED", "BUSY", False),
        ("STATUS:TENTATIVE", "BUSY-TENTATIVE", False),
        ("STATUS:CANCELLED", "FREE", True),
        ("TRANSP:TRANSPARENT", "FREE", False),
        ("TRANSP:OPAQUE", "BUSY", False),
    ],
)
def test_busy_types(block: str, busy_type: str, cancelled: bool) -> None:
    (row,) = indexed(f"DTSTART:20261110T100000Z\nDTEND:20261110T110000Z\n{block}".strip()).rows
    assert (row.busy_type, row.cancelled) == (busy_type, cancelled)
    assert (row.start_epoch, row.end_epoch) == (epoch("2026-11-10T10:00Z"), epoch("2026-11-10T11:00Z"))


_INVITED = "ORGANIZER:mailto:bob@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\n"


@pytest.mark.parametrize(
    ("block", "busy_type"),
    [
        (_INVITED + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org", "BUSY"),
        (_INVITED + "ATTENDEE;PARTSTAT=declined:MAILTO:Ada@Example.org", "FREE"),
        (_INVITED + "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ada@example.org", "FREE"),
        (_INVITED + "ATTENDEE:mailto:ada@example.org", "FREE"),
        (_INVITED + "ATTENDEE;PARTSTAT=TENTATIVE:mailto:ada@example.org", "BUSY-TENTATIVE"),
        (_INVITED + "ATTENDEE;PARTSTAT=DECLINED:mailto:carol@example.org", "BUSY"),
        ("ORGANIZER:mailto:ada@example.org\nATTENDEE:mailto:ada@example.org", "BUSY"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org", "FREE"),
    ],
)
def test_an_invitation_blocks_once_the_owner_has_accepted_it(block: str, busy_type: str) -> None:
    (row,) = indexed(f"DTSTART:20261110T100000Z\nDTEND:20261110T110000Z\n{block}").rows
    assert row.busy_type == busy_type


def test_floating_and_all_day_times_are_the_hosts() -> None:
    (row,) = indexed("DTSTART:20261110T100000\nDURATION:PT1H").rows
    assert row.start_epoch == epoch("2026-11-10T09:00Z")
    (day,) = indexed("DTSTART;VALUE=DATE:20261110").rows
    assert (day.start_epoch, day.end_epoch, day.all_day) == (
        epoch("2026-11-09T23:00Z"),
        epoch("2026-11-10T23:00Z"),
        True,
    )


def test_only_an_event_without_an_end_is_a_moment() -> None:
    assert indexed("DTSTART:20261110T100000Z").rows[0].moment
    assert not indexed("DTSTART:20261110T100000Z\nDTEND:20261110T100000Z").rows[0].moment
    assert not indexed("DTSTART:20261110T100000Z\nDURATION:PT1H").rows[0].moment


@pytest.mark.parametrize("tzid", ["W. Europe Standard Time", "Europe/Berlin"])
def test_zone_names(tzid: str) -> None:
    assert indexed(f"DTSTART;TZID={tzid}:20261110T100000").rows[0].start_epoch == epoch("2026-11-10T09:00Z")


def test_a_long_series_tells_how_far_it_is_expanded() -> None:
    found = indexed("DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY")
    assert found.first_epoch == epoch("2020-01-01T10:00Z")
    assert found.last_epoch == LAST_EPOCH
    assert found.expanded_from_epoch is not None
    assert found.expanded_until_epoch is not None
    assert len(found.rows) == 366 + 731
    assert all(
        found.expanded_from_epoch <= row.end_epoch and row.start_epoch < found.expanded_until_epoch
        for row in found.rows
    )


def test_a_short_series_is_whole_wherever_it_lies() -> None:
    found = indexed("DTSTART:19990101T100000Z\nRRULE:FREQ=YEARLY;COUNT=100")
    assert (found.expanded_from_epoch, found.expanded_until_epoch, len(found.rows)) == (None, None, 100)


def test_free_busy_periods_block() -> None:
    rows = indexed(
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261110T100000Z/PT1H,20261111T100000Z/20261111T110000Z", "VFREEBUSY"
    ).rows
    assert [(row.busy_type, row.end_epoch - row.start_epoch) for row in rows] == [("BUSY-UNAVAILABLE", 3600)] * 2


@pytest.mark.parametrize(
    "block",
    [
        "",
        "DTSTART:nonsense",
        "RRULE:FREQ=DAILY",
        "DTSTART:20261199T100000Z\nRRULE:FREQ=SECONDLY",
        "DTSTART:20261110T100000Z\nEXDATE:nonsense\nEND:VEVENT\nBEGIN:VEVENT\nUID:u",
    ],
)
def test_what_names_no_time_blocks_all(block: str) -> None:
    found = indexed(block)
    assert found.unreadable
    assert (found.first_epoch, found.last_epoch, found.rows) == (FIRST_EPOCH, LAST_EPOCH, ())


@pytest.mark.parametrize(("block", "first", "last"), [
    ("DTSTART:20261110T100000Z\nEXDATE:nonsense", "2026-11-09T00:00Z", "2026-11-13T00:00Z"),
    ("DTSTART;TZID=Mars/Olympus:20261110T100000\nDTEND;TZID=Mars/Olympus:20261112T100000", "2026-11-09T00:00Z",
     "2026-11-15T00:00Z"),
    ("DTSTART:20261110T100000Z\nDTEND:20261110T090000Z", "2026-11-09T00:00Z", "2026-11-13T00:00Z"),
    ("DTSTART:20261110T100000Z\nEXDATE:nonsense\nDURATION:PT1H", "2026-11-09T00:00Z", None),
    # An alarm's duration is not the event's.
    ("DTSTART:20261110T100000Z\nEXDATE:nonsense\nBEGIN:VALARM\nDURATION:PT1H\nEND:VALARM", "2026-11-09T00:00Z",
     "2026-11-13T00:00Z"),
    # A series blocks from where it begins, however far it goes, and until it ends where it says when.
    ("DTSTART:20261110T100000Z\nRRULE:FREQ=SECONDLY", "2026-11-09T00:00Z", None),
    ("DTSTART:20261110T100000Z\nRRULE:nonsense", "2026-11-09T00:00Z", None),
    ("DTSTART:20261110T100000Z\nrrule:FREQ=DAILY;BYHOUR=99", "2026-11-09T00:00Z", None),
    ("DTSTART:20261110T100000Z\nRRULE:FREQ=SECONDLY;COUNT=3", "2026-11-09T00:00Z", None),
    ("DTSTART:20261110T100000Z\nDTEND:20261111T100000Z\nRRULE:FREQ=SECONDLY;UNTIL=20261120T100000Z",
     "2026-11-09T00:00Z", "2026-12-03T00:00Z"),
    ("DTSTART:20261110T100000Z\nRRULE:FREQ=SECONDLY;UNTIL=20261120\nRRULE:FREQ=DAILY", "2026-11-09T00:00Z", None),
    ("DTSTART:20261110T100000Z\nEXDATE:nonsense\nRDATE:20261001T100000Z,20261\n 112T100000Z", "2026-09-30T00:00Z",
     "2026-12-27T00:00Z"),
    ("DTSTART:20261110T100000Z\nEXDATE:nonsense\nRDATE;VALUE=PERIOD:20261112T100000Z/PT9H", "2026-11-09T00:00Z", None),
])
def test_what_cannot_be_read_blocks_the_time_it_may_cover(block: str, first: str, last: str | None) -> None:
    found = indexed(block)
    assert found.unreadable
    assert (found.first_epoch, found.last_epoch) == (epoch(first), LAST_EPOCH if last is None else epoch(last))


@pytest.mark.parametrize("name", ["DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"])
@pytest.mark.parametrize("zone", ["Mars/Olympus", "Middle-Earth Standard Time", "GMT+25"])
def test_a_zone_that_nobody_defines_fails_closed(name: str, zone: str) -> None:
    block = "DTSTART:20261110T100000Z\nRRULE:FREQ=DAILY;COUNT=3\n"
    value = f"{name};TZID={zone}:20261111T100000"
    found = indexed(value if name == "DTSTART" else block + value)
    assert zone in (found.unreadable or "")
    assert found.rows == ()
    assert found.first_epoch <= epoch("2026-11-11T00:00Z") < epoch("2026-11-12T00:00Z") <= found.last_epoch


def test_one_date_of_several_in_a_zone_that_nobody_defines_is_enough() -> None:
    found = indexed("DTSTART:20261110T100000Z\nRRULE:FREQ=DAILY;COUNT=5\n"
                    "EXDATE;TZID=Mars/Olympus:20261111T100000Z,20261112T100000")
    assert "Mars/Olympus" in (found.unreadable or "")


@given(
    st.text(max_size=200),
    st.sampled_from(["DTSTART", "RRULE", "RDATE", "EXDATE", "DURATION", "RECURRENCE-ID", "DTEND"]),
)
def test_it_never_raises(value: str, name: str) -> None:
    assert isinstance(indexed(f"DTSTART:20261110T100000Z\n{name}:{value}"), ItemIndex)


@pytest.mark.parametrize("text", ["", "BEGIN:VCARD\r\nEND:VCARD\r\n"])
def test_other_objects_have_no_occurrences(text: str) -> None:
    assert index(text, now=NOW, floating_zone=UTC).rows == ()


def test_an_empty_until_is_what_the_library_does_not_read() -> None:
    rule = "BEGIN:VEVENT\r\nRRULE:FREQ=DAILY;COUNT=0;UNTIL=\r\nEND:VEVENT\r\n"
    assert icalendar.Event.from_ical(rule).errors
    assert not icalendar.Event.from_ical(empty_until.repaired(rule)).errors
