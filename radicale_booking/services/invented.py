"""Bookings that do not exist, for looking at mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from radicale_booking.domain.notice import EVENTS, AddressCheck, AgendaNotice, InvitationNotice, Notice, SenderCheck
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.window_settings import Problem
from radicale_booking.services.adapters import Adapters

_ANNA = Principal("anna", email="anna@example.org", display_name="Anna Schmidt", timezone="Europe/Berlin")
_STATUS = {"request": "pending", "cancel": "cancelled", "decline": "declined", "expire": "expired",
           "leave": "cancelled", "unseat": "cancelled"}
#: Name in previews -> method and answer.
INVITATIONS = {
    "invitation": ("REQUEST", ""), "invitation-changed": ("REQUEST", ""), "invitation-cancelled": ("CANCEL", ""),
    "answer-accepted": ("REPLY", "ACCEPTED"), "answer-declined": ("REPLY", "DECLINED"),
    "answer-tentative": ("REPLY", "TENTATIVE")}
PROBLEMS = (Problem("duration: soon", "is not a length of time in whole minutes", "write it like 30m, 1h30 or 2 days"),)
_TEXT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//radicale-booking//EN\r
METHOD:{method}\r
BEGIN:VEVENT\r
UID:preview\r
DTSTAMP:{start}\r
DTSTART:{start}\r
DTEND:{end}\r
SUMMARY:Lunch\r
ORGANIZER:mailto:anna@example.org\r
ATTENDEE:mailto:ada@example.org\r
END:VEVENT\r
END:VCALENDAR\r
"""
_NAMES = ("Ada Lovelace", "Charles Babbage", "Mary Somerville")


def notice(app: Adapters, now: datetime, event: str, role: str) -> Notice:
    """What ``role`` is told when ``event`` happens."""
    booked = _booked(now, event)
    recipient = {"invitee": booked.invitee_email, "host": str(_ANNA.email), "guest": booked.guests[0]}[role]
    url = app.settings.public_url
    return Notice(event, role, recipient, booked, _ANNA, "preview", now, f"{url}/booking/preview/",
                  f"{url}/book/anna/intro-call/",
                  decide_url=f"{url}/booking/preview/answer" if (event, role) == ("request", "host") else "",
                  answers=(("What would you like to talk about?", "The engine"),),
                  words="It was good to talk to you. Write to me if anything is left open."
                        if event == "follow-up" else "", **_countered(booked, event), **_reseated(booked, event))


def address_check(app: Adapters, now: datetime) -> AddressCheck:
    """What the invitee is asked while a time is held."""
    booked = _booked(now, "book")
    return AddressCheck(booked.invitee_email, booked.title, _ANNA.shown_name, ((booked.start, booked.end),),
                        booked.invitee_timezone, booked.language, f"{app.settings.public_url}/booking/preview/confirm",
                        now + timedelta(minutes=app.settings.guard.confirm_email_minutes), "preview", now)


def invitation(kind: str, now: datetime) -> InvitationNotice:
    """A message of one of the ``INVITATIONS`` to somebody elsewhere."""
    method, partstat = INVITATIONS[kind]
    booked = _booked(now, "book")
    answers = method == "REPLY"
    text = _TEXT.format(method=method, start=f"{booked.start:%Y%m%dT%H%M%SZ}", end=f"{booked.end:%Y%m%dT%H%M%SZ}")
    return InvitationNotice(
        method, text, str(_ANNA.email), _ANNA.shown_name, "ada@example.org", "Lunch", ((booked.start, booked.end),),
        "preview", now, changed=kind == "invitation-changed", partstat=partstat, location="Room 4",
        description="" if answers else "Let us talk about the engine.", people=() if answers else ("Charles Babbage",),
        timezone=_ANNA.timezone, conversation="preview")


def sender_check(app: Adapters, now: datetime) -> SenderCheck:
    """A question to somebody in whose name a mail came."""
    booked = _booked(now, "book")
    return SenderCheck(booked.invitee_email, "REQUEST", booked.title, _ANNA.shown_name, booked.start, _ANNA.timezone,
                       f"{app.settings.public_url}/booking/preview/mail", now + timedelta(days=3), "preview", now)


def agenda(now: datetime) -> AgendaNotice:
    """A day of several bookings."""
    first = replace(_booked(now, "book"), note="")
    later = [timedelta(hours=2 * number) for number in range(len(_NAMES))]
    booked = [replace(first, start=first.start + wait, end=first.end + wait, invitee_name=name,
                      invitee_email=f"{name.split()[0].lower()}@example.org",
                      status="pending" if number == 1 else "confirmed")
              for number, (name, wait) in enumerate(zip(_NAMES, later, strict=True))]
    return AgendaNotice(_ANNA, str(_ANNA.email), first.start.date(), booked, "preview", now)


def _reseated(booked: Reservation, event: str) -> dict[str, Any]:
    """Where an invitee sat before."""
    return {"former": "before", "former_start": booked.start - timedelta(hours=1)} if event == "reseat" else {}


def _countered(booked: Reservation, event: str) -> dict[str, Any]:
    """What a counter-proposal wanted, and what is free instead."""
    if event != "decline-counter":
        return {}
    return {"proposed": booked.start + timedelta(hours=1),
            "free": tuple(booked.start + timedelta(hours=hours) for hours in (2, 3, 24))}


def _booked(now: datetime, event: str) -> Reservation:
    start = now.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=7)
    return Reservation(
        host=_ANNA.name, slug="intro-call", title="Intro call", uid="preview", status=_STATUS.get(event, "confirmed"),
        start=start, end=start + timedelta(minutes=30), invitee_name=_NAMES[0], invitee_email="ada@example.org",
        created=now, modified=now, invitee_timezone="Europe/London", note="About engines.", location="Room 4",
        guests=("charles@example.org",), reason="" if EVENTS[event] or event == "unseat" else "A cold")
