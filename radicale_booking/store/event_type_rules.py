"""The rules of an event type that no query asks for, as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.location import Location
from radicale_booking.domain.question import Question

_MINUTE = timedelta(minutes=1)


def _same(value: Any) -> Any:
    return value


def _minutes(length: timedelta) -> int:
    return length // _MINUTE


def _length(minutes: int) -> timedelta:
    return minutes * _MINUTE


def _write_overrides(overrides: Any) -> Any:
    return {day.isoformat(): [[start.isoformat(), end.isoformat()] for start, end in hours]
            for day, hours in overrides.items()}


def _read_overrides(overrides: Any) -> Any:
    return {date.fromisoformat(day): tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in hours)
            for day, hours in overrides.items()}


#: Field -> how it is written and read. What has its default value is left out.
_CODECS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "other_durations": (lambda lengths: [_minutes(length) for length in lengths],
                        lambda minutes: tuple(map(_length, minutes))),
    "decision_time": (_minutes, _length),
    "first_day": (date.isoformat, date.fromisoformat),
    "last_day": (date.isoformat, date.fromisoformat),
    "questions": (lambda found: [question.to_json() for question in found],
                  lambda found: tuple(map(Question.from_json, found))),
    "locations": (lambda found: [location.to_json() for location in found],
                  lambda found: tuple(map(Location.from_json, found))),
    "date_overrides": (_write_overrides, _read_overrides),
    "blocking_calendars": (list, tuple),
    "reminders": (lambda leads: [_minutes(lead) for lead in leads], lambda minutes: tuple(map(_length, minutes))),
    "follow_up": (_minutes, _length),
    **dict.fromkeys(("horizon_business", "minutes_per_day", "minutes_per_week", "minutes_per_month",
                     "limit_per_invitee", "repeat_every", "repeat_interval", "repeat_most", "private", "timezone",
                     "confirm_email", "colour", "redirect_url", "target_calendar", "follow_up_text", "keep_days"),
                    (_same, _same)),
}


def write(event_type: EventType) -> str:
    """What differs from the defaults; ``team`` holds its kind and strategy, its hosts have a table."""
    plain = EventType(event_type.host, event_type.slug, event_type.title, event_type.duration)
    rules = {name: codec[0](getattr(event_type, name)) for name, codec in _CODECS.items()
             if getattr(event_type, name) != getattr(plain, name)}
    if event_type.team is not None:
        rules["team"] = {"kind": event_type.team.kind, "strategy": event_type.team.strategy}
    return json.dumps(rules, ensure_ascii=False, sort_keys=True)


def read(text: str) -> dict[str, Any]:
    """The fields of ``EventType`` in ``text``; ``team`` as the dictionary that was written."""
    rules = json.loads(text)
    return {name: _CODECS[name][1](value) if name in _CODECS else value for name, value in rules.items()}
