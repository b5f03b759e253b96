"""Who books the chosen time, and the booking itself."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, make_response, redirect, render_template, request
from werkzeug.exceptions import BadRequest

from radicale_booking.domain import slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidInput, SlotTaken
from radicale_booking.services import booking
from radicale_booking.web import failures, wording
from radicale_booking.web.addresses import link
from radicale_booking.web.current import adapters, now
from radicale_booking.web.forms import DetailsForm
from radicale_booking.web.languages import locale
from radicale_booking.web.zones import zone_or

_NEARBY = timedelta(days=14)


def ask_details(host: str, slug: str) -> Response:
    """The form for ``?start=``; a start that is not free gives the page of the nearest that are (409)."""
    principal, event_type = _subject(host, slug)
    zone = zone_or(request.args.get("tz", ""), principal.timezone)
    start = _start(request.args.get("start", ""))
    # A date far outside of what can be booked is answered with the nearest that can.
    near = min(max(start, now()), now() + event_type.horizon)
    nearby = booking.open_slots(adapters(), host, slug, Interval(near - _NEARBY, near + _NEARBY))
    if start not in {slot.start for slot in nearby}:
        alternatives = slots.nearest(nearby, near)
        return failures.taken(SlotTaken(start, alternatives), host, slug, zone, now())
    form = DetailsForm(formdata=None, start=wording.instant(start), tz=zone.key, key=uuid.uuid4().hex,
                       name=request.args.get("name", "")[:200], email=request.args.get("email", "")[:254])
    return _form_page(form, principal, event_type, start, zone)


def take_booking(host: str, slug: str) -> Response:
    """Reserve, then show the reservation; what cannot be read is shown again with what is wrong."""
    principal, event_type = _subject(host, slug)
    form = DetailsForm()
    zone = zone_or(form.tz.data or "", principal.timezone)
    start = _start(form.start.data or "")
    if not form.validate_on_submit():
        return _form_page(form, principal, event_type, start, zone, status=400)
    wish = booking.BookingRequest(host=host, slug=slug, start=start, name=form.name.data, email=form.email.data,
                                  timezone=zone.key, language=locale().language, note=form.note.data or "",
                                  idempotency_key=form.key.data or None)
    try:
        reservation = booking.reserve(adapters(), wish, actor="page")
    except SlotTaken as error:
        return failures.taken(error, host, slug, zone, now())
    except InvalidInput as error:
        if error.name == "idempotency_key":
            # A form that was already sent, changed and sent again: start afresh.
            again = link("event_type", host=host, slug=slug, start=wording.instant(start), tz=zone.key)
            return make_response(redirect(again, 303))
        if error.name not in ("name", "email", "note"):
            raise
        form[error.name].errors = [*form[error.name].errors, error.problem]
        return _form_page(form, principal, event_type, start, zone, status=400)
    token = booking.manage_url(adapters(), reservation).rstrip("/").rpartition("/")[2]
    return make_response(redirect(link("show_reservation", token=token, new=1, tz=zone.key), 303))


def _subject(host: str, slug: str) -> tuple[Principal, EventType]:
    return booking.host_page(adapters(), host).principal, booking.event_type(adapters(), host, slug)


def _start(text: str) -> datetime:
    start = wording.read_instant(text)
    if start is None:
        raise BadRequest
    return start


def _form_page(form: DetailsForm, principal: Principal, event_type: EventType, start: datetime, zone: ZoneInfo,
               status: int = 200) -> Response:
    page = render_template("details.html", form=form, host=principal, event_type=event_type, start=start,
                           end=start + event_type.duration, zone=zone)
    return make_response(page, status)
