"""``radicale-booking demo``: a host to try things out with, for ``make serve``."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import icalendar
import typer
from werkzeug.test import Client

from radicale_booking import wiring, wsgi
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import NotFound, Unavailable
from radicale_booking.services import accounts, booking, event_types
from radicale_booking.services.adapters import Adapters

_HOST = "demo"
_SLUG = "intro-call"
_ZONE = "Europe/Berlin"


def command(
    context: Context,
    port: Annotated[int, typer.Option(help="Port that the server will listen on.")] = 5232,
) -> None:
    """Make the demo host, once, and print how to reach it."""
    call = invocation(context)
    hosts = f"127.0.0.1:{port}"
    app = wiring.load(call.config_path, hosts=hosts).app
    password = _password(app.settings.data_folder / "demo-password")
    if _make_host(app, password):
        _draw_hours(call.config_path, hosts, password, app.clock())
    url = app.settings.public_url
    call.show({"booking_link": f"{url}/book/{_HOST}/{_SLUG}/", "caldav_url": f"{url}/{_HOST}/", "user": _HOST,
               "password": password})


def _password(path: Path) -> str:
    """The demo host's password in ``path``, made once."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(9) + "\n")
    return path.read_text(encoding="ascii").strip()


def _make_host(app: Adapters, password: str) -> bool:
    """Make what is missing of the host; whether its hours must be drawn."""
    try:
        booking.host_page(app, _HOST)
        new = False
    except NotFound:
        accounts.add_user(app, name=_HOST, email="demo@example.org", timezone=_ZONE, password=password, host=True)
        new = True
    try:
        event_types.show(app, _HOST, _SLUG)
    except NotFound:
        event_types.add(app, EventType(host=_HOST, slug=_SLUG, title="Intro call", duration=timedelta(minutes=30),
                                       description="A first talk, by telephone or video."))
    return new


def _draw_hours(config_path: str | None, hosts: str, password: str, now: datetime) -> None:
    """Put Monday to Friday, 9 to 17, into the bookable hours, as a calendar program would."""
    answer = Client(wsgi.build(config_path, hosts=hosts, logged=False)).put(
        f"/{_HOST}/bookable/demo-hours.ics", data=hours(now), auth=(_HOST, password), content_type="text/calendar")
    answer.close()
    if answer.status_code not in (201, 204):
        raise Unavailable(f"the demo hours were not accepted: {answer.status}")


def hours(now: datetime) -> bytes:
    """The weekly window as an iCalendar object, from the Monday of the week of ``now`` (aware) on."""
    zone = ZoneInfo(_ZONE)
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    event = icalendar.Event()
    event.add("UID", "demo-hours@radicale-booking")
    event.add("DTSTAMP", now)
    event.add("SUMMARY", "Bookable")
    event.add("DTSTART", datetime.combine(monday, time(9), zone))
    event.add("DTEND", datetime.combine(monday, time(17), zone))
    event.add("RRULE", {"FREQ": "WEEKLY", "BYDAY": ["MO", "TU", "WE", "TH", "FR"]})
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//radicale-booking//demo//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
