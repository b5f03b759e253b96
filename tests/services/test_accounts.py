"""Users, their passwords, their collections, and event types."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from passlib.apache import HtpasswdFile
from radicale import config
from radicale.auth import htpasswd

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidEventType, InvalidInput, NotFound, SlotTaken, StoreUnavailable
from radicale_booking.services import accounts, booking, event_types
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, wish


def test_radicale_accepts_the_password(app: Adapters) -> None:
    path = app.settings.users_file
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("ada:$argon2")
    configuration = config.load()
    configuration.update({"auth": {"type": "htpasswd", "htpasswd_filename": str(path),
                                   "htpasswd_encryption": "autodetect"}}, "test")
    auth = htpasswd.Auth(configuration)
    assert auth._login("ada", "secret") == "ada"
    assert auth._login("ada", "other") == ""


def test_a_new_password_replaces_the_old_and_leaves_others(app: Adapters) -> None:
    accounts.add_user(app, "eve", "eve@example.org", "UTC", "apple")
    accounts.set_password(app, "ada", "new")
    users = HtpasswdFile(str(app.settings.users_file), context=accounts._HASHES)
    assert (users.check_password("ada", "new"), users.check_password("ada", "secret")) == (True, False)
    assert users.check_password("eve", "apple")
    with pytest.raises(NotFound):
        accounts.set_password(app, "nobody", "x")


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "..", " a", "a ", "a\n", "book", "API", "principals", "a:b",
                                  "x" * 101, "a\\b", "a?b", "a#b"])
def test_names_that_are_no_first_word_of_an_address_are_refused(empty: Adapters, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.add_user(empty, name, "x@example.org", "UTC", "p")
    assert refused.value.name == "name"
    assert accounts.list_users(empty) == []


@pytest.mark.parametrize(("email", "timezone", "password", "name"), [
    ("x", "UTC", "p", "email"), ("x@example.org", "Nowhere", "p", "timezone"), ("x@example.org", "UTC", "", "password"),
    ("x@example.org", "UTC", "p" * 1025, "password")])
def test_other_bad_input_is_named(empty: Adapters, email: str, timezone: str, password: str, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.add_user(empty, "ada", email, timezone, password)
    assert refused.value.name == name


def test_names_and_addresses_are_unique(app: Adapters) -> None:
    for name, email in (("ada", "other@example.org"), ("other", "ADA@example.org")):
        with pytest.raises(InvalidInput):
            accounts.add_user(app, name, email, "UTC", "p")
    assert [user.name for user in accounts.list_users(app)] == ["ada"]


def test_a_host_gets_bookable_hours_and_a_calendar_once(empty: Adapters) -> None:
    accounts.add_user(empty, "eve", "eve@example.org", "UTC", "p")
    with pytest.raises(NotFound):
        booking.host_page(empty, "eve")
    for _ in range(2):
        assert accounts.enable_host(empty, "eve").host
    assert booking.host_page(empty, "eve").principal.email == "eve@example.org"
    with empty.store.read() as uow:
        principal = uow.principals.get("eve")
        assert principal is not None
        assert principal.id is not None
        rows = {row.path: row for row in uow.collections.of_principal(principal.id)}
    assert set(rows) == {"eve/bookable", "eve/calendar"}
    bookable, calendar = rows["eve/bookable"], rows["eve/calendar"]
    assert (bookable.role, bookable.transparent, bookable.props["D:displayname"]) == ("bookable", True,
                                                                                     "Bookable hours")
    assert (calendar.role, calendar.transparent, calendar.props["D:displayname"]) == ("default", False, "Calendar")


def test_a_calendar_that_is_already_there_is_left_alone(empty: Adapters) -> None:
    accounts.add_user(empty, "eve", "eve@example.org", "UTC", "p")
    with empty.store.write() as uow:
        uow.collections.add("eve/calendar", "VCALENDAR", {"D:displayname": "Mine"})
    accounts.enable_host(empty, "eve")
    with empty.store.read() as uow:
        mine, made = uow.collections.get("eve/calendar"), uow.collections.get("eve/calendar-2")
    assert mine is not None
    assert made is not None
    assert (mine.role, mine.props["D:displayname"], made.role) == (None, "Mine", "default")


def test_removing_a_user_removes_all(app: Adapters) -> None:
    booking.reserve(app, wish())
    accounts.remove_user(app, "ada")
    assert accounts.list_users(app) == []
    assert booking.reservations(app) == []
    assert "ada" not in app.settings.users_file.read_text()
    with app.store.read() as uow:
        assert uow.collections.get("ada") is None
        assert uow.collections.get("ada/calendar") is None
    with pytest.raises(NotFound):
        accounts.remove_user(app, "ada")


def test_no_user_stays_behind_when_the_password_cannot_be_written(empty: Adapters, tmp_path: Path) -> None:
    empty.settings.users_file.mkdir()
    with pytest.raises(StoreUnavailable):
        accounts.add_user(empty, "ada", "ada@example.org", "UTC", "p")
    assert accounts.list_users(empty) == []


def test_event_types_are_added_changed_and_removed(app: Adapters) -> None:
    event_types.add(app, EventType("ada", "long", "Long", timedelta(hours=1)))
    with pytest.raises(InvalidEventType):
        event_types.add(app, EventType("ada", "long", "Again", timedelta(hours=1)))
    changed = event_types.set(app, "ada", "long", title="Longer", duration=timedelta(hours=2))
    assert event_types.show(app, "ada", "long") == changed
    assert (changed.title, changed.duration) == ("Longer", timedelta(hours=2))
    assert [found.slug for found in event_types.list(app, "ada")] == ["talk", "long"]
    with pytest.raises(InvalidEventType):
        event_types.set(app, "ada", "long", origin="calendar")
    event_types.remove(app, "ada", "long")
    with pytest.raises(NotFound):
        event_types.show(app, "ada", "long")
    with pytest.raises(NotFound):
        event_types.add(app, EventType("eve", "long", "Long", timedelta(hours=1)))


def test_a_booked_event_type_that_is_removed_takes_no_more_bookings_until_it_is_added_again(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    event_types.remove(app, "ada", "talk")
    day = Interval(NINE, NINE + timedelta(days=1))
    assert booking.host_page(app, "ada").event_types == []
    assert booking.reservation(app, booked.uid).title == "Talk"
    assert booking.open_slots(app, "ada", "talk", day) == []
    with pytest.raises(SlotTaken):
        booking.reserve(app, wish(NINE + timedelta(minutes=30)))
    event_types.add(app, EventType("ada", "talk", "New talk", timedelta(hours=1)))
    assert booking.reservation(app, booked.uid).title == "New talk"
    assert [slot.start for slot in booking.open_slots(app, "ada", "talk", day)] == [NINE + timedelta(hours=1),
                                                                                   NINE + timedelta(hours=2)]


def test_a_host_answers_invitations_unless_told_otherwise(empty: Adapters) -> None:
    accounts.add_user(empty, "eve", "eve@example.org", "UTC", "apple")
    assert accounts.list_users(empty)[0].auto_schedule == "none"
    assert accounts.enable_host(empty, "eve").auto_schedule == "automatic"
    assert accounts.enable_host(empty, "eve", auto_schedule="accept-if-free").auto_schedule == "accept-if-free"
    accounts.enable_host(empty, "eve", "DE")
    assert accounts.list_users(empty)[0].auto_schedule == "accept-if-free"
    with pytest.raises(InvalidInput) as refused:
        accounts.enable_host(empty, "eve", auto_schedule="sometimes")
    assert refused.value.name == "auto_schedule"
