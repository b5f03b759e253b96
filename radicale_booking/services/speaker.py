"""In whose name a mail speaks, and whether that is sure (RFC 6047 §2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from radicale_booking.domain.effect import Returned
from radicale_booking.domain.itip import ObjectView
from radicale_booking.services import attendee_mail, correspondents
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.invited_booking import Inviter

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


class Mail(Protocol):
    """See ``notify.incoming.Incoming``."""

    @property
    def message_id(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def sender_name(self) -> str: ...
    @property
    def reply_to(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def automatic(self) -> bool: ...
    @property
    def authenticated_by(self) -> tuple[str, ...]: ...
    @property
    def returned(self) -> Returned | None: ...


DONE, IGNORED, QUARANTINED = "done", "ignored", "quarantined"


class Refused(Exception):
    """The mail is kept for people to look at, for ``reason``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Speaker:
    """``sure``: it is known to be ``who``; else it only says so."""

    who: Inviter
    sure: bool


def of(app: Adapters, uow: UnitOfWork, recipient: str, mail: Mail, view: ObjectView) -> Speaker:
    """The organizer or the attendee in whose name ``mail`` came to ``recipient``.

    From names them, or Reply-To where a server writes for its users; that is nothing that anybody vouches for. Raises
    ``Refused`` for a mail that says nothing to us, or that does not even claim to be from them.
    """
    if not mail.sender:
        raise Refused("no single address in From")
    claimed = [address for address in (mail.sender, mail.reply_to) if address]
    if mail.method in ("REQUEST", "CANCEL"):
        named = [view.organizer.removeprefix("mailto:")]
        if named[0] not in claimed:
            raise Refused(f"{mail.sender} is not the organizer {named[0]}")
        if f"mailto:{recipient}" not in view.everyone():
            raise Refused(f"{recipient} is not invited")
    elif mail.method in ("REPLY", "COUNTER"):
        everyone = set(view.everyone())
        named = [address for address in claimed if f"mailto:{address}" in everyone]
        if not named:
            raise Refused(f"{mail.sender} is not among the attendees")
        if not attendee_mail.is_known(app, uow, named[0], view):
            raise Refused(f"{named[0]} has nothing to answer here")
    else:
        raise Refused(f"METHOD:{mail.method} means nothing here")
    settings = app.settings.inbound
    vouched = settings.authserv_id in mail.authenticated_by and named[0] == mail.sender
    reads = correspondents.reader(app, uow, named[0], zone=(view.master or view.components[0]).zone,
                                  host=correspondents.host_at(app, uow, recipient))
    return Speaker(Inviter(f"mailto:{named[0]}", _name(mail, view, named[0]), reads.timezone, reads.language,
                           mail.message_id), vouched or settings.without_proof == "believe")


def _name(mail: Mail, view: ObjectView, address: str) -> str:
    if address == mail.sender and mail.sender_name:
        return mail.sender_name
    people = [one for component in view.components for one in (component.organizer, *component.attendees) if one]
    return next((one.name for one in people if one.address == f"mailto:{address}" and one.name), "")
