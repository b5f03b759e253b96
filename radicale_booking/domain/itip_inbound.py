"""What to do with a message that arrives (RFC 5546 §2.1.5, RFC 6638 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from radicale_booking.domain.itip import Attendee, EventView, InstanceId, ObjectView
from radicale_booking.domain.itip_organizer import differs


class Action(StrEnum):
    """What a message is to the copy it meets."""

    CREATE = "create"
    UPDATE = "update"
    CANCEL = "cancel"
    REPLY = "reply"
    STALE = "stale"
    #: A reply of somebody who is not invited, a message of somebody who is not the organizer, or about no event.
    STRANGER = "stranger"
    #: COUNTER, DECLINECOUNTER, REFRESH: for a person to see; the copy stays.
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Decision:
    """``instances``: what of the message is to be applied, in its order."""

    action: Action
    instances: tuple[InstanceId, ...] = ()


def received(copy: ObjectView | None, method: str, message: ObjectView, sender: str = "") -> Decision:
    """What ``message`` is to ``copy``: an attendee's copy, or for a REPLY the organizer's object; None: there is none.

    ``sender`` is the address in whose name it came, if known; a REPLY names its sender itself.
    """
    method = method.upper()
    if method == "REPLY":
        return _reply(copy, message)
    if method in ("REQUEST", "ADD", "CANCEL"):
        if sender and sender != message.organizer:
            return Decision(Action.STRANGER)
        return _cancel(copy, message) if method == "CANCEL" else _request(copy, message)
    return Decision(Action.NOTED if method in ("COUNTER", "DECLINECOUNTER", "REFRESH") else Action.STRANGER)


def _request(copy: ObjectView | None, message: ObjectView) -> Decision:
    if copy is None:
        return Decision(Action.CREATE, message.instances)
    if copy.organizer != message.organizer:
        return Decision(Action.STRANGER)
    fresh = tuple(one.instance for one in message.components if _supersedes(copy, one))
    if message.master is not None and None in fresh:
        # The series comes with all its instances; one without a change of its own belongs to it all the same.
        fresh = message.instances
    return Decision(Action.UPDATE, fresh) if fresh else Decision(Action.STALE)


def _cancel(copy: ObjectView | None, message: ObjectView) -> Decision:
    if copy is None:
        return Decision(Action.STALE)
    if copy.organizer != message.organizer:
        return Decision(Action.STRANGER)
    live = tuple(one.instance for one in message.components if _cancels(copy, one))
    return Decision(Action.CANCEL, live) if live else Decision(Action.STALE)


def _cancels(copy: ObjectView, component: EventView) -> bool:
    present = copy.governing(component.instance)
    if present is None:
        return False
    if present.instance == component.instance and present.status == "CANCELLED":
        return False
    return component.version >= present.version


def _supersedes(copy: ObjectView, component: EventView) -> bool:
    """Whether ``component`` is newer than what ``copy`` has.

    There are programs that stamp two versions alike: those are told apart by what they say.
    """
    present = copy.get(component.instance) or copy.master
    if present is None:
        return True
    if component.version != present.version:
        return component.version > present.version
    if present.instance != component.instance:
        # A series cancelled by the message before this one keeps no instance out.
        return component.instance not in present.exdates or present.status == "CANCELLED"
    return differs(present, component) or not component.exdates <= present.exdates


def _reply(copy: ObjectView | None, message: ObjectView) -> Decision:
    if copy is None:
        return Decision(Action.STRANGER)
    fresh = []
    known = False
    for component in message.components:
        present = copy.governing(component.instance)
        if present is None or len(component.attendees) != 1:
            continue
        expected = expected_attendee(present, component.attendees[0])
        if expected is None:
            continue
        known = True
        if component.sequence >= present.sequence and _news(present, expected, component):
            fresh.append(component.instance)
    if not known:
        return Decision(Action.STRANGER)
    return Decision(Action.REPLY, tuple(fresh)) if fresh else Decision(Action.STALE)


def expected_attendee(present: EventView, replying: Attendee) -> Attendee | None:
    """The attendee who replies: invited, or the delegate of one who was (RFC 5546 §3.2.2.3)."""
    for address in (replying.address, *replying.delegated_from):
        found = present.attendee(address)
        if found is not None:
            return found
    return None


def _news(present: EventView, expected: Attendee, component: EventView) -> bool:
    """A later reply than the last one; of two replies of one second, the one that says something else."""
    replying = component.attendees[0]
    if expected.address != replying.address:
        return True
    last = expected.replied if present.instance == component.instance else None
    _, stamp = component.version
    if last is None or stamp == last:
        return present.instance != component.instance or replying.partstat != expected.partstat
    return stamp > last
