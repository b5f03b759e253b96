"""``radicale-booking worker``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.worker import run_worker


def command(context: Context) -> None:
    """Send what is queued until SIGTERM or Ctrl-C; besides other WSGI servers, for ``serve`` does it by itself."""
    run_worker(invocation(context).config_path)
