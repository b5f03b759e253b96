"""An event type on the command line: the options that give its rules, and how it is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from radicale_booking.domain.event_type import EventType

Duration = Annotated[int | None, typer.Option("--duration", help="Length in minutes.")]
Title = Annotated[str | None, typer.Option("--title", help="Title that invitees read.")]
Description = Annotated[str | None, typer.Option("--description", help="Text on the booking page.")]
Location = Annotated[str | None, typer.Option("--location", help="Where it takes place.")]
Step = Annotated[int | None, typer.Option("--step", help="Minutes between two offered starts (default: the length).")]
BufferBefore = Annotated[int | None, typer.Option("--buffer-before", help="Minutes kept free before.")]
BufferAfter = Annotated[int | None, typer.Option("--buffer-after", help="Minutes kept free after.")]
Notice = Annotated[int | None, typer.Option("--notice", help="Minutes that must lie between booking and start.")]
Horizon = Annotated[int | None, typer.Option("--horizon", help="Days ahead that can be booked.")]
LimitPerDay = Annotated[int | None, typer.Option("--limit-per-day", help="Most bookings a day.")]
LimitPerWeek = Annotated[int | None, typer.Option("--limit-per-week", help="Most bookings a week.")]
LimitPerMonth = Annotated[int | None, typer.Option("--limit-per-month", help="Most bookings a month.")]
Hidden = Annotated[bool | None, typer.Option("--hidden/--listed", help="Whether the host's page leaves it out.")]


def rules(*, title: str | None = None, description: str | None = None, location: str | None = None,
          duration: int | None = None, step: int | None = None, buffer_before: int | None = None,
          buffer_after: int | None = None, notice: int | None = None, horizon: int | None = None,
          limit_per_day: int | None = None, limit_per_week: int | None = None, limit_per_month: int | None = None,
          hidden: bool | None = None) -> dict[str, object]:
    """The given options as fields of ``EventType``; numbers are minutes, ``horizon`` days; None is left out."""
    minutes = {"duration": duration, "step": step, "buffer_before": buffer_before, "buffer_after": buffer_after,
               "notice": notice}
    fields: dict[str, object] = {
        "title": title, "description": description, "location": location, "hidden": hidden,
        "limit_per_day": limit_per_day, "limit_per_week": limit_per_week, "limit_per_month": limit_per_month,
        "horizon": None if horizon is None else timedelta(days=horizon),
    }
    fields |= {name: None if value is None else timedelta(minutes=value) for name, value in minutes.items()}
    return {name: value for name, value in fields.items() if value is not None}


def record(event_type: EventType, public_url: str) -> dict[str, object]:
    """All there is to say about ``event_type``; lengths in minutes for machines."""
    return {
        "slug": event_type.slug, "title": event_type.title, "description": event_type.description,
        "location": event_type.location, "duration": event_type.duration, "step": event_type.grid_step,
        "buffer_before": event_type.buffer_before, "buffer_after": event_type.buffer_after,
        "notice": event_type.notice, "horizon_days": event_type.horizon.days,
        "limit_per_day": event_type.limit_per_day, "limit_per_week": event_type.limit_per_week,
        "limit_per_month": event_type.limit_per_month, "hidden": event_type.hidden, "origin": event_type.origin,
        "link": f"{public_url}/book/{event_type.host}/{event_type.slug}/",
    }
