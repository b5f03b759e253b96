"""``radicale-booking mail test``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import mail


def command(context: Context, address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whom to send it to.")],
            ) -> None:
    """Send a test mail now, and say what the mail server answered if it refused."""
    call = invocation(context)
    app = call.app()
    mail.send_test(app, address)
    settings = app.settings.mail
    server = f"{settings.host}:{settings.used_port}"
    call.say(f"{server} has taken a mail to {address}", {"recipient": address, "server": server})
