"""Who books the chosen time, and the booking itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, make_response, redirect, render_template, request
from werkzeug.exceptions import BadRequest

from radicale_booking.domain import question, repetition, slots
from radicale_booking.domain.client_address import origin
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidInput, SlotTaken
from radicale_booking.services import booking, email_check, hours, life
from radicale_booking.web import after_booking, chosen, confirm_page, failures, problems, proof_of_work, wording
from radicale_booking.web.addresses import link
from radicale_booking.web.current import adapters, now
from radicale_booking.web.forms import HONEYPOT, DetailsForm, MoveForm
from radicale_booking.web.headers import let_form_lead_to
from radicale_booking.web.languages import locale
from radicale_booking.web.zones import zone_or

_NEARBY = timedelta(days=14)
#: What the service finds wrong with a field that the page shows it at.
_SHOWN = ("name", "email", "note", "guests", "location", "occurrences")


def ask_details(host: str, slug: str) -> Response:
    """The form for ``?start=``; a start that is not free gives the page of the nearest that are (409)."""
    principal, whole = chosen.subject(host, slug)
    event_type = chosen.lasting(whole)
    zone = zone_or(request.args.get("tz", ""), principal.timezone)
    start, moving = _start(request.args.get("start", "")), chosen.moved()
    if moving is not None and moving.start == start:
        # Whoever has moved a booking and goes back to the form.
        return make_response(redirect(after_booking.manage(moving, zone), 303))
    # A date far outside of what can be booked is answered with the nearest that can.
    earliest, latest = slots.bookable_period(event_type, now(), zone)
    near = min(max(start, earliest), max(latest, earliest))
    frame = Interval(near - _NEARBY, near + _NEARBY)
    nearby = (booking.slots_to_move(adapters(), moving, frame) if moving is not None else
              booking.open_slots(adapters(), host, slug, frame, event_type.duration, request.args.get("link")))
    if start not in {slot.start for slot in nearby}:
        alternatives = slots.nearest(nearby, near)
        rule = booking.refused_by(adapters(), host, slug, start, event_type.duration, moving)
        return failures.taken(SlotTaken(start, alternatives, rule or "occupancy"), host, slug, zone, now())
    if moving is not None:
        return _move_page(MoveForm(formdata=None, start=wording.instant(start)), principal, event_type, start, zone)
    form = DetailsForm(formdata=None, start=wording.instant(start), tz=zone.key, key=uuid.uuid4().hex,
                       name=request.args.get("name", "")[:200], email=request.args.get("email", "")[:254],
                       note=request.args.get("note", "")[:2000])
    return _form_page(form, principal, event_type, start, zone)


def take_booking(host: str, slug: str) -> Response:
    """Reserve, then show the reservation; what cannot be read is shown again with what is wrong."""
    principal, whole = chosen.subject(host, slug)
    event_type = chosen.lasting(whole)
    if chosen.moved() is not None:
        return _move(principal, event_type)
    form = DetailsForm()
    zone = zone_or(form.tz.data or "", principal.timezone)
    start = _start(form.start.data or "")
    wrong = _wrong_answers(event_type)
    if not form.validate_on_submit() or wrong:
        return _form_page(form, principal, event_type, start, zone, wrong, status=400)
    if adapters().settings.guard.honeypot and request.form.get(HONEYPOT):
        # Whoever fills in what nobody sees learns nothing by it.
        if email_check.is_wanted(adapters(), event_type):
            return confirm_page.asked(principal, event_type, start, form.email.data, zone)
        return make_response(redirect(link("show_host", host=host), 303))
    if not proof_of_work.is_proven(request.form.get(proof_of_work.FIELD, ""), form.key.data or ""):
        return _form_page(form, principal, event_type, start, zone, {"proof": ""}, status=400)
    try:
        reservation = booking.reserve(adapters(), _wish(event_type, form, start, zone), actor="page")
    except SlotTaken as error:
        return failures.taken(error, host, slug, zone, now())
    except InvalidInput as error:
        if error.name == "idempotency_key":
            # A form that was already sent, changed and sent again: start afresh.
            again = link("event_type", host=host, slug=slug, start=wording.instant(start), tz=zone.key)
            return make_response(redirect(again, 303))
        if error.name not in _SHOWN and not error.name.startswith("answers."):
            raise
        return _form_page(form, principal, event_type, start, zone, {error.name: problems.said(error)}, status=400)
    if email_check.is_wanted(adapters(), event_type):
        return confirm_page.asked(principal, event_type, start, form.email.data, zone)
    return make_response(redirect(after_booking.booked(event_type, reservation, zone), 303))


def _wrong_answers(event_type: EventType) -> dict[str, str]:
    """What is wrong with each answer, all of them together."""
    wrong: dict[str, str] = {}
    for asked in event_type.questions:
        try:
            question.answers([asked], {asked.key: request.form.getlist(f"answer-{asked.key}")})
        except InvalidInput as error:
            wrong[error.name] = problems.said(error)
    return wrong


def _wish(event_type: EventType, form: DetailsForm, start: datetime, zone: ZoneInfo) -> booking.BookingRequest:
    place = request.form.get("location", "")
    count = request.form.get("occurrences", "1")
    return booking.BookingRequest(
        host=event_type.host, slug=event_type.slug, start=start, name=form.name.data, email=form.email.data,
        timezone=zone.key, language=locale().language, note=form.note.data or "",
        idempotency_key=form.key.data or None, duration=event_type.duration,
        answers={asked.key: request.form.getlist(f"answer-{asked.key}") for asked in event_type.questions},
        location=int(place) if place.isascii() and place.isdigit() and len(place) < 3 else None,
        location_value=request.form.get(f"location-value-{place}", "")[:500],
        guests=tuple(request.form.get("guests", "").replace(",", "\n").splitlines()),
        occurrences=int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 0,
        link=request.args.get("link"), origin=_origin())


def _origin() -> str:
    return origin(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""),
                  adapters().settings.guard.trusted_proxies)


def _move(principal: Principal, event_type: EventType) -> Response:
    form, moving = MoveForm(), chosen.moved()
    assert moving is not None  # noqa: S101 - the caller saw it
    zone = zone_or(request.args.get("tz", ""), principal.timezone)
    start = _start(form.start.data or "")
    if not form.validate_on_submit():
        return _move_page(form, principal, event_type, start, zone, status=400)
    try:
        moved = life.reschedule(adapters(), moving.seat or moving.uid, start, actor="invitee")
    except SlotTaken as error:
        return failures.taken(error, event_type.host, event_type.slug, zone, now())
    return make_response(redirect(after_booking.manage(moved, zone, moved=1), 303))


def _start(text: str) -> datetime:
    start = wording.read_instant(text)
    if start is None:
        raise BadRequest
    return start


def _form_page(form: DetailsForm, principal: Principal, event_type: EventType, start: datetime, zone: ZoneInfo,
               wrong: dict[str, str] | None = None, status: int = 200) -> Response:
    for name in ("name", "email", "note"):
        if wrong and name in wrong:
            form[name].errors = [*form[name].errors, wrong[name]]
    let_form_lead_to(event_type.redirect_url)
    given = request.form if request.method == "POST" else request.args
    page = render_template(
        "details.html", form=form, host=principal, event_type=event_type, start=start,
        end=start + event_type.duration, zone=zone, problems=wrong or {}, given=given,
        occurrences=_occurrences(principal, event_type, start),
        first_wrong=_first_wrong(form, event_type, wrong or {}))
    return make_response(page, status)


def _first_wrong(form: DetailsForm, event_type: EventType, wrong: Mapping[str, str]) -> str:
    """Where the visitor goes on: the first field of the page that needs to be changed."""
    answers = [f"answers.{asked.key}" for asked in event_type.questions]
    return next((name for name in ("name", "email", "location", *answers, "guests", "note")
                 if name in wrong or (name in form and form[name].errors)), "")


def _occurrences(principal: Principal, event_type: EventType, start: datetime) -> list[datetime]:
    if event_type.repeat_most == 1:
        return [start]
    return repetition.starts(start, hours.zone_of(principal, event_type), event_type.repeat_every,
                             event_type.repeat_interval, event_type.repeat_most)


def _move_page(form: MoveForm, principal: Principal, event_type: EventType, start: datetime, zone: ZoneInfo,
               status: int = 200) -> Response:
    page = render_template("move.html", form=form, host=principal, event_type=event_type, start=start,
                           end=start + event_type.duration, zone=zone, moved=chosen.moved())
    return make_response(page, status)
