"""A booking that PostgreSQL undoes for another's sake is made again, and told to nobody twice."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

import radicale_booking
from radicale_booking import web
from radicale_booking.errors import StoreUnavailable, TransactionUndone
from radicale_booking.services import booking, life
from radicale_booking.services.adapters import Adapters
from tests.acceptance.visitor import Page
from tests.postgres import Server
from tests.services.calendars import NINE, audited, mails, wish
from tests.undone import DEADLOCK, DEATH, SERIALISATION, tries, undo

HALF_HOUR = timedelta(minutes=30)
#: What opens a transaction and is not begun anew by itself, and why.
_NOT_BY_ITSELF = {
    "dav/storage.py": "the transactions of Radicale's requests, which begin anew whole",
    "services/backup.py _collect": "what was written of the copy would be in the way; it is made when it is due again",
    "services/database_copy.py copy": "the snapshot of the source is one; the command goes on where it was interrupted",
    "services/database_copy.py _begin": "reads that snapshot",
    "services/database_copy.py _fill": "reads that snapshot, and begins each page anew",
    "services/database_copy.py _verified": "reads that snapshot",
    "services/delivery.py _record": "goes on until the store takes it",
    "services/delivery.py _lease_kept": "is done again and again",
    "services/transfer.py export_tree": "writes into a folder that has to be empty",
    "services/life.py _host": "called by those that begin anew",
    "services/privacy.py _refuse_user": "called by one that begins anew",
    "services/privacy.py _coming": "called by one that begins anew",
    "services/reminders.py _any_due": "called by one that begins anew",
}


@pytest.fixture
def database(postgres_server: Server, postgres_template: str) -> str:
    """One that nobody uses again."""
    return postgres_server.create(postgres_template)


@pytest.mark.parametrize("how", [DEADLOCK, SERIALISATION, DEATH])
@pytest.mark.parametrize("table", ["reservation", "occupancy", "outbox"])
def test_a_booking_that_was_undone_is_made_again(app: Adapters, how: str, table: str) -> None:
    undo(app.settings.database, 2, how, table)
    booked = booking.reserve(app, wish(NINE))
    assert [found.uid for found in booking.reservations(app)] == [booked.uid]
    assert audited(app, booked.uid) == ["book"]
    assert mails(app).count("book") == 1


def test_the_third_time_it_is_told(app: Adapters) -> None:
    undo(app.settings.database, 100, DEADLOCK, "reservation")
    with pytest.raises(StoreUnavailable) as refused:
        booking.reserve(app, wish(NINE))
    # Whoever called it would begin anew three times too.
    assert not isinstance(refused.value, TransactionUndone)
    assert refused.value.retry_after_seconds > 0
    assert tries(app.settings.database) == 3
    assert booking.reservations(app) == []


@pytest.mark.parametrize("change", [
    lambda app, uid: life.cancel(app, uid, "page"),
    lambda app, uid: life.reschedule(app, uid, NINE + HALF_HOUR, "page"),
])
def test_a_change_that_was_undone_is_made_again(app: Adapters, change: Callable[[Adapters, str], object]) -> None:
    booked = booking.reserve(app, wish(NINE))
    undo(app.settings.database, 2, DEADLOCK, "reservation")
    change(app, booked.uid)
    assert tries(app.settings.database) >= 3
    [found] = booking.reservations(app)
    assert (found.live, found.start) != (True, NINE)


def _opening(package: Path) -> Iterator[tuple[str, str, bool]]:
    """The functions outside the store that open a transaction of it: file, name, whether they begin anew."""
    for file in package.rglob("*.py"):
        place = str(file.relative_to(package))
        if place.startswith("store/"):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        for function in [*tree.body, *(member for found in tree.body if isinstance(found, ast.ClassDef)
                                       for member in found.body)]:
            if isinstance(function, ast.FunctionDef) and any(
                    isinstance(node, ast.Attribute) and node.attr in ("read", "write", "look")
                    and ast.unparse(node.value).endswith("store") for node in ast.walk(function)):
                yield place, function.name, any(
                    ast.unparse(node) in ("again.if_undone", "again.attempt") for node in ast.walk(function))


def test_every_service_begins_anew() -> None:
    found = list(_opening(Path(radicale_booking.__file__).parent))
    assert sum(anew for *_, anew in found) > 80
    named = {name for place, function, _ in found for name in (place, f"{place} {function}")}
    assert not set(_NOT_BY_ITSELF) - named, "are no more"
    assert [f"{place} {function}" for place, function, anew in found if not anew
            and place not in _NOT_BY_ITSELF and f"{place} {function}" not in _NOT_BY_ITSELF] == []


def test_an_invitee_is_not_told_that_nothing_was_booked_when_nobody_knows(app: Adapters) -> None:
    client = web.create_app(app).test_client()
    site = {"base_url": "https://book.example.org"}
    shown = client.get(f"/book/ada/talk/?start={NINE:%Y-%m-%dT%H:%M:%SZ}", **site)
    action, fields = Page(shown.request.url, 200, shown.text).form()
    undo(app.settings.database, 1, DEATH, "reservation", at_commit=True)

    def send() -> TestResponse:
        return client.post(urlsplit(action).path, data=fields | {"name": "Bob", "email": "bob@example.org"},
                           headers={"Referer": shown.request.url}, follow_redirects=True, **site)

    broken_off = send()
    assert (broken_off.status_code, int(broken_off.headers["Retry-After"]) > 0) == (503, True)
    assert "does not book twice" in broken_off.text
    assert "Nothing was booked" not in broken_off.text
    for _ in range(2):
        assert send().status_code == 200
    assert len(booking.reservations(app)) == 1
