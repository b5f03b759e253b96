"""``radicale-booking demo``: something to try out and practise on; ``make serve`` calls it too."""

from __future__ import annotations

import os
import secrets
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from werkzeug.test import Client

from radicale_booking import wiring, wsgi
from radicale_booking.cli.invocation import Context, Invocation, invocation
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import NotFound, Unavailable
from radicale_booking.practice import calendar_text, founding
from radicale_booking.practice.organisation import NAME, PEOPLE
from radicale_booking.services import accounts, booking, event_types
from radicale_booking.services.adapters import Adapters

_HOST = "demo"
_SLUG = "intro-call"
_ZONE = "Europe/Berlin"
_WORKDAYS = ("MO", "TU", "WE", "TH", "FR")


def command(
    context: Context,
    port: Annotated[int, typer.Option(help="Port that the server will listen on.")] = 5232,
    organisation: Annotated[bool, typer.Option("--organisation", help="A whole organisation with past and coming "
                                                                      "bookings, on a site of its own.")] = False,
) -> None:
    """Make a host to try things out with, or a whole organisation; once, and print how to reach it."""
    call = invocation(context)
    hosts = f"127.0.0.1:{port}"
    app = wiring.load(call.config_path, hosts=hosts).app
    password = _password(app.settings.data_folder / "demo-password")
    client = Client(wsgi.build(call.config_path, hosts=hosts, logged=False))

    def draw(owner: str, path: str, text: bytes) -> None:
        answer = client.put(f"/{path}", data=text, auth=(owner, password), content_type="text/calendar",
                            headers={"If-None-Match": "*"})
        answer.close()
        if answer.status_code not in (201, 412):
            raise Unavailable(f"/{path} was not accepted: {answer.status}")

    url = app.settings.public_url
    if organisation:
        founding.found(app, password, draw, may_be_there=frozenset({_HOST}))
        _introduce(call, url, password)
        return
    if _make_host(app, password):
        text = calendar_text.weekly("demo-hours@radicale-booking", "Bookable", _WORKDAYS, (time(9), time(17)),
                                    ZoneInfo(_ZONE), app.clock())
        draw(_HOST, f"{_HOST}/bookable/demo-hours.ics", text)
    call.show({"booking_link": f"{url}/book/{_HOST}/{_SLUG}/", "caldav_url": f"{url}/{_HOST}/", "user": _HOST,
               "password": password})


def _introduce(call: Invocation, url: str, password: str) -> None:
    people = [{"user": one.name, "name": one.shown_name, "about": one.about, "booking_page": f"{url}/book/{one.name}/",
               "caldav_url": f"{url}/{one.name}/"} for one in PEOPLE]
    lines = [f"{one['user']:<14}{one['name']}, {one['about']}\n{'':<14}{one['booking_page']}" for one in people]
    call.say("\n".join([NAME, *lines, f"{'password':<14}{password} (everybody's)"]),
             {"organisation": NAME, "password": password, "people": people})


def _password(path: Path) -> str:
    """The password in ``path``, made once."""
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
