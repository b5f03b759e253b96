"""The pages of a booking that waits for its invitee to answer a mail: that it was sent, and what its link opens."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import IllegalTransition
from radicale_booking.services import booking, email_check
from radicale_booking.services.email_check import Held
from radicale_booking.web import after_booking
from radicale_booking.web.current import adapters
from radicale_booking.web.forms import ConfirmForm
from radicale_booking.web.headers import let_form_lead_to
from radicale_booking.web.zones import zone_or


def asked(host: Principal, event_type: EventType, start: datetime, email: str, zone: ZoneInfo) -> Response:
    """What whoever has sent the form is told, however often: nothing but what stood there, for what has become of it is
    the owner's of the address to know."""
    return make_response(render_template(
        "asked.html", host=host, event_type=event_type, start=start, end=start + event_type.duration, email=email,
        kept=timedelta(minutes=adapters().settings.guard.confirm_email_minutes), zone=zone))


def confirm_booking(token: str) -> Response:
    """GET shows what is asked and changes nothing, for mail scanners open links; POST books.

    Raises ``NotFound``, ``LinkExpired``, or ``AddressRefused``.
    """
    about = email_check.held(adapters(), token)
    zone = zone_or(request.args.get("tz", ""), about.reservation.invitee_timezone)
    if not about.reservation.unverified:
        return make_response(redirect(after_booking.manage(about.reservation, zone), 303))
    if not about.waits:
        return _late(about, zone)
    form = ConfirmForm() if request.method == "POST" else ConfirmForm(formdata=None)
    if request.method == "POST" and form.validate_on_submit():
        try:
            booked = email_check.confirm(adapters(), token)
        except IllegalTransition:
            return _late(email_check.held(adapters(), token), zone)
        return make_response(redirect(after_booking.booked(about.event_type, booked, zone), 303))
    let_form_lead_to(about.event_type.redirect_url)
    page = render_template("confirm.html", token=token, about=about, reservation=about.reservation, host=about.host,
                           form=form, zone=zone)
    return make_response(page, 400 if request.method == "POST" else 200)


def _late(about: Held, zone: ZoneInfo) -> Response:
    lost = about.reservation
    title = {"cancelled": gettext("This booking is cancelled"), "declined": gettext("This booking was declined")}.get(
        lost.status, gettext("This booking was not confirmed in time"))
    page = render_template(
        "taken.html", host=booking.owner_of(adapters(), lost), slug=lost.slug, zone=zone, start=lost.start, title=title,
        text=gettext("Nothing was booked. You can ask for a time once more."), private=about.event_type.private,
        alternatives=list(email_check.instead(adapters(), about)))
    return make_response(page, 410)
