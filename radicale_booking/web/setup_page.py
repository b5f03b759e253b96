"""``/host/setup/``: how staff connect their calendar programs. It says nothing that only some may know."""

from __future__ import annotations

import io

import segno
from flask import Response, make_response, render_template, request

from radicale_booking.domain.account_profile import apple_profile, davx5_url
from radicale_booking.errors import InvalidInput
from radicale_booking.services.accounts import checked_name
from radicale_booking.web.current import adapters


def show_setup() -> str:
    """The page; ``?user=`` fills in the address. Whether there is such a user is not told."""
    user = _user() if request.args.get("user") else ""
    settings = adapters().settings
    return render_template("setup.html", user=user, server=f"{settings.public_url}/",
                           davx5=davx5_url(settings.public_url, user) if user else "")


def profile() -> Response:
    """The profile for macOS and iOS."""
    user = _user()
    settings = adapters().settings
    response = make_response(apple_profile(settings.public_url, user, settings.booking_domain))
    response.content_type = "application/x-apple-aspen-config"
    response.headers["Content-Disposition"] = 'attachment; filename="calendar.mobileconfig"'
    return response


def davx5_code() -> Response:
    """The QR code that DAVx5 scans."""
    drawn = io.BytesIO()
    segno.make(davx5_url(adapters().settings.public_url, _user()), error="m").save(
        drawn, kind="svg", xmldecl=False, scale=4, border=4, light="white", svgclass=None, lineclass=None)
    response = make_response(drawn.getvalue())
    response.content_type = "image/svg+xml"
    return response


def _user() -> str:
    """Raises ``InvalidInput`` where no user can be called so."""
    given = request.args.get("user", "").strip()
    if not given:
        raise InvalidInput("user", "", "is not given", "add ?user=NAME")
    return checked_name(given)
