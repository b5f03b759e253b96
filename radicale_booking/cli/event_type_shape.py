"""An event type on the command line: the options that give its rules, and how it is shown."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated, Any, get_type_hints

import typer

from radicale_booking.domain import location, question
from radicale_booking.domain.event_type import EventType, Hours
from radicale_booking.domain.team import Team
from radicale_booking.errors import InvalidEventType

_MINUTE = timedelta(minutes=1)


def _minutes(text: int) -> timedelta:
    return text * _MINUTE


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidEventType("date", text, "is not a date", "write it like 2026-12-24") from None


def _override(text: str) -> tuple[date, Hours]:
    """``2026-12-24=09:00-12:00,13:00-15:00``; without hours the day is closed."""
    day, _, hours = text.partition("=")
    try:
        spans = [tuple(time.fromisoformat(end.strip()) for end in span.split("-")) for span in hours.split(",") if span]
        return _day(day.strip()), tuple((start, end) for start, end in spans)
    except ValueError:
        raise InvalidEventType("override", text, "is not a day with hours",
                               "write it like 2026-12-24=09:00-12:00,13:00-15:00") from None


def _team(text: str) -> Team:
    """``collective: ada, bob`` or ``round-robin fewest: ada, bob``."""
    words, _, hosts = text.partition(":")
    kind, *strategy = words.split()[:2] or [""]
    return Team(kind, tuple(host.strip() for host in hosts.split(",") if host.strip()), *strategy)


def _all(read: Callable[[Any], Any]) -> Callable[[list[Any]], tuple[Any, ...]]:
    return lambda texts: tuple(read(text) for text in texts)


def _same(value: Any) -> Any:
    return value


#: Option -> type, help, and how its value is read. The field of ``EventType`` has the option's name.
_OPTIONS: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "description": (str, "Text on the booking page.", _same),
    "locations": (list[str], "Where it takes place, repeated for a choice: a place, a web address, phone=NUMBER, "
                  "jitsi=ADDRESS, call_invitee or invitee_choice.", _all(location.parse)),
    "questions": (list[str], "What invitees are asked, repeated: KIND LABEL, with ! after KIND if an answer is needed, "
                  "and = CHOICE | CHOICE.", _all(question.parse)),
    "other_durations": (list[int], "Another length in minutes that may be chosen, repeated.", _all(_minutes)),
    "step": (int, "Minutes between two offered starts (default: the length).", _minutes),
    "buffer_before": (int, "Minutes kept free before.", _minutes),
    "buffer_after": (int, "Minutes kept free after.", _minutes),
    "notice": (int, "Minutes that must lie between booking and start.", _minutes),
    "horizon": (int, "Days ahead that can be booked.", lambda days: timedelta(days=days)),
    "horizon_business": (bool, "Whether the horizon counts Monday to Friday only.", _same),
    "first_day": (str, "First day that can be booked.", _day),
    "last_day": (str, "Last day that can be booked, in place of the horizon.", _day),
    "limit_per_day": (int, "Most bookings a day.", _same),
    "limit_per_week": (int, "Most bookings a week.", _same),
    "limit_per_month": (int, "Most bookings a month.", _same),
    "minutes_per_day": (int, "Most booked minutes a day.", _same),
    "minutes_per_week": (int, "Most booked minutes a week.", _same),
    "minutes_per_month": (int, "Most booked minutes a month.", _same),
    "limit_per_invitee": (int, "Most bookings to come of one invitee.", _same),
    "seats": (int, "How many may book the same start.", _same),
    "confirmation": (bool, "Whether the host confirms each booking.", _same),
    "decision_time": (int, "Minutes that the host has to confirm.", _minutes),
    "confirm_email": (bool, "Whether who books on the page answers a mail first.", _same),
    "repeat_every": (str, "day, week or month: several occurrences may be booked at once.", _same),
    "repeat_interval": (int, "How many days, weeks or months lie between occurrences.", _same),
    "repeat_most": (int, "Most occurrences that may be booked at once.", _same),
    "date_overrides": (list[str], "Hours of one day in place of all windows, repeated: "
                       "2026-12-24=09:00-12:00; without hours the day is closed.",
                       lambda texts: dict(map(_override, texts))),
    "timezone": (str, "Zone of its rules (default: the host's).", _same),
    "colour": (str, "Colour such as #3366cc.", _same),
    "reminders": (list[int], "Minutes before the start when invitees are reminded by mail, repeated.", _all(_minutes)),
    "follow_up": (int, "Minutes after the end when invitees are written to once more.", _minutes),
    "follow_up_text": (str, "What that mail says.", _same),
    "keep_days": (int, "Days after their end that bookings say who booked, 0 for ever (default: as [booking] "
                  "keep_reservations_days).", _same),
    "redirect_url": (str, "Where the browser goes after a booking.", _same),
    "blocking_calendars": (list[str], "Calendar (path) that blocks, repeated (default: all).", _all(_same)),
    "target_calendar": (str, "Calendar (path) that receives the bookings (default: the host's default).", _same),
    "team": (str, "Several hosts: 'collective: ada, bob' or 'round-robin least-recent|fewest|priority: ada, bob'.",
             _team),
    "private": (bool, "Whether it is booked by private links only.", _same),
    "hidden": (bool, "Whether the host's page leaves it out.", _same),
}
#: Options whose words are not the field's: one of several, or a flag that reads better than ``--no-…``.
_WORDS = {"locations": "--location", "questions": "--question", "other_durations": "--other-duration",
          "date_overrides": "--override", "reminders": "--reminder", "blocking_calendars": "--blocking-calendar",
          "hidden": "--hidden/--listed", "private": "--private/--public"}


def with_rules(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` with the options of all rules, which it gets as keyword arguments; None is not given."""
    own = [parameter for parameter in inspect.signature(command).parameters.values()
           if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    hints = get_type_hints(command, include_extras=True)
    parameters = [parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
                  for parameter in own]
    parameters += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotated(name))
                   for name in _OPTIONS]

    def wrapped(**given: Any) -> None:
        command(**given)

    wrapped.__doc__ = command.__doc__
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapped


def _annotated(name: str) -> Any:
    kind, text, _ = _OPTIONS[name]
    return Annotated[kind | None, typer.Option(_WORDS.get(name) or f"--{_word(name)}", help=text)]


def _word(name: str) -> str:
    return name.replace("_", "-")


def rule_named(word: str) -> str:
    """The field of ``EventType`` for an option's name without dashes in front. Raises ``InvalidEventType``."""
    names = {_WORDS.get(name, _word(name)).removeprefix("--").partition("/")[0]: name for name in _OPTIONS}
    if word not in names:
        raise InvalidEventType("rule", word, "is unknown", f"one of {', '.join(names)}")
    return names[word]


def fields(given: dict[str, Any]) -> dict[str, Any]:
    """The given options as fields of ``EventType``; None is left out. Raises ``InvalidEventType``."""
    return {name: _OPTIONS[name][2](value) for name, value in given.items() if value is not None}


def record(event_type: EventType, public_url: str) -> dict[str, object]:
    """All there is to say about ``event_type``; lengths in minutes for machines."""
    shown: dict[str, object] = {"slug": event_type.slug, "title": event_type.title, "duration": event_type.duration}
    shown |= {"horizon_days" if name == "horizon" else name: getattr(event_type, name) for name in _OPTIONS}
    shown["step"] = event_type.grid_step
    shown["horizon_days"] = event_type.horizon.days
    shown["other_durations"] = [length // _MINUTE for length in event_type.other_durations]
    shown["reminders"] = [lead // _MINUTE for lead in event_type.reminders]
    shown["locations"] = [str(place) for place in event_type.locations]
    shown["questions"] = [asked.to_json() for asked in event_type.questions]
    shown["date_overrides"] = {str(day): [f"{start:%H:%M}-{end:%H:%M}" for start, end in hours]
                               for day, hours in event_type.date_overrides.items()}
    team = event_type.team
    shown["team"] = f"{team.kind} {team.strategy}: {', '.join(team.hosts)}" if team is not None else None
    return shown | {"closed": event_type.closed, "origin": event_type.origin,
                    "link": f"{public_url}/book/{event_type.host}/{event_type.slug}/"}
