"""What the request at hand works with."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from radicale_booking.services.adapters import Adapters

EXTENSION = "radicale_booking"


def adapters() -> Adapters:
    """The adapters that the application was created with."""
    found: Adapters = current_app.extensions[EXTENSION]
    return found


def now() -> datetime:
    """This moment, aware UTC."""
    return adapters().clock()
