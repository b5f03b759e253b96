"""Maintenance mode on the pages: what is answered instead, and what is said above what can still be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, g, request
from flask_babel import gettext

from radicale_booking.errors import UnderMaintenance
from radicale_booking.services import maintenance_mode
from radicale_booking.web.current import adapters

if TYPE_CHECKING:
    from radicale_booking.store.maintenance_mode import MaintenanceMode

_FOR_EVERYBODY = frozenset({"static", "theme", "logo", "portrait", "embed", "health", "ready", "metrics", None})


def register(flask: Flask) -> None:
    """Let ``flask`` ask before each request whether the site is held still."""
    flask.before_request(_look)
    flask.jinja_env.globals.update(held_still=held_still, held_still_text=held_still_text)


def held_still() -> MaintenanceMode | None:
    """The maintenance mode that the request at hand was let through in."""
    found: MaintenanceMode | None = g.get("maintenance_mode")
    return found


def held_still_text() -> str:
    """What it means for whoever reads a page."""
    return str(gettext("Nothing can be booked or changed right now. What has been booked stays as it is."))


def _look() -> None:
    """Raises ``UnderMaintenance``."""
    if request.endpoint in _FOR_EVERYBODY:
        return
    found = maintenance_mode.state(adapters())
    if found is None:
        return
    if found.mode == maintenance_mode.CLOSED or request.method not in ("GET", "HEAD", "OPTIONS"):
        raise UnderMaintenance(found.message)
    g.maintenance_mode = found
