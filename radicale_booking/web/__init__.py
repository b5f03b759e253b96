"""The pages that people book on: a Flask application over the services."""

from radicale_booking.web.factory import create_app

__all__ = ["create_app"]
