"""Whose turn it is."""

from __future__ import annotations

import pytest

from radicale_booking.domain.team import Team, Turn, choose
from radicale_booking.errors import InvalidEventType

HOSTS = ("ada", "ben", "cleo")


@pytest.mark.parametrize(("strategy", "free", "chosen"), [
    ("least-recent", [Turn("ada", 0, None), Turn("ben", 0, None)], "ada"),
    ("least-recent", [Turn("ada", 0, 3), Turn("ben", 9, 2)], "ben"),
    ("least-recent", [Turn("cleo", 5, None), Turn("ada", 0, 1)], "cleo"),
    ("fewest", [Turn("ada", 2, 1), Turn("ben", 1, 9)], "ben"),
    ("fewest", [Turn("ada", 1, 5), Turn("ben", 1, 4), Turn("cleo", 2, None)], "ben"),
    ("fewest", [Turn("cleo", 0, None), Turn("ben", 0, None)], "ben"),
    ("priority", [Turn("cleo", 0, None), Turn("ben", 9, 9)], "ben"),
    ("priority", [Turn("cleo", 9, 9)], "cleo"),
])
def test_every_tie_is_decided(strategy: str, free: list[Turn], chosen: str) -> None:
    assert choose(Team("round-robin", HOSTS, strategy), free).host == chosen
    assert choose(Team("round-robin", HOSTS, strategy), free[::-1]).host == chosen


@pytest.mark.parametrize(("kind", "hosts", "strategy", "name"), [
    ("all", HOSTS, "fewest", "team"), ("collective", (), "fewest", "hosts"),
    ("collective", ("ada", "ada"), "fewest", "hosts"), ("round-robin", HOSTS, "random", "strategy"),
])
def test_what_is_no_team(kind: str, hosts: tuple[str, ...], strategy: str, name: str) -> None:
    with pytest.raises(InvalidEventType) as refused:
        Team(kind, hosts, strategy)
    assert refused.value.name == name
