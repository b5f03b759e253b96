"""The published scheduling cases (``tests/data/scheduling/README.md``), each asked of the services on a real store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import vDuration

from radicale_booking import wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.seat import Seat
from radicale_booking.services import accounts, booking, event_types, scheduling
from radicale_booking.services.adapters import Adapters
from tests.services.conftest import settings_in

FOLDER = Path(__file__).parents[1] / "data" / "scheduling"
FILES = sorted(FOLDER.glob("*.json"))
HOST, ADDRESS = "ada", "host@example.org"
FIELDS = {"case", "host_timezone", "now", "frame", "event_type", "duration", "other_event_types", "reservations",
          "holidays", "expected", "refused", "seen"}
_LENGTHS = ("step", "buffer_before", "buffer_after", "notice", "horizon")
_DAYS = ("first_day", "last_day")
_PLAIN = ("title", "slug", "horizon_business", "seats", "timezone")
_LIMITS = {"day": "limit_per_day", "week": "limit_per_week", "month": "limit_per_month",
           "minutes_day": "minutes_per_day", "minutes_week": "minutes_per_week", "minutes_month": "minutes_per_month"}
_OBJECT = re.compile(r"BEGIN:(VEVENT|VTODO|VFREEBUSY)\r\n.*?END:\1\r\n", re.DOTALL)
_ZONE = re.compile(r"BEGIN:VTIMEZONE\r\n.*?END:VTIMEZONE\r\n", re.DOTALL)
_UID = re.compile(r"^UID:(.*)\r$", re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_case(file: Path, tmp_path: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    now = datetime.fromisoformat(case["now"]).astimezone(UTC)
    app = wiring.adapters(settings_in(tmp_path), lambda: now)
    try:
        app.store.migrate()
        _fill(app, file, case)
        expected = [datetime.fromisoformat(start) for start in case["expected"]]
        assert [start.isoformat() for start in _offered(app, case)] == [start.isoformat() for start in expected]
        for start, rule in case.get("refused", {}).items():
            assert rule in _refusing(app, case, datetime.fromisoformat(start))
    finally:
        app.store.close()


def test_the_corpus_is_whole() -> None:
    assert len(FILES) >= 80
    assert [int(file.stem[:3]) for file in FILES] == list(range(1, len(FILES) + 1))
    stems = {file.stem for file in FILES}
    assert {file.name.split(".")[0] for file in FOLDER.glob("*.ics")} <= stems


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_case_is_well_formed(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    assert case.keys() <= FIELDS
    assert re.fullmatch(r"[A-Z0-9][^.]*\.", case["case"]), "one sentence"
    zone = ZoneInfo(case["host_timezone"])
    starts = [datetime.fromisoformat(start) for start in case["expected"]]
    low, high = map(datetime.fromisoformat, case["frame"])
    assert starts == sorted(set(starts))
    assert all(low <= start < high for start in starts)
    # The offset written is the one that a clock of the host shows.
    moments = [*starts, *map(datetime.fromisoformat, case.get("refused", {}))]
    assert [moment.isoformat() for moment in moments] == [moment.astimezone(zone).isoformat() for moment in moments]


def _fill(app: Adapters, file: Path, case: dict[str, Any]) -> None:
    more = {"holidays": case["holidays"]} if "holidays" in case else {}
    with app.store.write(actor="test") as uow:
        uow.collections.add(HOST)
        principal = uow.principals.add(Principal(HOST, ADDRESS, timezone=case["host_timezone"], host=True, **more))
        accounts.make_collections(uow, principal)
    for described in (case["event_type"], *case.get("other_event_types", ())):
        event_types.add(app, _event_type(described))
    _reserve(app, case.get("reservations", ()))
    for suffix, name in (("hours", "bookable"), ("calendar", "calendar")):
        source = file.with_suffix(f".{suffix}.ics")
        if source.exists():
            for uid, component, text in _objects(source.read_bytes().decode()):
                _put(app, f"{HOST}/{name}", uid, component, text)
    source = file.with_suffix(".availability.ics")
    if source.exists():
        _set_availability(app, source.read_bytes().decode())


def _event_type(described: dict[str, Any]) -> EventType:
    lengths = tuple(vDuration.from_ical(text) for text in described["durations"])
    fields: dict[str, Any] = {name: described[name] for name in _PLAIN if name in described}
    fields |= {name: vDuration.from_ical(described[name]) for name in _LENGTHS if name in described}
    fields |= {name: date.fromisoformat(described[name]) for name in _DAYS if name in described}
    fields |= {_LIMITS[name]: limit for name, limit in described.get("limits", {}).items()}
    if "date_overrides" in described:
        fields["date_overrides"] = {
            date.fromisoformat(day): tuple((time.fromisoformat(low), time.fromisoformat(high)) for low, high in parts)
            for day, parts in described["date_overrides"].items()}
    return EventType(HOST, duration=lengths[0], other_durations=lengths[1:], **fields)


def _reserve(app: Adapters, reservations: list[dict[str, Any]]) -> None:
    for number, described in enumerate(reservations):
        start, end = (datetime.fromisoformat(described[name]).astimezone(UTC) for name in ("start", "end"))
        with app.store.write(actor="test") as uow:
            event_type = uow.event_types.get(HOST, described["slug"])
            assert event_type is not None
            added = uow.reservations.add(
                Reservation(HOST, described["slug"], event_type.title, f"reservation-{number}",
                            described.get("status", "confirmed"), start, end, "Bob", "bob@example.org",
                            created=uow.now, modified=uow.now), event_type)
            assert added.id is not None
            for seat in range(described.get("seats", 1) if event_type.seats > 1 else 0):
                uow.seats.add(Seat(added.id, f"seat-{number}-{seat}", "Bob", f"bob{seat}@example.org", "UTC", "en", "",
                                   {}))


def _objects(text: str) -> Iterator[tuple[str, str, str]]:
    """The calendar objects in ``text``, as a client puts them: UID, component, and a calendar of its own."""
    found: dict[str, tuple[str, str]] = {}
    for block in _OBJECT.finditer(text):
        uid = _UID.search(block[0])
        assert uid is not None
        found[uid[1]] = block[1], found.get(uid[1], ("", ""))[1] + block[0]
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + "".join(_ZONE.findall(text))
    for name, (component, blocks) in found.items():
        yield name, component, f"{head}{blocks}END:VCALENDAR\r\n"


def _put(app: Adapters, path: str, uid: str, component: str, text: str) -> None:
    with app.store.write(actor="client") as uow:
        collection = uow.collections.get(path)
        assert collection is not None
        index = app.calendar.index(text, now=uow.now, owner=uow.principals.owner_of(collection))
        uow.items.store(collection.id, href=f"{uid}.ics", uid=uid, name="VCALENDAR", component=component, text=text,
                        index=index)
        scheduling.item_written(app, uow, collection, None, text, uid)


def _set_availability(app: Adapters, text: str) -> None:
    with app.store.write(actor="client") as uow:
        principal = uow.principals.get(HOST)
        assert principal is not None
        uow.principals.update(replace(principal, availability=text))


def _wanted(case: dict[str, Any]) -> dict[str, timedelta]:
    return {"duration": vDuration.from_ical(case["duration"])} if "duration" in case else {}


def _offered(app: Adapters, case: dict[str, Any]) -> list[datetime]:
    frame = Interval(*(datetime.fromisoformat(bound).astimezone(UTC) for bound in case["frame"]))
    slots = booking.open_slots(app, HOST, case["event_type"]["slug"], frame, **_wanted(case))
    return [slot.start.astimezone(ZoneInfo(case["host_timezone"])) for slot in slots]


def _refusing(app: Adapters, case: dict[str, Any], start: datetime) -> set[str]:
    verdicts = booking.explain(app, HOST, case["event_type"]["slug"], start, **_wanted(case))
    return {verdict.rule for verdict in verdicts if not verdict.passed}
