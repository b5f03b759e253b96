"""The quick reader gives what the library's parser gives, or leaves the object to it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.ical import instances, plain_event

DATA = Path(__file__).parent.parent / "data"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ADA = ("mailto:ada@example.org",)
ORDINARY = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART:20260601T080000Z\r\nDTEND:20260601T090000Z\r\n{extra}END:VEVENT\r\nEND:VCALENDAR\r\n")


def both(text: str, addresses: tuple[str, ...] = ADA) -> tuple[ItemIndex, ItemIndex]:
    """What is kept of ``text`` with the quick reader and without it."""
    def index() -> ItemIndex:
        return instances.index(text, now=NOW, floating_zone=ZoneInfo("America/New_York"), addresses=addresses)

    quick = index()
    with mock.patch.object(plain_event, "read", return_value=None):
        return quick, index()


def corpus() -> Iterator[str]:
    for path in sorted(DATA.rglob("*.ics")):
        yield path.read_text(errors="replace")
    for archive in sorted(DATA.rglob("*.zip")):
        with zipfile.ZipFile(archive) as files:
            for name in files.namelist():
                yield files.read(name).decode(errors="replace")


def test_the_corpus_is_read_alike() -> None:
    texts = list(corpus())
    read = [text for text in texts if plain_event.read(text) is not None]
    assert len(read) > 50
    for text in read:
        quick, parsed = both(text)
        assert quick == parsed, text


STARTS = ["DTSTART:20260329T013000Z", "DTSTART:20260601T080000", "DTSTART;VALUE=DATE:20260601", "DTSTART:20260601",
          "DTSTART;TZID=Europe/Berlin:20260329T023000", "DTSTART;TZID=Romance Standard Time:20261025T023000",
          'DTSTART;TZID="Europe/Berlin":20261025T023000', "DTSTART;TZID=Nowhere:20260601T080000",
          "DTSTART:20260230T080000Z", "DTSTART;VALUE=DATE-TIME:20260601T080000Z", "dtstart:20260601T080000Z"]
ENDS = ["", "DTEND:20260601T090000Z", "DTEND:20260601T090000", "DTEND;VALUE=DATE:20260603", "DTEND;VALUE=DATE:20260601",
        "DTEND;TZID=Europe/Berlin:20260329T033000", "DTEND;TZID=Asia/Tehran:20261025T233000", "DURATION:PT1H",
        "DURATION:P1D", "DURATION:P1DT2H", "DURATION:P1W", "DURATION:PT0S", "DURATION:P", "DURATION:-PT1H",
        "DURATION:P1W2D", "DTEND:20200101T000000Z"]
RULES = ["", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=4",
         "RRULE:FREQ=DAILY;UNTIL=20260605", "RRULE:FREQ=WEEKLY;UNTIL=20260701T000000Z;WKST=SU",
         "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "RRULE:FREQ=DAILY;COUNT=0;UNTIL=", "RRULE:FREQ=SECONDLY",
         "RRULE:COUNT=3;FREQ=DAILY", "RRULE:FREQ=DAILY;COUNT=2;COUNT=3", "RRULE:FREQ=MONTHLY;BYMONTHDAY=99",
         "EXDATE:20260602T080000Z", "RDATE:20260607T080000Z", "RECURRENCE-ID:20260601T080000Z"]
REST = ["SUMMARY:Lunch", "SUMMARY;LANGUAGE=de:Ess\\, Pause\\nund \\\\ mehr", "SUMMARY;ENCODING=QUOTED-PRINTABLE:a=20b",
        "STATUS:CANCELLED", "STATUS: tentative", "TRANSP:TRANSPARENT", "CATEGORIES:Away,Home", "CATEGORIES:a\\,b",
        "ORGANIZER:mailto:ADA@example.org", "ORGANIZER:mailto:bob@example.org",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org", "ATTENDEE:mailto:bob@example.org",
        "X-ODD;X-PAR=\"a;b\":c", "DESCRIPTION:a long text\r\n  that is folded", "X BROKEN", "LOCATION:\t", "",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDTSTART:19700101T000000Z\r\nEND:VALARM", "COMMENT:\x0b"]
ZONES = ["",
         "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\n"
             "TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n",
         "BEGIN:VTIMEZONE\r\nTZID:Nowhere\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\n"
         "TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"]


@given(start=st.sampled_from(STARTS), end=st.sampled_from(ENDS), rule=st.sampled_from(RULES),
       rest=st.lists(st.sampled_from(REST), max_size=4), zone=st.sampled_from(ZONES),
       line_end=st.sampled_from(["\r\n", "\n"]))
def test_any_event_is_read_alike(start: str, end: str, rule: str, rest: list[str], zone: str, line_end: str) -> None:
    lines = "\r\n".join(line for line in ["UID:a", start, end, rule, *rest] if line)
    text = (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{zone}BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n"
            "END:VCALENDAR\r\n").replace("\r\n", line_end)
    quick, parsed = both(text)
    assert quick == parsed


@pytest.mark.parametrize("extra", ["", "SUMMARY:a\\, b\r\n", "RRULE:FREQ=DAILY;COUNT=3\r\n", "X-OWN;A=b:c\r\n",
                                   "DESCRIPTION:one\r\n  two\r\n"])
def test_ordinary_events_are_not_left_to_the_library(extra: str) -> None:
    event = plain_event.read(ORDINARY.format(extra=extra))
    assert event is not None
    assert event.component(()) is not None


@pytest.mark.parametrize("extra", ["SUMMARY:a\r\nSUMMARY:b\r\n", "RDATE:20260607T080000Z\r\n", "\x01:a\r\n",
                                   "A LINE\r\n", "BEGIN:VTODO\r\nEND:VTODO\r\n", "RRULE:FREQ=HOURLY\r\n",
                                   "CATEGORIES:a\\,b\r\n"])
def test_what_is_unusual_is_left_to_the_library(extra: str) -> None:
    assert plain_event.read(ORDINARY.format(extra=extra)) is None
