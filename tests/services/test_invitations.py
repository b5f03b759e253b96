"""Invitations and answers to people elsewhere: said in their language and zone, on both databases."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import icalendar
import pytest

from radicale_booking.errors import InvalidCalendar
from radicale_booking.services import accounts, booking, event_types, itip_delivery, life, mail, privacy
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.invited_booking import Inviter
from tests.services.calendars import NINE, event, wish
from tests.services.conftest import Clock
from tests.services.test_inbound import BOB, HALF, TALK, answers, live, message, send, told
from tests.services.test_inbound import mail as incoming_mail

ZOE = "zoe@elsewhere.example"
PEOPLE = (f"ORGANIZER;CN=Ada:mailto:ada@example.org\r\nATTENDEE;CN=Zoe:mailto:{ZOE}\r\n"
          "ATTENDEE;CN=Charles Babbage:mailto:charles@elsewhere.example\r\n")
LOCAL = "DTSTART;TZID=Asia/Tokyo:20300108T180000\r\nDTEND;TZID=Asia/Tokyo:20300108T183000\r\n"


def invite(app: Adapters, extra: str = "", *, method: str = "REQUEST", times: str = "") -> EmailMessage:
    """The mail by which Ada tells Zoe of an event."""
    text = event("u1", NINE, HALF, "Lunch\\, or so", PEOPLE + extra)
    if times:
        text = re.sub(r"DTSTART.*\r\nDTEND.*\r\n", times, text)
    with app.store.write() as uow:
        itip_delivery.by_mail(app, uow, Inviter("mailto:ada@example.org", "Ada"), method, f"mailto:{ZOE}", text)
    return told(app, ZOE)[-1]


def plain(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_an_invitation_says_what_is_to_be_known(app: Adapters) -> None:
    message = invite(app, "LOCATION:Room 4\\; upstairs\r\nDESCRIPTION:About\\nengines\r\n")
    assert re.fullmatch(r"Invitation: Lunch, or so, Jan 8, 2030, 10:00\sAM", message["Subject"])
    for words in ("Ada invites you.", "Tuesday, January 8, 2030", "Europe/Berlin", "Ada <ada@example.org>",
                  "Room 4; upstairs", "About\n    engines", "Guests: Charles Babbage\n"):
        assert words in plain(message), words
    html = message.get_body(("html",))
    assert html is not None
    assert "Room 4; upstairs" in html.get_content()


def test_it_is_said_as_the_recipient_reads(app: Adapters) -> None:
    accounts.enable_host(app, "ada", language="nl")
    assert invite(app)["Content-Language"] == "nl"
    assert "18:00 – 18:30" in plain(invite(app, times=LOCAL))
    assert "Asia/Tokyo" in plain(invite(app, times=LOCAL))
    booked = booking.reserve(app, replace(wish(NINE + 4 * HALF, email=ZOE.upper()), timezone="America/New_York",
                                          language="fr"))
    message = invite(app, times=LOCAL)
    assert message["Content-Language"] == "fr"
    assert "04:00 – 04:30" in plain(message)
    life.cancel(app, booked.uid, "invitee")
    assert invite(app)["Content-Language"] == "nl"


@pytest.mark.parametrize(("times", "extra", "shown", "more"), [
    ("", "RRULE:FREQ=WEEKLY;COUNT=3\r\n", ["January 8", "January 15", "January 22"], False),
    ("", "RRULE:FREQ=DAILY\r\n", ["January 8", "January 9", "January 10"], True),
    ("", "RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20300109T090000Z\r\n", ["January 8", "January 10", "January 11"], False),
    ("DTSTART;VALUE=DATE:20300108\r\nDTEND;VALUE=DATE:20300110\r\n", "RRULE:FREQ=YEARLY;COUNT=2\r\n",
     ["January 8, 2030 – Wednesday, January 9, 2030", "January 8, 2031 – Thursday, January 9, 2031"], False),
    ("DTSTART:20300108T101500\r\nDTEND:20300108T104500\r\n", "", ["January 8"], False),
    ("", "RRULE:FREQ=DAILY;UNTIL=20290101T000000Z\r\n", ["January 8"], False),
])
def test_the_first_times_of_a_series_are_named(app: Adapters, times: str, extra: str, shown: list[str],
                                               more: bool) -> None:
    text = plain(invite(app, extra, times=times))
    days = re.findall(r"day, (January \d+(?:, 203\d – .*)?)(?:, 2030)?$", text, re.MULTILINE)
    assert days == shown
    assert ("…" in text) == more
    if "T101500" in times:
        assert re.search(r"10:15\sAM – 10:45\sAM", text)


def test_a_series_that_costs_too_much_is_told_by_its_beginning(app: Adapters) -> None:
    def refuse(*_: object) -> None:
        raise InvalidCalendar("RRULE", "x", "costs too much", "shorten it")

    site = replace(app, scheduling=SimpleNamespace(**vars(app.scheduling) | {"occurrences": refuse}))
    text = plain(invite(site, "RRULE:FREQ=DAILY\r\n"))
    assert "Tuesday, January 8, 2030\n" in text
    assert "…" in text


def test_an_answer_belongs_to_the_mail_that_asked(app: Adapters) -> None:
    send(app, incoming_mail(message("REQUEST", NINE), name="<first@elsewhere.example>"))
    send(app, incoming_mail(message("REQUEST", NINE, uid="u2"), name="<second@elsewhere.example>"))
    accepted, declined = [one for one in told(app, BOB) if one["In-Reply-To"]]
    assert re.match("Accepted: Talk, Jan 8, 2030, 10:00", accepted["Subject"])
    assert accepted["In-Reply-To"] == "<first@elsewhere.example>"
    assert "ada accepts." in plain(accepted)
    assert re.match("Declined: Talk, Jan 8, 2030, 10:00", declined["Subject"])
    assert declined["In-Reply-To"] == "<second@elsewhere.example>"
    assert "10:30" in plain(declined)


def test_who_invites_reads_of_the_booking_in_his_own_zone_and_gets_no_second_event(app: Adapters) -> None:
    accounts.enable_host(app, "ada", language="it")
    request = re.sub(r"DTSTART.*\r\nDTEND.*\r\n", LOCAL, message("REQUEST", NINE))
    assert send(app, incoming_mail(request)) == "done"
    [booked] = booking.reservations(app)
    assert (booked.start, booked.invitee_timezone, booked.language) == (NINE, "Asia/Tokyo", "it")
    confirmation, answer = told(app, BOB)
    assert confirmation["Subject"].startswith("Prenotato: Talk con ada, ")
    assert "18:00 – 18:30" in plain(confirmation)
    assert "text/calendar" not in [part.get_content_type() for part in confirmation.walk()]
    assert "text/calendar" in [part.get_content_type() for part in answer.walk()]


def to_organizer(app: Adapters) -> tuple[str, dict[str, Any]]:
    """Subject of the last mail to Bob about his booking, and what it tells his calendar."""
    message = [one for one in told(app, BOB) if not one["In-Reply-To"] or one["References"] == one["In-Reply-To"]][-1]
    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    subject = str(message["Subject"]).partition(":")[0]
    if not parts:
        return subject, {}
    calendar = icalendar.Calendar.from_ical(str(parts[0].get_content()))
    assert parts[0]["Content-Type"].params["method"] == calendar["METHOD"]
    [found] = calendar.walk("VEVENT")
    assert (found["ORGANIZER"], found["ATTENDEE"]) == (f"mailto:{BOB}", f"mailto:{TALK}")
    return subject, {"method": calendar["METHOD"], "uid": found["UID"], "sequence": found["SEQUENCE"],
                     "partstat": found["ATTENDEE"].params["PARTSTAT"], "start": found["DTSTART"].dt}


def test_who_invites_reads_in_his_own_event_what_the_host_does(app: Adapters) -> None:
    send(app, incoming_mail(message("REQUEST", NINE)))
    [booked] = booking.reservations(app)
    assert to_organizer(app) == ("Booked", {})
    life.reschedule(app, booked.uid, NINE + HALF, "host")
    shown = {"uid": "u1", "sequence": 0, "start": NINE + HALF}
    assert to_organizer(app) == ("New time", {"method": "COUNTER", "partstat": "TENTATIVE", **shown})
    # He takes the time that is proposed to him.
    send(app, incoming_mail(message("REQUEST", NINE + HALF, sequence=1)))
    assert "PARTSTAT=ACCEPTED" in answers(app)[-1]
    assert live(app) == [NINE + HALF]
    life.cancel(app, booked.uid, "host", "A cold")
    assert to_organizer(app) == ("Cancelled", {"method": "REPLY", "partstat": "DECLINED", **shown, "sequence": 1})


@pytest.mark.parametrize(("event", "subject", "partstat"), [
    ("confirm", "Confirmed", "ACCEPTED"), ("decline", "Declined", "DECLINED"), ("expire", "Not confirmed", "DECLINED")])
def test_who_has_asked_by_an_invitation_reads_the_decision_in_it(app: Adapters, clock: Clock, event: str, subject: str,
                                                                 partstat: str) -> None:
    event_types.set(app, "ada", "talk", confirmation=True)
    send(app, incoming_mail(message("REQUEST", NINE)))
    [booked] = booking.reservations(app)
    assert "PARTSTAT=TENTATIVE" in answers(app)[-1]
    if event == "expire":
        assert booked.expires is not None
        clock.now = booked.expires
        assert life.expire_due(app) == 1
    else:
        life.decide(app, booked.uid, event, "host")
    assert to_organizer(app) == (subject, {"method": "REPLY", "partstat": partstat, "uid": "u1", "sequence": 0,
                                           "start": NINE})


def test_what_the_organizer_does_he_is_not_told_again(app: Adapters) -> None:
    send(app, incoming_mail(message("REQUEST", NINE)))
    send(app, incoming_mail(message("REQUEST", NINE + HALF, sequence=1)))
    assert to_organizer(app) == ("New time", {})
    send(app, incoming_mail(message("CANCEL", NINE + HALF, sequence=2)))
    assert live(app) == []
    assert to_organizer(app) == ("Cancelled", {})


def test_one_instance_is_answered_by_itself(app: Adapters) -> None:
    send(app, incoming_mail(message("REQUEST", NINE, extra="RRULE:FREQ=DAILY;COUNT=2\r\n")))
    [first] = booking.reservations(app)  # on the other day nothing is free
    life.cancel(app, first.uid, "host")
    [cancelled] = [one for one in told(app, BOB) if one["Subject"].startswith("Cancelled")]
    [text] = [str(part.get_content()) for part in cancelled.walk() if part.get_content_type() == "text/calendar"]
    assert f"RECURRENCE-ID:{NINE:%Y%m%dT%H%M%SZ}" in text


def test_a_seat_that_was_booked_by_an_invitation_is_answered_in_it(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", seats=3)
    send(app, incoming_mail(message("REQUEST", NINE)))
    booking.reserve(app, wish(NINE, email="zoe@example.org"))
    [shared] = booking.reservations(app)
    assert to_organizer(app) == ("Booked", {})
    life.cancel(app, shared.uid, "host")
    assert to_organizer(app)[1]["partstat"] == "DECLINED"
    assert [part.get_content_type() for one in told(app, "zoe@example.org") for part in one.walk()].count(
        "text/calendar") == 1


def test_who_is_forgotten_is_not_known_by_an_event_either(app: Adapters) -> None:
    send(app, incoming_mail(message("REQUEST", NINE)))
    [booked] = booking.reservations(app)
    with app.store.read() as uow:
        assert uow.reservations.invited(booked)[1] is not None
    privacy.erase(app, BOB, cancel=True)
    with app.store.read() as uow:
        assert uow.reservations.invited(booked) == (False, None)


@pytest.mark.parametrize("name", mail.APART)
def test_each_can_be_looked_at(app: Adapters, name: str) -> None:
    for language in ("en", "ar"):
        shown = mail.preview(app, event=name, language=language)
        assert shown["Content-Language"] == language
        assert shown.get_body(("html",)) is not None
    assert bool([part for part in shown.walk() if part.get_content_type() == "text/calendar"]) == name.startswith(
        ("invitation", "answer"))
