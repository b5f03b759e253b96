"""``radicale-booking event-type set``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from radicale_booking.cli import event_type_shape as shape
from radicale_booking.cli.invocation import Context, HostName, Slug, invocation
from radicale_booking.errors import InvalidInput
from radicale_booking.services import event_types


@shape.with_rules
def command(
    context: Context,
    host: HostName,
    slug: Slug,
    title: Annotated[str | None, typer.Option(help="Title that invitees read.")] = None,
    duration: Annotated[int | None, typer.Option(help="Length in minutes.")] = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="RULE",
                                                    help="Rule that gets its default again, repeated.")] = None,
    **rules: Any,
) -> None:
    """Change an event type; what is not given stays."""
    call = invocation(context)
    app = call.app()
    fields = shape.fields(rules)
    if title is not None:
        fields["title"] = title
    if duration is not None:
        fields["duration"] = timedelta(minutes=duration)
    unset_rules = [shape.rule_named(name) for name in unset or ()]
    if not fields and not unset_rules:
        raise InvalidInput("event type", slug, "nothing to change is given", "see --help for the options")
    changed = event_types.set(app, host, slug, unset=unset_rules, **fields)
    call.say(f"event type {changed.slug} changed", shape.record(changed, app.settings.public_url))
