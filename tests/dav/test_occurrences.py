"""REPORTs whose calendar data is expanded (RFC 4791 §9.6.5)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.dav.conftest import NINE, Site, event

PATH = "/bob/all/"
C = "{urn:ietf:params:xml:ns:caldav}"
DAY = timedelta(days=1)


def stamp(days: int) -> str:
    return f"{NINE + days * DAY:%Y%m%dT%H%M%SZ}"


def query(site: Site, component: str, first: int, last: int, *, multiget: bool = False) -> list[list[tuple[str, ...]]]:
    """For each object the starts, original starts and titles of its occurrences from day ``first`` to ``last``."""
    frame = f'start="{stamp(first)}" end="{stamp(last)}"'
    props = f"<D:prop><D:getetag/><C:calendar-data><C:expand {frame}/></C:calendar-data></D:prop>"
    kind, rest = ("calendar-multiget", f"<D:href>{PATH}e.ics</D:href>") if multiget else (
        "calendar-query", f'<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="{component}">'
        f"<C:time-range {frame}/></C:comp-filter></C:comp-filter></C:filter>")
    body = f'<C:{kind} xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{props}{rest}</C:{kind}>'
    answer = site["bob"].request("REPORT", PATH, body, Depth="1")
    assert answer.status == 207
    texts = [element.text or "" for element in answer.xml.iter(f"{C}calendar-data")]
    assert not [text for text in texts if re.search("^(RRULE|TZID|BEGIN:VTIMEZONE)", text, re.MULTILINE)]
    return [[tuple(re.findall(r"^(?:DTSTART|RECURRENCE-ID|SUMMARY)[;:](.*?)\r?$", part, re.MULTILINE))
             for part in text.split(f"BEGIN:{component}")[1:]] for text in texts]


def put(site: Site, text: str) -> None:
    assert site["bob"].request("MKCALENDAR", PATH).status == 201
    assert site["bob"].request("PUT", f"{PATH}e.ics", text, Content_Type="text/calendar").status == 201


@pytest.mark.parametrize("component", ["VEVENT", "VTODO"])
@pytest.mark.parametrize("multiget", [False, True])
def test_a_series_is_shown_by_its_occurrences(site: Site, component: str, multiget: bool) -> None:
    text = event("u1", NINE, "RRULE:FREQ=DAILY").replace("VEVENT", component)
    put(site, text if component == "VEVENT" else text.replace("DTEND", "DUE"))
    (found,) = query(site, component, 5, 7, multiget=multiget)
    assert [set(one) for one in found] == [{stamp(5), "Meeting"}, {stamp(6), "Meeting"}]
    assert [len(one) for one in found] == [3, 3]


def test_an_instance_without_its_series_is_shown(site: Site) -> None:
    put(site, event("u1", NINE + 2 * DAY, f"RECURRENCE-ID:{stamp(1)}"))
    ((found,),) = query(site, "VEVENT", 0, 5)
    assert sorted(found) == [stamp(1), stamp(2), "Meeting"]
    assert query(site, "VEVENT", 3, 5) == []


def test_a_changed_instance_replaces_that_of_the_series(site: Site) -> None:
    series = event("u1", NINE, "RRULE:FREQ=DAILY", f"EXDATE:{stamp(3)}")
    changed = event("u1", NINE + 2 * DAY, f"RECURRENCE-ID:{stamp(1)}", summary="Moved")
    part = changed[changed.index("BEGIN:VEVENT"):changed.index("END:VCALENDAR")]
    put(site, series.replace("END:VCALENDAR", part + "END:VCALENDAR"))
    (found,) = query(site, "VEVENT", 1, 5)
    assert {tuple(sorted(one)) for one in found} == {
        (stamp(2), stamp(2), "Meeting"), (stamp(1), stamp(2), "Moved"), (stamp(4), stamp(4), "Meeting")}
