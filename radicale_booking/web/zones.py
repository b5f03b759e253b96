"""Time zones that a visitor can choose."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones


@cache
def known_zones() -> frozenset[str]:
    """Every name that is understood, old ones included (browsers report some)."""
    return frozenset(available_timezones())


@cache
def listed_zones() -> tuple[str, ...]:
    """The names that are offered in a list: one or more for each country, and UTC, sorted."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    names = {line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")}
    return (*sorted(names & known_zones()), "UTC")


def zone_or(name: str, fallback: str) -> ZoneInfo:
    """The zone ``name`` if there is one, else ``fallback``, else UTC."""
    return ZoneInfo(next((candidate for candidate in (name, fallback) if candidate in known_zones()), "UTC"))
