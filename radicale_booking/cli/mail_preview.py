"""``radicale-booking mail preview``."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.domain.notice import EVENTS, ROLES
from radicale_booking.errors import InvalidInput
from radicale_booking.services import mail

_PARTS = {"text": "plain", "html": "html", "calendar": "calendar"}
_HEADERS = ("From", "To", "Reply-To", "Subject")


def command(
    context: Context,
    uid: Annotated[str, typer.Argument(metavar="[UID]", show_default=False,
                                       help="UID of a reservation (default: an invented one).")] = "",
    event: Annotated[str, typer.Option(help="What happened: " + ", ".join((*EVENTS, *mail.APART)) + ".")] = "",
    role: Annotated[str, typer.Option("--to", help="Who reads it: " + " or ".join(ROLES) + ".")] = "invitee",
    language: Annotated[str, typer.Option(help="Language tag, such as de (default: the reader's).")] = "",
    part: Annotated[str, typer.Option(help="What to show: text, html, calendar or source.")] = "text",
) -> None:
    """Show a mail as it would be sent."""
    call = invocation(context)
    if part not in (*_PARTS, "source"):
        raise InvalidInput("--part", part, "is not known", f"one of {', '.join(_PARTS)}, source")
    message = mail.preview(call.app(), uid, event=event, role=role, language=language)
    if call.as_json:
        call.show({name.lower().replace("-", "_"): str(message.get(name, "")) for name in _HEADERS}
                  | {name: _part(message, subtype) for name, subtype in _PARTS.items()})
    elif part == "source":
        typer.echo(message.as_string())
    elif part == "text":
        headers = "".join(f"{name}: {message[name]}\n" for name in _HEADERS if name in message)
        typer.echo(f"{headers}\n{_part(message, 'plain')}", nl=False)
    else:
        typer.echo(_part(message, _PARTS[part]), nl=False)


def _part(message: EmailMessage, subtype: str) -> str:
    found = (part for part in message.walk() if part.get_content_type() == f"text/{subtype}")
    return next((str(part.get_content()) for part in found if isinstance(part, EmailMessage)), "")
