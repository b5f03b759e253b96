"""What a mail says that brings an iTIP message to somebody elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.itip import EventView, ObjectView, When
from radicale_booking.domain.notice import InvitationNotice, Span
from radicale_booking.errors import InvalidCalendar
from radicale_booking.services import correspondents
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.outbox import OutboxRow
    from radicale_booking.store.unit_of_work import UnitOfWork

EVENT = "itip"
_MOST_SPANS, _MOST_PEOPLE, _LONGEST = 4, 20, 2000
_AHEAD = timedelta(days=730)


def notice(app: Adapters, uow: UnitOfWork, row: OutboxRow) -> InvitationNotice:
    """What the queued ``row`` says. Raises ``InvalidCalendar``."""
    told = {name: str(row.payload.get(name, "")) for name in ("method", "text", "sender", "sender_name", "summary",
                                                              "remark", "answers")}
    view = app.scheduling.read(told["text"])
    first = view.master or view.components[0]
    host = correspondents.host_at(app, uow, told["sender"])
    reads = correspondents.reader(app, uow, row.recipient, zone=first.zone, host=host)
    spans, more = _spans(app, told["text"], view, ZoneInfo(first.zone or reads.timezone))
    answer = first.attendees[0].partstat if told["method"] == "REPLY" and first.attendees else ""
    return InvitationNotice(
        **told, recipient=row.recipient, spans=spans, more=more, key=row.delivery_key, at=row.due,
        changed=told["method"] == "REQUEST" and first.sequence > 0, partstat=answer,
        location=_words(app, first, "LOCATION"), description=_words(app, first, "DESCRIPTION"),
        people=_people(first, row.recipient), language=reads.language, timezone=reads.timezone,
        conversation=f"{EVENT} {view.uid} {row.recipient.lower()}")


def _spans(app: Adapters, text: str, view: ObjectView, floating: ZoneInfo) -> tuple[tuple[Span, ...], bool]:
    """The first times, and whether there are more."""
    found = [(one.start, one.end) for one in view.components]
    series = view.master
    if series is not None and {"RRULE", "RDATE"} & series.properties.keys():
        try:
            found = _occurrences(app, text, series, floating) or found[:1]
        except InvalidCalendar:
            # What costs too much to expand is told by its beginning.
            found = [*found[:1], *found[:1]]
    spans = sorted({(_aware(start, floating), _aware(end, floating)) for start, end in found},
                   key=lambda span: span[0].isoformat())
    return tuple(spans[:_MOST_SPANS - 1]), len(found) >= _MOST_SPANS or len(spans) < len(found)


def _occurrences(app: Adapters, text: str, series: EventView, floating: ZoneInfo) -> list[Span]:
    begin = _aware(series.start, floating)
    timed = isinstance(begin, datetime)
    first = begin if isinstance(begin, datetime) else datetime.combine(begin, time(), floating)
    since = first.astimezone(UTC)
    found = app.scheduling.occurrences(text, Interval(since, since + _AHEAD), floating, _MOST_SPANS)
    if timed:
        return [(one.start, one.end) for _, one in found]
    days = [one.start.astimezone(floating).date() for _, one in found]
    return [(day, day + series.length) for day in days]


def _aware(moment: When, floating: ZoneInfo) -> When:
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=floating)
    return moment


def _words(app: Adapters, event: EventView, name: str) -> str:
    return app.scheduling.plain(event.properties.get(name, "")).strip()[:_LONGEST]


def _people(event: EventView, recipient: str) -> tuple[str, ...]:
    """Who is invited besides the recipient."""
    apart = {f"mailto:{recipient.lower()}", event.organizer.address if event.organizer else ""}
    others = [one for one in event.attendees if one.address not in apart]
    named = [one.name or one.address.removeprefix("mailto:") for one in others]
    return (*named[:_MOST_PEOPLE], *(["…"] if len(named) > _MOST_PEOPLE else []))
