"""The errors of the booking system.

Each carries the facts as fields; the edge that shows it (page, CLI, DAV, API) maps its class once to a
sentence or a status. ``str(error)`` is for logs and for the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime


@dataclass(eq=False)
class BookingError(Exception):
    """Base of all errors that this project raises on purpose."""

    def __str__(self) -> str:
        values = ((fact.name, getattr(self, fact.name)) for fact in fields(self))
        facts = ", ".join(f"{name}={value!r}" for name, value in values if value not in (None, ()))
        return f"{type(self).__name__}({facts})"


@dataclass(eq=False)
class InvalidInput(BookingError):
    """What was given cannot be read: ``name`` of the thing, its ``value``, the ``problem`` and the ``remedy``."""

    name: str
    value: str = ""
    problem: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        value = f" {self.value!r}" if self.value else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.name}{value}: {self.problem}{remedy}"


class InvalidSetting(InvalidInput):
    """A setting of the configuration file or of a window's description."""


class InvalidCalendar(InvalidInput):
    """An iCalendar object (RFC 5545) that cannot be read or costs too much to expand."""


class InvalidEventType(InvalidInput):
    """An event type whose rules contradict each other."""


@dataclass(eq=False)
class NotFound(BookingError):
    """There is no ``kind`` (host, event type, reservation …) called ``name``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"no {self.kind} {self.name!r}"


@dataclass(eq=False)
class NotAllowed(BookingError):
    """The caller may not do ``action``."""

    action: str
    reason: str = ""


@dataclass(eq=False)
class SchedulingRefused(NotAllowed):
    """``action`` names the precondition of RFC 6638 or RFC 4791 that a calendar object violates; ``href``: the path of
    the other object that is in its way."""

    href: str = ""


class UidTaken(SchedulingRefused):
    """Another object of the collection has the UID (RFC 4791 §5.3.2.1, RFC 6352 §6.3.2.1)."""


@dataclass(eq=False)
class TooMany(NotAllowed):
    """Too much was tried of late; again after ``retry_after_seconds``. It does not say by whom."""

    retry_after_seconds: int = 60


class AddressRefused(NotAllowed):
    """The invitee's e-mail address may not book: ``reason`` is ``refused`` or ``disposable``; to somebody of whom it is
    known to be the own one ``blocked``, ``seated`` or ``enough``."""


class LinkExpired(NotAllowed):
    """A signed link is past its time or was made for another purpose."""


@dataclass(eq=False)
class Conflict(BookingError):
    """The request contradicts the present state."""


#: Those of ``domain.slots.RULES`` that refuse what was free before.
_TAKING = frozenset({"busy", "occupancy", "limit", "seats"})


@dataclass(eq=False)
class SlotTaken(Conflict):
    """``start`` (aware UTC) is not free; ``alternatives`` are the nearest free starts (aware UTC, sorted).

    ``rule`` names what refused it: one of ``domain.slots.RULES``.
    """

    start: datetime
    alternatives: Sequence[datetime] = field(default_factory=tuple)
    rule: str = "occupancy"

    @property
    def offered_before(self) -> bool:
        """Whether somebody or something took it; else it is no time that is offered at all."""
        return self.rule in _TAKING


class ScheduleTagChanged(Conflict):
    """A scheduling object is not as the program last saw it (RFC 6638 §3.2.10)."""


@dataclass(eq=False)
class StaleSequence(Conflict):
    """A message is older than what is stored (RFC 5546 §2.1.4)."""

    uid: str
    stored: int
    received: int


@dataclass(eq=False)
class IllegalTransition(Conflict):
    """A reservation in ``state`` does not take ``event``."""

    state: str
    event: str


@dataclass(eq=False)
class Unavailable(BookingError):
    """A part the server needs does not answer now; try again after ``retry_after_seconds``."""

    reason: str
    retry_after_seconds: int = 5

    def __str__(self) -> str:
        return self.reason


class StoreUnavailable(Unavailable):
    """The database is locked, full, read-only, corrupt or of a newer schema."""


class TransactionUndone(StoreUnavailable):
    """The database has undone all of a transaction so that another could go on."""


class OutcomeUnknown(StoreUnavailable):
    """The database was asked to commit and did not say whether it has; what was asked for must not be done blindly
    again."""

    def __str__(self) -> str:
        return f"{self.reason}; it may be done nevertheless: look before you repeat it"


@dataclass(eq=False)
class UnderMaintenance(Unavailable):
    """The site is held still on purpose; ``reason`` is what its people say about it, which may be empty."""

    retry_after_seconds: int = 300


@dataclass(eq=False)
class DeliveryFailed(Unavailable):
    """An outbox effect could not be performed.

    ``permanent``: trying again is of no use; ``unreachable``: no other effect of its kind can be performed now either.
    """

    permanent: bool = False
    unreachable: bool = False
