"""Hosting and booking in a real Thunderbird, headless: no step of it is replayed."""

from __future__ import annotations

import email.policy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from radicale_booking.notify.mail import MailComposer
from tests.acceptance.server import run, serve
from tests.acceptance.site import (
    PASSWORD,
    ZONE,
    add_users,
    calendar_program,
    event,
    make_site,
    monday,
    new_database,
    shown,
)
from tests.acceptance.thunderbird import Thunderbird, thunderbird
from tests.acceptance.visitor import Visitor
from tests.conftest import ENGINES
from tests.notify.notices import BOOKED, SETTINGS, START, notice

HALF_HOUR = timedelta(minutes=30)
HOST, BOOKING_ADDRESS = "anna@example.org", "anna+intro-call@calendar.example.org"
HOST_CALENDARS = [("Bookable hours", "/anna/bookable/"), ("Calendar", "/anna/calendar/")]


@dataclass(frozen=True)
class Desk:
    """A server with the host anna and the user bob, both with an account in one Thunderbird."""

    url: str
    config: Path
    program: Thunderbird
    accounts: dict[str, list[dict[str, object]]]

    def offered(self, day: datetime) -> list[str]:
        """The starts that the booking page shows on ``day``."""
        page = Visitor().get(f"{self.url}/book/anna/intro-call/?month={day:%Y-%m}&day={day:%Y-%m-%d}&tz=Europe/Berlin")
        # Instead of a day without free times it shows the next that has some.
        return [start for start in page.starts() if datetime.fromisoformat(start).astimezone(ZONE).date() == day.date()]

    def book(self, start: datetime) -> None:
        visitor = Visitor()
        form = visitor.get(f"{self.url}/book/anna/intro-call/?start={shown(start)}&tz=Europe/Berlin")
        assert visitor.submit(form, name="Charles", email="charles@example.org").status == 200

    def reservations(self, status: str, day: datetime) -> list[str]:
        """The starts of the reservations of anna in ``status`` on ``day``."""
        done = run(self.config, "--json", "reservation", "list", "--status", status)
        assert done.returncode == 0, done.stderr
        starts = [datetime.fromisoformat(row["start"]) for row in json.loads(done.stdout)]
        return sorted(shown(start) for start in starts if start.astimezone(ZONE).date() == day.date())


@pytest.fixture(scope="module")
def program() -> Iterator[Thunderbird]:
    with thunderbird() as program:
        yield program


@pytest.fixture(scope="module", params=ENGINES)
def desk(request: pytest.FixtureRequest, program: Thunderbird, tmp_path_factory: pytest.TempPathFactory,
         ) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    site = make_site(folder, new_database(request, request.param, folder))
    with site.config.open("a", encoding="utf-8") as config:
        config.write("address_domain = calendar.example.org\n")
    add_users(site.config, "bob")
    with serve(site.config) as running:
        with calendar_program(running.url, "bob") as bob:
            bob.make_calendar(name="Work")
        accounts = {user: program("addAccount", user, PASSWORD, running.url) for user in ("anna", "bob")}
        yield Desk(running.url, site.config, program, accounts)
        program("removeAccounts")


def weekday(number: int) -> datetime:
    """09:00 in Berlin on a day that one test has for itself; 0 is a Monday."""
    return monday() + timedelta(days=number)


def window(uid: str, start: datetime, length: timedelta, *lines: str) -> str:
    local = [f"{instant.astimezone(ZONE):%Y%m%dT%H%M%S}" for instant in (start, start + length)]
    text = event(uid, "Bookable", start, length, *lines)
    return re.sub(r"DTEND:\S+", f"DTEND;TZID=Europe/Berlin:{local[1]}",
                  re.sub(r"DTSTART:\S+", f"DTSTART;TZID=Europe/Berlin:{local[0]}", text))


def reservation_at(desk: Desk, start: datetime) -> tuple[str, str]:
    """UID and text of the event in anna's calendar, as Thunderbird has it."""
    desk.program("refresh", "anna", "Calendar")
    stamp = f"{start.astimezone(UTC):%Y%m%dT%H%M%S}"
    local = f"{start.astimezone(ZONE):%Y%m%dT%H%M%S}"
    texts = [text for text in desk.program("events", "anna", "Calendar")
             if re.search(rf"DTSTART\S*:({stamp}Z|{local})\s", text)]
    assert len(texts) == 1, desk.program("events", "anna", "Calendar")
    found = re.search(r"^UID:(\S+)", texts[0], flags=re.MULTILINE)
    assert found
    return found[1], texts[0].replace("\r\n ", "")


def test_an_account_is_found_by_address_user_and_password(desk: Desk) -> None:
    found = desk.accounts["anna"]
    assert sorted((str(one["name"]), str(one["path"])) for one in found) == HOST_CALENDARS
    for one in (*found, *desk.accounts["bob"]):
        assert not one["readOnly"]
        assert one["schedules"]
    assert {one["organizer"] for one in found} == {f"mailto:{HOST}"}
    assert [one["organizer"] for one in desk.accounts["bob"]] == ["mailto:bob@example.org"]


def test_hours_drawn_weekly_are_offered(desk: Desk) -> None:
    first = weekday(0)
    second = first + timedelta(days=7)
    desk.program("draw", "anna", "Bookable hours",
                 window("weekly", first, 2 * HALF_HOUR, "RRULE:FREQ=WEEKLY;COUNT=3"))
    for day in (first, second):
        assert desk.offered(day) == [shown(day), shown(day + HALF_HOUR)]
    desk.program("remove", "anna", "Bookable hours", "weekly", f"{second:%Y-%m-%d}")
    assert desk.offered(first) == [shown(first), shown(first + HALF_HOUR)]
    assert desk.offered(second) == []
    desk.program("move", "anna", "Bookable hours", "weekly", shown(first + 2 * HALF_HOUR))
    assert desk.offered(first) == [shown(first + 2 * HALF_HOUR), shown(first + 3 * HALF_HOUR)]


@pytest.mark.parametrize(("address", "day"), [(HOST, 1), (BOOKING_ADDRESS, 2)])
def test_who_invites_reads_acceptance_and_decline(desk: Desk, address: str, day: int) -> None:
    start = weekday(day)
    desk.program("draw", "anna", "Bookable hours", window(f"hours-{day}", start, 3 * HALF_HOUR))
    seen = []
    for number in range(2):
        uid = f"invited-{day}-{number}"
        desk.program("invite", "bob", "Work", event(uid, "Talk", start, HALF_HOUR), [address])
        seen.append(desk.program("answers", "bob", "Work", uid)[f"mailto:{address}"])
    assert seen == ["ACCEPTED", "DECLINED"]
    if address == BOOKING_ADDRESS:
        assert desk.reservations("confirmed", start) == [shown(start)]
    desk.program("move", "bob", "Work", f"invited-{day}-1", shown(start + HALF_HOUR))
    assert desk.program("answers", "bob", "Work", f"invited-{day}-1")[f"mailto:{address}"] == "ACCEPTED"
    desk.program("remove", "bob", "Work", f"invited-{day}-0")
    assert desk.offered(start) == [shown(start), shown(start + 2 * HALF_HOUR)]


def test_the_host_moves_deletes_and_brings_back_a_reservation(desk: Desk) -> None:
    start = weekday(3)
    desk.program("draw", "anna", "Bookable hours", window("hours-3", start, 4 * HALF_HOUR))
    desk.book(start)
    uid, text = reservation_at(desk, start)
    assert "charles@example.org" in text
    moved = start + 2 * HALF_HOUR
    assert desk.program("move", "anna", "Calendar", uid, shown(moved)) == 0
    assert desk.reservations("confirmed", start) == [shown(moved)]
    assert desk.offered(start) == [shown(start), shown(start + HALF_HOUR), shown(start + 3 * HALF_HOUR)]
    assert reservation_at(desk, moved)[0] == uid
    desk.program("remove", "anna", "Calendar", uid)
    assert desk.reservations("cancelled", start) == [shown(moved)]
    desk.program("undo")
    assert desk.reservations("confirmed", start) == [shown(moved)]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_reservation_is_not_moved_onto_another(desk: Desk, overwrite: bool) -> None:
    """Thunderbird asks what to do; whatever the host answers, both reservations stay where they are."""
    start = weekday(4 + overwrite)
    desk.program("draw", "anna", "Bookable hours", window(f"hours-{overwrite}", start, 2 * HALF_HOUR))
    for taken in (start, start + HALF_HOUR):
        desk.book(taken)
    uid, _ = reservation_at(desk, start)
    assert desk.program("move", "anna", "Calendar", uid, shown(start + HALF_HOUR), overwrite) > 0
    assert desk.reservations("confirmed", start) == [shown(start), shown(start + HALF_HOUR)]
    assert reservation_at(desk, start)[0] == uid


def test_when_the_host_is_busy_is_shown_to_who_invites(desk: Desk) -> None:
    start = weekday(6)
    desk.program("draw", "anna", "Calendar", event("dentist", "Dentist", start, HALF_HOUR))
    busy = desk.program("busy", HOST, shown(start - HALF_HOUR), shown(start + 4 * HALF_HOUR))
    stamps = [f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}" for instant in (start, start + HALF_HOUR)]
    assert [period[1:] for period in busy if period[0] == 2] == [stamps]


@pytest.fixture
def reader(program: Thunderbird) -> Iterator[Thunderbird]:
    """With an account for mail, which calendars of others would take for their own."""
    program("addMailAccount", BOOKED.invitee_email)
    try:
        yield program
    finally:
        program("removeMailAccounts")


def test_mails_about_a_booking_are_one_event_that_changes_and_goes(reader: Thunderbird) -> None:
    composer = MailComposer(SETTINGS)
    moved = replace(BOOKED, start=START + HALF_HOUR, end=START + 2 * HALF_HOUR, sequence=1)
    stages = []
    for told, button, entry in (
            (notice("book"), "imipAcceptButton", "imipAcceptButton_AcceptDontSend"),
            (notice("reschedule", booked=moved), "imipAcceptButton", "imipAcceptButton_AcceptDontSend"),
            (notice("cancel", booked=replace(moved, sequence=2)), "imipDeleteButton", "imipDeleteButton")):
        mail = composer.compose(told).as_bytes(policy=email.policy.default).decode("ascii")
        said, depth = reader("receive", f"From - Tue Nov  3 08:01:00 2026\n{mail}\n", button)
        starts = [re.findall(r"DTSTART:(\S+)", text) for text in reader("answer", entry)]
        stages.append((said, depth, starts))
    assert stages == [
        ("This message contains an invitation to an event.", 0, [["20261124T080000Z"]]),
        ("This message contains an update to an existing event.", 1, [["20261124T083000Z"]]),
        ("This message contains an event cancellation.", 1, [])]
