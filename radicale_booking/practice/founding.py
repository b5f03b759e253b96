"""Found the organisation on a site that nobody else uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from radicale_booking import again, wiring
from radicale_booking.errors import InvalidInput, NotFound
from radicale_booking.practice import calendar_text
from radicale_booking.practice.history import WEEKS, Clock, History
from radicale_booking.practice.organisation import EVENT_TYPES, NAME, PEOPLE, Person, Weekly
from radicale_booking.services import accounts, booking, event_types
from radicale_booking.services.adapters import Adapters

#: Puts a calendar object, given its owner, path and text, as a calendar program does.
Draw = Callable[[str, str, bytes], None]


def found(app: Adapters, password: str, draw: Draw, may_be_there: frozenset[str] = frozenset()) -> None:
    """Make what is missing of the organisation; everybody's password is ``password``.

    Where bookings exist nothing more happens to them. ``may_be_there``: users who do not matter. Raises
    ``InvalidInput`` on a site with users of its own.
    """
    names = {person.name for person in PEOPLE}
    there = {user.name for user in accounts.list_users(app)}
    strangers = there - names - may_be_there
    if strangers:
        raise InvalidInput("site", app.settings.database, f"has users of its own, such as {min(strangers)}",
                           "name a configuration with another data folder to practise on")
    for person in PEOPLE:
        if person.name not in there:
            _employ(app, person, password)
        _draw_calendars(person, draw, app.clock())
    for offered in EVENT_TYPES:
        try:
            event_types.show(app, offered.host, offered.slug)
        except NotFound:
            event_types.add(app, offered)
    if not any(booking.reservations(app, name) for name in sorted(names)):
        _live(app)


@again.if_undone
def _employ(app: Adapters, person: Person, password: str) -> None:
    added = accounts.add_user(app, person.name, person.email, person.timezone, password, host=True)
    accounts.enable_host(app, person.name, holidays=person.holidays, agenda_time=person.agenda,
                         language=person.language)
    with app.store.write(actor="command", principal=person.name) as uow:
        now = uow.principals.get(added.name)
        assert now is not None  # noqa: S101 - added a moment ago
        uow.principals.update(replace(now, display_name=person.shown_name, description=person.about))


def _draw_calendars(person: Person, draw: Draw, now: datetime) -> None:
    zone = ZoneInfo(person.timezone)

    def weekly(calendar: str, number: int, one: Weekly) -> None:
        uid = f"{person.name}-{calendar}-{number}"
        text = calendar_text.weekly(f"{uid}@practice", one.title, one.days, (one.begin, one.end), zone, now, one.note,
                                    WEEKS)
        draw(person.name, f"{person.name}/{calendar}/{uid}.ics", text)

    for number, one in enumerate(person.windows, 1):
        weekly("bookable", number, one)
    for number, one in enumerate(person.busy, 1):
        weekly("calendar", number, one)
    if person.away_in is not None:
        day = now.astimezone(zone).date() + timedelta(days=person.away_in)
        text = calendar_text.whole_day("away@practice", "Away", day, now)
        draw(person.name, f"{person.name}/calendar/away.ics", text)


def _live(app: Adapters) -> None:
    clock = Clock(app.clock())
    past = wiring.adapters(app.settings, clock)
    try:
        History(past, clock, NAME).live(sorted(person.name for person in PEOPLE))
    finally:
        past.store.close()
