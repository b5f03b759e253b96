"""Asking people whether a mail in their name is really theirs, by a link that only they get."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.itip import ObjectView, When
from radicale_booking.domain.notice import SenderCheck
from radicale_booking.errors import BookingError, NotFound
from radicale_booking.services import correspondents, guard, invited_booking, requests
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.speaker import QUARANTINED, Mail, Refused

if TYPE_CHECKING:
    from radicale_booking.store.inbound import InboundRow
    from radicale_booking.store.outbox import OutboxRow
    from radicale_booking.store.unit_of_work import UnitOfWork

EVENT = "sender-check"
VALID = timedelta(days=3)
_PURPOSE = "confirm mail"
#: Whoever forges mail can make us write to others: a little, in our own words.
_MOST_A_DAY, _MOST_A_DAY_TOGETHER = 3, 200


@dataclass(frozen=True, slots=True)
class Held:
    """A mail in the name of ``sender`` that waits; ``status`` as of mail that was taken. ``start`` is aware, or local
    where the mail names no zone, or a day; ``title`` and ``host`` say what it is about, nothing of one that was dealt
    with. ``timezone`` and ``language`` are the sender's as far as they are known."""

    sender: str
    method: str
    title: str
    host: str
    timezone: str
    start: When | None
    status: str
    language: str = ""


def admit(app: Adapters, uow: UnitOfWork, address: str, mail: Mail, envelope_from: str) -> None:
    """Whether ``address`` may be asked about ``mail``. Raises ``Refused``."""
    if mail.automatic or not envelope_from:
        raise Refused("its sender is not known, and a program is not asked")
    try:
        requests.checked_email(address)
    except BookingError as error:
        raise Refused(str(error)) from error
    if guard.is_blocked(app, uow, address):
        raise Refused(f"{address} is blocked")
    if not guard.may_ask(app, uow, address, _MOST_A_DAY, _MOST_A_DAY_TOGETHER):
        raise Refused(f"{address} was asked too often whether mail is theirs")


def ask(uow: UnitOfWork, row_id: int, address: str) -> None:
    """Queue the question about the mail ``row_id``, once."""
    row = _row(uow, row_id)
    key = f"{EVENT}/{_name(row)}"
    if not uow.outbox.known(key):
        uow.outbox.add("mail", key, address, {"event": EVENT, "inbound": row_id, "uid": row.message_id})


def notice(app: Adapters, uow: UnitOfWork, row: OutboxRow) -> SenderCheck | None:
    """What the queued ``row`` asks; None: the mail was dealt with meanwhile, or waits no more."""
    held = uow.inbound.get(int(row.payload["inbound"]))
    if held is None or held.status != QUARANTINED or uow.now >= held.received + VALID or (
            row.delivery_key != f"{EVENT}/{_name(held)}"):
        return None
    about = _held(app, uow, held, app.read_mail(held.content))
    token = app.links.sign(_PURPOSE, _name(held), held.received + VALID)
    return SenderCheck(row.recipient, about.method, about.title, about.host, about.start, about.timezone,
                       f"{app.settings.public_url}/booking/{token}/mail", held.received + VALID, row.delivery_key,
                       row.due, about.language)


@again.if_undone
def held(app: Adapters, token: str) -> Held:
    """What the link is about. Raises ``NotFound`` or ``LinkExpired``."""
    with app.store.read() as uow:
        row = row_of(app, uow, token)
        if row.status != QUARANTINED:
            return Held(row.sender, "", "", "", "UTC", None, row.status)
        return _held(app, uow, row, app.read_mail(row.content))


def row_of(app: Adapters, uow: UnitOfWork, token: str) -> InboundRow:
    """The mail that the link is about. Raises ``NotFound`` or ``LinkExpired``."""
    name = app.links.open(_PURPOSE, token)
    row = _row(uow, int(name.partition("-")[0]))
    # Numbers are given again after rows were removed.
    if _name(row) != name:
        raise NotFound("link", token)
    return row


def _row(uow: UnitOfWork, row_id: int) -> InboundRow:
    row = uow.inbound.get(row_id)
    if row is None:
        raise NotFound("link", str(row_id))
    return row


def _name(row: InboundRow) -> str:
    return f"{row.id}-{hashlib.sha256(f'{row.message_id} {row.recipient}'.encode()).hexdigest()[:20]}"


def _held(app: Adapters, uow: UnitOfWork, row: InboundRow, mail: Mail) -> Held:
    event_type = invited_booking.event_type_at(app, uow, row.recipient)
    host = correspondents.host_at(app, uow, row.recipient)
    view: ObjectView = app.scheduling.read(mail.text)
    first = view.master or view.components[0]
    reads = correspondents.reader(app, uow, row.sender, zone=first.zone, host=host)
    return Held(row.sender, mail.method, event_type.title if event_type is not None else "",
                host.shown_name if host is not None else row.recipient, reads.timezone, first.start, row.status,
                reads.language)
