"""Generated objects and requests: answers written from rows say the same as Radicale's generic code."""

from __future__ import annotations

import itertools
import logging
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
from radicale.config import load
from radicale.item import Item

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from radicale_booking.dav.collection import Collection
from tests.compat import corpus
from tests.compat.dav_client import Client

Pair = tuple[Client, Client]

_FIRST = datetime(2026, 11, 2, tzinfo=UTC)
_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nTZNAME:CET\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n")
_HREFS = ["{}.ics", "with space {}.ics", "ünï-日本-{}.ics", "percent%41-{}.ics", "semi;colon={}.ics", "a&b<c>-{}.ics",
          "plus+{}.ics", "no-suffix-{}", "hash#{}.ics", "dots..{}.ics"]


class Corpus:
    """Calendar objects drawn from ``seed``; ``edges`` are the instants (UTC) where their occurrences begin or end.

    ``moments``: also events without length.
    """

    def __init__(self, seed: int, *, moments: bool = True) -> None:
        self.random = random.Random(seed)
        self.lengths = [0, 15, 60, 60, 90, 1440, 1441, 60 * 24 * 40][not moments:]
        self.edges: list[datetime] = []

    def objects(self, count: int) -> dict[str, str]:
        """href -> text."""
        return {self.random.choice(_HREFS).format(number): self._object(f"uid-{number}") for number in range(count)}

    def _object(self, uid: str) -> str:
        draw = self.random.random()
        if draw < 0.08:
            return corpus.component("VTODO", uid, self._todo())
        if draw < 0.12:
            return corpus.component("VJOURNAL", uid, "DTSTART:20261110T100000Z\r\nSUMMARY:Note\r\n")
        events = self._all_day() if draw < 0.3 else self._timed()
        blocks = "".join(f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{uid} <&> ü\r\n{lines}"
                         f"{self._kind()}END:VEVENT\r\n" for lines in events)
        zone = _ZONE if "TZID" in blocks else ""
        return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{zone}{blocks}END:VCALENDAR\r\n"

    def _todo(self) -> str:
        return self.random.choice(["", "DUE:20261110T100000Z\r\n", "DTSTART:20261110T100000Z\r\nDURATION:PT1H\r\n"])

    def _kind(self) -> str:
        return self.random.choice(["", "", "STATUS:CANCELLED\r\n", "STATUS:TENTATIVE\r\n", "TRANSP:TRANSPARENT\r\n",
                                   "STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n"])

    def _rule(self, start: date) -> str:
        """A rule that ``start`` fits; where it does not, RFC 5545 §3.8.5.3 leaves the occurrences open."""
        days = f"{start:%a}"[:2].upper() + (",SA" if start.weekday() != 5 else ",MO")
        until = _FIRST + timedelta(days=self.random.randrange(45, 90))
        return self.random.choice(["", "", f"RRULE:FREQ=DAILY;COUNT={self.random.randint(1, 12)}\r\n",
                                   f"RRULE:FREQ=WEEKLY;COUNT=6;BYDAY={days}\r\n", "RRULE:FREQ=WEEKLY\r\n",
                                   f"RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL={until:%Y%m%dT%H%M%SZ}\r\n",
                                   "RRULE:FREQ=MONTHLY;COUNT=5\r\n"])

    def _all_day(self) -> list[str]:
        first = date(2026, 11, 2) + timedelta(days=self.random.randrange(40))
        last = first + timedelta(days=self.random.randint(1, 4))
        self.edges += [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last)]
        end = self.random.choice(["", f"DTEND;VALUE=DATE:{last:%Y%m%d}\r\n", "DURATION:P2D\r\n"])
        rule = self._rule(first) if self.random.random() < 0.3 else ""
        if "UNTIL" in rule:
            rule = rule.split("UNTIL=")[0] + "COUNT=3\r\n"
        # To Radicale a day that recurs lasts a second unless its end is given; RFC 5545 §3.6.1 gives it the day.
        end = f"DTEND;VALUE=DATE:{last:%Y%m%d}\r\n" if rule else end
        return [f"DTSTART;VALUE=DATE:{first:%Y%m%d}\r\n{end}{rule}"]

    def _timed(self) -> list[str]:
        start = _FIRST + timedelta(minutes=15 * self.random.randrange(40 * 96))
        length = timedelta(minutes=self.random.choice(self.lengths))
        rule = self._rule(start) if length < timedelta(days=1) else ""
        form = self.random.choice(["utc", "utc", "zone", "floating"])
        if form != "utc" and "UNTIL" in rule:
            rule = ""
        self.edges += [start, start + length]
        end = self.random.choice([
            f"{_named('DTEND', start + length, form)}\r\n", f"DURATION:PT{int(length.total_seconds()) // 60}M\r\n"])
        lines = [f"{_named('DTSTART', start, form)}\r\n{end}{rule}"]
        if rule and self.random.random() < 0.5:
            lines[0] += f"{_named('EXDATE', start + timedelta(days=7), form)}\r\n"
        elif "FREQ=DAILY" in rule and self.random.random() < 0.7:
            moved = start + timedelta(hours=self.random.choice([-30, 3, 200]))
            self.edges += [moved, moved + timedelta(minutes=45)]
            lines.append(f"{_named('RECURRENCE-ID', start, form)}\r\n{_named('DTSTART', moved, form)}\r\n"
                         f"DURATION:PT45M\r\n")
        return lines

    def ranges(self, count: int) -> list[tuple[str | None, str | None]]:
        """Time ranges at, one second beside and between the edges; some open at one end."""
        found: list[tuple[str | None, str | None]] = []
        while len(found) < count:
            start = self.random.choice(self.edges) + timedelta(seconds=self.random.choice([-1, 0, 0, 1]))
            end = self.random.choice([start + timedelta(seconds=1), start + timedelta(hours=1),
                                      start + timedelta(days=7), self.random.choice(self.edges)])
            if start < end:
                draw = self.random.random()
                found.append((None if draw < 0.1 else f"{start:%Y%m%dT%H%M%SZ}",
                              None if draw > 0.9 else f"{end:%Y%m%dT%H%M%SZ}"))
        return found

    def props(self) -> str:
        """The inside of a DAV:prop, in drawn order; the prefixes are those that the corpus declares."""
        names = ["<D:getetag/>", "<D:getcontenttype/>", "<C:calendar-data/>", "<D:displayname/>", "<D:resourcetype/>",
                 "<Z:unknown xmlns:Z='urn:z'/>", "<getetag xmlns='DAV:'/>", "<D:getcontentlength/>"]
        return "".join(self.random.sample(names, self.random.randint(1, 5)))


def _named(name: str, moment: datetime, form: str) -> str:
    if form == "utc":
        return f"{name}:{moment:%Y%m%dT%H%M%SZ}"
    # November and December have no change of the clock: local time is an hour ahead.
    if form == "zone":
        return f"{name};TZID=Europe/Berlin:{moment + timedelta(hours=1):%Y%m%dT%H%M%S}"
    return f"{name}:{moment:%Y%m%dT%H%M%S}"


def _no_pages(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise AssertionError(f"not a DAV path: {environ['PATH_INFO']}")


def _all_undecided(collection: Collection, filters: Iterable[Any]) -> Iterator[tuple[Item, bool]]:
    return ((item, False) for item in collection.get_all())


@pytest.fixture
def pair(tmp_path: Path, database: str) -> Iterator[Pair]:
    """One database behind the answers from rows, and behind generic ones for which the text of each item decides."""
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    config = load()
    users = tmp_path / "users"
    users.write_text("anna:anna\nbob:anna\n", encoding="utf-8")
    config.update({"auth": {"type": "htpasswd", "htpasswd_filename": str(users), "htpasswd_encryption": "plain",
                            "delay": "0"}, "logging": {"level": "critical"}, "storage": {
        "filesystem_folder": str(tmp_path), "type": "radicale_booking.plugins.storage", "database": database}}, "test",
        privileged=True)
    generic = BookingApplication(config, _no_pages, listing=False)

    def by_text(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        # Otherwise our own choice by rows would be compared with itself.
        with mock.patch.object(Collection, "get_filtered", _all_undecided):
            return list(generic(environ, start_response))

    yield Client(BookingApplication(config, _no_pages)), Client(by_text)
    wiring.close()


def _same(pair: Pair, method: str, body: str, **headers: str) -> int:
    quick, generic = (client.request(method, "/anna/work/", body, **headers) for client in pair)
    assert quick.compared() == generic.compared(), body
    return len(quick.xml)


def _filled(pair: Pair, drawn: Corpus, count: int = 40) -> list[str]:
    objects = drawn.objects(count)
    assert pair[0].request("MKCALENDAR", "/anna/work/").status == 201
    for href, text in objects.items():
        assert pair[0].request("PUT", f"/anna/work/{href}", text).status == 201, (href, text)
    return list(objects)


SEEDS = range(4)


@pytest.mark.parametrize("seed", SEEDS)
def test_queries_by_time_and_by_component(pair: Pair, seed: int) -> None:
    drawn = Corpus(seed)
    _filled(pair, drawn)
    sizes = set()
    for start, end in drawn.ranges(40):
        inner = f'<C:comp-filter name="VEVENT">{corpus.time_range(start, end)}</C:comp-filter>'
        sizes.add(_same(pair, "REPORT", corpus.query(drawn.props(), inner), Depth="1"))
    for kind in ("VEVENT", "VTODO", "VJOURNAL"):
        _same(pair, "REPORT", corpus.query(drawn.props(), f'<C:comp-filter name="{kind}"/>'), Depth="1")
    assert len(sizes) > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_listings_and_multigets(pair: Pair, seed: int) -> None:
    drawn = Corpus(seed)
    hrefs = _filled(pair, drawn)
    for _ in range(10):
        props = drawn.props()
        assert _same(pair, "PROPFIND", corpus.propfind(props), Depth="1") == 41
        assert _same(pair, "REPORT", corpus.sync("", props)) == 41
        wanted = drawn.random.sample(hrefs, 10)
        paths = [f"/anna/work/{quote(href)}" for href in [*wanted, wanted[0], "missing ü.ics"]]
        assert _same(pair, "REPORT", corpus.multiget(props, paths)) == 11


@pytest.mark.parametrize("seed", SEEDS)
def test_free_busy(pair: Pair, seed: int) -> None:
    """Radicale names cancelled time FBTYPE=FREE and makes a moment a second; RFC 4791 §7.10 has neither.

    So free time is left out of what is compared, and there are no moments here.
    """
    drawn = Corpus(seed, moments=False)
    _filled(pair, drawn)
    named = 0
    for start, end in drawn.ranges(30):
        if start is None or end is None:
            continue
        quick, generic = (client.request("REPORT", "/anna/work/", corpus.free_busy(start, end)) for client in pair)
        assert quick.status == generic.status == 200
        assert "FBTYPE=FREE" not in quick.body.decode()
        assert _periods(quick.body) == _periods(generic.body), (start, end)
        named += len(_periods(quick.body))
    assert named


def _periods(body: bytes) -> set[str]:
    return {line for line in body.decode().splitlines() if line.startswith("FREEBUSY") and "FBTYPE=FREE" not in line}


@pytest.mark.parametrize(("user", "seen"), [("anna", 28), ("bob", 0)])
def test_a_get(pair: Pair, user: str, seen: int) -> None:
    hrefs = _filled(pair, Corpus(1), 12)
    paths = [*(f"/anna/work/{href}" for href in hrefs), "/anna/work/missing.ics", "/anna/work", "/anna/work/",
             "/anna/", "/anna", "/anna/missing/a.ics", f"/anna/work/{hrefs[0]}/"]
    shown = 0
    for method, path in itertools.product(("GET", "HEAD"), paths):
        quick, generic = (Client(client.application, user).request(method, path) for client in pair)
        assert quick == generic, path
        shown += quick.status == 200
    assert shown == seen
