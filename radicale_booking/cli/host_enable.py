"""``radicale-booking host enable``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, HostName, invocation
from radicale_booking.domain.principal import AUTO_SCHEDULE_MODES
from radicale_booking.services import accounts


def command(
    context: Context,
    host: HostName,
    holidays: Annotated[str | None, typer.Option(help="Country whose public holidays are days off, such as DE or DE-BY;"
                                                      " empty for none.")] = None,
    auto_schedule: Annotated[str | None, typer.Option(help="What is answered to an invitation at once: one of "
                                                           f"{', '.join(AUTO_SCHEDULE_MODES)}.")] = None,
    free_busy_url: Annotated[bool | None, typer.Option("--free-busy-url/--no-free-busy-url", help=(
        "Whether everybody may read at /freebusy/E-MAIL.ifb when the host is busy."))] = None,
    agenda: Annotated[str | None, typer.Option(help="Local time, such as 07:30, of a daily mail about bookings;"
                                                    " empty for none.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of mail to the host, such as de; empty for the"
                                                      " site's.")] = None,
) -> None:
    """Make a user bookable: a calendar for bookable hours, and a default calendar for the bookings."""
    call = invocation(context)
    app = call.app()
    accounts.enable_host(app, host, holidays, auto_schedule, free_busy_url, agenda, language)
    call.say(f"{host} can be booked; draw bookable hours into the calendar {app.settings.public_url}/{host}/bookable/",
             {"name": host, "bookable_hours": f"{app.settings.public_url}/{host}/bookable/"})
