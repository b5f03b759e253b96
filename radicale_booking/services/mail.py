"""Mail about reservations: what is said to whom, the queue as it stands, and trying things out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain import question
from radicale_booking.domain.notice import (
    EVENTS,
    REMINDING,
    ROLES,
    TOLD,
    UNCHANGING,
    Notice,
    event_now,
)
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.repetition import Repetition
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.window_settings import Problem
from radicale_booking.errors import InvalidInput, NotFound, Unavailable
from radicale_booking.services import (
    agenda,
    decisions,
    email_check,
    hours,
    invented,
    invitations,
    life,
    manage,
    reminders,
    requests,
    sender_check,
)
from radicale_booking.services.adapters import Adapters, Mailer

if TYPE_CHECKING:
    from radicale_booking.store.outbox import OutboxRow
    from radicale_booking.store.unit_of_work import UnitOfWork

KIND = "mail"
PROBLEM = "window-problem"
#: Mail that is not about one reservation, by the name that a preview has for it.
APART = (agenda.EVENT, sender_check.EVENT, email_check.EVENT, PROBLEM, *invented.INVITATIONS)
#: Of these, one mail always tells of all occurrences that were booked at once.
_TOGETHER = ("book", "request")


@dataclass(frozen=True)
class MailChannel:
    """Mail as a channel of deliveries; each mail tells how things are when it is sent."""

    app: Adapters
    mailer: Mailer
    kind: str = KIND

    @property
    def max_attempts(self) -> int:
        return self.app.settings.mail.max_attempts

    @property
    def first_retry(self) -> timedelta:
        return timedelta(seconds=self.app.settings.mail.retry_seconds)

    def prepare(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None] | str:
        event = row.payload["event"]
        if event == PROBLEM:
            return self._prepare_problems(uow, row)
        if event == invitations.EVENT:
            return self._prepare_invitation(uow, row)
        if event == sender_check.EVENT:
            return self._prepare_sender_check(uow, row)
        if event == email_check.EVENT:
            return self._prepare_address_check(uow, row)
        if event == agenda.EVENT:
            return self._prepare_agenda(uow, row)
        if _superseded(uow, row):
            return "a later one tells the same recipient"
        reservation = _concerned(uow, row)
        if event in REMINDING and not reminders.useful(event, reservation, row.due, uow.now):
            return "it is too late"
        told = event_now(event, reservation)
        if told not in TOLD[str(row.payload["to"])]:
            return "it does not hold any more"
        notice = _notice(self.app, uow, reservation, told, str(row.payload["to"]), row.recipient, row.delivery_key,
                         str(row.payload.get("host", "")), together=bool(row.payload.get("together")))
        if told in ("reschedule", "reseat") and "former" in row.payload:
            notice = replace(notice, former=str(row.payload["former"]),
                             former_start=datetime.fromisoformat(str(row.payload["former_start"])))
        if told == "decline-counter":
            notice = replace(notice, proposed=datetime.fromisoformat(str(row.payload["proposed"])),
                             free=tuple(map(datetime.fromisoformat, row.payload["free"])))
        return lambda: self.mailer.send(self.app.composer.compose(notice), row.delivery_key)

    def _prepare_problems(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None]:
        """What in the host's bookable hours could not be read."""
        problems = [Problem(*problem) for problem in row.payload["problems"]]
        host = uow.principals.by_email(row.recipient)
        mail = self.app.composer.compose_problems(row.recipient, problems, row.delivery_key, row.due,
                                                  host.language if host is not None else "")
        return lambda: self.mailer.send(mail, row.delivery_key)

    def _prepare_invitation(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None]:
        """An iTIP message, as it was written when it became due."""
        told = invitations.notice(self.app, uow, row)
        return lambda: self.mailer.send(self.app.composer.compose_invitation(told), row.delivery_key)

    def _prepare_sender_check(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None] | str:
        asked = sender_check.notice(self.app, uow, row)
        if asked is None:
            return "the mail does not wait any more"
        return lambda: self.mailer.send(self.app.composer.compose_sender_check(asked), row.delivery_key)

    def _prepare_address_check(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None] | str:
        asked = email_check.notice(self.app, uow, row)
        if asked is None:
            return "nothing is held any more"
        return lambda: self.mailer.send(self.app.composer.compose_address_check(asked), row.delivery_key)

    def _prepare_agenda(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None] | str:
        notice = agenda.notice(uow, str(row.payload["host"]), date.fromisoformat(str(row.payload["day"])),
                               row.delivery_key)
        if notice is None:
            return "nothing is booked"
        return lambda: self.mailer.send(self.app.composer.compose_agenda(notice), row.delivery_key)

    def rest(self) -> None:
        self.mailer.close()


def _concerned(uow: UnitOfWork, row: OutboxRow) -> Reservation:
    """The reservation as it is now, but for one from which a seat was moved."""
    seat = str(row.payload.get("seat", ""))
    if row.payload["event"] == "unseat":
        return life.former(uow, str(row.payload["uid"]), seat,
                           datetime.fromisoformat(str(row.payload["former_start"])), int(row.payload["sequence"]))
    return life.get(uow, seat or str(row.payload["uid"]))


def _superseded(uow: UnitOfWork, row: OutboxRow) -> bool:
    """Whether a later mail tells the same recipient how the same booking, or seat of it, is then."""
    return row.payload["event"] not in REMINDING and any(
        later.payload["event"] in EVENTS and later.payload["event"] not in UNCHANGING
        and later.payload["to"] == row.payload["to"]
        and later.payload.get("seat") in (None, row.payload.get("seat")) for later in uow.outbox.later(row.id))


@again.if_undone
def preview(app: Adapters, uid: str = "", *, event: str = "", role: str = "invitee",
            language: str = "") -> EmailMessage:
    """The mail about ``event`` in the reservation ``uid``, or in an invented one; nothing is sent.

    ``event`` is by default what fits the reservation's status; what is not about one reservation is invented. Raises
    ``InvalidInput`` or ``NotFound``.
    """
    for name, value, accepted in (("role", role, ROLES), ("event", event, ("", *APART, *TOLD.get(role, ())))):
        if value not in accepted:
            raise InvalidInput(name, value, "is not known", f"one of {', '.join(filter(None, accepted))}")
    with app.store.read() as uow:
        if event in APART:
            return _apart(app, event, uow.now, language)
        if not uid:
            return app.composer.compose(invented.notice(app, uow.now, event or "book", role), language)
        reservation = life.get(uow, uid)
        chosen = event or event_now("request" if reservation.status == "pending" else "book", reservation)
        recipient = reservation.invitee_email
        if role == "host":
            host = uow.principals.get(reservation.host)
            recipient = (host.email if host is not None else None) or app.settings.mail.sender
        elif role == "guest":
            recipient = next(iter(reservation.guests), "guest@example.org")
        return app.composer.compose(_notice(app, uow, reservation, chosen, role, recipient, "preview"), language)


def _apart(app: Adapters, event: str, now: datetime, language: str) -> EmailMessage:
    """An invented mail that is not about a reservation."""
    if event == agenda.EVENT:
        return app.composer.compose_agenda(invented.agenda(now), language)
    if event == sender_check.EVENT:
        return app.composer.compose_sender_check(invented.sender_check(app, now), language)
    if event == email_check.EVENT:
        return app.composer.compose_address_check(invented.address_check(app, now), language)
    if event == PROBLEM:
        return app.composer.compose_problems("anna@example.org", invented.PROBLEMS, "preview", now, language)
    return app.composer.compose_invitation(invented.invitation(event, now), language)


def send_test(app: Adapters, address: str) -> EmailMessage:
    """Send a mail to ``address`` now, and return it.

    Raises ``InvalidInput``, ``Unavailable`` without a server, ``DeliveryFailed``.
    """
    address = requests.checked_email(address)
    if app.mailer is None:
        raise Unavailable("no mail is sent: set [mail] host in the configuration")
    try:
        message = app.composer.compose_test(address, app.clock())
        app.mailer.send(message, "test")
        return message
    finally:
        app.mailer.close()


@again.if_undone
def queue(app: Adapters, status: str | None = None) -> list[OutboxRow]:
    """Mail that was ever queued, the oldest first; of every status where ``status`` is None."""
    with app.store.read() as uow:
        return uow.outbox.list(KIND, status)


@again.if_undone
def retry(app: Adapters, row_id: int | None = None) -> int:
    """Queue again what was given up, or was queued by a clock that was ahead, one mail or all; how many. One that
    waits is tried now.

    Raises ``NotFound`` when there is no such mail.
    """
    with app.store.write(actor="command") as uow:
        count = uow.outbox.retry(KIND, row_id)
        if row_id is not None and not count:
            if not uow.outbox.hasten(KIND, row_id):
                raise NotFound("mail that waits or was given up", str(row_id))
            count = 1
        uow.audit.add("mail retry", str(row_id or "all"), {"count": count})
        return count


def _notice(app: Adapters, uow: UnitOfWork, reservation: Reservation, event: str, role: str, recipient: str,
            key: str, reader: str = "", *, together: bool = False) -> Notice:
    host = uow.principals.get(reservation.host) or Principal(reservation.host)
    event_type = uow.reservations.event_type_of(reservation)
    others = (tuple(_told_with(uow, reservation))
              if reservation.series is not None and (together or event in _TOGETHER) else ())
    if others:
        # A message about all replaces what was said of each (RFC 5546 §2.1.4).
        reservation = replace(reservation, sequence=max(found.sequence for found in (reservation, *others)))
    invited, invitation = uow.reservations.invited(reservation)
    return Notice(
        event, role, recipient, reservation, host, key, uow.now, manage.url(app, reservation),
        f"{app.settings.public_url}/book/{event_type.host}/{reservation.slug}/", others,
        Repetition(event_type.repeat_every, event_type.repeat_interval, hours.zone_of(host, event_type))
        if others else None,
        reader=uow.principals.get(reader) if reader else None,
        decide_url=decisions.url(app, reservation) if role == "host" else "",
        answers=tuple(question.as_text(event_type.questions, reservation.answers)),
        words=event_type.follow_up_text if event == "follow-up" else "",
        invited=invited, invitation=invitation,
        other_hosts=tuple(other for name in reservation.other_hosts
                          if (other := uow.principals.get(name)) is not None))


def _told_with(uow: UnitOfWork, reservation: Reservation) -> Iterator[Reservation]:
    """The other occurrences that a mail about all speaks of: those that live on, or that ended together."""
    for other in uow.reservations.of_series(reservation):
        if other.uid != reservation.uid and other.live == reservation.live and (
                other.live or (other.status, other.modified) == (reservation.status, reservation.modified)):
            yield other
