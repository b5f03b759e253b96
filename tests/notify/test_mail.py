"""What a mail says, to whom, in which language, and what the calendar part does to a calendar."""

from __future__ import annotations

import email.policy
import io
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import radicale_booking.notify
from radicale_booking.domain.notice import EVENTS, ROLES, TOLD, InvitationNotice, Notice, event_now
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.repetition import Repetition
from radicale_booking.domain.window_settings import Problem
from radicale_booking.errors import (
    AddressRefused,
    BookingError,
    DeliveryFailed,
    InvalidInput,
    NotFound,
    SlotTaken,
    TooMany,
)
from radicale_booking.mail_settings import LANGUAGES, MailSettings
from radicale_booking.notify import wording
from radicale_booking.notify.mail import MailComposer
from tests.notify.notices import ANNA, BOOKED, SETTINGS, START, notice

NOTIFY = Path(radicale_booking.notify.__file__).parent


def composed(told: Notice, language: str = "", settings: MailSettings = SETTINGS) -> EmailMessage:
    """The mail as its reader's program gets it."""
    sent = MailComposer(settings).compose(told, language).as_bytes()
    assert sent.isascii()
    assert all(len(line) <= 998 for line in sent.splitlines())
    read = message_from_bytes(sent, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    assert not [defect for part in read.walk() for defect in part.defects]
    return read


def part(message: EmailMessage, kind: str) -> EmailMessage | None:
    found = [found for found in message.walk() if found.get_content_type() == kind]
    assert len(found) <= 1
    return found[0] if found else None  # type: ignore[return-value]


def content(message: EmailMessage, kind: str) -> str:
    found = part(message, kind)
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def event(message: EmailMessage) -> icalendar.Event:
    (found,) = icalendar.Calendar.from_ical(content(message, "text/calendar")).walk("VEVENT")
    assert not found.errors
    return found


def test_a_booking_is_told_with_everything_in_the_invitees_language_and_zone() -> None:
    message = composed(notice())
    assert message["Subject"] == "Gebucht: Call mit Anna Schmidt, 24.11.2026, 09:00"
    assert message["To"].addresses[0].display_name == "Bob Müller"
    assert message["From"] == "Anna Schmidt <booking@example.net>"
    assert message["Reply-To"] == "Anna Schmidt <anna@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "de"
    for text in (content(message, "text/plain"), content(message, "text/html")):
        for words in ("Ihr Termin ist gebucht.", "Dienstag, 24. November 2026", "09:00 – 09:30", "Europe/Berlin",
                      "Mitteleuropäische Normalzeit", "Anna Schmidt", "Room 4", "engines",
                      "https://book.example.org/booking/token/", "Meinen Termin verwalten"):
            assert words in text, words


def test_the_host_reads_it_in_the_language_of_the_settings_and_the_hosts_zone() -> None:
    message = composed(notice(role="host"))
    assert re.fullmatch(r"Booked: Call with Bob Müller, Nov 24, 2026, 3:00\sAM", message["Subject"])
    assert message["Reply-To"].addresses[0].addr_spec == "bob@example.com"
    text = content(message, "text/plain")
    for words in ("Bob Müller has booked a time with you.", "Tuesday, November 24, 2026", "America/New_York",
                  "Bob Müller <bob@example.com>", "The event is in your calendar."):
        assert words in text, words
    assert "booking/token" not in message.as_string()
    german = composed(notice(role="host"), settings=replace(SETTINGS, language="de", sender_name="Praxis"))
    assert "hat einen Termin bei Ihnen gebucht" in content(german, "text/plain")
    assert german["From"] == "Praxis <booking@example.net>"


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in TOLD.items() for name in names])
@pytest.mark.parametrize("language", ["en", "en-GB", "de", "de-CH", "fr", "es_MX", "zz", "no_such-tag"])
def test_every_event_has_its_words_in_every_language(name: str, role: str, language: str) -> None:
    message = composed(notice(name, role), language)
    known = language[:2] if language[:2] in LANGUAGES else "en"
    assert message["Content-Language"] == known
    text = content(message, "text/plain")
    assert {"en": "When", "de": "Wann", "fr": "Quand", "es": "Cuándo"}[known] in text
    assert "%(" not in message["Subject"] + text
    lasting = (EVENTS[name] and name != "follow-up") or name == "unseat"
    shown = "book.example.org/booking/" if lasting else "book.example.org/book/anna/call/"
    assert (shown in text) == (role == "invitee")
    invented = composed(notice("cancel", booked=replace(BOOKED, reason="Ein Schnupfen")), language)
    assert "Ein Schnupfen" in content(invented, "text/html")


@pytest.mark.parametrize(("name", "method", "status", "answer"), [
    ("book", "REQUEST", "CONFIRMED", "ACCEPTED"), ("request", "REQUEST", "TENTATIVE", "ACCEPTED"),
    ("confirm", "REQUEST", "CONFIRMED", "ACCEPTED"), ("reschedule", "REQUEST", "CONFIRMED", "ACCEPTED"),
    ("cancel", "CANCEL", "CANCELLED", "DECLINED"), ("decline", "CANCEL", "CANCELLED", "DECLINED"),
    ("expire", "CANCEL", "CANCELLED", "DECLINED"),
])
def test_the_invitees_calendar_is_told_by_itip(name: str, method: str, status: str, answer: str) -> None:
    message = composed(notice(name, booked=replace(BOOKED, sequence=3)))
    assert [found.get_content_type() for found in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"]
    calendar_part, attached = part(message, "text/calendar"), part(message, "application/ics")
    assert calendar_part is not None
    assert attached is not None
    assert calendar_part["Content-Type"].params["method"] == method
    assert calendar_part["Content-Type"].params["charset"] == "utf-8"
    assert attached.get_filename() == "invite.ics"
    text = content(message, "text/calendar")
    assert attached.get_content().decode() == calendar_part.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert icalendar.Calendar.from_ical(text)["METHOD"] == method
    found = event(message)
    assert (found["UID"], found["SEQUENCE"], found["STATUS"]) == ("u1", 3, status)
    assert found["DTSTART"].dt == START
    assert found["DTEND"].dt == START + timedelta(minutes=30)
    assert found["ORGANIZER"] == "mailto:anna@example.org"
    assert found["ORGANIZER"].params["SENT-BY"] == "mailto:booking@example.net"
    assert found["ATTENDEE"] == "mailto:bob@example.com"
    assert found["ATTENDEE"].params["PARTSTAT"] == answer
    assert "DTSTAMP" in found
    assert ("URL" in found) == (method == "REQUEST")


def series(*starts: str) -> Notice:
    """Occurrences in order, booked for each week in Berlin."""
    first, *others = [
        replace(BOOKED, uid=f"u{number}", series="series", recurrence=start, start=start,
                end=start + timedelta(minutes=30))
        for number, start in enumerate(map(datetime.fromisoformat, starts))]
    return replace(notice(booked=first), others=tuple(others),
                   repetition=Repetition("week", 1, ZoneInfo("Europe/Berlin")) if others else None)


@pytest.mark.parametrize(("starts", "lines"), [
    (["2026-10-20T08:00Z", "2026-10-27T09:00Z", "2026-11-03T09:00Z"], [
        "DTSTART;TZID=Europe/Berlin:20261020T100000", "DTEND;TZID=Europe/Berlin:20261020T103000",
        "RRULE:FREQ=WEEKLY;COUNT=3;INTERVAL=1"]),
    (["2026-11-03T09:00Z", "2026-11-17T09:00Z"], [
        "DTSTART;TZID=Europe/Berlin:20261103T100000", "DTEND;TZID=Europe/Berlin:20261103T103000",
        "RRULE:FREQ=WEEKLY;COUNT=3;INTERVAL=1", "EXDATE;TZID=Europe/Berlin:20261110T100000"]),
    (["2026-11-03T09:00Z", "2026-11-11T12:00Z"], [
        "DTSTART:20261103T090000Z", "DTEND:20261103T093000Z", "RDATE:20261111T120000Z"]),
    # In the second of the two hours with this name.
    (["2026-10-25T01:30Z", "2026-11-01T01:30Z"], [
        "DTSTART:20261025T013000Z", "DTEND:20261025T020000Z", "RDATE:20261101T013000Z"]),
], ids=["across a change of clocks", "one was cancelled", "one was moved", "from the second of two equal hours"])
def test_occurrences_are_told_by_a_rule_where_they_follow_it(starts: list[str], lines: list[str]) -> None:
    """Outlook takes an event with RDATE and without RRULE for no series (MS-OXCICAL 2.1.3.1.1.20.18)."""
    text = content(composed(series(*starts)), "text/calendar")
    named = ("DTSTART", "DTEND", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
    assert [line for line in text.partition("BEGIN:VEVENT")[2].splitlines() if line.startswith(named)] == lines
    assert text.count("BEGIN:VTIMEZONE") == ("TZID=" in lines[0])


def test_what_is_told_of_one_occurrence_answers_what_was_told_of_all() -> None:
    first = composed(series("2026-11-03T09:00Z", "2026-11-10T09:00Z"))
    [other] = series("2026-11-03T09:00Z", "2026-11-10T09:00Z").others
    ended = composed(notice("cancel", booked=other))
    assert ended["In-Reply-To"] == first["Message-ID"] != ended["Message-ID"]
    assert event(ended)["RECURRENCE-ID"].dt == other.start


def test_a_guest_has_a_name_in_the_invitation() -> None:
    """Programs show nothing for an empty one."""
    guests = event(composed(notice(booked=replace(BOOKED, guests=("ada@example.org",)))))["ATTENDEE"][1:]
    assert [guest.params["CN"] for guest in guests] == ["ada@example.org"]


@pytest.mark.parametrize(("name", "answer"), [("book", "ACCEPTED"), ("request", "ACCEPTED"), ("cancel", "DECLINED")])
def test_the_hosts_calendar_is_told_what_the_invitee_answers(name: str, answer: str) -> None:
    message = composed(notice(name, "host"))
    calendar_part = part(message, "text/calendar")
    assert calendar_part is not None
    assert calendar_part["Content-Type"].params["method"] == "REPLY"
    found = event(message)
    assert found["ATTENDEE"].params["PARTSTAT"] == answer
    assert "URL" not in found


def test_a_host_who_declines_gets_no_calendar_part() -> None:
    assert part(composed(notice("decline", "host")), "text/calendar") is None


def test_a_host_without_an_address_is_organizer_by_the_sender() -> None:
    message = composed(notice(host=Principal("anna")))
    assert message["Reply-To"] is None
    assert event(message)["ORGANIZER"] == "mailto:booking@example.net"
    assert "SENT-BY" not in event(message)["ORGANIZER"].params


def test_mails_about_one_reservation_are_one_conversation() -> None:
    first, moved, ended = composed(notice()), composed(notice("reschedule")), composed(notice("cancel"))
    assert moved["In-Reply-To"] == moved["References"] == ended["In-Reply-To"] == first["Message-ID"]
    assert first["In-Reply-To"] is None
    identifiers = {str(message["Message-ID"]) for message in (first, moved, ended, composed(notice(role="host")))}
    assert len(identifiers) == 4
    assert all(identifier.endswith("@example.net>") for identifier in identifiers)
    assert composed(notice("reschedule"))["Message-ID"] == moved["Message-ID"]
    assert composed(notice("reschedule", key="another"))["Message-ID"] != moved["Message-ID"]


HEADERS = {"From", "To", "Date", "Auto-Submitted", "X-Auto-Response-Suppress", "Subject", "Content-Language",
           "Message-ID", "Reply-To", "MIME-Version", "Content-Type"}


@given(text=st.text(min_size=1, max_size=80))
def test_nothing_that_people_write_becomes_a_header(text: str) -> None:
    booked = replace(BOOKED, title=text, invitee_name=text, note=text, location=text)
    told = notice(booked=booked, host=replace(ANNA, display_name=text))
    for role in ROLES:
        message = MailComposer(SETTINGS).compose(replace(told, role=role))
        assert set(message.keys()) == HEADERS
        read = message_from_bytes(message.as_bytes(), policy=email.policy.default)
        assert set(read.keys()) == HEADERS
        assert read["To"].addresses[0].addr_spec == "bob@example.com"
        assert len(read["To"].addresses) == 1


@pytest.mark.parametrize("text", ["Eve\r\nBcc: x@example.org", "Eve\nSubject: y", "Eve\u2028Bcc: x", '"Eve" <e@x.org>,',
                                  "=?utf-8?q?Eve=0ABcc=3A?=", "Eve\x00\x0b"])
def test_known_injections(text: str) -> None:
    message = composed(notice(booked=replace(BOOKED, title=text, invitee_name=text)))
    assert set(message.keys()) == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["bob@example.com"]
    assert str(message["Subject"]).isprintable()
    assert message["To"].addresses[0].display_name.isprintable()


def test_html_is_escaped() -> None:
    page = content(composed(notice(booked=replace(BOOKED, note="<script>alert(1)</script>"))), "text/html")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_addresses_in_other_scripts_are_made_ascii_where_they_can_be() -> None:
    message = composed(notice(booked=replace(BOOKED, invitee_email="bob@exämple.org")))
    assert message["To"].addresses[0].addr_spec == "bob@xn--exmple-cua.org"
    assert event(message)["ATTENDEE"] == "mailto:bob@xn--exmple-cua.org"
    for unusable in ("bob@" + "ä" * 80 + ".org", "a@b\r\nBcc: c@d", "@example.org"):
        with pytest.raises(DeliveryFailed) as refused:
            MailComposer(SETTINGS).compose(notice(booked=replace(BOOKED, invitee_email=unusable)))
        assert refused.value.permanent


def test_templates_of_the_sysadmin_go_before_ours(tmp_path: Path) -> None:
    (tmp_path / "mail.txt").write_text("Ours: {{ heading }}\n{% for label, value in facts %}{{ label }}\n{% endfor %}",
                                       encoding="utf-8")
    (tmp_path / "cancel-host.html").write_text("<p>{{ notice.reservation.invitee_name }}</p>", encoding="utf-8")
    settings = replace(SETTINGS, templates=str(tmp_path))
    assert content(composed(notice(), "en", settings), "text/plain").startswith("Ours: You are booked.\nWhat\n")
    assert "<h1" in content(composed(notice(), "en", settings), "text/html")
    assert content(composed(notice("cancel", "host"), "en", settings), "text/html") == "<p>Bob Müller</p>\n"
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "mail.html").write_text("{{ nothing.here }}", encoding="utf-8")
    settings = replace(SETTINGS, templates=str(broken))
    with pytest.raises(DeliveryFailed, match=r"mail\.html.*nothing") as refused:
        composed(notice(), "en", settings)
    assert not refused.value.permanent
    with pytest.raises(InvalidInput):
        composed(replace(notice(), event="unheard"))


def test_mail_has_the_colour_of_the_site_where_it_can_be_read() -> None:
    def html(colour: str) -> str:
        body = MailComposer(SETTINGS, colour).compose(notice()).get_body(("html",))
        assert body is not None
        return str(body.get_content())

    assert "background:#225599;border:1px solid #225599;color:#ffffff" in html("#225599")
    assert "background:#0b6b5f;border:1px solid #0b6b5f;color:#ffffff" in html("")
    assert "background:#ffff00;" not in html("#ffff00")


def test_where_to_meet_on_the_web_is_a_link() -> None:
    def html(place: str) -> str:
        return content(composed(notice(booked=replace(BOOKED, location=place))), "text/html")

    assert '<a class="link" href="https://meet.example.org/?a=1&amp;b=2"' in html("https://meet.example.org/?a=1&b=2")
    for place in ("Room 4", "https://meet.example.org/ and more", "javascript:alert(1)"):
        assert "<a class=\"link\"" not in html(place)


def test_a_question_is_not_followed_by_a_colon() -> None:
    text = content(composed(replace(notice(), answers=(("What about?", "Engines"), ("Company", "Ours")))), "text/plain")
    assert "What about? Engines\n" in text
    assert "Company: Ours\n" in text


def test_nobody_is_told_that_an_ended_booking_holds() -> None:
    assert event_now("book", BOOKED) == "book"
    assert event_now("book", replace(BOOKED, status="cancelled")) == "cancel"
    assert event_now("request", replace(BOOKED, status="declined")) == "decline"
    assert event_now("request", replace(BOOKED, status="expired")) == "expire"
    assert event_now("cancel", replace(BOOKED, status="cancelled")) == "cancel"


def catalogue(language: str) -> Catalog:
    return read_po(io.BytesIO((NOTIFY / "translations" / language / "LC_MESSAGES" / "mail.po").read_bytes()), language)


def key(message: Message) -> str | tuple[str, ...]:
    """The sentence, or both forms of one with a number."""
    return message.id if isinstance(message.id, str) else tuple(message.id)


def written(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


TRANSLATED = sorted(set(LANGUAGES) - {"en"})


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_is_complete_compiled_and_keeps_placeholders(language: str) -> None:
    """If this fails: ``python -m babel.messages.frontend compile -D mail -d radicale_booking/notify/translations``."""
    phrases = {message for _, _, message, _, _ in extract_from_dir(
        NOTIFY, [("**.py", "python")], keywords={"N_": None, "translate": None, "gettext": None, "ngettext": (1, 2)})}
    messages = {key(message): message for message in catalogue(language) if message.id}
    assert set(messages) == phrases
    for phrase, message in messages.items():
        assert message.string
        assert not message.fuzzy
        forms = [message.string] if isinstance(message.string, str) else message.string
        first = phrase if isinstance(phrase, str) else phrase[0]
        for form in forms:
            assert sorted(re.findall(r"%\(\w+\)s", form)) == sorted(re.findall(r"%\(\w+\)s", first))
    compiled = read_mo(io.BytesIO((NOTIFY / "translations" / language / "LC_MESSAGES" / "mail.mo").read_bytes()))
    assert {key(message): written(message) for message in compiled if message.id} == {
        phrase: written(message) for phrase, message in messages.items()}


def invitation(method: str = "REQUEST", **facts: Any) -> InvitationNotice:
    text = (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:u\r\n"
            "DTSTAMP:20260101T000000Z\r\nDTSTART:20300108T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    told: dict[str, Any] = {
        "text": text, "sender": "bob@example.org", "sender_name": "Bob Müller", "recipient": "zoe@elsewhere.example",
        "summary": "Lunch", "spans": ((START, START + timedelta(minutes=30)),), "key": "itip/1", "at": START,
        "language": "de-AT", "timezone": "Europe/Berlin", "conversation": "itip u zoe"}
    return InvitationNotice(method, **told | facts)


def sent(told: InvitationNotice, language: str = "") -> EmailMessage:
    """The mail as its reader's program gets it."""
    octets = MailComposer(SETTINGS).compose_invitation(told, language).as_bytes()
    assert octets.isascii()
    read = message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


@pytest.mark.parametrize(("method", "facts", "subject", "heading"), [
    ("REQUEST", {}, "Einladung", "Bob Müller lädt Sie ein."),
    ("REQUEST", {"changed": True}, "Geändert", "Bob Müller hat diesen Termin geändert."),
    ("CANCEL", {}, "Abgesagt", "Bob Müller hat diese Einladung zurückgezogen."),
    ("REPLY", {"partstat": "ACCEPTED"}, "Zugesagt", "Bob Müller sagt zu."),
    ("REPLY", {"partstat": "DECLINED"}, "Abgelehnt", "Bob Müller sagt ab."),
    ("REPLY", {"partstat": "TENTATIVE"}, "Vielleicht", "Bob Müller kommt vielleicht."),
    ("REPLY", {"partstat": "DELEGATED"}, "Antwort", "Bob Müller hat geantwortet."),
])
def test_an_invitation_is_mailed_in_the_name_of_its_sender(method: str, facts: dict[str, Any], subject: str,
                                                           heading: str) -> None:
    told = invitation(method, remark="Frei: 11:00", location="Room 4", description="About\nengines",
                      people=("Charles",), **facts)
    message = sent(told)
    assert message["Subject"] == f"{subject}: Lunch, 24.11.2026, 09:00"
    assert (message["To"].addresses[0].addr_spec, message["Reply-To"].addresses[0].addr_spec) == (
        "zoe@elsewhere.example", "bob@example.org")
    assert message["From"].addresses[0].addr_spec == SETTINGS.sender
    assert message["Content-Language"] == "de"
    assert [found.get_content_type() for found in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"]
    assert content(message, "text/calendar") == told.text.replace("\r\n", "\n")
    assert part(message, "text/calendar")["Content-Type"].params["method"] == method  # type: ignore[index]
    for text in (content(message, "text/plain"), content(message, "text/html")):
        for words in (heading, "Dienstag, 24. November 2026", "09:00 – 09:30", "Europe/Berlin", "Room 4", "engines",
                      "Charles", "Frei: 11:00"):
            assert words in text, words
        assert ("Knöpfen" in text) == (method == "REQUEST")


def test_an_invitation_has_the_language_that_is_asked_for() -> None:
    message = sent(invitation(), "fr")
    assert message["Subject"] == "Invitation : Lunch, 24 nov. 2026, 09:00"
    assert "Bob Müller vous invite." in content(message, "text/html")
    assert 'dir="rtl"' in content(sent(invitation(), "ar"), "text/html")
    assert sent(invitation(language=""))["Content-Language"] == "en"


@pytest.mark.parametrize(("spans", "more", "shown"), [
    (((date(2030, 1, 8), date(2030, 1, 9)),), False, ["Dienstag, 8. Januar 2030"]),
    (((date(2030, 1, 8), date(2030, 1, 11)),), False, ["Dienstag, 8. Januar 2030 – Donnerstag, 10. Januar 2030"]),
    (((START, START + timedelta(days=2)),), False, ["Dienstag, 24. November 2026", "09:00 – 26.11.2026, 09:00"]),
    (((START, START),), False, ["Dienstag, 24. November 2026", "09:00"]),
    (tuple((START + timedelta(days=7 * week), START + timedelta(days=7 * week, minutes=30)) for week in range(3)), True,
     ["Dienstag, 24. November 2026", "Dienstag, 1. Dezember 2026", "Dienstag, 8. Dezember 2026", "…", "09:00 – 09:30"]),
])
def test_when_it_is(spans: tuple[Any, ...], more: bool, shown: list[str]) -> None:
    text = content(sent(invitation(spans=spans, more=more), "de"), "text/plain")
    found = [line.strip() for line in text.partition("Wann:")[2].partition("Mit:")[0].strip().splitlines()]
    assert found[:len(shown)] == shown
    zone = ["Mitteleuropäische Normalzeit (Europe/Berlin)"] if isinstance(spans[0][0], datetime) else []
    assert found[len(shown):] == zone


def test_mails_about_one_event_refer_to_the_same() -> None:
    first, moved = sent(invitation()), sent(invitation(changed=True, key="itip/2"))
    assert first["References"] == moved["References"] != sent(invitation(conversation="itip v zoe"))["References"]
    assert first["Message-ID"] != moved["Message-ID"]
    assert first["Message-ID"] == sent(invitation())["Message-ID"]
    assert first["In-Reply-To"] is None
    answer = sent(invitation("REPLY", answers="<CAF+x=1@mail.example.org>"))
    assert answer["In-Reply-To"] == "<CAF+x=1@mail.example.org>"
    assert answer["References"] == f"{first['References']} <CAF+x=1@mail.example.org>"
    for forged in ("<a@b>\r\nBcc: x@example.org", "a@b", "<a b@c>", "<ä@b>", "<a@b> <c@d>"):
        assert sent(invitation("REPLY", answers=forged))["In-Reply-To"] is None


def test_nothing_in_an_invitation_becomes_a_header() -> None:
    text = "Bob\r\nBcc: x@example.org <b>"
    message = sent(invitation(sender_name=text, summary=text, remark=text, location=text))
    assert message["Bcc"] is None
    assert len(message["From"].addresses) == 1
    assert "<b>" not in content(message, "text/html")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_mail_of_a_few_sentences(language: str) -> None:
    problem = Problem("<duration>: soon", "is not a length of time", "write it like 30m")
    composer = MailComposer(replace(SETTINGS, language=language))
    told = composer.compose_problems("anna@example.org", [problem], "k", START)
    assert told["Content-Language"] == composer.compose_test("a@example.org", START)["Content-Language"] == language
    for kind in ("text/plain", "text/html"):
        assert "is not a length of time; write it like 30m" in content(told, kind)
    assert "&lt;duration&gt;: soon" in content(told, "text/html")
    tried = composer.compose_test("a@example.org", START)
    assert content(tried, "text/plain").splitlines()[0] in content(tried, "text/html")
    other = composer.compose_problems("anna@example.org", [problem], "k", START, "nl")
    assert other["Content-Language"] == "nl"


def test_who_has_an_event_of_his_own_gets_no_other() -> None:
    told = replace(notice(), invited=True)
    assert part(composed(told), "text/calendar") is None
    assert part(composed(told), "application/ics") is None
    assert part(composed(replace(told, role="host", recipient="anna@example.org")), "text/calendar") is not None


def test_why_an_invitation_books_nothing() -> None:
    later = START + timedelta(hours=1)
    refused: list[BookingError] = [
        SlotTaken(START, (later,), "busy"), SlotTaken(START, (later,), "busy"), SlotTaken(later, (), "grid"),
        TooMany("book"), NotFound("event type", "x"), AddressRefused("book", "refused")]
    url = "https://example.org/book/anna/talk/"

    def said(language: str) -> list[str]:
        return MailComposer(SETTINGS).remark(refused, language=language, timezone="Europe/Berlin", url=url).split("\n")

    english, german = (wording.locale_of(tag) for tag in ("en", "de"))
    zone = ZoneInfo("Europe/Berlin")
    assert said("") == [
        f"{wording.short_moment(START, zone, english)} is not free any more. "
        f"Free instead: {wording.short_moment(later, zone, english)} (Europe/Berlin)",
        f"{wording.short_moment(later, zone, english)} is not offered.",
        "There were too many bookings. Please try again later.",
        f"This cannot be booked by an invitation. See what can be: {url}"]
    assert said("de")[1] == f"{wording.short_moment(later, zone, german)} wird nicht angeboten."
    assert said("de")[3] == f"Das lässt sich nicht durch eine Einladung buchen. Was sich buchen lässt: {url}"
    assert MailComposer(SETTINGS).remark([], language="", timezone="UTC", url=url) == ""
