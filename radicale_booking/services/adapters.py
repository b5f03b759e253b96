"""What the services need of the outside world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import EmailMessage
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from radicale_booking.domain.availability import Combined
from radicale_booking.domain.booked_event import BookedEvent, EventChange, WindowText
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.itip import InstanceId, Message, ObjectView
from radicale_booking.domain.itip_organizer import Revision
from radicale_booking.domain.notice import AddressCheck, AgendaNotice, InvitationNotice, Notice, SenderCheck
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.webhook import Webhook
from radicale_booking.domain.window_settings import Problem
from radicale_booking.errors import BookingError
from radicale_booking.settings import Settings

if TYPE_CHECKING:
    from radicale_booking.services.speaker import Mail as IncomingMail
    from radicale_booking.store.engine import Store


class CalendarCodec(Protocol):
    """iCalendar text (RFC 5545) as the services see it."""

    def write(self, booked: BookedEvent) -> str:
        """A new calendar object of what is booked."""

    def index_new(self, booked: BookedEvent) -> ItemIndex:
        """What ``index`` says for the organizer of what ``write`` makes of one reservation, without reading it."""

    def rewrite(self, text: str, booked: BookedEvent) -> str:
        """``text`` with times, states and people of ``booked``, all else as it is. Raises ``InvalidCalendar``."""

    def read_changes(self, text: str, uid: str) -> Sequence[EventChange]:
        """What the event ``uid``, or each of its occurrences, says now. Raises ``InvalidCalendar``."""

    def windows(self, text: str) -> Sequence[WindowText]:
        """The windows in ``text``. Never raises."""

    def availability(self, text: str, frame: Interval, zone: ZoneInfo) -> Combined | None:
        """What the VAVAILABILITYs in ``text`` say of ``frame`` (RFC 7953), whose local times without a zone are of
        ``zone``; None when it is empty. Raises ``InvalidCalendar``."""

    def index(self, text: str, *, now: datetime, owner: Principal | None) -> ItemIndex:
        """The occurrences in ``text`` as they concern the ``owner`` of the calendar, whose zone local times without
        one have (None: UTC). Never raises."""


class SchedulingCodec(Protocol):
    """Texts of scheduling (RFC 5546, RFC 6638): objects, copies and messages. All raise ``InvalidCalendar``."""

    def read(self, text: str) -> ObjectView:
        """What scheduling sees of the object."""

    def plain(self, value: str) -> str:
        """The words in a property of an ``ObjectView``."""

    def with_addresses(self, text: str, known: Callable[[str], str | None]) -> str:
        """The object with other addresses of its people; None leaves one."""

    def occurrences(self, text: str, frame: Interval, floating_zone: tzinfo,
                    most: int) -> list[tuple[InstanceId, Interval]]:
        """At most ``most`` instances that overlap ``frame``, in order."""

    def write(self, source: str, message: Message, now: datetime, comment: str = "") -> str:
        """The message as text."""

    def restore(self, old: str, new: str, address: str, *, answered: bool = False) -> str:
        """``new``, sent by ``address``, with what is the server's to say put back."""

    def only_answered(self, old: str, new: str, address: str) -> bool:
        """Whether ``new`` differs in no more than the PARTSTAT of ``address``."""

    def revise(self, text: str, revision: Revision, now: datetime) -> str:
        """The organizer's object as it is stored."""

    def unforced(self, text: str) -> str:
        """The object without SCHEDULE-FORCE-SEND."""

    def set_status(self, text: str, statuses: Mapping[str, str]) -> str:
        """The object with the SCHEDULE-STATUS of some of its people, by address."""

    def set_comment(self, text: str, address: str, comment: str) -> str:
        """The organizer's object with the remark of an attendee."""

    def answer(self, text: str, address: str, partstat: str, comment: str = "", instance: InstanceId = None) -> str:
        """The object with the PARTSTAT of ``address``."""

    def answer_of(self, reply: str, address: str) -> str:
        """The REPLY without what it says of others."""

    def apply_request(self, copy: str | None, message: str, instances: tuple[InstanceId, ...], address: str) -> str:
        """The attendee's copy after a REQUEST."""

    def apply_cancel(self, copy: str, message: str, instances: tuple[InstanceId, ...]) -> str:
        """The attendee's copy after a CANCEL."""

    def without_person(self, text: str, email: str) -> str:
        """The object without the lines that name the address."""

    def apply_reply(self, text: str, reply: str, instances: tuple[InstanceId, ...]) -> str:
        """The organizer's object after a REPLY."""


class Links(Protocol):
    """Signed links."""

    def sign(self, purpose: str, value: str, expires: datetime | None = None) -> str:
        """A URL-safe token for ``value``, valid until ``expires`` (aware UTC; None: for ever)."""

    def open(self, purpose: str, token: str) -> str:
        """The value in ``token``. Raises ``LinkExpired`` or ``NotFound``."""


class Composer(Protocol):
    """Mail as a complete message."""

    def compose(self, notice: Notice, language: str = "") -> EmailMessage:
        """``notice`` in ``language`` (a tag), by default the recipient's. Raises ``InvalidInput`` or
        ``DeliveryFailed``."""

    def compose_agenda(self, notice: AgendaNotice, language: str = "") -> EmailMessage:
        """A host's bookings of a day. Raises ``DeliveryFailed``."""

    def compose_problems(self, recipient: str, problems: Sequence[Problem], key: str, at: datetime,
                         language: str = "") -> EmailMessage:
        """A mail about lines of bookable hours that could not be read. Raises ``DeliveryFailed``."""

    def compose_invitation(self, notice: InvitationNotice, language: str = "") -> EmailMessage:
        """A mail with an iTIP message (RFC 6047). Raises ``DeliveryFailed``."""

    def remark(self, refused: Sequence[BookingError], *, language: str, timezone: str, url: str) -> str:
        """Why an invitation books nothing, for people; ``language`` is a tag, '' that of the settings."""

    def compose_sender_check(self, notice: SenderCheck, language: str = "") -> EmailMessage:
        """A mail that asks whether another is really the recipient's. Raises ``DeliveryFailed``."""

    def compose_address_check(self, notice: AddressCheck, language: str = "") -> EmailMessage:
        """A mail that asks whether it was the recipient who wants to book. Raises ``DeliveryFailed``."""

    def compose_test(self, recipient: str, at: datetime) -> EmailMessage:
        """A mail that says that mail works. Raises ``DeliveryFailed``."""


class Poster(Protocol):
    """A way out for webhooks, used by one thread."""

    def post(self, webhook: Webhook, message_id: str, at: datetime, body: str) -> int:
        """Post ``body``, named ``message_id``, signed as ``at``; the HTTP status of the answer. Raises
        ``DeliveryFailed`` when there is none."""


class Mailer(Protocol):
    """A way out for mail, used by one thread."""

    def send(self, message: EmailMessage, key: str) -> None:
        """Hand ``message``, named ``key``, to the mail server. Raises ``DeliveryFailed``."""

    def close(self) -> None:
        """Let go of the server for now."""


class Meter(Protocol):
    """What happens, counted."""

    def request(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered."""

    def booked(self) -> None:
        """A booking was made."""

    def refused(self, rule: str) -> None:
        """A start was refused by ``rule``."""

    def waited(self, seconds: float) -> None:
        """A write has waited for its turn."""


@dataclass(frozen=True)
class Adapters:
    """Everything a service works with; ``clock`` gives the present instant in aware UTC.

    ``mailer`` is None where the settings name no mail server: mail waits then.
    """

    store: Store
    clock: Callable[[], datetime]
    calendar: CalendarCodec
    scheduling: SchedulingCodec
    links: Links
    settings: Settings
    composer: Composer
    mailer: Mailer | None
    poster: Poster
    meter: Meter
    read_mail: Callable[[bytes], IncomingMail]
