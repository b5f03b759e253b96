"""Who works at the Harbour Street Advice Centre, what can be booked there, and who comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.location import Location
from radicale_booking.domain.question import Question
from radicale_booking.domain.team import Team

NAME = "Harbour Street Advice Centre"
DOMAIN = "harbour-street.example"
ZONE = "Europe/London"
_WORKDAYS = ("MO", "TU", "WE", "TH", "FR")
_MINUTES = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Weekly:
    """What is in a calendar every week: ``title`` on ``days`` (RFC 5545 §3.3.10) from ``begin`` to ``end``, local."""

    title: str
    days: tuple[str, ...]
    begin: time
    end: time
    note: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, or something such as a room, that can be booked; ``away_in``: days from today to a day off."""

    name: str
    shown_name: str
    about: str
    windows: tuple[Weekly, ...]
    busy: tuple[Weekly, ...] = ()
    away_in: int | None = None
    timezone: str = ZONE
    language: str = ""
    agenda: str = ""
    holidays: str = "GB-ENG"

    @property
    def email(self) -> str:
        return f"{self.name}@{DOMAIN}"


PEOPLE = (
    Person("amina", "Amina Okafor", "Debt adviser", agenda="07:30", away_in=9, windows=(
        Weekly("Bookable", ("MO", "TU", "TH"), time(9), time(12, 30)),
        Weekly("Bookable", ("MO", "WE"), time(13, 30), time(17))),
        busy=(Weekly("Team meeting", ("TU",), time(9), time(10)), Weekly("Case review", ("TH",), time(11), time(12)))),
    Person("jonas", "Jonas Weber", "Housing law", windows=(
        Weekly("Bookable", ("MO", "TU", "WE", "TH"), time(10), time(16)),),
        busy=(Weekly("Team meeting", ("TU",), time(9), time(10)), Weekly("Lunch", _WORKDAYS, time(12), time(12, 45)),
              Weekly("County court", ("WE",), time(13), time(15)))),
    Person("lea", "Léa Martin", "First calls, by video from Lyon", timezone="Europe/Paris", language="fr",
           holidays="FR", windows=(Weekly("Disponible", _WORKDAYS, time(8, 30), time(11, 30)),),
           busy=(Weekly("École", ("WE",), time(9), time(10)),)),
    Person("sofia", "Sofia Rossi", "Work and learning", windows=(
        Weekly("Bookable", ("MO", "TU", "FR"), time(9), time(15)),
        Weekly("CV workshop", ("TH",), time(14), time(17), "duration: 90m\nseats: 8\nnotice: 1d\nlocation: Workshop"))),
    Person("meeting-room", "Meeting room", "Six chairs, a screen, step-free; ground floor", windows=(
        Weekly("Bookable", _WORKDAYS, time(8), time(19)),)),
    Person("centre", NAME, "For whoever does not know yet whom to ask", windows=(
        Weekly("Bookable", _WORKDAYS, time(9), time(17)),)),
)

EVENT_TYPES = (
    EventType("amina", "debt-advice", "Debt advice", 45 * _MINUTES, step=15 * _MINUTES, buffer_after=15 * _MINUTES,
              notice=120 * _MINUTES, limit_per_day=5, reminders=(1440 * _MINUTES,),
              description="Letters, arrears, budgets. Bring what you have, sorted or not.",
              questions=(Question("language", "In which language?", "choice", True, ("English", "French", "Igbo")),),
              locations=(Location("in_person", "12 Harbour Street, room 2"), Location("call_invitee"))),
    EventType("jonas", "housing", "Housing law", 30 * _MINUTES, other_durations=(60 * _MINUTES,), confirmation=True,
              decision_time=2880 * _MINUTES, description="Rent, repairs, notice to quit. I read your request first.",
              questions=(Question("about", "What has happened?", "long_text", True),),
              locations=(Location("in_person", "12 Harbour Street, room 3"),)),
    EventType("lea", "first-call", "First call", 20 * _MINUTES, notice=60 * _MINUTES, horizon=timedelta(days=30),
              description="We find out together who can help.", follow_up=60 * _MINUTES,
              follow_up_text="Thank you for the talk. Was it of use? Just answer this mail.",
              locations=(Location("jitsi", f"https://meet.{DOMAIN}"), Location("call_invitee"))),
    EventType("sofia", "career", "Career talk", 60 * _MINUTES, buffer_before=10 * _MINUTES, repeat_every="week",
              repeat_most=4, description="One hour, or a few weeks in a row.",
              locations=(Location("in_person", "12 Harbour Street, room 4"),)),
    EventType("meeting-room", "evening-club", "Room for a club", 120 * _MINUTES, step=60 * _MINUTES,
              confirmation=True, decision_time=4320 * _MINUTES, description="Free for clubs of this quarter."),
    EventType("centre", "next-adviser", "Next free adviser", 30 * _MINUTES, notice=60 * _MINUTES,
              team=Team("round-robin", ("amina", "jonas", "sofia"), "fewest"),
              description="Whoever of Amina, Jonas and Sofia is free.",
              locations=(Location("in_person", "12 Harbour Street, front desk"),)),
    EventType("centre", "family-meeting", "Family meeting", 60 * _MINUTES, notice=1440 * _MINUTES,
              team=Team("collective", ("amina", "jonas", "meeting-room")),
              description="Debts and housing at one table, in the meeting room.",
              locations=(Location("in_person", "12 Harbour Street, meeting room"),)),
)

#: Name, address, language and time zone of those who book.
INVITEES = (
    ("Charles Adeyemi", "charles.adeyemi@example.org", "en", ZONE), ("Ines Duarte", "ines@example.net", "pt", ZONE),
    ("Margaret Hale", "m.hale@example.org", "en", ZONE), ("Yusuf Rahman", "yusuf.r@example.com", "en", ZONE),
    ("Claire Fontaine", "claire@example.net", "fr", "Europe/Paris"), ("Tom Baker", "tom@example.com", "en", ZONE),
    ("Nour Haddad", "nour.haddad@example.org", "ar", ZONE), ("Peter Lindqvist", "peter.l@example.net", "en", ZONE),
    ("Giulia Conti", "giulia@example.com", "it", "Europe/Rome"), ("Ruth Osei", "ruth.osei@example.org", "en", ZONE),
    ("Hannah Vogel", "hannah@example.net", "de", "Europe/Berlin"), ("Sam Ellis", "sam.ellis@example.com", "en", ZONE),
    ("Beatriz Luna", "beatriz@example.org", "es", "Europe/Madrid"), ("Owen Price", "owen@example.net", "en", ZONE),
)

#: What they write, where they write anything.
NOTES = ("", "", "I come with my sister.", "The landlord has answered, I bring the letter.", "",
         "I am a bit late, perhaps.", "Can I bring the dog?", "", "It is about the letter of 3 May.")
