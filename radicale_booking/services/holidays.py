"""Public holidays of a country as days off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays

from radicale_booking.errors import InvalidInput


def days_off(code: str, first: date, last: date) -> dict[date, str]:
    """The public holidays from ``first`` to ``last`` (both included) of ``code`` (DE, DE-BY; empty: none), with names.

    Raises ``InvalidInput`` for an unknown code.
    """
    if not code:
        return {}
    return {day: name for year in range(first.year, last.year + 1) for day, name in _year(code, year).items()
            if first <= day <= last}


def checked_code(code: str) -> str:
    """``code`` in capitals, a country by ISO 3166-1 or a part of one by ISO 3166-2. Raises ``InvalidInput``."""
    code = code.strip().upper()
    days_off(code, date(2026, 1, 1), date(2026, 1, 1))
    return code


@lru_cache(maxsize=256)
def _year(code: str, year: int) -> Mapping[date, str]:
    country, _, part = code.partition("-")
    try:
        return dict(holidays.country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError:
        parts = holidays.list_supported_countries().get(country)
        remedy = (f"use {country} alone or {country}- with one of {', '.join(parts[:20])}" if parts
                  else "use a country such as DE, FR or US, or a part of it such as DE-BY")
        raise InvalidInput("holidays", code, "is not a country whose holidays are known", remedy) from None
