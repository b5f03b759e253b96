"""``radicale-booking dns``."""

from __future__ import annotations

from radicale_booking import settings as settings_module
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.domain.service_records import service_records


def command(context: Context) -> None:
    """Print the DNS records by which calendar programs find the server from an e-mail address."""
    call = invocation(context)
    _, settings = settings_module.load(call.config_path)
    records = service_records(settings.public_url, settings.booking_domain)
    call.say("\n".join(records), {"records": records})
