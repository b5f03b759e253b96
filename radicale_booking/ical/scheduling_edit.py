"""What the server writes into stored objects: replies, statuses, answers, and what clients must not lose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from radicale_booking.domain.itip import SUCCESS, EventView, InstanceId, When, normalised
from radicale_booking.domain.itip_organizer import Revision
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.content_lines import Block, Line
from radicale_booking.ical.itip_message import escaped, public
from radicale_booking.ical.scheduling_object import REPLIED, SchedulingText, stamp

#: Our own parameter of a COMMENT: the attendee whose remark it is.
_REMARKED = "X-RADICALE-BOOKING-ATTENDEE"


def revise(text: str, revision: Revision, now: datetime) -> str:
    """The organizer's object as it is stored: SEQUENCE and DTSTAMP risen, PARTSTATs reset, nothing left to force."""
    target = SchedulingText.parse(text)
    for instance, event in target.events.items():
        event.put(Line.make("SEQUENCE", str(revision.sequences[instance])))
        event.put(Line.make("DTSTAMP", stamp(now)))
        for address in revision.reset.get(instance, ()):
            _change(event, address, _asked_again)
    return _unforced(target)


def unforced(text: str) -> str:
    """``text`` without SCHEDULE-FORCE-SEND, which is never stored (RFC 6638 §7.2)."""
    return _unforced(SchedulingText.parse(text))


def set_status(text: str, statuses: Mapping[str, str]) -> str:
    """SCHEDULE-STATUS of attendees or organizer, by address, in each component that names them (RFC 6638 §7.3)."""
    target = SchedulingText.parse(text)
    for event in target.events.values():
        for address, status in statuses.items():
            _change(event, address, _with_parameter("SCHEDULE-STATUS", status), ("ORGANIZER", "ATTENDEE"))
    return target.text()


def set_comment(text: str, address: str, comment: str) -> str:
    """The organizer's object with what the attendee ``address`` remarked last, nothing where ``comment`` is empty."""
    target = SchedulingText.parse(text)
    for event in target.events.values():
        event.drop(lambda item: isinstance(item, Line) and item.name == "COMMENT" and item.get(_REMARKED) == address)
        if comment and any(normalised(line.value) == address for line in event.lines("ATTENDEE")):
            event.add(Line.make("COMMENT", escaped(comment)).having(_REMARKED, address))
    return target.text()


def answer(text: str, address: str, partstat: str, comment: str = "", instance: InstanceId = None) -> str:
    """The attendee's copy with his own ``partstat``: of the event or series itself, or of one ``instance``.

    Raises ``InvalidCalendar`` where there is no such instance or he is not an attendee of it.
    """
    target = SchedulingText.parse(text)
    event = _component(target, instance)
    found = _change(event, address, lambda line: line.having("PARTSTAT", partstat).having("RSVP", None))
    if not found:
        raise InvalidCalendar("ATTENDEE", address, "is not invited", "answer an invitation")
    if comment:
        event.put(Line.make("COMMENT", escaped(comment)))
    return target.text()


def answer_of(reply: str, address: str) -> str:
    """What ``address`` says in ``reply``: some programs name all attendees, but nobody answers for others (RFC 5546
    §3.2.3)."""
    target = SchedulingText.parse(reply)
    for event in target.events.values():
        event.drop(lambda item: isinstance(item, Line) and item.name == "ATTENDEE"
                   and normalised(item.value) != address)
    return target.text()


def apply_reply(text: str, reply: str, instances: tuple[InstanceId, ...]) -> str:
    """The organizer's object with what ``reply`` says of ``instances``, as ``itip_inbound.received`` decided.

    Takes PARTSTAT and delegation, clears RSVP, and puts the REQUEST-STATUS into SCHEDULE-STATUS (RFC 6638 §4.2).
    Raises ``InvalidCalendar`` where the series has no such instance.
    """
    target, message = SchedulingText.parse(text), SchedulingText.parse(reply)
    for instance in instances:
        view = message.view.get(instance)
        if view is not None:
            _take_reply(_component(target, instance), message.events[instance], view)
    return target.text()


def _take_reply(event: Block, reply: Block, view: EventView) -> None:
    replying = view.attendees[0]
    status = next((line.value.split(";")[0] for line in reply.lines("REQUEST-STATUS")), SUCCESS)
    line = next(reply.lines("ATTENDEE"))

    def taken(old: Line) -> Line:
        new = old.having("PARTSTAT", replying.partstat).having("RSVP", None).having("SCHEDULE-STATUS", status)
        if replying.delegated_to:
            new = new.having("DELEGATED-TO", line.get("DELEGATED-TO"))
        return new.having(REPLIED, stamp(view.dtstamp)) if view.dtstamp else new

    if not _change(event, replying.address, taken):
        event.add(taken(public(line)))
    for delegate in replying.delegated_to:
        if not _change(event, delegate, lambda one: one):
            invited = Line.make("ATTENDEE", delegate, [("PARTSTAT", "NEEDS-ACTION"), ("RSVP", "TRUE")])
            event.add(invited.having("DELEGATED-FROM", replying.address))


def restore(old: str, new: str, address: str, *, answered: bool = False) -> str:
    """``new``, sent by ``address`` in place of ``old``, with what is the server's to say put back.

    That is SCHEDULE-STATUS and SCHEDULE-AGENT where the program dropped them, and PARTSTAT of all others whose
    messages the server carries. An attendee changes neither the ORGANIZER's SCHEDULE-AGENT nor SEQUENCE and DTSTAMP,
    which tell the organizer's late messages from new ones. With ``answered``, what ``address`` has answered stays where
    ``new`` does not know it.
    """
    stored, target = SchedulingText.parse(old), SchedulingText.parse(new)
    for instance, event in target.events.items():
        before = stored.view.governing(instance)
        if before is None:
            continue
        origin = stored.events[before.instance]
        known = {(line.name, normalised(line.value)): line for line in origin.lines()
                 if line.name in ("ATTENDEE", "ORGANIZER")}
        if stored.view.organizer not in ("", address):
            for stamped in (line for line in origin.lines() if line.name in ("SEQUENCE", "DTSTAMP")):
                event.put(stamped)
        for name in ("ATTENDEE", "ORGANIZER"):
            event.change(name, _restored(known, address, answered))
    return target.text()


def _restored(known: Mapping[tuple[str, str], Line], address: str, answered: bool) -> Callable[[Line], Line]:
    def restored(line: Line) -> Line:
        who = normalised(line.value)
        old = known.get((line.name, who))
        if old is None:
            return line
        for parameter in ("SCHEDULE-STATUS", "SCHEDULE-AGENT", REPLIED):
            if old.get(parameter) and not line.get(parameter):
                line = line.having(parameter, old.get(parameter))
        if line.name == "ORGANIZER" and who != address:
            return line.having("SCHEDULE-AGENT", old.get("SCHEDULE-AGENT") or None)
        by_server = (old.get("SCHEDULE-AGENT") or "SERVER").upper() == "SERVER"
        stale = answered and who == address and (line.get("PARTSTAT") or "NEEDS-ACTION").upper() == "NEEDS-ACTION"
        if line.name == "ATTENDEE" and (stale or (who != address and by_server)):
            return line.having("PARTSTAT", old.get("PARTSTAT") or None)
        return line
    return restored


def _component(target: SchedulingText, instance: InstanceId) -> Block:
    if instance is None:
        if None not in target.events:
            raise InvalidCalendar("VEVENT", target.view.uid, "has single instances only", "name one of them")
        return target.events[None]
    if not _has(target, instance):
        raise InvalidCalendar("RECURRENCE-ID", instance.isoformat(), "is no instance of the event",
                              "name one of its instances")
    return target.override(instance)


def _has(target: SchedulingText, instance: When) -> bool:
    return target.view.governing(instance) is not None and target.occurs(instance)


def _change(event: Block, address: str, new: Callable[[Line], Line],
            order: tuple[str, str] = ("ATTENDEE", "ORGANIZER")) -> bool:
    """Change the ATTENDEE or ORGANIZER lines of ``address``; whether there was one.

    An organizer who attends has both lines: then it is the first in ``order``.
    """
    name = next((name for name in order
                 if any(normalised(line.value) == address for line in event.lines(name))), None)
    if name is None:
        return False
    event.change(name, lambda line: new(line) if normalised(line.value) == address else line)
    return True


def _with_parameter(name: str, value: str) -> Callable[[Line], Line]:
    return lambda line: line.having(name, value)


def _asked_again(line: Line) -> Line:
    return line.having("PARTSTAT", "NEEDS-ACTION").having("RSVP", "TRUE").having(REPLIED, None)


def _unforced(target: SchedulingText) -> str:
    for event in target.events.values():
        for name in ("ATTENDEE", "ORGANIZER"):
            event.change(name, lambda line: line.having("SCHEDULE-FORCE-SEND", None))
    return target.text()
