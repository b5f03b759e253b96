"""``radicale-booking slots``."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated

import typer

from radicale_booking.cli.invocation import (
    ChosenDuration,
    Context,
    HostName,
    Slug,
    instant,
    invocation,
    minutes_or_none,
)
from radicale_booking.domain.interval import Interval
from radicale_booking.services import booking


def command(
    context: Context,
    host: HostName,
    slug: Slug,
    start: Annotated[str, typer.Option("--from", metavar="INSTANT", help="First instant (default: now).")] = "",
    duration: ChosenDuration = None,
    days: Annotated[int, typer.Option(help="How many days to show.", min=1, max=366)] = 14,
) -> None:
    """List the starts that are offered now."""
    call = invocation(context)
    app = call.app()
    first = instant(start, "--from").astimezone(UTC) if start else app.clock()
    slots = booking.open_slots(app, host, slug, Interval(first, first + timedelta(days=days)),
                               minutes_or_none(duration))
    call.show_all([{"start": slot.start, "end": slot.end, "seats_left": slot.seats_left} for slot in slots],
                  "nothing is free")
