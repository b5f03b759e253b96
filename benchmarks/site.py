"""A host with many events in a database of its own."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from radicale_booking import wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.item_index import InstanceRow, ItemIndex
from radicale_booking.domain.principal import Principal
from radicale_booking.services import accounts, event_types
from radicale_booking.services.adapters import Adapters
from radicale_booking.settings import Settings
from radicale_booking.store.unit_of_work import UnitOfWork

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
HALF_HOUR = timedelta(minutes=30)
#: Events lie from so long ago to so far ahead.
_PAST, _FUTURE = timedelta(days=5 * 365), timedelta(days=365)
#: Nobody plans more than this ahead: what makes a calendar large lies behind.
_MOST_AHEAD = 10 * 365


@contextmanager
def host(events: int, recurring: int, database: str = "") -> Iterator[Adapters]:
    """Ada, bookable every day from 8 to 18 UTC for half an hour, with ``events`` and ``recurring`` weekly ones.

    On the new database at the address ``database``, by default a file.
    """
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    app = wiring.adapters(Settings(database=database or f"sqlite://{folder}/booking.sqlite", data_folder=folder,
                                   public_url="http://127.0.0.1", secret_file=folder / "secret",
                                   users_file=folder / "users"))
    try:
        app.store.migrate()
        with app.store.write(actor="benchmark") as uow:
            uow.principals.add(Principal("ada", "ada@example.org", timezone="Europe/Berlin", host=True))
            ada = uow.principals.get("ada")
            assert ada is not None
            accounts.make_collections(uow, ada)
            _fill(app, uow, ada, events, recurring)
        event_types.add(app, EventType("ada", "talk", "Talk", HALF_HOUR, horizon=timedelta(days=730)))
        yield app
    finally:
        app.store.close()
        shutil.rmtree(folder)


def _fill(app: Adapters, uow: UnitOfWork, ada: Principal, events: int, recurring: int) -> None:
    assert ada.id is not None
    calendar, bookable = uow.collections.by_role(ada.id, "default"), uow.collections.by_role(ada.id, "bookable")
    assert calendar is not None
    assert bookable is not None
    begins = TODAY - timedelta(days=7)
    _store(app, uow, ada, bookable.id, "hours", _event("hours", begins + timedelta(hours=8), timedelta(hours=10),
                                                       "RRULE:FREQ=DAILY\r\n"))
    for number in range(recurring):
        start = begins + timedelta(days=number % 7, hours=8 + number % 10)
        _store(app, uow, ada, calendar.id, f"weekly-{number}",
               _event(f"weekly-{number}", start, HALF_HOUR, "RRULE:FREQ=WEEKLY\r\n"))
    for number, start in enumerate(_starts(events)):
        epoch = math.floor(start.timestamp())
        row = InstanceRow(epoch, epoch + 600, "BUSY", summary=f"Event {number}")
        uow.items.store(calendar.id, href=f"event-{number}.ics", uid=f"event-{number}", name="VCALENDAR",
                        component="VEVENT", text=_event(f"event-{number}", start, timedelta(minutes=10)),
                        index=ItemIndex(epoch, epoch + 600, rows=(row,)))


def _starts(events: int) -> Iterator[datetime]:
    ahead = min(events // 6, _MOST_AHEAD)
    behind = events - ahead
    yield from (TODAY - _PAST + _PAST * number / behind for number in range(behind))
    yield from (TODAY + _FUTURE * number / ahead for number in range(ahead))


def _store(app: Adapters, uow: UnitOfWork, ada: Principal, collection_id: int, uid: str, text: str) -> None:
    uow.items.store(collection_id, href=f"{uid}.ics", uid=uid, name="VCALENDAR", component="VEVENT", text=text,
                    index=app.calendar.index(text, now=uow.now, owner=ada))


def _event(uid: str, start: datetime, length: timedelta, extra: str = "") -> str:
    summary = "Bookable" if uid == "hours" else uid
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:benchmark\r\nBEGIN:VEVENT\r\n"
            f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\n"
            f"DTEND:{start + length:%Y%m%dT%H%M%SZ}\r\nSUMMARY:{summary}\r\n{extra}END:VEVENT\r\nEND:VCALENDAR\r\n")
