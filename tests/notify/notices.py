"""Notices about one reservation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from radicale_booking.domain.notice import Notice
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.mail_settings import MailSettings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
ANNA = Principal("anna", email="anna@example.org", display_name="Anna Schmidt", timezone="America/New_York", host=True)
BOOKED = Reservation(
    host="anna", slug="call", title="Call", uid="u1", status="confirmed", start=START,
    end=START + timedelta(minutes=30), invitee_name="Bob Müller", invitee_email="bob@example.com", created=NOW,
    modified=NOW, invitee_timezone="Europe/Berlin", language="de-AT", note="About\nengines", location="Room 4")
SETTINGS = MailSettings(host="127.0.0.1", security="none", sender="booking@example.net", timeout_seconds=10)
STATUS = {"request": "pending", "cancel": "cancelled", "leave": "cancelled", "unseat": "cancelled",
           "decline": "declined", "expire": "expired"}


def notice(event: str = "book", role: str = "invitee", *, booked: Reservation = BOOKED, host: Principal = ANNA,
           key: str = "") -> Notice:
    """``event`` told to ``role``; the reservation has the status that goes with it."""
    booked = replace(booked, status=STATUS.get(event, "confirmed"))
    recipient = {"invitee": booked.invitee_email, "host": "anna@example.org", "guest": "guest@example.org"}[role]
    return Notice(event, role, recipient, booked, host, key or f"u1/{booked.sequence}/{event}/{role}", NOW,
                  "https://book.example.org/booking/token/", "https://book.example.org/book/anna/call/")
