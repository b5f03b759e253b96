"""The page on which somebody says that a mail is really theirs."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request

from radicale_booking.services import inbound, sender_check
from radicale_booking.web.addresses import link
from radicale_booking.web.current import adapters
from radicale_booking.web.forms import CancelForm
from radicale_booking.web.zones import zone_or


def confirm_mail(token: str) -> Response:
    """GET shows what is asked and changes nothing, for mail scanners open links; POST says yes.

    Raises ``NotFound`` or ``LinkExpired``.
    """
    held = sender_check.held(adapters(), token)
    form = CancelForm() if request.method == "POST" else CancelForm(formdata=None)
    if request.method == "POST" and form.validate_on_submit():
        inbound.confirm(adapters(), token)
        return make_response(redirect(link("confirm_mail", token=token), 303))
    page = render_template("mail.html", token=token, held=held, form=form, zone=zone_or("", held.timezone))
    return make_response(page, 400 if request.method == "POST" else 200)
