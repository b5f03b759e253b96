"""Public holidays as days off."""

from __future__ import annotations

from datetime import date

import pytest

from radicale_booking.errors import InvalidInput
from radicale_booking.services.holidays import checked_code, days_off


@pytest.mark.parametrize(("code", "first", "last", "expected"), [
    ("DE", "2030-12-24", "2030-12-31", ["2030-12-25", "2030-12-26"]),
    ("DE", "2030-12-26", "2031-01-01", ["2030-12-26", "2031-01-01"]),
    ("DE", "2030-01-06", "2030-01-06", []),
    ("DE-BY", "2030-01-06", "2030-01-06", ["2030-01-06"]),
    ("US", "2030-07-01", "2030-07-31", ["2030-07-04"]),
    ("", "2030-12-24", "2030-12-31", []),
])
def test_days_off_in_order_of_both_ends(code: str, first: str, last: str, expected: list[str]) -> None:
    found = days_off(code, date.fromisoformat(first), date.fromisoformat(last))
    assert sorted(map(str, found)) == expected
    assert all(found.values())


def test_codes_are_read_as_people_write_them() -> None:
    assert [checked_code(" de "), checked_code("de-by")] == ["DE", "DE-BY"]


@pytest.mark.parametrize(("code", "hint"), [("XX", "such as DE"), ("DE-XX", "use DE alone"), ("Bavaria", "such as DE")])
def test_an_unknown_code_is_refused_with_what_is_known(code: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_code(code)
    assert refused.value.name == "holidays"
    assert hint in refused.value.remedy
