"""What an attendee's change of an event means for its organizer (RFC 6638 §3.2.2)."""

from __future__ import annotations

from radicale_booking.domain.itip import EventView, InstanceId, Message, ObjectView, in_order
from radicale_booking.domain.itip_organizer import differs

_SERIES_ONLY = frozenset({"DTSTART", "DTEND", "RRULE", "RDATE"})


def attendee_reply(old: ObjectView | None, new: ObjectView | None, attendee: str, *,
                   schedule_reply: bool = True) -> list[Message]:
    """The REPLY due when ``attendee`` (an address) puts ``new`` in place of ``old``: none, or one for all instances.

    Leaving out an instance declines it, and so does deleting the object, unless ``schedule_reply`` is False
    (``Schedule-Reply: F``, RFC 6638 §8.1). Nothing is sent where the ORGANIZER's SCHEDULE-AGENT is not SERVER.
    """
    view = new or old
    if view is None or not view.organizer or not _by_server(view):
        return []
    answers = _answers(old, new, attendee) if new else _declined(view, attendee)
    if not answers or (new is None and not schedule_reply):
        return []
    instances = in_order(answers)
    return [Message("REPLY", view.uid, attendee, view.organizer, instances,
                    answers=tuple((instance, answers[instance]) for instance in instances))]


def _by_server(view: ObjectView) -> bool:
    return all(one.organizer.by_server for one in view.components if one.organizer)


def _declined(view: ObjectView, attendee: str) -> dict[InstanceId, str]:
    return {one.instance: "DECLINED" for one in view.components
            if one.status != "CANCELLED" and _partstat(one, attendee) not in (None, "DECLINED")}


def _answers(old: ObjectView | None, new: ObjectView, attendee: str) -> dict[InstanceId, str]:
    answers: dict[InstanceId, str] = {}
    for component in new.components:
        now, forced = _partstat(component, attendee), _forced(component)
        before = old.governing(component.instance) if old else None
        was = _partstat(before, attendee) if before else "NEEDS-ACTION"
        if now is not None and (forced or now != was):
            answers[component.instance] = now
    before_series = old.master if old else None
    series = new.master
    if old is None or series is None:
        return answers
    if before_series is not None:
        for left_out in series.exdates - before_series.exdates:
            was_there = old.governing(left_out)
            if was_there is not None and _partstat(was_there, attendee) not in (None, "DECLINED"):
                answers[left_out] = "DECLINED"
    for component in old.components:
        instance = component.instance
        if instance is not None and new.get(instance) is None and instance not in series.exdates:
            now = _partstat(series, attendee)
            if now is not None and now != _partstat(component, attendee):
                answers[instance] = now
    return answers


def _partstat(component: EventView, attendee: str) -> str | None:
    found = component.attendee(attendee)
    return found.partstat if found else None


def _forced(component: EventView) -> bool:
    """SCHEDULE-FORCE-SEND=REPLY (RFC 6638 §3.2.7)."""
    return component.organizer is not None and component.organizer.schedule_force_send == "REPLY"


def allowed_attendee_change(old: ObjectView, new: ObjectView, attendee: str) -> tuple[str, ...]:
    """The names of the properties that ``attendee`` changed and may not (RFC 6638 §3.2.2.1), sorted; empty: allowed.

    VEVENT: a component went without its instance being left out. RECURRENCE-ID: an instance that the organizer has
    not. PARTSTATs of others are no offence: programs send what they last saw, and the server keeps its own.
    """
    wrong: set[str] = set()
    for component in new.components:
        before = old.get(component.instance)
        if before is not None:
            wrong |= _changed(before, component, attendee)
        elif component.instance is None:
            wrong.add("VEVENT")
        else:
            series = old.governing(component.instance)
            wrong |= _derived(series, component, attendee) if series else {"RECURRENCE-ID"}
    left_out = new.master.exdates if new.master else frozenset()
    if any(one.instance not in new.instances and (one.instance is None or one.instance not in left_out)
           for one in old.components):
        wrong.add("VEVENT")
    return tuple(sorted(wrong))


def _changed(before: EventView, now: EventView, attendee: str) -> set[str]:
    wrong = _others(before, now, attendee)
    wrong |= {name for name in before.properties.keys() | now.properties.keys()
              if before.properties.get(name) != now.properties.get(name)}
    if not before.exdates <= now.exdates:
        wrong.add("EXDATE")
    return wrong


def _derived(series: EventView, now: EventView, attendee: str) -> set[str]:
    """What an instance of its own says otherwise than the series."""
    wrong = _others(series, now, attendee)
    wrong |= {name for name in (series.properties.keys() | now.properties.keys()) - _SERIES_ONLY
              if series.properties.get(name) != now.properties.get(name)}
    if now.start != now.instance:
        wrong.add("DTSTART")
    if now.length != series.length:
        wrong.add("DTEND")
    return wrong


def _others(before: EventView, now: EventView, attendee: str) -> set[str]:
    wrong = set()
    if before.status != now.status:
        wrong.add("STATUS")
    if (before.organizer.address if before.organizer else "") != (now.organizer.address if now.organizer else ""):
        wrong.add("ORGANIZER")
    delegates = {one.address for one in now.attendees if attendee in one.delegated_from}
    if before.addresses - now.addresses or now.addresses - before.addresses - delegates:
        wrong.add("ATTENDEE")
    return wrong


def keeps_schedule_tag(old: ObjectView, new: ObjectView, address: str) -> bool:
    """Whether a message changed no more than PARTSTATs of others than ``address`` (RFC 6638 §3.2.10).

    Then the Schedule-Tag of the object stays, and a program that saw the older state may still write.
    """
    if (old.master is None) != (new.master is None):
        return False
    for instance in {*old.instances, *new.instances}:
        before, now = old.governing(instance), new.governing(instance)
        if before is None or now is None:
            return False
        if before.instance == now.instance:
            same = not differs(before, now) and before.exdates == now.exdates
        else:
            series, own = (before, now) if before.instance is None else (now, before)
            same = not _derived(series, own, address) and series.addresses == own.addresses
        if not same or _partstat(before, address) != _partstat(now, address):
            return False
    return True
