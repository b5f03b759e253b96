"""Signing in: tokens beside passwords, and an end to guessing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from passlib.context import CryptContext

from radicale_booking import wiring, wsgi
from radicale_booking.dav.application import BookingApplication
from radicale_booking.dav.sign_in import SignIn
from radicale_booking.errors import InvalidInput, NotFound
from radicale_booking.services import accounts, tokens
from tests.compat.dav_client import Client
from tests.dav.conftest import NINE, Site, event


class Place(Client):
    """A client whose IP address is known."""

    def __init__(self, site: Site, user: str, password: str, address: str = "203.0.113.9") -> None:
        inner = site["anna"].application

        def at(environ: dict[str, object], start: object) -> object:
            return inner({**environ, "REMOTE_ADDR": address}, start)

        super().__init__(at, user, password)


def status(client: Client, method: str = "PROPFIND", path: str = "/anna/") -> int:
    return client.request(method, path, Depth="0").status


def test_a_token_is_a_password_until_it_is_taken_back(site: Site) -> None:
    token = tokens.add(site.app, "anna", "phone")
    phone = Place(site, "anna", token)
    assert status(phone) == 207
    assert phone.request("PUT", "/anna/calendar/x.ics", event("x", NINE)).status == 201
    [row] = tokens.listed(site.app, "anna")
    assert (row.name, row.scope, row.used is not None) == ("phone", "full", True)
    tokens.revoke(site.app, row.id)
    assert status(Place(site, "anna", token)) == 401
    with pytest.raises(NotFound):
        tokens.revoke(site.app, row.id)


def test_a_token_opens_nobody_elses_calendars(site: Site) -> None:
    token = tokens.add(site.app, "bob", "phone")
    assert status(Place(site, "anna", token)) == 401
    assert status(Place(site, "bob", token), path="/anna/") == 403
    assert status(Place(site, "bob", token[:-1])) == 401


def test_one_for_reading_changes_nothing(site: Site) -> None:
    token = tokens.add(site.app, "anna", "screen", "read")
    screen = Place(site, "anna", token)
    assert status(screen) == 207
    assert screen.request("PUT", "/anna/calendar/x.ics", event("x", NINE)).status == 401
    assert screen.request("DELETE", "/anna/calendar/").status == 401
    assert status(screen) == 207


def test_a_token_expires(site: Site) -> None:
    token = tokens.add(site.app, "anna", "guest", expires=datetime.now(UTC) + timedelta(hours=1))
    assert status(Place(site, "anna", token)) == 207
    with site.app.store.write() as uow:
        uow.connection.change("UPDATE token SET expires_epoch = :now", {"now": uow.now_epoch})
    assert status(Place(site, "anna", token)) == 401
    with pytest.raises(InvalidInput):
        tokens.add(site.app, "anna", "guest", expires=datetime.now(UTC) - timedelta(seconds=1))


def test_what_is_kept_opens_nothing(site: Site) -> None:
    token = tokens.add(site.app, "anna", "phone")
    with site.app.store.read() as uow:
        [row] = uow.connection.run("SELECT token_hash FROM token", {})
    assert token not in row[0]
    assert status(Place(site, "anna", row[0])) == 401


def test_guessing_ends(site: Site) -> None:
    for _ in range(20):
        assert status(Place(site, "anna", "wrong")) == 401
    assert status(Place(site, "anna", "anna")) == 401  # the right one
    assert status(Place(site, "bob", "anna"), path="/bob/") == 207
    assert status(Place(site, "anna", "anna", "203.0.113.10")) == 207


def test_guessing_names_ends_too(site: Site) -> None:
    for number in range(100):
        assert status(Place(site, f"user{number}", "wrong")) == 401
    assert status(Place(site, "bob", "anna"), path="/bob/") == 401
    assert status(Place(site, "bob", "anna", "203.0.113.10"), path="/bob/") == 207


def test_an_account_that_many_places_try_at_is_slow_and_not_shut(site: Site) -> None:
    pauses: list[float] = []
    application = site["anna"].application
    assert isinstance(application, BookingApplication)
    application._auth = SignIn(application._auth._inner, site.app, pauses.append)  # type: ignore[assignment]
    for number in range(100):
        assert status(Place(site, "anna", "wrong", f"198.51.100.{number}")) == 401
    assert pauses == []
    assert status(Place(site, "anna", "wrong", "203.0.113.10")) == 401
    assert status(Place(site, "anna", "anna", "203.0.113.11")) == 207
    assert len(pauses) == 2
    assert min(pauses) > 1
    assert status(Place(site, "anna", tokens.add(site.app, "anna", "phone"), "203.0.113.12")) == 207
    assert status(Place(site, "bob", "anna", "203.0.113.12"), path="/bob/") == 207
    assert len(pauses) == 2


def test_only_a_few_wait_at_a_time(site: Site) -> None:
    application = site["anna"].application
    assert isinstance(application, BookingApplication)
    for number in range(100):
        status(Place(site, "anna", "wrong", f"198.51.100.{number}"))
    inner: list[int] = []

    def ask() -> None:
        inner.append(status(Place(site, "anna", "anna", f"203.0.113.{len(inner) + 20}")))

    def pause(seconds: float) -> None:
        # Each request has a thread of its own, as in a server.
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join()

    application._auth = SignIn(application._auth._inner, site.app, pause)  # type: ignore[assignment]
    assert status(Place(site, "anna", "anna", "203.0.113.11")) == 207
    # Two wait within each other; the third is told no.
    assert sorted(inner) == [207, 401]


def test_who_is_signed_in_is_not_locked_out_at_once(site: Site) -> None:
    anna = Place(site, "anna", "anna")
    assert status(anna) == 207
    for _ in range(21):
        status(Place(site, "anna", "wrong"))
    assert status(anna) == 207


def test_what_cannot_be_a_token(site: Site) -> None:
    with pytest.raises(NotFound):
        tokens.add(site.app, "nobody", "x")
    with pytest.raises(InvalidInput):
        tokens.add(site.app, "anna", "x", "all")


@pytest.mark.parametrize("scheme", ["argon2", "bcrypt"])
def test_the_first_user_of_all_may_come_while_the_server_runs(tmp_path: Path, scheme: str,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_HASHES", CryptContext(schemes=[scheme]))
    (tmp_path / "booking.ini").write_text(f"[auth]\ndelay = 0\n[booking]\ndata_folder = {tmp_path}\n", encoding="utf-8")
    try:
        application = wsgi.build(tmp_path / "booking.ini", logged=False)
        accounts.add_user(wiring.load(tmp_path / "booking.ini").app, "anna", "anna@example.org", "UTC", "secret")
        assert status(Client(application, "anna", "secret")) == 207
        assert status(Client(application, "anna", "wrong")) == 401
    finally:
        wiring.close()
