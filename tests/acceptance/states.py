"""Every page in every state: how a visitor gets there. Tests examine them, ``python -m tests.pictures`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from radicale_booking.domain.reservation import Reservation
from radicale_booking.guard_settings import GuardSettings
from radicale_booking.inbound_settings import InboundSettings
from radicale_booking.mail_settings import MailSettings
from radicale_booking.notify import incoming
from radicale_booking.page_settings import PageSettings
from radicale_booking.services import (
    decisions,
    email_check,
    inbound,
    life,
    maintenance_mode,
    private_links,
    sender_check,
)
from radicale_booking.web.wording import instant
from tests.acceptance.stage import NOW, SITE, Stage

State = Callable[[Page, Stage], None]
STATES: dict[str, State] = {}
_TALK = f"{SITE}/book/ada/first-talk/"
_DAY = timedelta(days=1)
_FACE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#d9a066" d="M0 0h8v8H0z"/>
<circle cx="4" cy="3.4" r="1.6" fill="#663931"/><path fill="#663931" d="M1 8c0-4 6-4 6 0z"/></svg>"""
_ASKING = GuardSettings(bookings_per_address=0, confirm_email=True)


def state(name: str) -> Callable[[State], State]:
    """Add it to ``STATES`` by ``name``."""
    def add(way: State) -> State:
        STATES[name] = way
        return way
    return add


def _address(name: str, path: str) -> None:
    """A state that is nothing but an address."""
    STATES[name] = lambda page, _: page.goto(SITE + path) and None


def _form(page: Page, stage: Stage, slug: str, **fields: str) -> None:
    """The form of a free time of ada's, with some fields filled in."""
    page.goto(f"{SITE}/book/ada/{slug}/?start={instant(stage.free(slug))}&tz=Europe/Berlin")
    for name, value in fields.items():
        page.locator(f"#{name}").fill(value)


def _send(page: Page) -> None:
    """Post the form, also one that the browser itself would not send, and wait for the answer."""
    with page.expect_navigation():
        _press(page)


def _press(page: Page) -> None:
    page.locator("main form[method=post]").evaluate("form => { form.noValidate = true }")
    page.locator("main form[method=post] button.button").first.click()


def _person(stage: Stage) -> dict[str, str]:
    stage.serial += 1
    return {"name": "Grace Hopper", "email": f"grace{stage.serial}@example.org"}


_address("host", "/book/ada/")
_address("host with long words", "/book/long/")
_address("host with nothing to book", "/book/closed/")
_address("closed event type", "/book/closed/old/")
_address("unknown host", "/book/unknown/")
_address("unknown event type", "/book/ada/unknown/")
_address("month", "/book/ada/first-talk/")
_address("day", "/book/ada/first-talk/?day=2026-11-10&clock=24")
_address("month with a chosen length", "/book/ada/first-talk/?duration=60&tz=America/New_York")
_address("month without free times", "/book/ada/far/?month=2026-11")
_address("no free times at all", "/book/nobody-in/talk/")
_address("no free times so far", "/book/nobody-in/far/")
_address("no free times so far in the week", "/book/nobody-in/far/?view=week")
_address("month with long words", "/book/long/wort/")
_address("week", "/book/ada/first-talk/?view=week")
_address("week without free times", "/book/ada/far/?view=week&day=2026-11-10")
_address("start that has passed", "/book/ada/first-talk/?start=2026-11-02T09:00:00Z")
_address("start that is not offered", "/book/ada/first-talk/?start=2026-11-10T09:07:00Z&tz=Europe/Berlin")
_address("private without a link", "/book/ada/guests-only/")
_address("unknown link", "/booking/nonsense/")
_address("not understood", "/book/ada/first-talk/?start=tomorrow")
_address("setup", "/host/setup/")
_address("setup of a user", "/host/setup/?user=ada")
_address("embedding", "/host/embed/")
_address("embedding of an event type", "/host/embed/?page=ada/first-talk")
_address("framed", "/book/ada/first-talk/?embed=1")


@state("host with a picture")
def _portrait(page: Page, stage: Stage) -> None:
    folder = stage.app.settings.data_folder / "portraits"
    folder.mkdir(exist_ok=True)
    (folder / "ada.svg").write_text(_FACE, encoding="utf-8")
    with stage.settings(page=PageSettings(portraits=str(folder))):
        page.goto(f"{SITE}/book/ada/")


@state("group with seats left")
def _seats(page: Page, stage: Stage) -> None:
    stage.booked("workshop")
    page.goto(f"{SITE}/book/ada/workshop/?day={stage.free('workshop'):%Y-%m-%d}")


@state("week of a group")
def _week_of_group(page: Page, stage: Stage) -> None:
    page.goto(f"{SITE}/book/ada/workshop/?view=week&day={NOW + 14 * _DAY:%Y-%m-%d}")


@state("private with a link")
def _private(page: Page, stage: Stage) -> None:
    page.goto(private_links.create(stage.app, "ada", "guests-only"))


@state("form")
def _plain_form(page: Page, stage: Stage) -> None:
    _form(page, stage, "first-talk")


@state("form with every kind of question")
def _questions(page: Page, stage: Stage) -> None:
    _form(page, stage, "consulting")


@state("form with errors")
def _errors(page: Page, stage: Stage) -> None:
    _form(page, stage, "consulting", name="Grace Hopper", email="grace@nowhere",
          **{"answer-people": "a few", "answer-site": "nothing"})
    _send(page)
    page.locator("#email").fill("grace@example.org")
    _send(page)
    expect(page.locator("[aria-invalid]").first).to_be_focused()


@state("form without anything")
def _empty(page: Page, stage: Stage) -> None:
    _form(page, stage, "first-talk")
    _send(page)
    expect(page.locator("#name")).to_be_focused()


@state("form that was open for too long")
def _old_form(page: Page, stage: Stage) -> None:
    _form(page, stage, "first-talk", **_person(stage))
    page.locator("#csrf_token").evaluate("field => { field.value = 'old' }")
    _send(page)
    expect(page.get_by_role("alert")).to_be_visible()


@state("form of a series")
def _series_form(page: Page, stage: Stage) -> None:
    _form(page, stage, "lesson")


@state("taken meanwhile")
def _taken(page: Page, stage: Stage) -> None:
    _form(page, stage, "first-talk", **_person(stage))
    stage.booked()
    _send(page)
    expect(page.locator(".choices")).to_be_visible()


@state("mail to be answered")
def _asked_by_mail(page: Page, stage: Stage) -> None:
    with stage.settings(guard=_ASKING):
        _form(page, stage, "first-talk", **_person(stage))
        _send(page)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("form[method=post]")).to_have_count(0)


@state("link in the mail")
def _link_in_mail(page: Page, stage: Stage) -> None:
    page.goto(_hold(stage, "lesson", occurrences=3))


@state("link in the mail answered")
def _answered_mail(page: Page, stage: Stage) -> None:
    page.goto(_hold(stage, "first-talk"))
    page.locator("main form button").click()
    expect(page.locator(".badge.good")).to_be_visible()


@state("link in the mail too late")
def _answered_late(page: Page, stage: Stage) -> None:
    url = _hold(stage, "first-talk")
    with stage.clock.at(NOW + _DAY):
        page.goto(url)


@state("held for somebody")
def _held_for(page: Page, stage: Stage) -> None:
    with stage.settings(guard=_ASKING):
        page.goto(stage.manage(stage.booked(origin="203.0.113.9")))


@state("booked as often as possible")
def _often(page: Page, stage: Stage) -> None:
    person = _person(stage)
    stage.booked("once", email=person["email"])
    _form(page, stage, "once", **person)
    _send(page)
    expect(page.locator(".badge")).to_be_visible()


@state("form that costs computing")
def _proof(page: Page, stage: Stage) -> None:
    with stage.settings(guard=GuardSettings(proof_of_work=10_000_000)):
        _form(page, stage, "first-talk", **_person(stage))
        expect(page.locator("[data-proving]")).to_be_hidden()
        _press(page)
        expect(page.get_by_role("status")).to_be_visible()


def _refused(name: str, email: str, guard: GuardSettings) -> None:
    @state(name)
    def way(page: Page, stage: Stage) -> None:
        with stage.settings(guard=guard):
            for _ in range(2 if guard.bookings_per_address == 1 else 1):
                _form(page, stage, "first-talk", name="Eve", email=email)
                _send(page)
            expect(page.locator(".badge")).to_be_visible()


_refused("too many attempts", "eve@example.org", GuardSettings(bookings_per_address=1))
_refused("blocked address", "eve@example.net", GuardSettings(bookings_per_address=0, blocked=("example.net",)))
_refused("thrown-away address", "eve@mailinator.com", GuardSettings(bookings_per_address=0, refuse_disposable=True))


@state("booked")
def _booked(page: Page, stage: Stage) -> None:
    with stage.settings(mail=MailSettings(host="mail.example.org")):
        _form(page, stage, "first-talk", **_person(stage), note="I would like to talk about looms.")
        _send(page)
        expect(page.locator(".badge.good")).to_be_visible()


@state("asked for")
def _asked_for(page: Page, stage: Stage) -> None:
    page.goto(stage.manage(_pending(stage)) + "?new=1")


@state("booking")
def _booking(page: Page, stage: Stage) -> None:
    page.goto(stage.manage(stage.booked(note="See you", guests=("mary@example.org", "charles@example.org"))))


@state("about to cancel")
def _about_to_cancel(page: Page, stage: Stage) -> None:
    page.goto(stage.manage(stage.booked()))
    page.locator("details summary").click()


@state("cancelled")
def _cancelled(page: Page, stage: Stage) -> None:
    page.goto(stage.manage(stage.booked()))
    page.locator("details summary").click()
    page.locator("#reason").fill("I have caught a cold.")
    page.locator("button.danger").click()
    expect(page.locator(".badge.over")).to_be_visible()


@state("choosing another time")
def _moving(page: Page, stage: Stage) -> None:
    page.goto(stage.manage(stage.booked()))
    with page.expect_navigation():
        page.locator("a[href*='move=']").click()


@state("another time chosen")
def _move_form(page: Page, stage: Stage) -> None:
    _moving(page, stage)
    page.locator("#times li a").last.click()
    expect(page.locator("form[method=post]")).to_be_visible()


@state("moved")
def _moved(page: Page, stage: Stage) -> None:
    _move_form(page, stage)
    _send(page)
    expect(page.locator(".badge.good")).to_be_visible()


@state("declined")
def _declined(page: Page, stage: Stage) -> None:
    asked = _pending(stage)
    life.decide(stage.app, asked.uid, "decline", "host", "I am travelling that week.")
    page.goto(stage.manage(asked))


@state("expired")
def _expired(page: Page, stage: Stage) -> None:
    with stage.clock.at(NOW - 2 * _DAY):
        asked = _pending(stage)
    life.expire_due(stage.app)
    page.goto(stage.manage(asked))


@state("past")
def _past(page: Page, stage: Stage) -> None:
    with stage.clock.at(NOW - 10 * _DAY):
        booked = stage.booked(start=stage.free("first-talk", NOW - 8 * _DAY))
    page.goto(stage.manage(booked))


@state("seat in a group")
def _seat(page: Page, stage: Stage) -> None:
    page.goto(stage.manage(stage.booked("workshop")) + "?new=1")


@state("seat to be moved")
def _seat_to_move(page: Page, stage: Stage) -> None:
    seat = stage.booked("workshop")
    token = stage.manage(seat).rstrip("/").rpartition("/")[2]
    later = stage.free("workshop", seat.start + timedelta(hours=1))
    page.goto(f"{SITE}/book/ada/workshop/?start={instant(later)}&tz=Europe/Berlin&move={token}")


@state("series")
def _series(page: Page, stage: Stage) -> None:
    page.goto(stage.manage(stage.booked("lesson", occurrences=4)) + "?new=1")


@state("host is asked")
def _answer(page: Page, stage: Stage) -> None:
    page.goto(decisions.url(stage.app, _pending(stage)))


@state("host has declined")
def _answered(page: Page, stage: Stage) -> None:
    asked = _pending(stage)
    page.goto(decisions.url(stage.app, asked) + "?answer=decline")
    page.locator("button[value=decline]").click()
    expect(page.locator(".badge.over")).to_be_visible()


@state("expired link")
def _expired_link(page: Page, stage: Stage) -> None:
    with stage.clock.at(NOW + _DAY):
        asked = _pending(stage)
    url = decisions.url(stage.app, asked)
    with stage.clock.at(asked.start + _DAY):
        page.goto(url)


@state("sender is asked")
def _sender(page: Page, stage: Stage) -> None:
    page.goto(_question_to_sender(stage))


@state("sender has said yes")
def _sender_said_yes(page: Page, stage: Stage) -> None:
    page.goto(_question_to_sender(stage))
    _send(page)
    expect(page.locator(".badge.good")).to_be_visible()


def _held_still(name: str, mode: str, path: str) -> None:
    @state(name)
    def way(page: Page, stage: Stage) -> None:
        maintenance_mode.begin(stage.app, mode, "The server moves to a new home. It is back on Wednesday at 9 o'clock.")
        try:
            page.goto(SITE + path)
        finally:
            maintenance_mode.end(stage.app)


_held_still("closed for maintenance", maintenance_mode.CLOSED, "/book/ada/first-talk/")
_held_still("only to be read", maintenance_mode.READ_ONLY, "/book/ada/first-talk/")


def _question_to_sender(stage: Stage) -> str:
    """The link to say that a mail which asks for a talk is really one's own."""
    stage.serial += 1
    sender, start = f"grace{stage.serial}@example.org", stage.free("first-talk")
    raw = "\r\n".join([
        f"From: Grace Hopper <{sender}>", f"Message-ID: <{stage.serial}@example.org>",
        "Content-Type: text/calendar; method=REQUEST", "", "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN",
        "METHOD:REQUEST", "BEGIN:VEVENT", f"UID:{stage.serial}", f"DTSTAMP:{NOW:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT30M", "SUMMARY:Talk", f"ORGANIZER:mailto:{sender}",
        "ATTENDEE:mailto:ada+first-talk@calendar.example.org", "END:VEVENT", "END:VCALENDAR", ""]).encode()
    with stage.settings(inbound=InboundSettings(authserv_id="mx.example.org")):
        inbound.receive(stage.app, sender, "ada+first-talk@calendar.example.org", raw, incoming.read(raw))
    with stage.app.store.read() as uow:
        [asked] = [sender_check.notice(stage.app, uow, row) for row in uow.outbox.pending() if row.recipient == sender]
    assert asked is not None
    return asked.url


def _hold(stage: Stage, slug: str, **given: Any) -> str:
    """The link in the mail about a time that is held."""
    with stage.settings(guard=_ASKING):
        held = stage.booked(slug, origin="203.0.113.9", **given)
        with stage.app.store.read() as uow:
            [row] = [row for row in uow.outbox.pending() if row.payload["uid"] == held.uid]
            asked = email_check.notice(stage.app, uow, row)
    assert asked is not None
    return asked.url


def _pending(stage: Stage) -> Reservation:
    return stage.booked("consulting", answers={"topic": ["Looms"], "language": ["English"], "terms": ["yes"]})
