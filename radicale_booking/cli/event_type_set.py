"""``radicale-booking event-type set``."""

from __future__ import annotations

from radicale_booking.cli import event_type_shape as shape
from radicale_booking.cli.invocation import Context, HostName, Slug, invocation
from radicale_booking.errors import InvalidInput
from radicale_booking.services import event_types


def command(
    context: Context,
    host: HostName,
    slug: Slug,
    title: shape.Title = None,
    duration: shape.Duration = None,
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
    """Change an event type; what is not given stays."""
    call = invocation(context)
    app = call.app()
    fields = shape.rules(title=title, duration=duration, description=description, location=location, step=step,
                         buffer_before=buffer_before, buffer_after=buffer_after, notice=notice, horizon=horizon,
                         limit_per_day=limit_per_day, limit_per_week=limit_per_week, limit_per_month=limit_per_month,
                         hidden=hidden)
    if not fields:
        raise InvalidInput("event type", slug, "nothing to change is given", "see --help for the options")
    changed = event_types.set(app, host, slug, **fields)
    call.say(f"event type {changed.slug} changed", shape.record(changed, app.settings.public_url))
