"""The organisation to practise on, made by the command and looked at with the others."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from radicale_booking import wiring
from radicale_booking.practice import calendar_text, founding
from radicale_booking.practice.organisation import EVENT_TYPES, PEOPLE
from radicale_booking.services import booking, mail
from tests.cli.conftest import Shell, assert_refused
from tests.services.calendars import store_item
from tests.services.conftest import Clock, settings_in


def test_an_organisation_to_practise_on(shell: Shell, data_folder: Path) -> None:
    first = shell("demo", "--organisation", "--json")
    assert first.code == 0, first.err
    assert {one["user"] for one in first.data["people"]} == {person.name for person in PEOPLE}
    for offered in EVENT_TYPES:
        assert shell("slots", offered.host, offered.slug, "--json").data, offered.slug
    assert shell("slots", "sofia", "cv-workshop", "--json").data
    booked = shell("reservation", "list", "--json").data
    assert shell("maintain").out.splitlines()[-1] == "the database is sound"
    # Doing it again on a site that is used leaves what people have done.
    shell("reservation", "cancel", next(one["uid"] for one in booked if one["status"] == "pending"))
    later = shell("reservation", "list", "--json").data
    assert first.data["password"] in shell("demo", "--organisation").out
    assert shell("reservation", "list", "--json").data == later != booked


def test_an_organisation_is_founded_where_nobody_else_lives(anna: Shell) -> None:
    assert_refused(anna("demo", "--organisation"), "anna", "another data folder")
    assert [user["name"] for user in anna("user", "list", "--json").data] == ["anna"]


@pytest.mark.parametrize("now", [datetime(2031, 1, 5, 22, tzinfo=UTC), datetime(2031, 3, 31, 6, tzinfo=UTC)])
def test_on_any_day_there_is_a_past_and_something_to_do(tmp_path: Path, now: datetime) -> None:
    """On the Sunday after the holidays, and after a night without the hour from 1 to 2."""
    clock = Clock()
    clock.now = now
    app = wiring.adapters(settings_in(tmp_path), clock)
    app.store.migrate()

    def draw(_owner: str, path: str, text: bytes) -> None:
        calendar, _, name = path.rpartition("/")
        store_item(app, calendar, name.removesuffix(".ics"), text.decode())

    founding.found(app, "secret", draw)
    found = booking.reservations(app)
    statuses = {one.status for one in found if one.start > now}
    assert statuses >= {"confirmed", "pending", "cancelled"}
    assert len([one for one in found if one.end < now]) > 10
    with app.store.read() as uow:
        seats = [len(uow.seats.of(one.id)) for one in found if one.slug == "cv-workshop" and one.id is not None]
        shared = [one for one in found if one.other_hosts]
    assert max(seats) > 2
    assert {one.slug for one in shared} == {"family-meeting"}
    assert app.store.check() == []
    assert len(mail.queue(app, "sent")) > len(found)
    assert mail.queue(app, "failed") == []
    app.store.close()


def test_hours_are_one_weekly_window() -> None:
    text = calendar_text.weekly("x", "Bookable", ("MO", "FR"), (time(9), time(17)), ZoneInfo("Europe/Berlin"),
                                datetime(2026, 3, 5, 12, tzinfo=UTC)).decode()
    assert "DTSTART;TZID=Europe/Berlin:20260302T090000" in text
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO,FR" in text
    assert "BEGIN:VTIMEZONE" in text
