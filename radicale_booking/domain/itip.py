"""The values of scheduling: who takes part in which instance of an event, and the messages about it (RFC 5546)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

#: A start: aware UTC, or naive where the event floats, or a date where it lasts all day.
When = datetime | date
#: The start of an instance in the series as first planned; None names the event, or the series, itself.
InstanceId = When | None

#: Delivery status (RFC 6638 §3.2.9) and request status (RFC 5546 §3.6), as SCHEDULE-STATUS shows them.
PENDING, SENT, DELIVERED, SUCCESS = "1.0", "1.1", "1.2", "2.0"
INVALID_USER, NOT_ALLOWED = "3.7", "3.8"
NOT_DELIVERED, NO_WAY_TO_DELIVER, REJECTED = "5.1", "5.2", "5.3"

#: What says when an event takes place. A change of it asks everybody again (RFC 6638 §3.2.8).
TIMING = frozenset({"DTSTART", "DTEND", "RRULE", "RDATE"})
#: What each participant has for himself (RFC 6638 §3.2.2.1, and what programs let everybody set); so are X- properties.
OWN = frozenset({"TRANSP", "PERCENT-COMPLETE", "COMPLETED", "CATEGORIES", "COMMENT", "CLASS", "COLOR"})

#: More attendees than this has no event (RFC 4791 §5.2.9).
MOST_ATTENDEES = 100

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Attendee:
    """An ATTENDEE or ORGANIZER. ``address`` is ``normalised``; the rest are its parameters (RFC 5545, RFC 6638 §7).

    ``replied`` is the DTSTAMP (aware UTC) of the last reply that was taken from this attendee.
    """

    address: str
    name: str = ""
    partstat: str = "NEEDS-ACTION"
    role: str = "REQ-PARTICIPANT"
    cutype: str = "INDIVIDUAL"
    rsvp: bool = False
    schedule_agent: str = "SERVER"
    schedule_status: str = ""
    schedule_force_send: str = ""
    delegated_to: tuple[str, ...] = ()
    delegated_from: tuple[str, ...] = ()
    replied: datetime | None = None

    @property
    def by_server(self) -> bool:
        """Whether the server is to send this participant's messages."""
        return self.schedule_agent == "SERVER"


@dataclass(frozen=True, slots=True)
class EventView:
    """One VEVENT: the series or single event (``instance`` None), or an instance that differs from it.

    ``properties``: name to canonical text, ``TIMING`` included; without what is a field here, what is ``is_own``, and
    the stamps that every program changes. ``dtstamp`` is aware UTC. ``zone``: the IANA name of the zone in which it
    starts, '' where that has none.
    """

    instance: InstanceId
    start: When
    length: timedelta = timedelta()
    sequence: int = 0
    dtstamp: datetime | None = None
    status: str = ""
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    exdates: frozenset[When] = frozenset()
    properties: Mapping[str, str] = field(default_factory=dict)
    this_and_future: bool = False
    zone: str = field(default="", compare=False)

    def attendee(self, address: str) -> Attendee | None:
        return next((one for one in self.attendees if one.address == address), None)

    @property
    def timing(self) -> dict[str, str]:
        return {name: value for name, value in self.properties.items() if name in TIMING}

    @property
    def end(self) -> When:
        return self.start + self.length

    @property
    def version(self) -> tuple[int, datetime]:
        """What orders the messages about one instance (RFC 5546 §2.1.5)."""
        return self.sequence, self.dtstamp or _BEGINNING

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(one.address for one in self.attendees)


@dataclass(frozen=True, slots=True)
class ObjectView:
    """One calendar object: all VEVENTs of ``uid``. ``organizer`` is an address, empty where nobody invited."""

    uid: str
    organizer: str
    components: tuple[EventView, ...]

    def get(self, instance: InstanceId) -> EventView | None:
        return next((one for one in self.components if one.instance == instance), None)

    @property
    def master(self) -> EventView | None:
        return self.get(None)

    def governing(self, instance: InstanceId) -> EventView | None:
        """What describes ``instance``: its own component, else the series unless it leaves the instance out."""
        found = self.get(instance)
        if found is not None or self.master is None or instance in self.master.exdates:
            return found
        return self.master

    @property
    def instances(self) -> tuple[InstanceId, ...]:
        return tuple(one.instance for one in self.components)

    @property
    def one_organizer(self) -> bool:
        """RFC 6638 §3.2.4.2: all components have the same organizer."""
        return len({one.organizer.address if one.organizer else "" for one in self.components}) <= 1

    def everyone(self) -> Iterator[str]:
        """The address of each attendee once, in the order of the object."""
        return iter(dict.fromkeys(one.address for component in self.components for one in component.attendees))


@dataclass(frozen=True, slots=True)
class Message:
    """One iTIP message to one recipient about ``instances`` of ``uid``.

    A REQUEST leaves ``excluded`` instances out of the series; a CANCEL has ``sequence``; a REPLY has ``answers``,
    the PARTSTAT of each of its instances.
    """

    method: str
    uid: str
    sender: str
    recipient: str
    instances: tuple[InstanceId, ...]
    excluded: frozenset[When] = frozenset()
    sequence: int = 0
    answers: tuple[tuple[InstanceId, str], ...] = ()


def is_own(name: str) -> bool:
    """Whether the property is each participant's own."""
    return name in OWN or name.startswith("X-")


def normalised(address: str) -> str:
    """A calendar user address to compare: lower case, a bare e-mail address as ``mailto:``."""
    plain = address.strip().lower()
    return f"mailto:{plain}" if "@" in plain and ":" not in plain else plain


def in_order(instances: Iterable[InstanceId]) -> tuple[InstanceId, ...]:
    """Sorted, the series first."""
    return tuple(sorted(instances, key=lambda one: "" if one is None else one.isoformat()))
