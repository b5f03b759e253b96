"""A host on a real database, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from radicale_booking import wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.services import accounts, event_types
from radicale_booking.services.adapters import Adapters
from radicale_booking.settings import Settings
from tests.services.calendars import NOW, draw_hours


class Clock:
    """Stands at ``now`` until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def settings_in(folder: Path, database: str | None = None) -> Settings:
    """By default with an SQLite database in ``folder``."""
    return Settings(database=database or f"sqlite://{folder}/booking.sqlite", data_folder=folder,
                    public_url="https://book.example.org", secret_file=folder / "secret", users_file=folder / "users")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def empty(tmp_path: Path, clock: Clock, database: str) -> Iterator[Adapters]:
    """A database of each engine without users."""
    app = wiring.adapters(settings_in(tmp_path, database), clock)
    app.store.migrate()
    yield app
    app.store.close()


@pytest.fixture
def app(empty: Adapters) -> Adapters:
    """The host ada, bookable on Tuesday 2030-01-08 from 9 to 12 UTC for a talk of 30 minutes."""
    accounts.add_user(empty, "ada", "ada@example.org", "Europe/Berlin", "secret", host=True)
    event_types.add(empty, EventType("ada", "talk", "Talk", timedelta(minutes=30)))
    draw_hours(empty, "hours", datetime(2030, 1, 8, 9, tzinfo=UTC), timedelta(hours=3))
    return empty
