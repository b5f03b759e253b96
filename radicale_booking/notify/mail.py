"""Composing mail: a notice, or a test, as a complete message."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from radicale_booking.domain.notice import AddressCheck, AgendaNotice, InvitationNotice, Notice, SenderCheck
from radicale_booking.domain.window_settings import Problem
from radicale_booking.errors import BookingError, DeliveryFailed
from radicale_booking.ical.invitation_answer import write_answer
from radicale_booking.ical.reservation_message import write_declined_counter, write_message
from radicale_booking.mail_settings import MailSettings
from radicale_booking.notify import address_check_page, invitation_page, page, plain_page, remarks, wording
from radicale_booking.notify.look import Look

#: Only ASCII octets leave us, so that every server can take them.
_POLICY = SMTP.clone(cte_type="7bit")
_NOT_IN_HEADERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
#: Those of others that can be repeated without harm.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,100}>")
#: What the calendar part tells the invitee's and the host's calendar program; no part where nothing is told.
_METHODS = {
    "invitee": {"book": "REQUEST", "request": "REQUEST", "confirm": "REQUEST", "reschedule": "REQUEST",
                "cancel": "CANCEL", "leave": "CANCEL", "decline": "CANCEL", "expire": "CANCEL",
                "decline-counter": "DECLINECOUNTER", "unseat": "CANCEL"},
    "host": {"book": "REPLY", "request": "REPLY", "reschedule": "REPLY", "confirm": "REPLY", "cancel": "REPLY",
             "join": "REPLY", "leave": "REPLY", "reseat": "REPLY"},
    "guest": {"book": "REQUEST", "confirm": "REQUEST", "reschedule": "REQUEST", "cancel": "CANCEL", "decline": "CANCEL",
              "expire": "CANCEL"},
}
#: The first mails of a reservation; the others are answers to them, so that programs show one conversation.
_FIRST = ("book", "request")


class MailComposer:
    """Composes mail as ``settings`` say, in the site's ``colour`` (``#rrggbb``, or '' for ours)."""

    def __init__(self, settings: MailSettings, colour: str = "") -> None:
        self._settings = settings
        self._look = Look(settings.templates, colour)

    def compose(self, notice: Notice, language: str = "") -> EmailMessage:
        """``notice`` as text, HTML and, where calendars are concerned, an iTIP message (RFC 6047).

        ``language`` (a tag) is by default the recipient's, or the settings'. The same notice always has the
        same Message-ID. Raises ``InvalidInput`` for an unknown event, ``DeliveryFailed`` for an unusable template.
        """
        read = page.render(notice, language or notice.language or self._settings.language, self._look)
        sender_name = self._settings.sender_name or notice.host.shown_name
        message = self._addressed(notice.recipient, notice.recipient_name, sender_name, notice.at)
        message["Subject"] = _line(read.subject)
        self._thread(message, notice)
        if notice.role == "host":
            message["Reply-To"] = _address(notice.reservation.invitee_email, notice.reservation.invitee_name)
        elif notice.host.email:
            message["Reply-To"] = _address(notice.host.email, notice.host.shown_name)
        message.set_content(read.text)
        message.add_alternative(read.html, subtype="html")
        self._add_calendar(message, notice, read)
        message["Content-Language"] = read.language
        return message

    def compose_agenda(self, notice: AgendaNotice, language: str = "") -> EmailMessage:
        """A host's bookings of a day as text and HTML, in ``language``, by default the host's or the settings'."""
        tag = language or notice.host.language or self._settings.language
        read = page.render_agenda(notice, tag, self._look)
        message = self._addressed(notice.recipient, notice.host.shown_name, self._settings.sender_name or "Booking",
                                  notice.at)
        return self._told(message, read, notice.key)

    def compose_sender_check(self, notice: SenderCheck, language: str = "") -> EmailMessage:
        """Whether another mail is really the recipient's; nothing that its writer wrote is in it."""
        read = page.render_sender_check(notice, language or notice.language or self._settings.language,
                                        self._look)
        message = self._addressed(notice.recipient, "", self._settings.sender_name or "Booking", notice.at)
        return self._told(message, read, notice.key)

    def remark(self, refused: Sequence[BookingError], *, language: str, timezone: str, url: str) -> str:
        """Why an invitation books nothing, in ``language`` or that of the settings; see ``remarks.write``."""
        return remarks.write(refused, language_tag=language or self._settings.language, timezone=timezone, url=url)

    def compose_address_check(self, notice: AddressCheck, language: str = "") -> EmailMessage:
        """Whether it was the recipient who wants to book; nothing that was written in the form is in it.

        ``language`` (a tag) is by default the recipient's.
        """
        read = address_check_page.render(notice, language or notice.language or self._settings.language,
                                         self._look)
        message = self._addressed(notice.recipient, "", self._settings.sender_name or notice.host, notice.at)
        return self._told(message, read, notice.key)

    def compose_invitation(self, notice: InvitationNotice, language: str = "") -> EmailMessage:
        """An iTIP message for somebody elsewhere (RFC 6047 §2), sent in the name of a user of this server."""
        read = invitation_page.render(notice, language or notice.language or self._settings.language,
                                      self._look)
        message = self._addressed(notice.recipient, "", notice.sender_name, notice.at)
        message["Reply-To"] = _address(notice.sender, notice.sender_name)
        # Nobody has seen the first: programs bring together what refers to the same.
        known = [self._message_id(notice.conversation)]
        if _MESSAGE_ID.fullmatch(notice.answers):
            message["In-Reply-To"] = notice.answers
            known.append(notice.answers)
        message["References"] = " ".join(known)
        return self._told(message, read, notice.key, (notice.method, notice.text))

    def compose_test(self, recipient: str, at: datetime) -> EmailMessage:
        """A mail that says that mail works."""
        read = plain_page.render_test(self._settings.language, self._look)
        message = self._addressed(recipient, "", self._settings.sender_name or "radicale-booking", at)
        return self._told(message, read, f"test {recipient} {at.isoformat()}")

    def compose_problems(self, recipient: str, problems: Sequence[Problem], key: str, at: datetime,
                         language: str = "") -> EmailMessage:
        """A mail to a host about lines in the bookable hours that could not be read; the windows count all the same."""
        read = plain_page.render_problems(problems, language or self._settings.language, self._look)
        message = self._addressed(recipient, "", self._settings.sender_name or "radicale-booking", at)
        return self._told(message, read, key)

    def _addressed(self, recipient: str, name: str, sender_name: str, at: datetime) -> EmailMessage:
        message = EmailMessage(policy=_POLICY)
        message["From"] = _address(self._settings.sender, sender_name)
        message["To"] = _address(recipient, name)
        message["Date"] = at
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers
        message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
        return message

    def _thread(self, message: EmailMessage, notice: Notice) -> None:
        about = notice.reservation.series or notice.reservation.uid
        first = self._message_id(f"{about} {notice.role} {notice.recipient.lower()}")
        if notice.event in _FIRST or (notice.role, notice.event) == ("guest", "confirm"):
            message["Message-ID"] = first
            return
        message["Message-ID"] = self._message_id(notice.key)
        message["In-Reply-To"] = first
        # Who moved to another group goes on with the conversation about the former.
        begun = self._message_id(f"{notice.former} {notice.role} {notice.recipient.lower()}") if notice.former else ""
        message["References"] = f"{begun} {first}".strip()

    def _told(self, message: EmailMessage, read: page.Page, key: str,
              calendar: tuple[str, str] | None = None) -> EmailMessage:
        """``message`` with what is to be read, as text and HTML, and a ``calendar`` part: method and text."""
        message["Subject"] = _line(read.subject)
        message["Message-ID"] = self._message_id(key)
        message.set_content(read.text)
        message.add_alternative(read.html, subtype="html")
        if calendar is not None:
            _attach(message, *calendar)
        message["Content-Language"] = read.language
        return message

    def _message_id(self, key: str) -> str:
        domain = self._settings.sender.rpartition("@")[2]
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"

    def _add_calendar(self, message: EmailMessage, notice: Notice, read: page.Page) -> None:
        method = _METHODS[notice.role].get(notice.event)
        if notice.invited and notice.role == "invitee":
            self._add_answer(message, notice)
            return
        if method is None:
            return
        booked = replace(notice.reservation, invitee_email=addressee(notice.reservation.invitee_email))
        sender = self._settings.sender
        if method == "DECLINECOUNTER":
            _attach(message, method, write_declined_counter(booked, notice.host, sender=sender, at=notice.at,
                                                            comment=read.remark))
            return
        invited = notice.role == "invitee"
        if invited:
            see = wording.catalogue(read.language).gettext("Manage my booking")
            shown = [booked.note, f"{see}:\n{notice.manage_url}" if method == "REQUEST" else ""]
        else:
            shown = [booked.note]
        text = write_message(method, booked, notice.host, sender=sender, at=notice.at,
                             summary=read.what, description="\n\n".join(part for part in shown if part),
                             url=notice.manage_url if invited and method == "REQUEST" else "", others=notice.others,
                             repetition=notice.repetition,
                             guests=booked.guests if notice.role != "host" else ())
        _attach(message, method, text)

    def _add_answer(self, message: EmailMessage, notice: Notice) -> None:
        """What the invitee's own event is to show."""
        answer = notice.invitation.answer(notice.event, notice.reservation) if notice.invitation else None
        if notice.invitation is not None and answer is not None:
            _attach(message, answer[0], write_answer(*answer, notice.invitation, notice.reservation, notice.host,
                                                     notice.at))


def _attach(message: EmailMessage, method: str, text: str) -> None:
    """Add the iTIP message ``text``."""
    # Gmail and Outlook read the alternative, Apple Mail and Thunderbird either, others open the attachment.
    message.add_alternative(text, subtype="calendar", charset="utf-8", cte="base64", params={"method": method})
    message.add_attachment(text.encode(), "application", "ics", filename="invite.ics")


def addressee(email: str) -> str:
    """``email`` as it goes over the wire: its domain in ASCII. Raises ``DeliveryFailed`` where that is impossible."""
    return _address(email, "").addr_spec


def _line(text: str) -> str:
    # The standard library would decode an encoded word (RFC 2047) that somebody wrote, line breaks in it included.
    return " ".join(_NOT_IN_HEADERS.sub(" ", text).split()).replace("=?", "= ?")


def _address(email: str, name: str) -> Address:
    local, _, domain = email.rpartition("@")
    try:
        wired = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        if _NOT_IN_HEADERS.search(email) or not local or not wired:
            raise ValueError("not one address")
        return Address(_line(name), local, wired)
    except ValueError as error:
        raise DeliveryFailed(f"{_line(email)!r} is not a usable address: {error}", permanent=True) from error


