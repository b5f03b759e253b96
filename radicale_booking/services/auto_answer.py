"""What a principal's mode answers to an invitation, instance by instance, before the person sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.itip import InstanceId, ObjectView
from radicale_booking.domain.principal import Principal
from radicale_booking.services import busy
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

#: What is over for longer than this is not answered any more.
_OVER = timedelta(days=2)
_MOST_INSTANCES = 400
_UNDECIDED = "NEEDS-ACTION"
#: Mode -> answer where the time is free, and where it is not.
_ANSWERS = {
    "none": (_UNDECIDED, _UNDECIDED),
    "accept-always": ("ACCEPTED", "ACCEPTED"),
    "decline-always": ("DECLINED", "DECLINED"),
    "accept-if-free": ("ACCEPTED", _UNDECIDED),
    "decline-if-busy": (_UNDECIDED, "DECLINED"),
    "automatic": ("ACCEPTED", "DECLINED"),
}


def answers(app: Adapters, uow: UnitOfWork, principal: Principal, text: str, address: str,
            excepted: tuple[str, str] | None) -> Mapping[InstanceId, str]:
    """The PARTSTATs that ``address``, of the principal, answers to its copy ``text``: none where the mode leaves all to
    the person, or nothing is to be answered any more.

    ``excepted``: collection's path and href of the copy, which does not stand in its own way. Raises
    ``InvalidCalendar``.
    """
    when_free, when_busy = _ANSWERS[principal.auto_schedule]
    if when_free == when_busy == _UNDECIDED:
        return {}
    view = app.scheduling.read(text)
    frame = Interval(uow.now - _OVER, uow.now + timedelta(days=app.settings.instance_future_days))
    instances = [(instance, interval)
                 for instance, interval in app.scheduling.occurrences(text, frame, ZoneInfo(principal.timezone),
                                                                      _MOST_INSTANCES)
                 if _open(view, instance, address)]
    if not instances:
        return {}
    span = Interval(min(interval.start for _, interval in instances), max(interval.end for _, interval in instances))
    taken = [one.interval for one in busy.times(app, uow, principal, span, excepted)]
    found = {instance: when_busy if any(interval.overlaps(other) for other in taken) else when_free
             for instance, interval in instances}
    # An answer to the series that was given before stays, whatever becomes of single instances.
    said = by_majority(view, found) if _open(view, None, address) else found
    return {instance: partstat for instance, partstat in said.items() if partstat != _UNDECIDED}


def by_majority(view: ObjectView, found: Mapping[InstanceId, str]) -> dict[InstanceId, str]:
    """``found`` said of the series as most instances have it, and of the others one by one."""
    if view.master is None or None in found:
        return dict(found)
    usual = Counter(found.values()).most_common(1)[0][0]
    own = set(view.instances)
    return {None: usual, **{instance: partstat for instance, partstat in found.items()
                            if partstat != usual or instance in own}}


def _open(view: ObjectView, instance: InstanceId, address: str) -> bool:
    """Whether the instance waits for an answer: what a person decided stays."""
    component = view.governing(instance)
    attendee = component.attendee(address) if component is not None else None
    return attendee is not None and attendee.partstat == _UNDECIDED
