"""A booking on the page is a hold until the mail to its address is answered, on both databases."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from radicale_booking import web
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.location import Location
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.team import Team
from radicale_booking.errors import (
    AddressRefused,
    BookingError,
    IllegalTransition,
    InvalidEventType,
    LinkExpired,
    TooMany,
)
from radicale_booking.guard_settings import GuardSettings
from radicale_booking.services import (
    accounts,
    agenda,
    booking,
    email_check,
    event_types,
    guard,
    life,
    private_links,
    upkeep,
    webhooks,
)
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.mail import MailChannel
from tests.services.calendars import (
    NINE,
    NOW,
    audited,
    draw_hours,
    item_text,
    mails,
    objects,
    remove_item,
    store_item,
    wish,
)
from tests.services.conftest import Clock

HALF = timedelta(minutes=30)
QUARTER = timedelta(minutes=15)
BOB, EVE, ADA = "bob@example.org", "eve@example.org", "ada@example.org"
WEEK = Interval(NOW, NOW + timedelta(days=7))


@pytest.fixture
def asking(app: Adapters) -> Adapters:
    """The site asks whoever books on the page to answer a mail within a quarter of an hour."""
    return asking_of(app)


def asking_of(app: Adapters, **guard: Any) -> Adapters:
    settings = GuardSettings(**{"bookings_per_address": 0, "bookings_per_invitee": 0, "confirm_email": True, **guard})
    return replace(app, settings=replace(app.settings, guard=settings))


def hold(app: Adapters, start: datetime = NINE, email: str = BOB, **more: Any) -> Reservation:
    """What the page does."""
    return booking.reserve(app, replace(wish(start, email=email), origin="203.0.113.9", **more))


class Post:
    """Takes what would be mailed."""

    def __init__(self, app: Adapters) -> None:
        self.sent: list[Any] = []
        with app.store.read() as uow:
            channel = MailChannel(app, SimpleNamespace(send=lambda mail, key: self.sent.append(mail)))  # type: ignore[arg-type]
            for row in uow.outbox.pending():
                send = channel.prepare(uow, row) if row.kind == "mail" else ""
                if not isinstance(send, str):
                    send()


def tokens(app: Adapters, email: str = BOB) -> list[str]:
    """What the links in the mails to ``email`` open."""
    return [token for mail in Post(app).sent if mail["To"] == email
            for token in re.findall(r"/booking/([^/]+)/confirm", mail.get_body(("plain",)).get_content())]


def free(app: Adapters) -> list[datetime]:
    return [slot.start for slot in booking.open_slots(app, "ada", "talk", WEEK)]


def test_nobody_but_the_invitee_hears_of_a_hold(asking: Adapters) -> None:
    webhooks.add(asking, "https://hook.example.org/", [])
    held = hold(asking, guests=("joe@example.org",), note="Buy pills", name="Cheap Pills")
    assert (held.status, held.unverified, held.expires) == ("pending", True, NOW + QUARTER)
    assert NINE not in free(asking)
    with asking.store.read() as uow:
        assert [(row.kind, row.recipient) for row in uow.outbox.pending()] == [("mail", BOB)]
        assert agenda.notice(uow, "ada", NINE.date(), "") is None
    assert "STATUS:TENTATIVE" in objects(asking, "ada")[held.uid]
    assert "joe@example.org" not in objects(asking, "ada")[held.uid]
    [mail] = Post(asking).sent
    # What strangers write into a form goes to no address that is not known to be theirs.
    assert "ills" not in mail.as_string() + str(mail.get_body(("html",)).get_content())
    assert mail["Subject"] == "À confirmer : Talk avec ada, 8 janv. 2030, 10:00"
    assert "09:15" in mail.get_body(("plain",)).get_content()  # 08:15 UTC in Paris
    assert audited(asking, held.uid) == ["hold"]


def test_the_answer_books_and_tells_everybody(asking: Adapters) -> None:
    webhooks.add(asking, "https://hook.example.org/", [])
    held = hold(asking, guests=("joe@example.org",))
    [token] = tokens(asking)
    booked = email_check.confirm(asking, token)
    assert (booked.uid, booked.status, booked.unverified, booked.expires) == (held.uid, "confirmed", False, None)
    assert "STATUS:CONFIRMED" in objects(asking, "ada")[held.uid]
    assert "joe@example.org" in objects(asking, "ada")[held.uid]
    for address in (BOB, ADA, "joe@example.org"):
        assert mails(asking, address)[-1] == "book"
    with asking.store.read() as uow:
        assert [row.payload["event"] for row in uow.outbox.list("webhook", None)] == ["booking.created"]
    assert email_check.confirm(asking, token) == booking.reservation(asking, held.uid)
    assert audited(asking, held.uid) == ["hold", "book"]
    assert tokens(asking) == []


def test_the_host_decides_after_the_invitee(asking: Adapters) -> None:
    event_types.set(asking, "ada", "talk", confirmation=True, decision_time=timedelta(hours=3))
    held = hold(asking)
    with pytest.raises(IllegalTransition):
        life.decide(asking, held.uid, "confirm", "host")
    asked = email_check.confirm(asking, tokens(asking)[0])
    assert (asked.status, asked.unverified, asked.expires) == ("pending", False, NOW + timedelta(hours=3))
    assert (mails(asking, ADA), mails(asking)) == (["request"], [email_check.EVENT, "request"])
    assert life.decide(asking, held.uid, "confirm", "host").status == "confirmed"


def test_what_nobody_answers_goes_silently(asking: Adapters, clock: Clock) -> None:
    held = hold(asking, note="My number is 555")
    [token] = tokens(asking)
    clock.now += QUARTER
    with pytest.raises(IllegalTransition):
        email_check.confirm(asking, token)
    upkeep.run(asking)
    assert NINE in free(asking)
    assert objects(asking, "ada") == {}
    assert mails(asking, ADA) == []
    lost = email_check.held(asking, token)
    assert (lost.waits, lost.reservation.status) == (False, "expired")
    assert email_check.instead(asking, lost)[0] == NINE
    # It may have been anybody's address.
    assert booking.reservation(asking, held.uid).invitee_email != BOB
    assert booking.reservation(asking, held.uid).note == ""
    clock.now = NINE
    with pytest.raises(LinkExpired):
        email_check.held(asking, token)


@pytest.mark.parametrize("wanted", [True, None])
@pytest.mark.parametrize("name", ["blocked", "limit", "all", "seat"])
def test_what_is_known_of_an_address_is_for_its_owner(app: Adapters, name: str, wanted: bool | None) -> None:
    asking = replace(asking_of(app, open_per_invitee=1 if name == "all" else 0, confirm_email=wanted),
                     mailer=SimpleNamespace())  # type: ignore[arg-type]
    event_types.add(asking, EventType("ada", "course", "Course", HALF, seats=4,
                                      limit_per_invitee=1 if name == "limit" else None))
    if name == "blocked":
        guard.block(asking, BOB)
    else:
        booking.reserve(asking, wish(NINE if name == "seat" else NINE + 2 * HALF, slug="course"))
    pages = {email: form(asking, "course", NINE, email).replace(email, "") for email in (BOB, EVE)}
    assert pages[BOB] == pages[EVE]
    assert "Check your mail" in pages[BOB]
    left = {slot.start: slot.seats_left for slot in booking.open_slots(asking, "ada", "course", WEEK)}
    assert left[NINE] == (1 if name == "seat" else 2)
    token = tokens(asking, BOB)[-1]
    enough = "as often as is possible here"
    said = {"blocked": "Please contact the person", "limit": enough, "seat": "a seat at this time", "all": enough}
    # Its owner is told which it is.
    client = web.create_app(asking).test_client()
    refused = client.post(f"/booking/{token}/confirm", data={"csrf_token": csrf(client, f"/booking/{token}/confirm")})
    assert (refused.status_code, said[name] in refused.text) == (403, True)
    assert email_check.confirm(asking, tokens(asking, EVE)[-1]).status == "confirmed"


def form(app: Adapters, slug: str, start: datetime, email: str, **fields: str) -> str:
    """What the page says when a form is sent."""
    client = web.create_app(app).test_client()
    at = f"{start:%Y-%m-%dT%H:%M:%SZ}"
    answer = client.post(f"/book/ada/{slug}/?start={at}", data={
        "csrf_token": csrf(client, f"/book/ada/{slug}/?start={at}"), "start": at, "name": "Bob", "email": email,
        "tz": "Europe/Berlin", **fields})
    assert answer.status_code == 200
    assert "/booking/" not in answer.text
    return answer.text


def csrf(client: FlaskClient, path: str) -> str:
    page = client.get(path).text
    return page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]


def test_what_others_hold_in_somebodys_name_is_no_burden(app: Adapters) -> None:
    asking = asking_of(app, open_per_invitee=1)
    event_types.set(asking, "ada", "talk", limit_per_invitee=1)
    for number in range(3):
        hold(asking, NINE + number * HALF)
    assert booking.reserve(asking, wish(NINE + 3 * HALF)).status == "confirmed"
    with pytest.raises(AddressRefused):
        email_check.confirm(asking, tokens(asking)[0])


def test_too_many_mails_are_not_sent_and_nobody_sees(app: Adapters, clock: Clock) -> None:
    asking = asking_of(app, bookings_per_invitee=2, bookings_per_address=4)
    held = [hold(asking, NINE + number * HALF, key) for number, key in enumerate([BOB, BOB, "bob+1@example.org"])]
    assert all(one.unverified for one in held)
    assert len(Post(asking).sent) == 2
    hold(asking, NINE + 3 * HALF, EVE)
    with pytest.raises(TooMany):
        hold(asking, NINE + 4 * HALF, EVE)
    with pytest.raises(AddressRefused, match="disposable"):
        hold(asking_of(app, refuse_disposable=True), NINE + 4 * HALF, "a@mailinator.com")


def test_seats(asking: Adapters, clock: Clock) -> None:
    event_types.set(asking, "ada", "talk", seats=4)
    first = hold(asking)
    clock.now += timedelta(minutes=5)
    twice, second = hold(asking), hold(asking, email=EVE)
    assert len({first.seat, twice.seat, second.seat}) == 3
    assert {first.uid} == {second.uid}
    assert (mails(asking, ADA), booking.reservation(asking, first.uid).unverified) == ([], True)
    clock.now = NOW + QUARTER
    upkeep.run(asking)
    assert booking.reservation(asking, first.seat or "").status == "expired"
    made = email_check.confirm(asking, tokens(asking, EVE)[0])
    assert (made.status, made.seat, made.invitee_email) == ("confirmed", second.seat, EVE)
    assert mails(asking, ADA) == ["book"]
    assert [mail["To"] for mail in Post(asking).sent if mail["To"] == BOB] == [BOB]
    text = item_text(asking, "ada/calendar", first.uid) or ""
    assert ("STATUS:CONFIRMED" in text, EVE in text, BOB in text) == (True, True, False)
    joined = email_check.confirm(asking, tokens(asking)[0])
    assert (joined.seat, mails(asking, ADA)) == (twice.seat, ["book", "join"])
    assert BOB in (item_text(asking, "ada/calendar", first.uid) or "")


def test_a_group_of_holds_alone_goes_silently_and_another_makes_it(asking: Adapters, clock: Clock) -> None:
    event_types.set(asking, "ada", "talk", seats=3)
    held = hold(asking)
    assert booking.reserve(asking, wish(email=EVE)).status == "confirmed"
    gone = hold(asking, email="joe@example.org")
    assert life.cancel(asking, gone.seat or "", "ada").status == "cancelled"
    assert mails(asking, ADA) == ["book"]
    life.cancel(asking, booking.reservations(asking)[0].uid, "ada")
    assert mails(asking) == [email_check.EVENT]
    again = hold(asking)
    assert again.uid != held.uid
    clock.now += QUARTER
    upkeep.run(asking)
    assert booking.reservation(asking, again.uid).status == "expired"
    assert (objects(asking, "ada"), mails(asking, ADA)) == ({}, ["book", "cancel"])
    with asking.store.read() as uow:
        assert [row[0] for row in uow.connection.run(
            "SELECT count(*) FROM seat WHERE email = :email", {"email": BOB})] == [0]


def test_a_series(asking: Adapters) -> None:
    event_types.set(asking, "ada", "talk", repeat_every="week", repeat_most=3)
    for week in (1, 2):
        draw_hours(asking, f"week{week}", NINE + week * timedelta(days=7), timedelta(hours=3))
    held = hold(asking, occurrences=3)
    [mail] = Post(asking).sent
    assert mail.get_body(("plain",)).get_content().count("janvier") == 3
    booked = email_check.confirm(asking, tokens(asking)[0])
    assert [one.status for one in booking.series_of(asking, held)] == ["confirmed"] * 3
    assert booked.uid == held.uid
    assert (mails(asking, ADA), mails(asking)) == (["book"], [email_check.EVENT, "book"])


@pytest.mark.parametrize("kind", ["collective", "round-robin"])
def test_a_team(asking: Adapters, kind: str) -> None:
    accounts.add_user(asking, "ben", "ben@example.org", "Europe/Berlin", "secret", host=True)
    draw_hours(asking, "hours", NINE, timedelta(hours=3), host="ben")
    event_types.set(asking, "ada", "talk", team=Team(kind, ("ada", "ben")))
    held = hold(asking)
    for name in held.hosts:
        assert "STATUS:TENTATIVE" in objects(asking, name)[held.uid]
    email_check.confirm(asking, tokens(asking)[0])
    for name in held.hosts:
        assert "STATUS:CONFIRMED" in objects(asking, name)[held.uid]
        assert mails(asking, f"{name}@example.org") == ["book"]


def test_a_link_for_once_is_used_by_the_answer(asking: Adapters, clock: Clock) -> None:
    event_types.set(asking, "ada", "talk", private=True)
    link = private_links.create(asking, "ada", "talk", single_use=True).rpartition("=")[2]
    hold(asking, link=link)
    clock.now += QUARTER
    upkeep.run(asking)
    hold(asking, link=link)
    hold(asking, NINE + HALF, link=link)
    first, second = tokens(asking)
    assert email_check.confirm(asking, first).status == "confirmed"
    with pytest.raises(LinkExpired):
        email_check.confirm(asking, second)
    assert email_check.instead(asking, email_check.held(asking, second)) == ()


def test_what_the_host_does_with_a_hold(asking: Adapters) -> None:
    webhooks.add(asking, "https://hook.example.org/", [])
    held = hold(asking)
    text = item_text(asking, "ada/calendar", held.uid) or ""
    with pytest.raises(IllegalTransition):
        store_item(asking, "ada/calendar", held.uid, text.replace("TENTATIVE", "CONFIRMED"))
    store_item(asking, "ada/calendar", held.uid, text.replace("T090000Z", "T100000Z").replace("T093000Z", "T103000Z"))
    assert email_check.held(asking, tokens(asking)[0]).reservation.start == NINE + 2 * HALF
    [token] = tokens(asking)
    remove_item(asking, "ada/calendar", held.uid)
    assert (mails(asking), mails(asking, ADA)) == ([email_check.EVENT], [])
    store_item(asking, "ada/calendar", held.uid, text)
    assert booking.reservation(asking, held.uid).status == "cancelled"
    with pytest.raises(IllegalTransition):
        email_check.confirm(asking, token)
    with asking.store.read() as uow:
        assert uow.outbox.list("webhook", None) == []


def test_other_doors_know_who_comes(asking: Adapters) -> None:
    assert booking.reserve(asking, wish()).status == "confirmed"


def test_an_event_type_may_ask_by_itself(app: Adapters) -> None:
    with pytest.raises(InvalidEventType):
        event_types.set(app, "ada", "talk", confirm_email=True)
    mailing: Adapters = replace(app, mailer=SimpleNamespace())  # type: ignore[arg-type]
    event_types.set(mailing, "ada", "talk", confirm_email=True)
    event_types.add(mailing, EventType("ada", "other", "Other", HALF, locations=(Location("link", "https://x.org"),)))
    assert hold(mailing).unverified
    assert hold(mailing, NINE + HALF, slug="other").status == "confirmed"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_site_asks_by_itself_where_a_rule_goes_by_the_address(app: Adapters) -> None:
    mailing: Adapters = replace(asking_of(app, confirm_email=None), mailer=SimpleNamespace())  # type: ignore[arg-type]
    [talk] = event_types.list(mailing, "ada")
    rules = {"seats": 3, "limit_per_invitee": 1}
    assert not email_check.is_wanted(mailing, talk)
    for name, value in rules.items():
        assert email_check.is_wanted(mailing, replace(talk, **{name: value}))  # type: ignore[arg-type]
        assert not email_check.is_wanted(app, replace(talk, **{name: value}))  # type: ignore[arg-type]
        assert not email_check.is_wanted(replace(mailing, settings=asking_of(app, confirm_email=False).settings),
                                         replace(talk, **{name: value}))  # type: ignore[arg-type]
    for more in ({"open_per_invitee": 2}, {"blocked": ("example.net",)}):
        ruled = asking_of(app, confirm_email=None, **more)
        assert email_check.is_wanted(replace(mailing, settings=ruled.settings), talk)
    guard.block(mailing, "eve@example.org")
    assert email_check.is_wanted(mailing, talk)
    guard.unblock(mailing, "eve@example.org")
    assert hold(mailing).status == "confirmed"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_mail_a_refusal_does_not_say_why(app: Adapters) -> None:
    """Byte by byte and in all headers: who is blocked, has booked, has a seat; and who tries too often, by which."""
    event_types.add(app, EventType("ada", "course", "Course", HALF, seats=4, limit_per_invitee=2))
    app = asking_of(app, confirm_email=None, bookings_per_address=20, bookings_per_invitee=20)
    guard.block(app, "eve@example.org")
    booking.reserve(app, wish(NINE, slug="course", email="seat@example.org"))
    for number in (1, 2):
        booking.reserve(app, wish(NINE + number * HALF, slug="course", email="many@example.org"))
    known = {raw(app, email, "203.0.113.9") for email in (EVE, "seat@example.org", "many@example.org")}
    assert len(known) == 1
    assert next(iter(known))[0] == 403
    limited = asking_of(app, confirm_email=None, bookings_per_address=5, bookings_per_invitee=2)
    for number in range(2):
        guard.admit(limited, f"203.0.113.{20 + number}", "often@example.org")
    for number in range(5):
        guard.admit(limited, "203.0.113.30", f"some{number}@example.org")
    refusals = {raw(limited, "often@example.org", "203.0.113.40"), raw(limited, "new@example.org", "203.0.113.30")}
    assert len(refusals) == 1
    assert next(iter(refusals))[0] == 429


def raw(app: Adapters, email: str, origin: str) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """All of the answer to a form but the cookie, which is new for everybody."""
    client = web.create_app(app).test_client()
    at = f"{NINE:%Y-%m-%dT%H:%M:%SZ}"
    path = f"/book/ada/course/?start={at}"
    answer = client.post(path, data={"csrf_token": csrf(client, path), "start": at, "name": "Bob", "email": email,
                                     "tz": "Europe/Berlin"}, environ_base={"REMOTE_ADDR": origin})
    return answer.status_code, answer.data, tuple(sorted(one for one in answer.headers if one[0] != "Set-Cookie"))


def test_the_pages(asking: Adapters, clock: Clock) -> None:
    caught = form(asking, "talk", NINE, BOB, key="k", website="https://spam.example")
    assert (booking.reservations(asking), tokens(asking)) == ([], [])
    first = form(asking, "talk", NINE, BOB, key="k")
    assert first == caught
    [token] = tokens(asking)
    path = f"/booking/{token}/confirm"
    client = web.create_app(asking).test_client()
    for _ in range(2):
        assert "Confirm your booking" in client.get(path).text
    assert client.post(path).status_code == 400
    assert booking.reservations(asking)[0].unverified
    answer = client.post(path, data={"csrf_token": csrf(client, path)})
    assert (answer.status_code, "new=1" in answer.headers["Location"]) == (303, True)
    assert "You are booked" in client.get(answer.headers["Location"]).text
    assert client.get(path).status_code == 303
    # Whoever sends the form once more does not see that it was answered.
    assert form(asking, "talk", NINE + HALF, EVE, key="l")
    life.cancel(asking, booking.reservations(asking)[0].uid, "ada")
    assert form(asking, "talk", NINE, BOB, key="k") == first


def test_the_page_for_who_comes_too_late(asking: Adapters, clock: Clock) -> None:
    hold(asking)
    [token] = tokens(asking)
    client = web.create_app(asking).test_client()
    page = csrf(client, f"/booking/{token}/confirm")
    clock.now += QUARTER
    for answer in (client.get(f"/booking/{token}/confirm"),
                   client.post(f"/booking/{token}/confirm", data={"csrf_token": page})):
        assert answer.status_code == 410
        assert "This booking was not confirmed in time" in answer.text
        assert "The nearest free times" in answer.text
    for wrong in (token[:-1], booking.manage_url(asking, booking.reservations(asking)[0]).split("/")[-2]):
        assert client.get(f"/booking/{wrong}/confirm").status_code == 404


def test_a_hold_that_is_answered_twice_at_once_is_booked_once(asking: Adapters) -> None:
    hold(asking)
    [token] = tokens(asking)
    assert [email_check.confirm(asking, token).status for _ in range(2)] == ["confirmed"] * 2
    assert mails(asking, ADA) == ["book"]
    with pytest.raises(BookingError):
        hold(asking)
