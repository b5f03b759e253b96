"""``radicale-booking event-type link``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, HostName, Slug, instant, invocation
from radicale_booking.services import private_links


def command(
    context: Context,
    host: HostName,
    slug: Slug,
    single_use: Annotated[bool, typer.Option("--single-use", help="Let it be booked by once only.")] = False,
    expires: Annotated[str, typer.Option(metavar="INSTANT", help="Until when it works (default: for ever).")] = "",
) -> None:
    """Make a link that opens a private event type; it is shown only now."""
    call = invocation(context)
    until = instant(expires, "--expires") if expires else None
    link = private_links.create(call.app(), host, slug, single_use=single_use, expires=until)
    call.say(link, {"link": link, "single_use": single_use, "expires": until})
