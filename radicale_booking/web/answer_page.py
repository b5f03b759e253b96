"""The page on which a host confirms or declines a booking out of the mail about it."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request

from radicale_booking.services import booking, decisions, life
from radicale_booking.web.addresses import link
from radicale_booking.web.current import adapters
from radicale_booking.web.forms import CancelForm
from radicale_booking.web.zones import zone_or


def answer_request(token: str) -> Response:
    """GET shows what is asked and changes nothing, for mail scanners open links; POST confirms or declines.

    Raises ``NotFound`` or ``LinkExpired``, ``IllegalTransition`` when it was decided meanwhile.
    """
    uid = decisions.uid_in(adapters(), token)
    reservation = booking.reservation(adapters(), uid)
    form = CancelForm() if request.method == "POST" else CancelForm(formdata=None)
    answer = request.form.get("answer", "")
    if request.method == "POST" and form.validate_on_submit() and answer in ("confirm", "decline"):
        if reservation.status == "pending":
            life.decide(adapters(), uid, answer, actor="host link", reason=form.reason.data or "")
        return make_response(redirect(link("answer_request", token=token), 303))
    host = booking.host_page(adapters(), reservation.host).principal
    page = render_template("answer.html", token=token, reservation=reservation, form=form,
                           zone=zone_or("", host.timezone),
                           wanted=request.args.get("answer", ""), answers=booking.answers_of(adapters(), reservation))
    return make_response(page, 400 if request.method == "POST" else 200)
