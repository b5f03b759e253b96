"""``radicale-booking event-type add``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from radicale_booking.cli import event_type_shape as shape
from radicale_booking.cli.invocation import Context, HostName, invocation
from radicale_booking.domain.event_type import EventType, slugify
from radicale_booking.services import event_types


@shape.with_rules
def command(
    context: Context,
    host: HostName,
    name: Annotated[str, typer.Argument(metavar="SLUG", help="Word in its link; a title is turned into one.")],
    title: Annotated[str, typer.Option(help="Title that invitees read (default: from SLUG).")] = "",
    duration: Annotated[int, typer.Option(help="Length in minutes.")] = 30,
    **rules: Any,
) -> None:
    """Add an event type to a host."""
    call = invocation(context)
    app = call.app()
    slug = slugify(name)
    # A slug makes a plain title: intro-call is "Intro call".
    title = title or (name.replace("-", " ").capitalize() if name == slug else name)
    added = event_types.add(app, EventType(host=host, slug=slug, title=title, duration=timedelta(minutes=duration),
                                           **shape.fields(rules)))
    record = shape.record(added, app.settings.public_url)
    call.say(f"event type {added.slug} added: {record['link']}", record)
