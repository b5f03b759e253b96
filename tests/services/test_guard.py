"""Against abuse, on both databases: how often, with which addresses, how much at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from radicale_booking import web
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import AddressRefused, InvalidInput, NotFound, TooMany
from radicale_booking.guard_settings import GuardSettings
from radicale_booking.services import booking, event_types, guard, life, upkeep
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, wish
from tests.services.conftest import Clock

HALF = timedelta(minutes=30)
HOUR = timedelta(hours=1)


def guarded(app: Adapters, **options: object) -> Adapters:
    given = {"bookings_per_address": 0, "bookings_per_invitee": 0, **options}
    return replace(app, settings=replace(app.settings, guard=GuardSettings(**given)))  # type: ignore[arg-type]


def rows(app: Adapters) -> list[str]:
    with app.store.read() as uow:
        return [str(tuple(row)) for row in uow.connection.run("SELECT * FROM rate", {})]


def test_an_address_of_the_network_may_try_so_often_in_an_hour(app: Adapters, clock: Clock) -> None:
    app = guarded(app, bookings_per_address=3)
    for number in range(3):
        guard.admit(app, "203.0.113.9", f"p{number}@example.org")
    with pytest.raises(TooMany) as refused:
        guard.admit(app, "203.0.113.9", "p3@example.org")
    assert refused.value.retry_after_seconds == 20 * 60
    guard.admit(app, "203.0.113.10", "p3@example.org")
    clock.now += timedelta(minutes=20)
    guard.admit(app, "203.0.113.9", "p3@example.org")
    with pytest.raises(TooMany):
        guard.admit(app, "203.0.113.9", "p4@example.org")
    clock.now += HOUR
    for number in range(3):
        guard.admit(app, "203.0.113.9", f"p{number}@example.org")


def test_one_mailbox_counts_once_whatever_it_calls_itself(app: Adapters) -> None:
    app = guarded(app, bookings_per_invitee=2)
    guard.admit(app, "203.0.113.1", "eve@example.org")
    guard.admit(app, "203.0.113.2", "Eve+1@Example.org")
    with pytest.raises(TooMany):
        guard.admit(app, "203.0.113.3", "eve+2@example.org")
    guard.admit(app, "203.0.113.3", "bob@example.org")


def test_who_is_refused_at_a_place_uses_up_nobodys_attempts(app: Adapters) -> None:
    app = guarded(app, bookings_per_address=1, bookings_per_invitee=2)
    guard.admit(app, "203.0.113.1", "eve@example.org")
    for _ in range(3):
        with pytest.raises(TooMany):
            guard.admit(app, "203.0.113.1", "eve@example.org")
    guard.admit(app, "203.0.113.2", "eve@example.org")


def test_who_counts_at_the_same_time_counts_together(app: Adapters) -> None:
    app = guarded(app, bookings_per_address=10)

    def attempt(number: int) -> bool:
        try:
            guard.admit(app, "203.0.113.9", f"p{number}@example.org")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 10


def test_nothing_of_a_person_is_kept_and_not_for_long(app: Adapters, clock: Clock) -> None:
    app = guarded(app, bookings_per_address=5, bookings_per_invitee=5)
    guard.admit(app, "203.0.113.9", "eve@example.org")
    kept = " ".join(rows(app))
    assert len(rows(app)) == 2
    assert "203.0.113.9" not in kept
    assert "eve" not in kept
    clock.now += HOUR
    upkeep.run(app)
    assert rows(app) == []


def test_a_booking_is_counted_whatever_becomes_of_it(app: Adapters) -> None:
    app = guarded(app, bookings_per_address=2)
    request = replace(wish(NINE), origin="203.0.113.9")
    booking.reserve(app, request)
    with pytest.raises(Exception, match="SlotTaken"):
        booking.reserve(app, replace(request, email="bob@example.org"))
    with pytest.raises(TooMany):
        booking.reserve(app, replace(request, start=NINE + HALF, email="eve@example.org"))
    assert booking.reserve(app, replace(wish(NINE + HALF, email="eve@example.org"), origin="")).live


@pytest.mark.parametrize(("pattern", "refused", "free"), [
    ("eve@example.org", "Eve@Example.ORG", "eva@example.org"), ("example.net", "a@example.net", "a@example.org"),
    ("@example.net", "a@mail.example.net", "a@notexample.net"),
])
def test_blocked_addresses(app: Adapters, pattern: str, refused: str, free: str) -> None:
    guard.block(app, pattern)
    with pytest.raises(AddressRefused):
        booking.reserve(app, wish(NINE, email=refused))
    assert booking.reserve(app, wish(NINE, email=free)).live
    guard.unblock(app, pattern)
    assert booking.reserve(app, wish(NINE + HALF, email=refused)).live
    with pytest.raises(NotFound):
        guard.unblock(app, pattern)


def test_what_cannot_be_blocked(app: Adapters) -> None:
    for text in ("", "a b", "@", "a@b@c", "a@"):
        with pytest.raises(InvalidInput):
            guard.block(app, text)
    assert guard.blocked(app) == []


def test_settings_block_too(app: Adapters) -> None:
    app = guarded(app, blocked=("example.net",))
    assert guard.blocked(app) == ["example.net"]
    with pytest.raises(AddressRefused):
        booking.reserve(app, wish(NINE, email="a@example.net"))


def test_so_many_bookings_to_come(app: Adapters, clock: Clock) -> None:
    app = guarded(app, open_per_invitee=2)
    event_types.add(app, EventType("ada", "course", "Course", HALF, seats=5))
    first = booking.reserve(app, wish(NINE))
    booking.reserve(app, replace(wish(NINE + HALF), slug="course"))
    with pytest.raises(AddressRefused) as refused:
        booking.reserve(app, wish(NINE + 2 * HALF))
    guard.block(app, "blocked@example.org")
    with pytest.raises(AddressRefused) as blocked:
        booking.reserve(app, wish(NINE + 2 * HALF, email="blocked@example.org"))
    assert (refused.value.action, refused.value.reason) == (blocked.value.action, blocked.value.reason)
    life.cancel(app, first.uid, "page")
    assert booking.reserve(app, wish(NINE + 2 * HALF)).live


def test_throw_away_addresses(app: Adapters, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("# ours\nThrow.example\n", encoding="utf-8")
    assert booking.reserve(app, wish(NINE, email="a@mailinator.com")).live
    app = guarded(app, refuse_disposable=True, disposable_file=str(own))
    for email in ("a@mailinator.com", "a@sub.mailinator.com", "a@throw.example"):
        with pytest.raises(AddressRefused, match="disposable"):
            booking.reserve(app, wish(NINE + HALF, email=email))
    assert booking.reserve(app, wish(NINE + HALF, email="a@example.org")).live


def form_of(app: Adapters, **fields: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of the answer to a form that was opened and sent."""
    client = web.create_app(app).test_client()
    address = f"/book/ada/talk/?start={NINE:%Y-%m-%dT%H:%M:%SZ}"
    page = client.get(address).text
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    answer = client.post(address, data={"csrf_token": token, "start": f"{NINE:%Y-%m-%dT%H:%M:%SZ}", "name": "Grace",
                                        "email": "grace@example.org", **fields},
                         environ_base={"REMOTE_ADDR": "203.0.113.9"})
    return answer.status_code, answer.text, dict(answer.headers)


def test_the_page_says_to_wait(app: Adapters) -> None:
    app = guarded(app, bookings_per_address=1)
    guard.admit(app, "203.0.113.9", "x@example.org")
    status, text, headers = form_of(app)
    assert (status, headers["Retry-After"]) == (429, "3600")
    assert "Please wait a little" in text
    assert booking.reservations(app) == []


def test_the_page_refuses_who_is_blocked(app: Adapters) -> None:
    guard.block(app, "grace@example.org")
    status, text, _ = form_of(app)
    assert status == 403
    assert "contact the person" in text


def test_a_program_that_fills_in_everything_books_nothing(app: Adapters) -> None:
    status, _, headers = form_of(app, website="https://spam.example")
    assert (status, headers["Location"]) == (303, "/book/ada/")
    assert booking.reservations(app) == []
    status, _, _ = form_of(guarded(app, honeypot=False), website="https://spam.example")
    assert status == 303
    assert len(booking.reservations(app)) == 1
