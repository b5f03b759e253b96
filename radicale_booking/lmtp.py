"""Mail is taken by LMTP (RFC 2033) from a mail server that stands in front: each recipient has an answer of its own."""

from __future__ import annotations

import asyncio
import sys
import traceback
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller, UnixSocketController
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from radicale_booking.errors import Unavailable
from radicale_booking.notify import incoming
from radicale_booking.services import inbound
from radicale_booking.services.adapters import Adapters

#: What a session begins with, beside the machine's name.
GREETING = "radicale-booking"
_TAKEN, _REFUSED = "250 2.0.0 Taken", "550 5.1.1 Nobody is called so here"
_LATER, _FAULT = "451 4.3.0 The database cannot be used now", "451 4.3.0 This could not be dealt with now"


class Handler:
    """What each command of a session means; the database is asked in a thread of its own."""

    def __init__(self, app: Adapters) -> None:
        self._app = app
        self.largest_octets = app.settings.inbound.largest_kib * 1024

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str,  # noqa: N802
                          rcpt_options: list[str]) -> str:
        """Only addresses that mail can do something at are taken."""
        try:
            known = await asyncio.to_thread(inbound.accepts, self._app, address, _sender(envelope))
        except Unavailable:
            return _LATER
        if not known:
            return _REFUSED
        envelope.rcpt_tos.append(address)
        return _TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """An answer for each recipient, in their order."""
        raw = envelope.original_content or b""
        sender = _sender(envelope)
        answers = [await asyncio.to_thread(self._take, sender, recipient, raw) for recipient in envelope.rcpt_tos]
        return "\r\n".join(answers)

    def _take(self, sender: str, recipient: str, raw: bytes) -> str:
        try:
            inbound.receive(self._app, sender, recipient, raw, incoming.read(raw), say=_say)
        except Unavailable:
            return _LATER
        except Exception:  # noqa: BLE001 - the mail server keeps what made this fail
            traceback.print_exc()
            return _FAULT
        return _TAKEN


class LmtpServer:
    """Listens where ``[inbound] lmtp`` says, until it is stopped."""

    def __init__(self, app: Adapters) -> None:
        place = app.settings.inbound.lmtp
        handler = Handler(app)
        if place.startswith("unix:"):
            Path(place[5:]).unlink(missing_ok=True)
            self._controller: Any = _Unix(handler, unix_socket=place[5:])
        else:
            host, _, port = place.rpartition(":")
            self._controller = _Tcp(handler, hostname=host.strip("[]"), port=int(port))
        self.place = place

    def start(self) -> None:
        """Raises ``OSError`` when the place is taken."""
        self._controller.start()
        _say(f"mail is taken at {self.place}")

    def stop(self) -> None:
        """Finish the sessions at hand."""
        self._controller.stop(no_assert=True)


class _Tcp(Controller):
    """Each session speaks LMTP."""

    def factory(self) -> LMTP:
        return _session(self.handler)


class _Unix(UnixSocketController):
    """The same on a socket of this machine."""

    def factory(self) -> LMTP:
        return _session(self.handler)


def _sender(envelope: Envelope) -> str:
    """'' for nobody, which aiosmtpd writes as ``<>``."""
    return (envelope.mail_from or "").removeprefix("<>")


def _say(sentence: str) -> None:
    print(f"radicale-booking: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - the edge of this process


def _session(handler: Handler) -> LMTP:
    return LMTP(handler, data_size_limit=handler.largest_octets, enable_SMTPUTF8=True, ident=GREETING)
