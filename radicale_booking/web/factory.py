"""The Flask application."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, make_response, request, url_for
from flask_babel import Babel

from radicale_booking.web import (
    addresses,
    current,
    embedding,
    failures,
    headers,
    health,
    languages,
    maintenance,
    own_look,
    people,
    proof_of_work,
    wording,
)
from radicale_booking.web.answer_page import answer_request
from radicale_booking.web.calendar_links import calendar_links
from radicale_booking.web.confirm_page import confirm_booking
from radicale_booking.web.current import EXTENSION
from radicale_booking.web.details_page import ask_details, take_booking
from radicale_booking.web.forms import HONEYPOT, refuse_files
from radicale_booking.web.free_busy import show_free_busy
from radicale_booking.web.host_page import show_host
from radicale_booking.web.mail_page import confirm_mail
from radicale_booking.web.metrics_page import metrics
from radicale_booking.web.reservation_page import cancel_reservation, event_file, show_reservation
from radicale_booking.web.setup_page import davx5_code, profile, show_setup
from radicale_booking.web.slot_feed import show_feed, wants_feed
from radicale_booking.web.time_page import choose_time

if TYPE_CHECKING:
    from radicale_booking.services.adapters import Adapters

_LARGEST_REQUEST_OCTETS = 64 * 1024
_FORM_LIFETIME = timedelta(hours=12)
_STATIC_LIFETIME = timedelta(days=365)


def create_app(app: Adapters, *, prefix: str = "") -> Flask:
    """The pages over ``app`` as a WSGI application; ``prefix`` stands before each path, besides SCRIPT_NAME.

    Raises ``StoreUnavailable`` when the key that signs forms cannot be read.
    """
    flask = Flask("radicale_booking.web", static_url_path="/book/static", static_folder="static")
    flask.config.update(
        SECRET_KEY=app.links.sign("web session key", ""),
        SESSION_COOKIE_NAME="booking",
        SESSION_COOKIE_PATH=prefix or "/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.settings.public_url.startswith("https://"),
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST_OCTETS,
        MAX_FORM_MEMORY_SIZE=_LARGEST_REQUEST_OCTETS,
        SEND_FILE_MAX_AGE_DEFAULT=_STATIC_LIFETIME,
        WTF_CSRF_TIME_LIMIT=int(_FORM_LIFETIME.total_seconds()),
        BABEL_TRANSLATION_DIRECTORIES="translations",
    )
    flask.extensions[EXTENSION] = app
    flask.session_interface = embedding.EmbeddableSession()
    flask.jinja_env.trim_blocks = flask.jinja_env.lstrip_blocks = True
    Babel(flask, locale_selector=languages.wanted_locale)
    _add_words(flask)
    _add_pages(flask)
    failures.register(flask)
    maintenance.register(flask)
    flask.before_request(refuse_files)
    flask.after_request(headers.stay_here)
    flask.after_request(headers.compress)
    flask.after_request(headers.secure)
    if prefix:
        _mount(flask, prefix.rstrip("/"))
    return flask


def _add_pages(flask: Flask) -> None:
    flask.add_url_rule("/book/<host>/", "show_host", show_host)
    flask.add_url_rule("/book/<host>/<slug>/", "event_type", _event_type, methods=["GET", "POST"])
    flask.add_url_rule("/book/<host>/<slug>/slots.ics", "slot_feed", show_feed)
    flask.add_url_rule("/booking/<token>/", "show_reservation", show_reservation)
    flask.add_url_rule("/booking/<token>/event.ics", "event_file", event_file)
    flask.add_url_rule("/booking/<token>/answer", "answer_request", answer_request, methods=["GET", "POST"])
    flask.add_url_rule("/booking/<token>/mail", "confirm_mail", confirm_mail, methods=["GET", "POST"])
    flask.add_url_rule("/booking/<token>/confirm", "confirm_booking", confirm_booking, methods=["GET", "POST"])
    flask.add_url_rule("/booking/<token>/cancel", "cancel_reservation", cancel_reservation, methods=["POST"])
    flask.add_url_rule("/book/look/<version>.css", "theme", own_look.show_theme)
    flask.add_url_rule("/book/look/<version>/logo", "logo", own_look.show_logo)
    flask.add_url_rule("/book/look/<version>/portrait/<host>", "portrait", own_look.show_portrait)
    flask.add_url_rule("/embed.js", "embed", embedding.script)
    flask.add_url_rule("/host/embed/", "embed_demo", embedding.show_demo)
    flask.add_url_rule("/freebusy/<email>.ifb", "free_busy", show_free_busy)
    flask.add_url_rule("/host/setup/", "setup", show_setup)
    flask.add_url_rule("/host/setup/calendar.mobileconfig", "setup_profile", profile)
    flask.add_url_rule("/host/setup/davx5.svg", "setup_code", davx5_code)
    flask.add_url_rule("/health", "health", health.health)
    flask.add_url_rule("/ready", "ready", health.ready)
    flask.add_url_rule("/metrics", "metrics", metrics)


def _event_type(host: str, slug: str) -> Response:
    if request.method == "POST":
        return take_booking(host, slug)
    if wants_feed():
        return show_feed(host, slug)
    if "start" in request.args:
        return ask_details(host, slug)
    return make_response(choose_time(host, slug))


def _add_words(flask: Flask) -> None:
    flask.jinja_env.globals.update(
        asset=asset, link=addresses.link, here=addresses.here, chosen_so_far=addresses.chosen_so_far,
        filling=addresses.filling, hours_in_day=wording.hours_in_day,
        column_day=wording.column_day, honeypot=HONEYPOT, challenge=proof_of_work.challenge,
        booking_address=addresses.booking_address, is_embedded=embedding.is_embedded, outside=embedding.outside,
        calendar_links=calendar_links, named=people.named, theme_version=own_look.theme_version,
        logo_version=own_look.logo_version, portrait_version=own_look.portrait_version,
        page_settings=lambda: current.adapters().settings.page,
        language_links=addresses.language_links, locale=languages.locale,
        instant=wording.instant, month_name=wording.month_name, long_day=wording.long_day,
        short_day=wording.short_day, weekdays=wording.weekdays, clock_time=wording.clock_time,
        clock_times=wording.clock_times, place_name=wording.place_name, zone_title=wording.zone_title,
        length=wording.length,
    )


def asset(name: str) -> str:
    """The URL of a static file, which changes with its content."""
    return url_for("static", filename=name, v=_fingerprint(name))


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((Path(__file__).parent / "static" / name).read_bytes()).hexdigest()[:8]


def _mount(flask: Flask, prefix: str) -> None:
    inner = flask.wsgi_app

    def mounted(environ, start_response):  # type: ignore[no-untyped-def]  # the types of WSGI differ by library
        return inner(environ | {"SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + prefix}, start_response)

    flask.wsgi_app = mounted  # type: ignore[method-assign]
