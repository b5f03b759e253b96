"""Whether the server runs, and whether it can work."""

from __future__ import annotations

from flask import Response, jsonify, make_response

from radicale_booking import again
from radicale_booking.errors import Unavailable
from radicale_booking.web.current import adapters


def health() -> Response:
    """The process answers."""
    return jsonify(status="ok")


def ready() -> Response:
    """The database answers and has the schema of this program; else 503."""
    store = adapters().store
    try:
        if store.schema_state().pending:
            return make_response(jsonify(status="unavailable", reason="the database needs a migration"), 503)
        again.attempt(store.look, "principal", "get", name="")
    except Unavailable as error:
        return make_response(jsonify(status="unavailable", reason=error.reason), 503,
                             {"Retry-After": str(error.retry_after_seconds)})
    return jsonify(status="ready")
