"""Errors as pages: each class once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask, Response, make_response, render_template, request
from flask.globals import request_ctx
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from radicale_booking.errors import (
    AddressRefused,
    Conflict,
    InvalidInput,
    LinkExpired,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    SlotTaken,
    TooMany,
    Unavailable,
    UnderMaintenance,
)
from radicale_booking.web import maintenance
from radicale_booking.web.current import adapters

_NOWHERE: Mapping[str, str] = {}


def register(flask: Flask) -> None:
    """Let ``flask`` answer our errors and its own with our pages."""
    flask.register_error_handler(NotFound, _not_found)
    flask.register_error_handler(LinkExpired, _link_expired)
    flask.register_error_handler(TooMany, _too_many)
    flask.register_error_handler(AddressRefused, _address_refused)
    flask.register_error_handler(NotAllowed, _not_allowed)
    flask.register_error_handler(Conflict, _conflict)
    flask.register_error_handler(InvalidInput, _invalid)
    flask.register_error_handler(UnderMaintenance, _under_maintenance)
    flask.register_error_handler(OutcomeUnknown, _outcome_unknown)
    flask.register_error_handler(Unavailable, _unavailable)
    flask.register_error_handler(HTTPException, _http)


def taken(error: SlotTaken, host: str, slug: str, zone: ZoneInfo, now: datetime) -> Response:
    """The page for a start that cannot be booked, with the nearest that can; status 409."""
    title, text = _refusal(error, now)
    page = render_template("taken.html", host=host, slug=slug, zone=zone, start=error.start, title=title, text=text,
                           alternatives=list(error.alternatives))
    return make_response(page, 409)


def _refusal(error: SlotTaken, now: datetime) -> tuple[str, str]:
    """Heading and sentence."""
    if error.start <= now:
        return gettext("This time has passed"), ""
    if error.offered_before:
        return (gettext("This time was just taken"),
                gettext("Somebody was a moment faster. Nothing was booked for you."))
    return (gettext("This time is not offered"),
            gettext("Please choose one of the free times. Nothing was booked for you."))


def _page(status: int, title: str, text: str, place: Mapping[str, str] = _NOWHERE, *, waits: bool = False) -> Response:
    """``place``: the ``host`` whose other event types may help, or the ``slug`` whose other times; where there is none,
    the page says whom to ask. ``waits``: it passes by itself."""
    contacts = () if place else adapters().settings.contacts
    page = render_template("failure.html", title=title, text=text, waits=waits, contacts=contacts, **place)
    return make_response(page, status)


def _place(*names: str) -> dict[str, str]:
    """The host and event type whose page was asked for, as far as there is one; with ``names`` these alone."""
    return {name: value for name, value in (request.view_args or {}).items() if name in (names or ("host", "slug"))}


def _not_found(error: NotFound) -> Response:
    if error.kind in ("host", "event type", "principal"):
        return _page(404, gettext("Nothing to book here"),
                     gettext("There is no booking page at this address. Please check the link you were given."),
                     _place("host") if error.kind == "event type" else _NOWHERE)
    return _page(404, gettext("This link does not work"),
                 gettext("It may be incomplete. Please open it again from where you got it."))


def _link_expired(error: LinkExpired) -> Response:
    return _page(410, gettext("This link has expired"),
                 gettext("Please ask the person you booked with for help."))


def _too_many(error: TooMany) -> Response:
    response = _page(429, gettext("Please wait a little"),
                     gettext("There have been too many attempts to book. Nothing was booked; please try again later."),
                     _place(), waits=True)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _address_refused(error: AddressRefused) -> Response:
    if error.reason == "disposable":
        return _page(403, gettext("Please use another e-mail address"),
                     gettext("Addresses that are thrown away after use cannot book here. Nothing was booked."),
                     _place())
    said = {"seated": gettext("You have a seat at this time already: look for the mail about it. "
                              "Nothing more was booked."),
            "enough": gettext("You have booked as often as is possible here: look for the mails about it. "
                              "Nothing more was booked."),
            "blocked": gettext("Please contact the person you want to meet. Nothing was booked.")}
    return _page(403, gettext("This cannot be booked with your e-mail address"),
                 said.get(error.reason) or
                 gettext("You may have booked already, or as often as is possible: then look for the mail about it. "
                         "Otherwise please contact the person you want to meet. Nothing was booked."),
                 _place())


def _not_allowed(error: NotAllowed) -> Response:
    return _page(403, gettext("This is not possible"), gettext("The link does not allow this."))


def _conflict(error: Conflict) -> Response:
    return _page(409, gettext("This is not possible any more"),
                 gettext("The booking has changed in the meantime. Please open its page again."))


def _invalid(error: InvalidInput) -> Response:
    return _page(400, gettext("This could not be understood"), gettext("Please go back and check what you entered."),
                 _place())


def _outcome_unknown(error: OutcomeUnknown) -> Response:
    return _later(error, gettext("Please try again in a moment"),
                  gettext("The calendar broke off before it could confirm. It may be done already; sending the form "
                          "again does not book twice."))


def _unavailable(error: Unavailable) -> Response:
    return _later(error, gettext("Please try again in a moment"),
                  gettext("The calendar cannot be reached right now. Nothing was booked."))


def _later(error: Unavailable, title: str, text: str, message: str = "") -> Response:
    """Whoever cannot wait reads whom to ask."""
    page = render_template("failure.html", title=title, text=text, message=message, waits=True,
                           contacts=adapters().settings.contacts)
    response = make_response(page, 503)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _under_maintenance(error: UnderMaintenance) -> Response:
    return _later(error, gettext("Closed for the moment"), maintenance.held_still_text(), error.reason)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if request_ctx.url_adapter is None:
        # No page can be linked from where nothing is known to be.
        return make_response("The request's Host is no name of a server.\n", status, {"Content-Type": "text/plain"})
    if status < 400:
        response = error.get_response()
        return make_response(response.get_data(), status, dict(response.headers))
    if status == 404:
        return _not_found(NotFound("page", request.path))
    if status >= 500:
        return _page(status, gettext("Something went wrong"),
                     gettext("The fault is ours and has been recorded. Please try again later."))
    response = _page(status, gettext("This could not be understood"),
                     gettext("Please go back and check what you entered."), _place())
    if status == 405 and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response
