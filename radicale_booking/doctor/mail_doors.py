"""The doors by which mail comes in: the mailbox, and the whole way through the mail servers."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterator

from radicale_booking.doctor.finding import ERROR, NOTE, OK, Finding
from radicale_booking.errors import DeliveryFailed, InvalidInput
from radicale_booking.inbound_settings import InboundSettings
from radicale_booking.lmtp import GREETING
from radicale_booking.notify import mailbox
from radicale_booking.services import inbound, mail
from radicale_booking.services.adapters import Adapters

_PATIENCE_SECONDS = 8
_ON_THE_WAY_SECONDS = 60
_LOOK_EVERY_SECONDS = 0.5


def examine(settings: InboundSettings) -> Iterator[Finding]:
    """Both are tried as the programs that use them do; no mail is taken or given."""
    if settings.lmtp:
        yield _lmtp(settings.lmtp)
    if settings.imap_host:
        yield _mailbox(settings)


def _lmtp(place: str) -> Finding:
    """As the mail server in front does it: connect, and be greeted."""
    unix = place.startswith("unix:")
    host, _, port = place.rpartition(":")
    session = smtplib.LMTP()
    session.timeout = _PATIENCE_SECONDS
    try:
        _, greeting = session.connect(place[5:]) if unix else session.connect(host.strip("[]"), int(port))
        session.quit()
    except (FileNotFoundError, ConnectionRefusedError):
        return Finding("LMTP", NOTE, f"nobody listens on {place}: the server is not running",
                       "radicale-booking serve; where it does run, its first lines say why not there")
    except (OSError, smtplib.SMTPException) as error:
        return Finding("LMTP", ERROR, f"{place}: {error}",
                       "stop the other program that listens there, or change [inbound] lmtp")
    if GREETING.encode() not in greeting:
        return Finding("LMTP", ERROR, f"another program listens on {place}", "stop it, or change [inbound] lmtp")
    return Finding("LMTP", OK, f"mail is taken at {place}")


def _mailbox(settings: InboundSettings) -> Finding:
    """What the worker does before it fetches mail: connect, sign in, look into the folder; mail stays where it is."""
    try:
        with mailbox.opened(settings) as box:
            waiting = len(box.sizes())
    except DeliveryFailed as error:
        return Finding("mailbox", ERROR, error.reason, "correct imap_ settings of [inbound]")
    return Finding("mailbox", OK, f"{waiting} in {settings.imap_folder} of {settings.imap_host}")


def round_trip(app: Adapters, address: str, pause: Callable[[float], None] = time.sleep) -> Finding:
    """Send a test mail to an ``address`` of this server, and wait until the running server or worker has taken it.

    It has no calendar object, so nothing comes of it. Raises ``InvalidInput`` for other people's addresses, and
    ``Unavailable``.
    """
    if not inbound.accepts(app, address, address):
        raise InvalidInput("address", address, "is not one of this server",
                           "a user's address, or HOST+EVENT-TYPE@DOMAIN of an event type")
    try:
        message_id = app.read_mail(bytes(mail.send_test(app, address))).message_id
    except DeliveryFailed as error:
        return Finding("mail round trip", ERROR, error.reason, "correct [mail]")
    fetched = app.settings.inbound
    patience = _ON_THE_WAY_SECONDS + (fetched.imap_interval_seconds if fetched.imap_host else 0)
    for _ in range(round(patience / _LOOK_EVERY_SECONDS)):
        if inbound.has_come(app, message_id, address):
            return Finding("mail round trip", OK, f"a mail to {address} went out and came in")
        pause(_LOOK_EVERY_SECONDS)
    return Finding("mail round trip", ERROR, f"a mail to {address} went out and has not come in for {patience} seconds",
                   "is the server or a worker running? the mail server's log says where it went; see [inbound]")
