"""Bookable hours: what a window's title means, and which windows an event type uses."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from radicale_booking.domain import civil
from radicale_booking.domain.event_type import EventType, Hours, slugify
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.slots import Window, merged


@lru_cache(maxsize=4096)
def fold(title: str) -> str:
    """``title`` for comparison: case, white space and Unicode forms do not count."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


#: Titles of general hours, in the languages of the pages.
GENERIC_TITLES = frozenset(map(fold, (
    "", "bookable", "bookable hours", "open", "available", "free",
    "buchbar", "offen", "verfügbar", "frei", "sprechzeiten",
    "réservable", "ouvert", "disponible", "libre",
    "reservable", "abierto",
    "prenotabile", "aperto", "disponibile", "libero",
    "boekbaar", "beschikbaar", "vrij",
    "reservável", "aberto", "disponível", "livre",
    "متاح", "مفتوح", "متوفر",
)))

#: Titles and categories of all-day events that close a day.
CLOSING_TITLES = frozenset(map(fold, (
    "away", "vacation", "holiday", "holidays", "ooo", "out of office", "closed",
    "abwesend", "urlaub", "ferien", "geschlossen", "außer haus", "nicht im büro",
    "absent", "absente", "vacances", "congé", "congés", "fermé",
    "ausente", "vacaciones", "cerrado", "fuera de la oficina",
    "assente", "vacanza", "vacanze", "ferie", "chiuso",
    "afwezig", "vakantie", "verlof", "gesloten",
    "férias", "fechado",
    "غائب", "إجازة", "عطلة", "مغلق",
)))


def is_generic(title: str) -> bool:
    """Whether a window so titled opens the host's general hours."""
    return fold(title) in GENERIC_TITLES


def is_closing(summary: str, categories: str) -> bool:
    """Whether an all-day event so titled, or in one of ``categories`` (joined by commas), closes its days."""
    return any(fold(word) in CLOSING_TITLES for word in (summary, *categories.split(",")))


def matches(event_type: EventType, title: str) -> bool:
    """Whether a window titled ``title`` is one of ``event_type``: its title or slug, whatever the case."""
    folded = fold(title)
    return bool(folded) and (folded == fold(event_type.title) or folded == event_type.slug
                             or slugify(title) == event_type.slug)


def windows_for(event_type: EventType, event_types: Sequence[EventType], rows: Iterable[tuple[str, Window]],
                own_titles: Collection[str]) -> list[Window]:
    """The windows of ``event_type`` among ``rows`` (title, window), merged.

    One that has windows of its own, whenever, uses only those (``own_titles``: all titles in the calendar); every
    other uses the generic ones. A title that belongs to one of ``event_types`` is never generic.
    """
    def generic(title: str) -> bool:
        return is_generic(title) and not any(matches(other, title) for other in event_types)

    own = any(matches(event_type, title) for title in own_titles)
    return merged(window for title, window in rows if (matches(event_type, title) if own else generic(title)))


def opened(windows: Iterable[Window], overrides: Mapping[date, Hours], zone: ZoneInfo, *, days_off: Iterable[date] = (),
           closed: Sequence[Interval] = ()) -> list[Window]:
    """What is left of ``windows`` without ``days_off``, with ``overrides`` in place of their days, and outside the
    ``closed`` times; days are local in ``zone``."""
    holes = [hole for day in {*overrides, *days_off} if (hole := civil.day(day, zone)) is not None]
    found = _outside(windows, holes)
    found += [window for day, hours in overrides.items() for window in _override(day, hours, zone)]
    return _outside(found, closed)


def _outside(windows: Iterable[Window], holes: Sequence[Interval]) -> list[Window]:
    return [part for window in windows for part in window.without(holes)] if holes else list(windows)


def _override(day: date, hours: Hours, zone: ZoneInfo) -> Iterable[Window]:
    for begins, ends in hours:
        last = day if ends != time() else day + timedelta(days=1)
        start = civil.to_utc(datetime.combine(day, begins), zone)
        end = civil.to_utc(datetime.combine(last, ends), zone)
        if start < end:
            yield Window(Interval(start, end), zone, f"date override {day}")
