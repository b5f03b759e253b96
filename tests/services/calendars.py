"""Items as the storage plugin stores them: written, then told to the scheduling service, in one transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from radicale_booking.services import scheduling
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.booking import BookingRequest

NOW = datetime(2030, 1, 7, 8, 0, tzinfo=UTC)
NINE = datetime(2030, 1, 8, 9, 0, tzinfo=UTC)


def event(uid: str, start: datetime, length: timedelta, summary: str = "Bookable", extra: str = "") -> str:
    """A calendar with one event; ``extra`` lines end with CRLF."""
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{uid}\r\nDTSTAMP:20300101T000000Z\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\n"
            f"DTEND:{start + length:%Y%m%dT%H%M%SZ}\r\nSUMMARY:{summary}\r\n{extra}"
            "END:VEVENT\r\nEND:VCALENDAR\r\n")


def store_item(app: Adapters, path: str, uid: str, text: str) -> None:
    """What a client's PUT does, signed in as the owner."""
    with app.store.write(actor=path.partition("/")[0]) as uow:
        collection = uow.collections.get(path)
        assert collection is not None
        old = uow.items.by_uid(collection.id, uid)
        index = app.calendar.index(text, now=uow.now, owner=uow.principals.owner_of(collection))
        uow.items.store(collection.id, href=old.href if old else f"{uid}.ics", uid=uid,
                        name="VCALENDAR", component="VEVENT", text=text, index=index)
        scheduling.item_written(app, uow, collection, old.text if old else None, text, uid)


def remove_item(app: Adapters, path: str, uid: str) -> None:
    """What a client's DELETE does, signed in as the owner."""
    with app.store.write(actor=path.partition("/")[0]) as uow:
        collection = uow.collections.get(path)
        assert collection is not None
        item = uow.items.by_uid(collection.id, uid)
        assert item is not None
        uow.items.delete(collection.id, item.href)
        scheduling.item_removed(app, uow, collection, uid, item.text)


def item_text(app: Adapters, path: str, uid: str) -> str | None:
    with app.store.read() as uow:
        collection = uow.collections.get(path)
        assert collection is not None
        item = uow.items.by_uid(collection.id, uid)
        return item.text if item is not None else None


def draw_hours(app: Adapters, uid: str, start: datetime, length: timedelta, title: str = "Bookable",
               host: str = "ada", extra: str = "") -> None:
    store_item(app, f"{host}/bookable", uid, event(uid, start, length, title, extra))


def objects(app: Adapters, host: str) -> dict[str, str]:
    """UID -> text of everything in the host's default calendar."""
    with app.store.read() as uow:
        calendar = uow.collections.get(f"{host}/calendar")
        assert calendar is not None
        return {item.uid: item.text for item in uow.items.all(calendar.id)}


def mails(app: Adapters, recipient: str = "bob@example.org") -> list[str]:
    """The events that ``recipient`` is told about, in order."""
    with app.store.read() as uow:
        return [row.payload["event"] for row in uow.outbox.pending() if row.recipient == recipient]


def audited(app: Adapters, subject: str) -> list[str]:
    """What the audit trail says was done to ``subject``, in order."""
    with app.store.read() as uow:
        return [row.action for row in uow.audit.of(subject)]


def wish(start: datetime = NINE, key: str | None = None, slug: str = "talk", email: str = "bob@example.org",
         name: str = "Bob", note: str = "") -> BookingRequest:
    return BookingRequest("ada", slug, start, name, email, "Europe/Paris", "fr", note, key)
