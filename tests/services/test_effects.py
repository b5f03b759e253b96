"""What follows from a booking for guests, groups, reminders, follow-ups and the agenda."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidEventType, InvalidInput
from radicale_booking.services import accounts, agenda, booking, decisions, event_types, life, mail, reminders, upkeep
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import Delivery
from radicale_booking.web import create_app
from tests.services.calendars import NINE, mails, wish
from tests.services.conftest import Clock

HOUR = timedelta(hours=1)
GUEST = "guest@example.org"


class Post:
    """Takes all mail."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []

    def send(self, message: EmailMessage, key: str) -> None:
        self.taken.append(message)

    def close(self) -> None:
        """Nothing to close."""

    def to(self, address: str) -> list[str]:
        return [str(message["Subject"]) for message in self.taken if address in message["To"]]


def deliver(app: Adapters) -> Post:
    """What is sent when everything that is due is done."""
    post = Post()
    upkeep.run(app)
    channel = mail.MailChannel(app, post)
    while Delivery(app, channel, "w", lambda: 0.0, lambda _: False).round().claimed:
        pass
    return post


def with_guest() -> booking.BookingRequest:
    return replace(wish(), guests=(GUEST,), language="en")


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_guest_is_told_when_a_booking_holds_and_what_becomes_of_it(app: Adapters) -> None:
    booked = booking.reserve(app, with_guest())
    (told,) = [message for message in deliver(app).taken if GUEST in message["To"]]
    assert "Bob invites you to a meeting with ada." in text_of(told)
    assert "/booking/" not in text_of(told)
    (calendar,) = [part for part in told.walk() if part.get_content_type() == "text/calendar"]
    attendees = re.findall(r"ATTENDEE.*?:mailto:(\S+)", str(calendar.get_content()).replace("\r\n ", ""))
    assert attendees == ["bob@example.org", GUEST]
    life.reschedule(app, booked.uid, NINE + HOUR, "host")
    life.cancel(app, booked.uid, "host")
    assert mails(app, GUEST) == ["reschedule", "cancel"]


def test_a_guest_hears_nothing_of_a_request_that_comes_to_nothing(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", confirmation=True)
    refused = booking.reserve(app, with_guest())
    life.decide(app, refused.uid, "decline", "host")
    assert mails(app, GUEST) == []
    taken = booking.reserve(app, with_guest())
    life.decide(app, taken.uid, "confirm", "host")
    assert mails(app, GUEST) == ["confirm"]


def test_the_host_of_a_group_is_told_of_each_who_comes_and_goes(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", seats=3)
    booking.reserve(app, wish())
    booking.reserve(app, wish(email="cyd@example.org", name="Cyd"))
    eve = booking.reserve(app, wish(email="eve@example.org", name="Eve"))
    subjects = deliver(app).to("ada@example.org")
    assert [subject.partition(",")[0] for subject in subjects] == [
        "Booked: Talk with Bob", "One more: Talk with Cyd", "One more: Talk with Eve"]
    assert eve.seat is not None
    life.cancel(app, eve.seat, "invitee")
    post = deliver(app)
    assert [subject.partition(",")[0] for subject in post.to("ada@example.org")] == ["Cancelled: Talk with Eve"]
    assert post.to("cyd@example.org") == []


def remind(app: Adapters, *leads: timedelta, **rules: object) -> Reservation:
    event_types.set(app, "ada", "talk", reminders=leads, **rules)
    booked = booking.reserve(app, with_guest())
    deliver(app)
    return booked


def test_reminders_come_at_their_times_once(app: Adapters, clock: Clock) -> None:
    remind(app, HOUR, 3 * HOUR)
    clock.now = NINE - 3 * HOUR - timedelta(seconds=1)
    assert deliver(app).taken == []
    clock.now = NINE - 3 * HOUR
    first = deliver(app)
    assert first.to("bob@example.org")[0].startswith("Reminder: Talk with ada")
    assert len(first.to(GUEST)) == 1
    assert len(first.taken) == 2
    assert "text/calendar" not in [part.get_content_type() for part in first.taken[0].walk()]
    clock.now = NINE - HOUR
    assert len(deliver(app).taken) == 2
    assert deliver(app).taken == []


def test_a_late_reminder_is_sent_while_it_is_useful(app: Adapters, clock: Clock) -> None:
    remind(app, HOUR, 3 * HOUR)
    clock.now = NINE - timedelta(minutes=5)
    assert len(deliver(app).to("bob@example.org")) == 1, "both are due, and the last says all"
    other = booking.reserve(app, wish(NINE + HOUR, email="eve@example.org"))
    clock.now = other.start
    assert not [subject for subject in deliver(app).to("eve@example.org") if subject.startswith("Reminder")]


def test_a_reminder_that_waits_too_long_for_the_server_is_not_sent(app: Adapters, clock: Clock) -> None:
    remind(app, HOUR)
    clock.now = NINE - HOUR
    assert reminders.queue_due(app) == 1
    clock.now = NINE
    assert deliver(app).taken == []
    assert {row.last_error for row in mail.queue(app) if row.payload["event"] == "remind"} == {
        "not sent: it is too late"}


def test_reminders_follow_the_booking(app: Adapters, clock: Clock) -> None:
    booked = remind(app, HOUR)
    life.reschedule(app, booked.uid, NINE + 2 * HOUR, "host")
    deliver(app)
    clock.now = NINE - HOUR
    assert deliver(app).taken == []
    clock.now = NINE + HOUR
    assert len(deliver(app).taken) == 2
    other = booking.reserve(app, wish(NINE + 2.5 * HOUR, email="eve@example.org"))
    life.cancel(app, other.uid, "invitee")
    deliver(app)
    clock.now = NINE + 2 * HOUR
    assert deliver(app).taken == []


def test_a_reminder_takes_the_place_of_no_other_mail(app: Adapters, clock: Clock) -> None:
    event_types.set(app, "ada", "talk", reminders=(HOUR,))
    booking.reserve(app, with_guest())
    clock.now = NINE - HOUR
    assert [subject.partition(":")[0] for subject in deliver(app).to("bob@example.org")] == ["Booked", "Reminder"]


def test_a_follow_up_comes_after_the_end_with_the_hosts_words(app: Adapters, clock: Clock) -> None:
    booked = remind(app, follow_up=2 * HOUR, follow_up_text="Was it useful?")
    clock.now = booked.end + 2 * HOUR
    (told,) = deliver(app).taken
    assert (told["To"].addresses[0].addr_spec, "Was it useful?" in text_of(told)) == ("bob@example.org", True)
    with pytest.raises(InvalidEventType):
        event_types.set(app, "ada", "talk", reminders=(HOUR, HOUR))


def test_a_follow_up_is_not_sent_days_later(app: Adapters, clock: Clock) -> None:
    booked = remind(app, follow_up=HOUR)
    clock.now = booked.end + HOUR + reminders.FOLLOW_UP_USEFUL
    assert deliver(app).taken == []


def test_the_agenda_comes_once_a_day_to_hosts_who_want_it(app: Adapters, clock: Clock) -> None:
    accounts.enable_host(app, "ada", agenda_time="07:30", language="de")
    booking.reserve(app, wish())
    booking.reserve(app, wish(NINE + HOUR, email="eve@example.org", name="Eve"))
    post = deliver(app)
    assert not [subject for subject in post.to("ada@example.org") if "heute" in subject]
    clock.now = NINE.replace(hour=6, minute=29)
    assert deliver(app).taken == []
    clock.now = NINE.replace(hour=6, minute=30)
    (told,) = deliver(app).taken
    assert told["Subject"] == "2 Termine heute: Dienstag, 8. Januar 2030"
    assert "10:00 – 10:30: Talk, Bob <bob@example.org>" in text_of(told)
    assert deliver(app).taken == []
    with pytest.raises(InvalidInput):
        accounts.enable_host(app, "ada", agenda_time="25:00")
    assert agenda.checked_time("") == ""


def test_a_link_shows_a_request_and_only_a_post_answers_it(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", confirmation=True)
    booked = booking.reserve(app, wish())
    (told,) = [message for message in deliver(app).taken if "ada@" in message["To"]]
    url = decisions.url(app, booked)
    assert f"{url}?answer=confirm" in text_of(told)
    path = url.removeprefix(app.settings.public_url)
    flask = create_app(app)
    with flask.test_client() as browser:
        for answer in ("confirm", "decline"):
            assert browser.get(f"{path}?answer={answer}").status_code == 200
            assert browser.head(f"{path}?answer={answer}").status_code == 200
        assert booking.reservation(app, booked.uid).status == "pending"
        assert browser.post(path, data={"answer": "confirm"}).status_code == 400
        assert booking.reservation(app, booked.uid).status == "pending"
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(path).text)
        assert token is not None
        assert browser.post(path, data={"answer": "decline", "reason": "Away", "csrf_token": token[1]},
                            headers={"Referer": app.settings.public_url}).status_code == 303
        assert "This booking was declined" in browser.get(path).text
        assert browser.get("/booking/forged/answer").status_code == 404
        assert browser.get(path.replace("/answer", "/")).status_code == 404, "it is not the invitee's link"
    found = booking.reservation(app, booked.uid)
    assert (found.status, found.reason) == ("declined", "Away")
