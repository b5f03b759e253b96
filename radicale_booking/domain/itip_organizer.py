"""What an organizer's change of an event means for its attendees (RFC 6638 §3.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from radicale_booking.domain.itip import EventView, InstanceId, Message, ObjectView, When, in_order


@dataclass(frozen=True, slots=True)
class Revision:
    """What the server writes into the organizer's object: SEQUENCE of each component, and who is asked again."""

    sequences: Mapping[InstanceId, int]
    reset: Mapping[InstanceId, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one attendee sees of an event: the components that name him, and the instances of the series that do not."""

    components: Mapping[InstanceId, EventView]
    excluded: frozenset[When]

    def attends(self, instance: InstanceId) -> bool:
        return instance in self.components or (None in self.components and instance not in self.excluded)


def revision(old: ObjectView | None, new: ObjectView) -> Revision:
    """The SEQUENCEs and the PARTSTATs to reset to NEEDS-ACTION in ``new`` (RFC 6638 §3.2.5, §3.2.8).

    SEQUENCE rises once for what attendees must not miss: time, status, instances and attendees that went.
    """
    sequences: dict[InstanceId, int] = {}
    reset: dict[InstanceId, frozenset[str]] = {}
    for component in sorted(new.components, key=lambda one: one.instance is not None):
        before = old.governing(component.instance) if old else None
        sequence = component.sequence
        if before is not None:
            sequence = max(sequence, before.sequence + _raised(before, component))
            if moved(before, component):
                reset[component.instance] = component.addresses - {new.organizer}
        if old is not None and component.instance is not None and _detached(old, new, component.instance):
            sequence = max(sequence, _series_sequence(old, sequences))
        sequences[component.instance] = sequence
    return Revision({one.instance: sequences[one.instance] for one in new.components}, reset)


def _raised(before: EventView, now: EventView) -> bool:
    if moved(before, now) or not before.addresses <= now.addresses:
        return True
    return before.instance == now.instance and (before.status != now.status or not now.exdates <= before.exdates)


def _detached(old: ObjectView, new: ObjectView, instance: InstanceId) -> bool:
    """Whether a CANCEL of the series may have reached this instance, which must then be newer than that."""
    left = (old.master.addresses if old.master else frozenset()) - (new.master.addresses if new.master else frozenset())
    return old.get(instance) is None or bool(left)


def _series_sequence(old: ObjectView, risen: Mapping[InstanceId, int]) -> int:
    return risen[None] if None in risen else max(one.sequence for one in old.components) + 1


def moved(before: EventView, now: EventView) -> bool:
    """Whether ``now`` takes place at another time, or on more days, than ``before``."""
    if before.instance != now.instance:
        return now.start != now.instance or now.length != before.length
    return before.timing != now.timing or not before.exdates <= now.exdates


def organizer_messages(old: ObjectView | None, new: ObjectView | None, organizer: str) -> list[Message]:
    """The messages due when ``organizer`` (an address) puts ``new`` in place of ``old``; None is no event.

    Only the server's own part: attendees with SCHEDULE-AGENT=CLIENT or NONE get nothing, and who is handed over to
    them is cancelled (RFC 6638 §3.2.1.2). A REQUEST is to be written from ``new``, a CANCEL from ``old``.
    """
    addresses = dict.fromkeys([*(old.everyone() if old else ()), *(new.everyone() if new else ())])
    messages: list[Message] = []
    for address in addresses:
        if address != organizer:
            messages += _for_attendee(old, new, organizer, address)
    return messages


def _for_attendee(old: ObjectView | None, new: ObjectView | None, organizer: str, address: str) -> list[Message]:
    before, after = _part(old, address), _part(new, address)
    uid = new.uid if new else old.uid if old else ""
    messages = []
    lost = _lost(before, after)
    # Single instances that he keeps are invited to anew after the series is cancelled.
    request = bool(after.components) and (None in lost or _changed(before, after) or _forced(after, address))
    # The series in a REQUEST says itself which instances are gone.
    if lost and not (request and None in after.components):
        messages.append(Message("CANCEL", uid, organizer, address, lost, sequence=_cancel_sequence(old, new, lost)))
    if request:
        messages.append(Message("REQUEST", uid, organizer, address, in_order(after.components),
                                excluded=after.excluded - (new.master.exdates if new and new.master else frozenset())))
    return messages


def _part(view: ObjectView | None, address: str) -> _Part:
    """RFC 6638 §3.2.6: nobody learns of instances to which he is not invited."""
    named, excluded = {}, set()
    for component in view.components if view else ():
        attendee = component.attendee(address)
        if attendee is not None and attendee.by_server:
            named[component.instance] = component
        elif component.instance is not None:
            excluded.add(component.instance)
    series = named.get(None)
    return _Part(named, frozenset(excluded) | series.exdates if series else frozenset())


def _lost(before: _Part, after: _Part) -> tuple[InstanceId, ...]:
    """The instances to which the attendee was invited and is not any more; None for the series as a whole."""
    if None in before.components and None not in after.components:
        return (None,)
    gone = {instance for instance in before.components if not after.attends(instance)}
    return in_order(gone | {instance for instance in after.excluded if before.attends(instance)})


def _changed(before: _Part, after: _Part) -> bool:
    """Whether there is more to tell than that instances are gone."""
    if any(not before.attends(instance) for instance in after.components):
        return True
    gone = {instance for instance in before.components if instance not in after.components}
    if any(after.attends(instance) for instance in gone) or not before.excluded <= after.excluded:
        return True
    return any(instance not in before.components or differs(before.components[instance], component)
               for instance, component in after.components.items())


def differs(before: EventView, now: EventView) -> bool:
    """Whether two versions of a component differ in what the organizer decides, instances left out apart."""
    return (before.properties != now.properties or before.status != now.status
            or before.this_and_future != now.this_and_future or _roles(before) != _roles(now))


def _roles(component: EventView) -> set[tuple[str, str, str]]:
    return {(one.address, one.role, one.cutype) for one in component.attendees}


def _forced(part: _Part, address: str) -> bool:
    """SCHEDULE-FORCE-SEND=REQUEST (RFC 6638 §3.2.7)."""
    attendees = (component.attendee(address) for component in part.components.values())
    return any(one is not None and one.schedule_force_send == "REQUEST" for one in attendees)


def _cancel_sequence(old: ObjectView | None, new: ObjectView | None, lost: tuple[InstanceId, ...]) -> int:
    """As in the object that remains, so that a later invitation is not older than this; else one more."""
    if new is None or old is None:
        return max((one.sequence for one in old.components), default=0) + 1 if old else 0
    risen = revision(old, new).sequences
    return max(risen[instance] if instance in risen else _series_sequence(old, risen) for instance in lost)
