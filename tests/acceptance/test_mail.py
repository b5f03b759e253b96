"""Mail of a real server goes to a real SMTP server, which is down, slow, refuses and breaks off."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from radicale_booking import settings as settings_module
from radicale_booking import wiring
from radicale_booking.domain.reservation import Reservation
from tests.acceptance.server import Running, command, forked, run, serve
from tests.acceptance.site import SiteFiles, calendar, calendar_program, connected, event, monday, shown
from tests.acceptance.visitor import Page, Visitor
from tests.smtp_server import SmtpServer, Taken, smtp_server

HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpServer]:
    """A mail server that does not run yet."""
    with smtp_server(tmp_path / "smtp", running=False) as server:
        yield server


@pytest.fixture
def mailing(site: SiteFiles, smtp: SmtpServer) -> SiteFiles:
    """The site with that mail server in its settings."""
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(f"{text}[mail]\nhost = 127.0.0.1\nport = {smtp.port}\nsecurity = none\n"
                           "sender = booking@example.net\ntimeout_seconds = 5\nretry_seconds = 1\n", encoding="utf-8")
    return site


def draw_hours(url: str) -> None:
    with calendar_program(url) as anna:
        calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", monday(), timedelta(hours=4)))


def book(url: str, number: int, email: str) -> Page:
    """Book the half hour with the ``number``; the page that follows."""
    visitor = Visitor()
    start = shown(monday() + number * HALF_HOUR)
    form = visitor.get(f"{url}/book/anna/intro-call/?start={start}&tz=Europe/Berlin")
    booked = visitor.submit(form, name="Charles", email=email)
    assert booked.status == 200, booked.text
    return booked


def queue(site: SiteFiles, *arguments: str) -> list[dict[str, Any]]:
    listed = run(site.config, "--json", "mail", "list", *arguments)
    assert listed.returncode == 0, listed.stderr
    found: list[dict[str, Any]] = json.loads(listed.stdout)
    return found


def worker(site: SiteFiles) -> AbstractContextManager[Running]:
    return forked(command, "--config", str(site.config), "worker")


def queue_mails(site: SiteFiles, count: int) -> None:
    """One reservation about which ``count`` people are to be told."""
    app = wiring.adapters(settings_module.load(site.config)[1])
    now = datetime.now(UTC)
    with app.store.write() as uow:
        event_type = uow.event_types.get("anna", "intro-call")
        assert event_type is not None
        booked = uow.reservations.add(Reservation(
            "anna", "intro-call", "Intro call", "u1", "confirmed", monday(), monday() + HALF_HOUR, "Charles",
            "charles@example.org", now, now), event_type)
        for number in range(count):
            uow.outbox.add("mail", f"k{number}", f"p{number}@example.org",
                           {"event": "book", "to": "invitee", "uid": "u1", "sequence": 0}, booked.id)
    app.store.close()


def recipients(taken: list[Taken]) -> list[str]:
    return sorted(found.recipient for found in taken)


def sent(taken: list[Taken], recipient: str) -> list[Taken]:
    return [found for found in taken if found.recipient == recipient]


def text_of(taken: Taken) -> str:
    body = taken.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_booking_moving_and_cancelling_reach_both_calendars(mailing: SiteFiles, smtp: SmtpServer,
                                                           workers: str) -> None:
    smtp.start()
    with serve(mailing.config, "--workers", workers) as running:
        draw_hours(running.url)
        booked = book(running.url, 0, "charles@example.org")
        smtp.wait_for(2)
        with calendar_program(running.url) as anna:
            (found,) = calendar(anna, "Calendar").events()
            with found.edit_icalendar_instance() as instance:
                component = instance.walk("VEVENT")[0]
                for name in ("DTSTART", "DTEND"):
                    moved = component[name].dt + HALF_HOUR
                    del component[name]
                    component.add(name, moved)
            answer = anna.client.put(str(found.url), found.data, {"Content-Type": "text/calendar"})
            assert answer.status in (201, 204)
        smtp.wait_for(4)
        assert Visitor().get(booked.url).status == 200
        visitor = Visitor()
        assert visitor.submit(visitor.get(booked.url), reason="A cold").status == 200
        taken = smtp.wait_for(6)
        assert running.stop() == 0
    to_charles = sent(taken, "charles@example.org")
    events = [icalendar.Calendar.from_ical(found.calendar) for found in to_charles]
    assert [str(found["METHOD"]) for found in events] == ["REQUEST", "REQUEST", "CANCEL"]
    components = [found.walk("VEVENT")[0] for found in events]
    assert [found["SEQUENCE"] for found in components] == [0, 1, 2]
    assert len({str(found["UID"]) for found in components}) == 1
    assert [found["DTSTART"].dt for found in components] == [monday(), monday() + HALF_HOUR, monday() + HALF_HOUR]
    assert str(components[0]["ORGANIZER"]) == "mailto:anna@example.org"
    assert [found.message["Subject"].partition(":")[0] for found in to_charles] == ["Booked", "New time", "Cancelled"]
    assert {str(found.message["References"]) for found in to_charles[1:]} == {str(to_charles[0].message["Message-ID"])}
    assert ["9:30\u202fAM – 10:00\u202fAM" in text_of(found) for found in to_charles] == [False, True, True]
    assert len(sent(taken, "anna@example.org")) == 3
    assert {row["status"] for row in queue(mailing)} == {"sent"}
    assert not [line for line in running.lines if "Traceback" in line], running.lines


def test_while_the_server_is_down_bookings_go_on_and_mail_waits(mailing: SiteFiles, smtp: SmtpServer) -> None:
    with serve(mailing.config) as running:
        draw_hours(running.url)
        for number in range(3):
            book(running.url, number, f"p{number}@example.org")
        running.wait_for("mail waits: .*refused")
        assert {row["status"] for row in queue(mailing)} == {"queued"}
        smtp.start()
        taken = smtp.wait_for(6, 120)
        running.wait_for("mail is sent again")
    assert recipients(taken) == ["anna@example.org"] * 3 + [f"p{number}@example.org" for number in range(3)]
    assert sum("mail waits" in line for line in running.lines) == 1
    assert len(smtp.taken()) == 6


def test_no_request_waits_for_a_server_that_does_not_answer(mailing: SiteFiles, smtp: SmtpServer) -> None:
    smtp.start()
    smtp.behave(data="mute")
    with serve(mailing.config) as running:
        draw_hours(running.url)
        book(running.url, 0, "p0@example.org")
        deadline = time.monotonic() + 60
        while "data" not in smtp.events():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for number in range(1, 4):
            book(running.url, number, f"p{number}@example.org")
        assert smtp.taken() == []
        assert len(queue(mailing, "--status", "queued")) == 8
        os.killpg(running.process.pid, signal.SIGKILL)


def test_one_recipient_is_refused_and_another_message_is_cut_off(mailing: SiteFiles, smtp: SmtpServer) -> None:
    smtp.start()
    smtp.behave(refuse={"p0@example.org": "550 5.1.1 no such user"}, data="drop", times=1)
    with serve(mailing.config) as running:
        draw_hours(running.url)
        book(running.url, 0, "p0@example.org")
        running.wait_for(r"mail \d+ to p0@example.org given up .*no such user", 120)
        book(running.url, 1, "p1@example.org")
        taken = smtp.wait_for(3, 120)
    assert recipients(taken) == ["anna@example.org", "anna@example.org", "p1@example.org"]
    (failed,) = queue(mailing, "--status", "failed")
    assert (failed["recipient"], failed["attempts"]) == ("p0@example.org", 1)
    assert "550 5.1.1 no such user" in failed["last_error"]
    assert run(mailing.config, "mail", "retry", str(failed["id"])).returncode == 0
    smtp.behave()
    with worker(mailing):
        taken = smtp.wait_for(4)
    assert recipients(taken).count("p0@example.org") == 1
    assert Counter(row["status"] for row in queue(mailing)) == {"sent": 4}


def test_two_workers_send_each_mail_once(mailing: SiteFiles, smtp: SmtpServer) -> None:
    queue_mails(mailing, 60)
    smtp.start()
    with worker(mailing) as first, worker(mailing) as second:
        taken = smtp.wait_for(60)
        assert (first.stop(), second.stop()) == (0, 0)
    assert recipients(taken) == sorted(f"p{number}@example.org" for number in range(60))
    assert len(smtp.taken()) == 60
    assert len({str(found.message["Message-ID"]) for found in taken}) == 60
    assert (first.lines, second.lines) == ([], [])


def test_a_killed_worker_loses_nothing_and_doubles_nothing(mailing: SiteFiles, smtp: SmtpServer) -> None:
    queue_mails(mailing, 30)
    smtp.start()
    smtp.behave(delay=0.1)
    with worker(mailing) as first:
        smtp.wait_for(5)
        smtp.behave(data="mute")
        deadline = time.monotonic() + 60
        # Nothing of it is taken any more, what was under way when it fell silent included; the worker waits.
        waiting = 0
        while waiting < 10:
            assert time.monotonic() < deadline
            begun = smtp.events().count("data")
            waiting = waiting + 1 if begun > len(smtp.taken()) else 0
            time.sleep(0.05)
        assert begun > 5
        os.killpg(first.process.pid, signal.SIGKILL)
        first.process.wait()
    smtp.behave()
    with connected(mailing.database) as database:
        held = database.execute("UPDATE outbox SET claimed_until_epoch = 0 WHERE claimed_by IS NOT NULL").rowcount
    assert held > 1
    with worker(mailing):
        taken = smtp.wait_for(30)
    assert recipients(taken) == sorted(f"p{number}@example.org" for number in range(30))
    assert len(smtp.taken()) == 30


def test_without_a_mail_server_it_is_said_once_and_mail_waits(site: SiteFiles, smtp: SmtpServer) -> None:
    queue_mails(site, 2)
    with serve(site.config) as running:
        running.wait_for(r"mail is not sent: \[mail\] host is not set; 2 waiting")
        assert Visitor().get(f"{running.url}/book/anna/").status == 200
        assert running.stop() == 0
    assert sum("mail is not sent" in line for line in running.lines) == 1
    assert {row["status"] for row in queue(site)} == {"queued"}


def test_mail_can_be_tried_out_and_looked_at(mailing: SiteFiles, smtp: SmtpServer) -> None:
    refused = run(mailing.config, "mail", "test", "me@example.org")
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)
    assert "Connection refused" in refused.stderr
    smtp.start()
    done = run(mailing.config, "mail", "test", "me@example.org")
    assert (done.returncode, done.stdout) == (0, f"127.0.0.1:{smtp.port} has taken a mail to me@example.org\n")
    (taken,) = smtp.taken()
    assert (taken.recipient, taken.message["Subject"]) == ("me@example.org", "radicale-booking: mail works")
    queue_mails(mailing, 1)
    shown_mail = run(mailing.config, "mail", "preview", "u1", "--event", "cancel", "--language", "de")
    assert shown_mail.returncode == 0, shown_mail.stderr
    assert "Subject: Abgesagt: Intro call mit anna" in shown_mail.stdout
    assert "Ihr Termin ist abgesagt." in shown_mail.stdout
    assert len(smtp.taken()) == 1
