"""The ``key: value`` lines in a window's description that set the rules of its event type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

from radicale_booking.domain import civil
from radicale_booking.domain.location import parse as parse_location
from radicale_booking.errors import InvalidEventType, InvalidInput

_LINE = re.compile(r"\s*([^\W\d_]+)\s*:(?!//)\s*(.*?)\s*")
_UNITS = {"m": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1, "minuten": 1, "minutos": 1, "minuti": 1,
          "h": 60, "hr": 60, "hour": 60, "hours": 60, "std": 60, "stunde": 60, "stunden": 60, "heure": 60, "heures": 60,
          "hora": 60, "horas": 60, "ora": 60, "ore": 60, "uur": 60,
          "d": 1440, "day": 1440, "days": 1440, "tag": 1440, "tage": 1440, "jour": 1440, "jours": 1440, "día": 1440,
          "días": 1440, "giorni": 1440, "dagen": 1440, "dias": 1440, "w": 10080, "week": 10080, "weeks": 10080,
          "woche": 10080, "wochen": 10080, "semaine": 10080, "semaines": 10080}
_LENGTH = re.compile(r"(?:(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)?)(?:\s*(\d+)\s*([^\W\d_]+)?)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", re.IGNORECASE)
_BUSINESS = re.compile(r"(\d+)\s*(?:bd|business\s+days?|working\s+days?|werktage?n?|arbeitstage?n?|jours\s+ouvrés)")
_LIMIT = re.compile(r"(\d+)\s*(m|min|minutes|h|hours?)?\s*/\s*([^\W\d_]+)")
_PERIODS = {"day": "day", "d": "day", "tag": "day", "jour": "day", "día": "day", "giorno": "day", "dag": "day",
            "dia": "day", "week": "week", "w": "week", "woche": "week", "semaine": "week", "semana": "week",
            "settimana": "week", "month": "month", "monat": "month", "mois": "month", "mes": "month", "mese": "month",
            "maand": "month", "mês": "month", "invitee": "invitee", "person": "invitee", "gast": "invitee"}
_YES = frozenset({"yes", "y", "true", "on", "1", "ja", "oui", "sí", "si", "sì", "sim"})
_NO = frozenset({"no", "n", "false", "off", "0", "nein", "non", "nee", "não"})
#: What stands after a colon in a setting, and hardly in prose.
_SETTING_VALUE = re.compile(r"[\d.,:]+\s*(?:[^\W\d_]+)?(?:\s*/\s*[\w]+)?|yes|no|ja|nein|oui|non|sí|si")
_DAY = timedelta(days=1)
_LONGEST_MINUTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """A ``line`` that could not be read, why, and what to write instead."""

    line: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """``fields`` by the names of ``EventType``, but ``durations`` (all, the usual first) and ``location`` (a text)."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read(description: str) -> WindowSettings:
    """The settings in ``description``, plain or HTML; never raises. Lines that look like none are prose."""
    fields: dict[str, Any] = {}
    problems: list[Problem] = []
    for line in _lines(description):
        matched = _LINE.fullmatch(line)
        key = _KEYS.get(matched[1].casefold()) if matched else None
        if not matched:
            continue
        if key is None:
            near = difflib.get_close_matches(matched[1].casefold(), _KEYS, 1, 0.75)
            if near or _SETTING_VALUE.fullmatch(matched[2]):
                problems.append(Problem(line, f"there is no setting {matched[1]}",
                                        f"write {near[0]}:" if near else f"use one of {', '.join(_READERS)}"))
            continue
        try:
            fields |= _READERS[key](matched[2])
        except (InvalidInput, InvalidEventType) as error:
            problems.append(Problem(line, error.problem, error.remedy))
    return WindowSettings(fields, tuple(problems))


class _Text(HTMLParser):
    _BREAKS = frozenset({"br", "p", "div", "li", "tr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in self._BREAKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._BREAKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _lines(description: str) -> list[str]:
    if re.search(r"</?(?:br|p|div|html|body|span|b|li)\b[^>]*>", description, re.IGNORECASE):
        parser = _Text()
        parser.feed(description)
        parser.close()
        description = "".join(parser.found)
    return [line.replace("\xa0", " ").strip() for line in description.splitlines() if line.strip()]


def _refused(problem: str, remedy: str) -> InvalidInput:
    return InvalidInput("setting", "", problem, remedy)


def length(text: str) -> timedelta:
    """``30``, ``30m``, ``1h30``, ``1:30``, ``1.5 hours``, ``2 days`` or ``PT30M``; a bare number is minutes.

    Raises ``InvalidInput``.
    """
    text = text.strip().casefold()
    minutes: float | None = None
    if clock := _CLOCK.fullmatch(text):
        minutes = int(clock[1]) * 60 + int(clock[2])
    elif (iso := _ISO.fullmatch(text)) and any(iso.groups()):
        weeks, days, hours, rest = (int(part or 0) for part in iso.groups())
        minutes = weeks * 10080 + days * 1440 + hours * 60 + rest
    elif matched := _LENGTH.fullmatch(text):
        first, second = _UNITS.get(matched[2] or "m"), _UNITS.get(matched[4] or "m")
        if first and second and (matched[3] is None or first > second):
            minutes = float(matched[1].replace(",", ".")) * first + int(matched[3] or 0) * second
    if minutes is None or minutes != int(minutes) or minutes > _LONGEST_MINUTES:
        raise _refused("is not a length of time in whole minutes", "write it like 30m, 1h30 or 2 days")
    return timedelta(minutes=int(minutes))


def _bounded(text: str, low: timedelta, high: timedelta) -> timedelta:
    found = length(text)
    if not low <= found <= high:
        raise _refused(f"is not between {_short(low)} and {_short(high)}", "give a length within these bounds")
    return found


def _short(span: timedelta) -> str:
    """As a setting gives it."""
    return f"{span.days}d" if span >= _DAY and not span % _DAY else f"{span // timedelta(minutes=1)}m"


def _durations(value: str) -> dict[str, Any]:
    found = tuple(_bounded(part, timedelta(minutes=1), _DAY) for part in re.split(r"\s*,\s*", value) if part)
    if not found or len(set(found)) < len(found):
        raise _refused("names no length, or one twice", "write it like 30m, 60m")
    return {"durations": found}


def _buffer(value: str) -> dict[str, Any]:
    parts = re.split(r"\s*/\s*", value)
    if len(parts) > 2:
        raise _refused("has more than two parts", "write it like 5m/10m, before and after")
    before, after = (_bounded(part, timedelta(), timedelta(days=3)) for part in (parts * 2)[:2])
    return {"buffer_before": before, "buffer_after": after}


def _horizon(value: str) -> dict[str, Any]:
    if ".." in value:
        first, _, last = value.partition("..")
        try:
            days = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
        except ValueError:
            raise _refused("is not a range of dates", "write it like 2026-12-01..2026-12-31") from None
        if days[1] < days[0]:
            raise _refused("ends before it begins", "exchange the dates")
        return {"first_day": days[0], "last_day": days[1]}
    business = _BUSINESS.fullmatch(value.casefold())
    found = int(business[1]) * _DAY if business else length(value if not value.isdigit() else f"{value}d")
    if found % _DAY or not _DAY <= found <= 730 * _DAY:
        raise _refused("is not whole days from 1 to 730", "write it like 60d or 10 business days")
    return {"horizon": found, "horizon_business": bool(business)}


def _limit(value: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in re.split(r"\s*,\s*", value):
        matched = _LIMIT.fullmatch(part.casefold())
        period = _PERIODS.get(matched[3]) if matched else None
        if not matched or period is None or not int(matched[1]) or (matched[2] and period == "invitee"):
            raise _refused("is not a limit", "write it like 4/day, 10/week, 120m/day or 2/invitee")
        number = int(matched[1])
        if matched[2]:
            fields[f"minutes_per_{period}"] = number * (60 if matched[2].startswith("h") else 1)
        else:
            fields[f"limit_per_{period}"] = number
    return fields


def _seats(value: str) -> dict[str, Any]:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 10_000):
        raise _refused("is not a number of seats", "write it like 8")
    return {"seats": int(value)}


def _flag(name: str) -> Callable[[str], dict[str, Any]]:
    def read_flag(value: str) -> dict[str, Any]:
        if value.casefold() not in _YES | _NO:
            raise _refused("is neither yes nor no", "write yes or no")
        return {name: value.casefold() in _YES}
    return read_flag


def _location(value: str) -> dict[str, Any]:
    parse_location(value)
    return {"location": value}


def _colour(value: str) -> dict[str, Any]:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise _refused("is not a colour", "write it like #3366cc")
    return {"colour": value.lower()}


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "duration": _durations,
    "step": lambda value: {"step": _bounded(value, timedelta(minutes=1), _DAY)},
    "buffer": _buffer,
    "notice": lambda value: {"notice": _bounded(value, timedelta(), 365 * _DAY)},
    "horizon": _horizon,
    "limit": _limit,
    "seats": _seats,
    "confirm": _flag("confirmation"),
    "verify": _flag("confirm_email"),
    "location": _location,
    "timezone": lambda value: {"timezone": civil.zone(value).key},
    "colour": _colour,
    "hidden": _flag("hidden"),
}
_TRANSLATED = {
    "duration": "length dauer länge durée duración durata duur duração",
    "step": "interval schritt raster pas paso passo stap",
    "buffer": "puffer tampon margen margine marge margem",
    "notice": "vorlauf préavis aviso preavviso",
    "horizon": "horizont horizonte orizzonte vooruit",
    "limit": "limits grenze limite límite limiet",
    "seats": "plätze places plazas posti plaatsen lugares",
    "confirm": "confirmation bestätigen confirmer confirmar confermare bevestigen",
    "verify": "prüfen vérifier verificar verificare verifiëren",
    "location": "where ort lieu lugar luogo locatie local",
    "timezone": "zeitzone fuseau zona tijdzone fuso",
    "colour": "color farbe couleur colore kleur cor",
    "hidden": "versteckt caché oculto nascosto verborgen",
}
_KEYS = {word: key for key in _READERS for word in (key, *_TRANSLATED[key].split())}
