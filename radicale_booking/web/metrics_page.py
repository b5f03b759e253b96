"""``/metrics`` for Prometheus: counts of this server and figures of the site."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from pathlib import Path

from flask import Response, abort, make_response, request

from radicale_booking import meter
from radicale_booking.errors import StoreUnavailable
from radicale_booking.proxies import FORWARDED
from radicale_booking.services.figures import Figures, figures
from radicale_booking.web.current import adapters

_FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


def metrics() -> Response:
    """For programs on this machine that do not come through a proxy, and for those that know the token; else 404."""
    if not _allowed():
        abort(404)
    from prometheus_client import CONTENT_TYPE_LATEST

    response = make_response(meter.exposition() + _gauges(figures(adapters())).encode())
    response.content_type = CONTENT_TYPE_LATEST
    return response


def _allowed() -> bool:
    expected = _token(adapters().settings.metrics_token_file)
    if expected:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), expected.encode())
    try:
        local = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        local = False
    forwarded = request.environ.get(FORWARDED) or any(name in request.headers for name in _FORWARDED)
    return local and not forwarded


def _token(file: str) -> str:
    """The first line of the file; Raises ``StoreUnavailable``: without its token nobody may read."""
    if not file:
        return ""
    try:
        token = Path(file).read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnavailable(f"[booking] metrics_token_file: {error}") from error
    if not token:
        raise StoreUnavailable("[booking] metrics_token_file: its first line is empty")
    return token


def _gauges(found: Figures) -> str:
    values: list[tuple[str, str, float]] = [
        ("booking_outbox_queued", "Mail that waits.", found.queued_mail),
        ("booking_outbox_failed", "Mail that was given up.", found.failed_mail),
        ("booking_outbox_oldest_seconds", "How long the oldest mail that is due has waited.",
         found.oldest_mail_seconds),
        ("booking_database_octets", "Room that the database takes.", found.database_octets),
        ("booking_hosts", "Users that can be booked.", found.hosts),
        ("booking_window_problems", "Lines of bookable hours that cannot be read.", found.window_problems),
        ("booking_unreadable_items", "Calendar objects that cannot be read.", found.unreadable_items),
        ("booking_maintenance_mode", "Whether the site is held still.", int(found.held_still))]
    if found.backup_age_seconds is not None:
        values.append(("booking_backup_age_seconds", "Age of the newest archive.", found.backup_age_seconds))
    lines = [line for name, text, value in values
             for line in (f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{name} {value}")]
    lines += ["# HELP booking_reservations Reservations that are not over.", "# TYPE booking_reservations gauge",
              *(f'booking_reservations{{status="{status}"}} {number}' for status, number in found.to_come.items())]
    return "\n".join(lines) + "\n"
