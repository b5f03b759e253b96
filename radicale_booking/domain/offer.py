"""What is open of an event type, as calendar programs see it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.slots import Slot


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """``url`` is where the slot can be booked; ``uid`` is the same whenever the same start of a type is open."""

    slot: Slot
    uid: str
    url: str

    @property
    def href(self) -> str:
        """Its name in the collection."""
        return f"{self.uid}.ics"


@dataclass(frozen=True, slots=True)
class Offer:
    """The ``slots`` of ``event_type`` that are open now, in order; ``url`` is its page."""

    event_type: EventType
    host: Principal
    slots: Sequence[OpenSlot]
    url: str

    @property
    def title(self) -> str:
        """What the calendar is called."""
        return f"{self.event_type.title}: {self.host.shown_name}"


def slot_uid(event_type: EventType, start: datetime) -> str:
    """A hash of type and start (aware), so that nothing but them changes it."""
    named = f"{event_type.host}/{event_type.slug}/{event_type.duration.total_seconds():.0f}/{start.timestamp():.0f}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]
