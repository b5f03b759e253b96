"""Bookable hours: what a window's title means, and which windows an event type uses."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from zoneinfo import ZoneInfo

from radicale_booking.domain.event_type import EventType, slugify
from radicale_booking.domain.interval import Interval, subtract
from radicale_booking.domain.slots import Window


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


def windows_for(event_type: EventType, event_types: Sequence[EventType],
                rows: Iterable[tuple[Interval, str, str]], closed: Sequence[Interval], zone: ZoneInfo,
                own_titles: Collection[str]) -> list[Window]:
    """The windows of ``event_type`` among ``rows`` (interval, title, href), without the ``closed`` times.

    One that has windows of its own, whenever, uses only those (``own_titles``: all titles in the calendar); every
    other uses the generic ones. A title that belongs to one of ``event_types`` is never generic.
    """
    def generic(title: str) -> bool:
        return is_generic(title) and not any(matches(other, title) for other in event_types)

    own = any(matches(event_type, title) for title in own_titles)
    return [Window(part, zone, href)
            for interval, title, href in rows
            if (matches(event_type, title) if own else generic(title))
            for part in subtract([interval], closed)]
