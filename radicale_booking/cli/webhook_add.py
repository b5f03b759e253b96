"""``radicale-booking webhook add``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.domain.webhook import EVENT_NAMES
from radicale_booking.services import webhooks


def command(
    context: Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to post to.")],
    host: Annotated[str | None, typer.Option(help="Only bookings of this host (default: of everybody).")] = None,
    events: Annotated[list[str] | None, typer.Option("--event", help="Only these events, repeated: "
                                                     + ", ".join(EVENT_NAMES) + ".")] = None,
) -> None:
    """Post what happens to bookings to a web address; the secret that signs it is shown."""
    call = invocation(context)
    added = webhooks.add(call.app(), url, events or [], host)
    call.say(f"webhook {added.id} posts to {url}, signed with {added.secret}",
             {"id": added.id, "url": url, "secret": added.secret})
