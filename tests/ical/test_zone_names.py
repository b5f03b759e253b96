"""TZIDs as programs write them, and what they mean in an event."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import expand
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reader import read_components
from radicale_booking.ical.zone_names import iana, unambiguous

FRAME = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
SUMMER = datetime(2026, 7, 1, 8, tzinfo=UTC)  # ten in Berlin


def zone_block(tzid: str, offset: str = "+0500") -> str:
    return (f"BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\n"
            f"TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")


def event(parameter: str, blocks: str = "", wall: str = "20260701T100000") -> str:
    return (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{blocks}BEGIN:VEVENT\r\nUID:u\r\n"
            f"DTSTAMP:20260101T000000Z\r\nDTSTART;TZID={parameter}:{wall}\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def start(text: str) -> datetime:
    (instance,) = expand(read_components(text), FRAME, ZoneInfo("Pacific/Auckland")).instances
    return instance.start


@pytest.mark.parametrize(("name", "zone"), [
    ("Europe/Berlin", "Europe/Berlin"), ("UTC", "UTC"), ("Etc/GMT-2", "Etc/GMT-2"), ("US/Eastern", "US/Eastern"),
    ("W. Europe Standard Time", "Europe/Berlin"), ("Eastern Standard Time", "America/New_York"),
    ("GMT Standard Time", "Europe/London"), ("India Standard Time", "Asia/Calcutta"),
    ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
    ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
    ("/citadel.org/20190914_1/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
    ("/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York"),
    ("Mars/Olympus", None), ("", None), ("CustomZone", None), ("x/Europe/Berlin", None), ("europe berlin", None),
    ("../../etc/passwd", None), ("/etc/passwd", None),
])
def test_a_name(name: str, zone: str | None) -> None:
    assert iana(name) == zone


@pytest.mark.parametrize("parameter", [
    "Europe/Berlin", '"Europe/Berlin"', "W. Europe Standard Time", '"W. Europe Standard Time"',
    "/freeassociation.sourceforge.net/Europe/Berlin",
])
@pytest.mark.parametrize("defined", [False, True])
def test_a_known_name_means_that_zone_whatever_the_object_defines(parameter: str, defined: bool) -> None:
    blocks = zone_block(parameter.strip('"')) if defined else ""
    assert start(event(parameter, blocks)) == SUMMER


@pytest.mark.parametrize("name", ["Customized Time Zone", "(UTC+01:00) Amsterdam, Berlin", "My\\, zone"])
def test_another_name_is_what_the_object_defines(name: str) -> None:
    parameter = '"' + name.replace("\\", "") + '"'
    assert start(event(parameter, zone_block(name, "+0500"))) == datetime(2026, 7, 1, 5, tzinfo=UTC)
    # The same name in another object is another zone.
    assert start(event(parameter, zone_block(name, "-0300"))) == datetime(2026, 7, 1, 13, tzinfo=UTC)
    assert start(event(parameter, zone_block(name, "+0500"))) == datetime(2026, 7, 1, 5, tzinfo=UTC)


def test_several_zones_of_one_object_stay_apart() -> None:
    blocks = zone_block("one", "+0100") + zone_block("two", "+0200")
    assert start(event("one", blocks)) == datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert start(event("two", blocks)) == datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_a_folded_name_is_one_name() -> None:
    folded = event("/freeassociation.sourceforge.net/Europe/\r\n Berlin")
    assert start(folded) == SUMMER


def test_a_name_that_nothing_defines_is_refused() -> None:
    for text in (event("Mars/Olympus"), event("two", zone_block("one"))):
        with pytest.raises(InvalidCalendar) as refused:
            read_components(text)
        assert "nobody defines" in refused.value.problem


def test_a_zone_of_its_own_may_change_its_clocks() -> None:
    block = ("BEGIN:VTIMEZONE\r\nTZID:Ours\r\n"
             "BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
             "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n"
             "BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
             "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")
    berlin = ZoneInfo("Europe/Berlin")
    for month, day in ((1, 15), (3, 28), (3, 30), (7, 1), (10, 24), (10, 26), (12, 31)):
        wall = datetime(2026, month, day, 10, tzinfo=berlin)
        assert start(event("Ours", block, f"{wall:%Y%m%dT%H%M%S}")) == wall


def test_what_names_no_zone_is_left_alone() -> None:
    text = event("Europe/Berlin").replace(";TZID=Europe/Berlin", "")
    assert unambiguous(text) == text
    assert start(text) == datetime(2026, 6, 30, 22, tzinfo=UTC)  # floating: ten in the host's Auckland
