"""``radicale-booking explain``."""

from __future__ import annotations

from datetime import UTC
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
from radicale_booking.services import booking


def command(
    context: Context,
    host: HostName,
    slug: Slug,
    start: Annotated[str, typer.Argument(metavar="START", help="Instant such as 2026-03-02T09:30:00Z.")],
    duration: ChosenDuration = None,
) -> None:
    """Say rule by rule whether a start is offered, and what stands in its way."""
    call = invocation(context)
    verdicts = booking.explain(call.app(), host, slug, instant(start, "START").astimezone(UTC),
                               minutes_or_none(duration))
    call.show_all([{"rule": verdict.rule, "passed": verdict.passed, "cause": verdict.cause,
                    **({"host": verdict.host} if verdict.host else {})} for verdict in verdicts], "no rules")
