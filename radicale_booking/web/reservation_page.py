"""A reservation as its invitee sees it, for the calendar, and its end."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request

from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import NotFound
from radicale_booking.services import booking, calendar_objects, life
from radicale_booking.web.addresses import link
from radicale_booking.web.current import adapters, now
from radicale_booking.web.forms import CancelForm
from radicale_booking.web.zones import zone_or


def show_reservation(token: str) -> Response:
    """The reservation behind a signed link. Raises ``NotFound`` or ``LinkExpired``."""
    return _page(token, booking.by_token(adapters(), token), CancelForm(formdata=None))


def event_file(token: str) -> Response:
    """The reservation as an iCalendar file. Raises the same."""
    reservation = booking.by_token(adapters(), token)
    text = calendar_objects.for_invitee(adapters(), reservation)
    response = make_response(text)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{reservation.slug}.ics"'
    return response


def cancel_reservation(token: str) -> Response:
    """Cancel, then show that it is cancelled. Raises the same, and ``IllegalTransition``."""
    reservation = booking.by_token(adapters(), token)
    form = CancelForm()
    if not form.validate_on_submit():
        return _page(token, reservation, form, status=400)
    if reservation.live:
        life.cancel(adapters(), reservation.seat or reservation.uid, actor="invitee", reason=form.reason.data or "")
    return make_response(redirect(link("show_reservation", token=token), 303))


def _page(token: str, reservation: Reservation, form: CancelForm, status: int = 200) -> Response:
    page = render_template(
        "reservation.html", token=token, reservation=reservation, host=_host(reservation), form=form,
        zone=zone_or(request.args.get("tz", ""), reservation.invitee_timezone),
        owner=booking.owner_of(adapters(), reservation), answers=booking.answers_of(adapters(), reservation),
        others=[other for other in booking.series_of(adapters(), reservation)
                if other.live and other.uid != reservation.uid],
        manage_url=booking.manage_url(adapters(), reservation), new="new" in request.args,
        moved="moved" in request.args, mailed=bool(adapters().settings.mail.host),
        past=reservation.end <= now(),
    )
    return make_response(page, status)


def _host(reservation: Reservation) -> Principal:
    try:
        return booking.host_page(adapters(), reservation.host).principal
    except NotFound:
        # The host takes no bookings any more; those that were taken stay.
        return Principal(reservation.host)
