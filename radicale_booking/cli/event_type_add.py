"""``radicale-booking event-type add``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli import event_type_shape as shape
from radicale_booking.cli.invocation import Context, HostName, invocation
from radicale_booking.domain.event_type import EventType, slugify
from radicale_booking.services import event_types


def command(
    context: Context,
    host: HostName,
    name: Annotated[str, typer.Argument(metavar="SLUG", help="Word in its link; a title is turned into one.")],
    title: Annotated[str, typer.Option(help="Title that invitees read (default: from SLUG).")] = "",
    duration: Annotated[int, typer.Option(help="Length in minutes.")] = 30,
    description: shape.Description = None,
    location: shape.Location = None,
    step: shape.Step = None,
    buffer_before: shape.BufferBefore = None,
    buffer_after: shape.BufferAfter = None,
    notice: shape.Notice = None,
    horizon: shape.Horizon = None,
    limit_per_day: shape.LimitPerDay = None,
    limit_per_week: shape.LimitPerWeek = None,
    limit_per_month: shape.LimitPerMonth = None,
    hidden: shape.Hidden = None,
) -> None:
    """Add an event type to a host."""
    call = invocation(context)
    app = call.app()
    fields = shape.rules(description=description, location=location, step=step, buffer_before=buffer_before,
                         buffer_after=buffer_after, notice=notice, horizon=horizon, limit_per_day=limit_per_day,
                         limit_per_week=limit_per_week, limit_per_month=limit_per_month, hidden=hidden,
                         duration=duration)
    slug = slugify(name)
    # A slug makes a plain title: intro-call is "Intro call".
    fields["title"] = title or (name.replace("-", " ").capitalize() if name == slug else name)
    added = event_types.add(app, EventType(host=host, slug=slug, **fields))  # type: ignore[arg-type]
    record = shape.record(added, app.settings.public_url)
    call.say(f"event type {added.slug} added: {record['link']}", record)
