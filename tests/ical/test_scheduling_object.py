"""Messages and stored objects as text: what is told, what is kept, what is changed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.itip import Message
from radicale_booking.domain.itip_organizer import Revision, revision
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.attendee_copy import apply_cancel, apply_request
from radicale_booking.ical.content_lines import Line, parse
from radicale_booking.ical.itip_message import write
from radicale_booking.ical.scheduling_edit import answer, apply_reply, restore, revise, set_status, unforced
from radicale_booking.ical.scheduling_object import method, read

ANNA, BOB, CLEO = (f"mailto:{name}@example.org" for name in ("anna", "bob", "cleo"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = datetime(2026, 12, 8, 9, tzinfo=UTC)
SERIES = """BEGIN:VCALENDAR
X-WR-CALNAME:Odd\\, but kept
VERSION:2.0
PRODID:-//A program//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Unused
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0000
TZOFFSETTO:+0000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:u1
SUMMARY;LANGUAGE=en:Plans\\; and more
DTSTART;TZID=Europe/Berlin:20261201T100000
DTEND;TZID=Europe/Berlin:20261201T110000
DTSTAMP:20261101T000000Z
RRULE:FREQ=WEEKLY;COUNT=4
SEQUENCE:1
TRANSP:OPAQUE
X-PRIVATE;X-A="b;c:d":yes
CATEGORIES:Work
UNHEARD-OF:of
ORGANIZER;CN="Anna, the host":mailto:anna@example.org
ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;SCHEDULE-STATUS="1.2":mailto:Bob@example.org
ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-AGENT=SERVER;SCHEDULE-FORCE-SEND=REQUEST:mailto:cleo@example.org
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Now
TRIGGER:-PT10M
END:VALARM
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def changed(text: str, before: str) -> tuple[list[str], list[str]]:
    """The unfolded lines of ``text`` that ``before`` has not, and the other way round."""
    new, old = (piece.replace("\r\n ", "").split("\r\n") for piece in (text, before))
    return [line for line in new if line not in old], [line for line in old if line not in new]


def request(recipient: str, **more: object) -> Message:
    return Message("REQUEST", "u1", ANNA, recipient, (None,), **more)  # type: ignore[arg-type]


def test_what_is_not_understood_comes_back_as_it_came() -> None:
    assert parse(SERIES).text().replace("\r\n ", "") == SERIES
    assert parse(SERIES.replace("\r\n", "\n")).text().replace("\r\n ", "") == SERIES
    long = SERIES.replace("UNHEARD-OF:of", "UNHEARD-OF:" + "ä€" * 80)
    assert max(len(line.encode()) for line in parse(long).text().split("\r\n")) <= 75
    assert parse(long).text().replace("\r\n ", "") == long


@pytest.mark.parametrize(
    "text",
    ["", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\nEND:VEVENT\r\n", "BEGIN:VCALENDAR\r\n", "nonsense"],
)
def test_what_is_not_nested_is_refused(text: str) -> None:
    with pytest.raises(InvalidCalendar):
        parse(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DTSTART;TZID=Europe/Berlin:20261201T100000\r\n", ""),
        ("RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:nonsense"),
        ("SEQUENCE:1", "SEQUENCE:many"),
        ("BEGIN:VEVENT", "BEGIN:VTODO"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(old: str, new: str) -> None:
    with pytest.raises(InvalidCalendar):
        read(SERIES.replace(old, new).replace("END:VEVENT", "END:VTODO" if "VTODO" in new else "END:VEVENT"))


def test_an_instance_described_twice_is_refused() -> None:
    event = SERIES[SERIES.index("BEGIN:VEVENT") : SERIES.index("END:VCALENDAR")]
    with pytest.raises(InvalidCalendar):
        read(SERIES.replace("END:VCALENDAR", event + "END:VCALENDAR"))


def test_parameters_are_read_and_changed_in_place() -> None:
    line = Line.parse('ATTENDEE;CN="a:b;c";X-Y=1;PARTSTAT=DECLINED:mailto:x@example.org')
    assert (line.get("CN"), line.get("PARTSTAT"), line.value) == ("a:b;c", "DECLINED", "mailto:x@example.org")
    assert line.having("PARTSTAT", "ACCEPTED").text == line.text.replace("DECLINED", "ACCEPTED")
    assert line.having("X-Y", None).text == line.text.replace(";X-Y=1", "")
    assert line.having("SCHEDULE-STATUS", "2.0").text.endswith(';SCHEDULE-STATUS="2.0":mailto:x@example.org')


def test_a_request_tells_what_concerns_the_recipient_and_nothing_internal() -> None:
    text = write(SERIES, request(BOB, excluded=frozenset({SECOND})), NOW)
    assert method(text) == "REQUEST"
    assert "SCHEDULE-" not in text
    assert "VALARM" not in text
    assert "TZID:Europe/Berlin" in text
    assert "Unused" not in text
    assert "DTSTAMP:20261124T120000Z" in text
    assert "EXDATE;TZID=Europe/Berlin:20261208T100000" in text
    assert "UNHEARD-OF:of" in text
    (event,) = read(text).components
    assert event.exdates == {SECOND}
    assert [(one.address, one.partstat) for one in event.attendees] == [(BOB, "NEEDS-ACTION"), (CLEO, "ACCEPTED")]


def test_a_cancellation_names_the_instance_and_the_recipient_only() -> None:
    message = Message("CANCEL", "u1", ANNA, CLEO, (SECOND,), sequence=5)
    text = write(SERIES, message, NOW)
    (event,) = read(text).components
    assert (event.instance, event.start, event.status, event.sequence) == (SECOND, SECOND, "CANCELLED", 5)
    assert event.addresses == {CLEO}
    assert "RRULE:FREQ=WEEKLY" not in text
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20261208T100000" in text


def test_a_reply_tells_one_answer_and_no_more() -> None:
    message = Message("REPLY", "u1", BOB, ANNA, (None,), answers=((None, "DECLINED"),))
    text = write(SERIES, message, NOW, comment="Sorry;\nfree: 14:00, 15:00")
    (event,) = read(text).components
    assert [(one.address, one.partstat, one.rsvp) for one in event.attendees] == [(BOB, "DECLINED", False)]
    assert event.sequence == 1
    assert "COMMENT:Sorry\\;\\nfree: 14:00\\, 15:00" in text
    assert "REQUEST-STATUS:2.0;Success" in text
    assert "CATEGORIES" not in text
    assert "X-PRIVATE" not in text


def test_nothing_in_a_comment_becomes_a_property() -> None:
    message = Message("REPLY", "u1", BOB, ANNA, (None,), answers=((None, "DECLINED"),))
    text = write(SERIES, message, NOW, comment="x\r\nATTENDEE:mailto:eve@example.org\rEND:VEVENT\x00")
    assert read(text).components[0].addresses == {BOB}


def reply(partstat: str = "ACCEPTED", instance: datetime | None = None, extra: str = "") -> str:
    message = Message("REPLY", "u1", BOB, ANNA, (instance,), answers=((instance, partstat),))
    text = write(SERIES, message, NOW)
    return text.replace("\r\n ", "").replace(f"PARTSTAT={partstat}", f"PARTSTAT={partstat}{extra}")


def test_a_reply_changes_one_line() -> None:
    added, gone = changed(apply_reply(SERIES, reply(), (None,)), SERIES)
    assert added == [
        'ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED;SCHEDULE-STATUS="2.0";X-RADICALE-BOOKING-REPLIED=20261124T120000Z'
        ":mailto:Bob@example.org"
    ]
    assert len(gone) == 1


def test_a_reply_about_one_instance_makes_it_an_instance_of_its_own() -> None:
    text = apply_reply(SERIES, reply("DECLINED", SECOND), (SECOND,))
    series, instance = read(text).components
    assert series == read(SERIES).components[0]
    assert (instance.instance, instance.start, instance.end - instance.start) == (SECOND, SECOND, series.length)
    assert [one.partstat for one in instance.attendees] == ["DECLINED", "ACCEPTED"]
    again = apply_reply(text, reply("TENTATIVE", SECOND), (SECOND,))
    assert [one.partstat for one in read(again).components[1].attendees] == ["TENTATIVE", "ACCEPTED"]
    assert len(read(again).components) == 2


def test_a_reply_about_no_instance_is_refused() -> None:
    stray = datetime(2026, 12, 9, 9, tzinfo=UTC)
    with pytest.raises(InvalidCalendar):
        apply_reply(SERIES, reply("DECLINED", stray), (stray,))


def test_an_all_day_instance_is_answered_by_its_day() -> None:
    days = SERIES.replace("DTSTART;TZID=Europe/Berlin:20261201T100000", "DTSTART;VALUE=DATE:20261201")
    days = days.replace("DTEND;TZID=Europe/Berlin:20261201T110000", "DTEND;VALUE=DATE:20261202")
    text = answer(days, BOB, "ACCEPTED", instance=date(2026, 12, 8))
    assert "RECURRENCE-ID;VALUE=DATE:20261208" in text
    assert "DTEND;VALUE=DATE:20261209" in text


def test_delegation_names_both() -> None:
    text = apply_reply(SERIES, reply("DELEGATED", extra=';DELEGATED-TO="mailto:dan@example.org"'), (None,))
    bob, _, dan = read(text).components[0].attendees
    assert (bob.partstat, bob.delegated_to) == ("DELEGATED", ("mailto:dan@example.org",))
    assert (dan.address, dan.partstat, dan.delegated_from) == ("mailto:dan@example.org", "NEEDS-ACTION", (BOB,))


def test_a_delegate_answers_before_the_delegator() -> None:
    sent = reply("ACCEPTED", extra=';DELEGATED-FROM="mailto:bob@example.org"').replace(
        "mailto:Bob@example.org", "mailto:dan@example.org"
    )
    attendees = read(apply_reply(SERIES, sent, (None,))).components[0].attendees
    assert [(one.address, one.partstat) for one in attendees] == [
        (BOB, "NEEDS-ACTION"),
        (CLEO, "ACCEPTED"),
        ("mailto:dan@example.org", "ACCEPTED"),
    ]


def copy_of_bob() -> str:
    copy = apply_request(None, write(SERIES, request(BOB), NOW), (None,), BOB)
    copy = answer(copy, BOB, "ACCEPTED", comment="Glad to")
    copy = copy.replace("TRANSP:OPAQUE", "TRANSP:TRANSPARENT").replace("CATEGORIES:Work", "CATEGORIES:Fun")
    alarm = "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-P1D\r\nEND:VALARM\r\n"
    return copy.replace("END:VEVENT", f"X-MINE:1\r\n{alarm}END:VEVENT")


def test_a_new_copy_is_the_message_without_its_method() -> None:
    copy = apply_request(None, write(SERIES, request(BOB), NOW), (None,), BOB)
    assert method(copy) == ""
    assert read(copy).components[0].properties == read(SERIES).components[0].properties


@pytest.mark.parametrize(
    ("old", "new", "partstat"),
    [("Plans\\; and more", "New plans", "ACCEPTED"), ("T100000", "T083000", "NEEDS-ACTION")],
)
def test_an_update_keeps_what_is_the_attendees(old: str, new: str, partstat: str) -> None:
    update = write(SERIES.replace(old, new).replace("SEQUENCE:1", "SEQUENCE:2"), request(BOB), NOW)
    text = apply_request(copy_of_bob(), update, (None,), BOB)
    for own in ("TRANSP:TRANSPARENT", "CATEGORIES:Fun", "X-MINE:1", "TRIGGER:-P1D", "COMMENT:Glad to", "SEQUENCE:2"):
        assert text.count(own) == 1
    assert new in text
    assert "TRANSP:OPAQUE" not in text
    assert "CATEGORIES:Work" not in text
    (event,) = read(text).components
    assert [one.partstat for one in event.attendees] == [partstat, "ACCEPTED"]


def test_a_message_sets_no_parameter_of_scheduling() -> None:
    forged = write(SERIES, request(BOB), NOW).replace("ORGANIZER;", "ORGANIZER;SCHEDULE-AGENT=CLIENT;")
    assert "SCHEDULE-AGENT" not in apply_request(None, forged, (None,), BOB)


def test_a_cancelled_copy_stays_and_says_so() -> None:
    cancel = write(SERIES, Message("CANCEL", "u1", ANNA, BOB, (None,), sequence=2), NOW)
    text = apply_cancel(copy_of_bob(), cancel, (None,))
    (event,) = read(text).components
    assert (event.status, event.sequence, event.dtstamp) == ("CANCELLED", 2, NOW)
    assert "TRIGGER:-P1D" in text


def test_a_cancelled_instance_is_left_out() -> None:
    cancel = write(SERIES, Message("CANCEL", "u1", ANNA, BOB, (SECOND,), sequence=2), NOW)
    with_own = answer(copy_of_bob(), BOB, "TENTATIVE", instance=SECOND)
    (event,) = read(apply_cancel(with_own, cancel, (SECOND,))).components
    assert (event.exdates, event.status, event.sequence) == ({SECOND}, "", 2)


def test_a_series_cancelled_from_an_instance_on() -> None:
    cancel = write(SERIES, Message("CANCEL", "u1", ANNA, BOB, (SECOND,), sequence=2), NOW)
    cancel = cancel.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    series, rest = read(apply_cancel(copy_of_bob(), cancel, (SECOND,))).components
    assert (series.status, rest.status, rest.this_and_future) == ("", "CANCELLED", True)


def test_statuses_go_to_attendees_and_to_the_organizer() -> None:
    text = set_status(SERIES, {BOB: "3.7", CLEO: "1.2", ANNA: "2.0"})
    (event,) = read(text).components
    assert event.organizer is not None
    assert [one.schedule_status for one in (*event.attendees, event.organizer)] == ["3.7", "1.2", "2.0"]
    assert len(changed(text, SERIES)[0]) == 3


def test_a_revision_is_written() -> None:
    text = revise(SERIES, Revision({None: 7}, {None: frozenset({CLEO})}), NOW)
    (event,) = read(text).components
    assert (event.sequence, event.dtstamp) == (7, NOW)
    assert (event.attendees[1].partstat, event.attendees[1].rsvp) == ("NEEDS-ACTION", True)
    assert "SCHEDULE-FORCE-SEND" not in text
    assert len(changed(text, SERIES)[0]) == 3


def test_force_send_is_not_stored() -> None:
    assert changed(unforced(SERIES), SERIES)[0] == [
        "ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-AGENT=SERVER:mailto:cleo@example.org"
    ]


def test_answering_needs_an_invitation() -> None:
    with pytest.raises(InvalidCalendar):
        answer(SERIES, "mailto:eve@example.org", "ACCEPTED")


def test_a_program_that_drops_parameters_loses_nothing() -> None:
    stored = set_status(apply_reply(SERIES, reply(), (None,)), {CLEO: "5.1"})
    sent = stored
    for lost in (';SCHEDULE-STATUS="2.0"', ';SCHEDULE-STATUS="5.1"', ";SCHEDULE-AGENT=SERVER", "PARTSTAT=ACCEPTED;"):
        sent = sent.replace("\r\n ", "").replace(lost, "")
    merged = read(restore(stored, sent, ANNA)).components[0]
    assert merged.attendees == read(stored).components[0].attendees


def test_an_organizer_may_answer_for_those_whom_his_program_serves() -> None:
    stored = SERIES.replace("SCHEDULE-AGENT=SERVER", "SCHEDULE-AGENT=CLIENT")
    sent = stored.replace("PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED")
    assert read(restore(stored, sent, ANNA)).components[0].attendees[1].partstat == "DECLINED"
    mistaken = restore(SERIES, SERIES.replace("=ACCEPTED", "=DECLINED"), ANNA)
    assert read(mistaken).components[0].attendees[1].partstat == "ACCEPTED"


def test_an_attendee_sets_his_own_answer_only() -> None:
    stored = copy_of_bob()
    sent = stored.replace("ORGANIZER;", "ORGANIZER;SCHEDULE-AGENT=CLIENT;").replace("=ACCEPTED", "=DECLINED")
    sent = sent.replace("SEQUENCE:1", "SEQUENCE:8").replace("DTSTAMP:2026", "DTSTAMP:2030")
    merged, before = read(restore(stored, sent, BOB)).components[0], read(stored).components[0]
    assert [one.partstat for one in merged.attendees] == ["DECLINED", "ACCEPTED"]
    assert merged.organizer == before.organizer
    assert merged.version == before.version


@pytest.mark.parametrize("forged", ["ACCEPTED^n^nATTENDEE:mailto:eve@example.org", "A^'B", "A:B;C"])
def test_nothing_in_a_reply_becomes_a_property(forged: str) -> None:
    sent = reply("DELEGATED", extra=f';DELEGATED-TO="mailto:dan@example.org^nATTENDEE:mailto:{forged}"')
    told = apply_reply(SERIES, sent.replace("PARTSTAT=DELEGATED", f'PARTSTAT="{forged}"'), (None,))
    assert set(parse_names(told)) == set(parse_names(SERIES))
    assert len(read(told).components[0].attendees) == 3


def parse_names(text: str) -> list[str]:
    return [line.name for line in parse(text).blocks("VEVENT")[0].lines()]


@given(st.text(max_size=80), st.sampled_from(["ATTENDEE", "ORGANIZER", "EXDATE", "RDATE", "DTSTAMP", "SEQUENCE", "GEO",
                                              "RECURRENCE-ID", "ATTENDEE;X-RADICALE-BOOKING-REPLIED=1", "BEGIN"]))
def test_whatever_is_sent_is_read_or_refused(value: str, name: str) -> None:
    text = SERIES.replace("UNHEARD-OF:of", f"{name}:{value}")
    with suppress(InvalidCalendar):
        assert 'SCHEDULE-STATUS="3.7"' in set_status(text, {BOB: "3.7"}).replace("\r\n ", "")


def test_a_rule_written_differently_is_the_same_rule() -> None:
    other = SERIES.replace("FREQ=WEEKLY;COUNT=4", "COUNT=4;INTERVAL=1;FREQ=WEEKLY")
    assert read(other).components[0].timing == read(SERIES).components[0].timing


def test_an_agent_that_is_not_known_is_none() -> None:
    strange = read(SERIES.replace("SCHEDULE-AGENT=SERVER", "SCHEDULE-AGENT=X-PIGEON"))
    assert [one.schedule_agent for one in strange.components[0].attendees] == ["SERVER", "NONE"]


def test_an_organizer_who_attends_is_not_asked_again() -> None:
    old = read(SERIES.replace("mailto:cleo", "mailto:anna"))
    new = read(SERIES.replace("mailto:cleo", "mailto:anna").replace("T110000", "T120000"))
    assert revision(old, new) == Revision({None: 2}, {None: frozenset({BOB})})


def test_an_update_brings_its_zone_and_keeps_who_answers() -> None:
    stored = set_status(copy_of_bob(), {ANNA: "2.0"}).replace("ORGANIZER;", "ORGANIZER;SCHEDULE-AGENT=CLIENT;")
    elsewhere = SERIES.replace("Europe/Berlin", "Europe/Paris").replace("SEQUENCE:1", "SEQUENCE:2")
    text = apply_request(stored, write(elsewhere, request(BOB), NOW), (None,), BOB)
    assert "TZID:Europe/Paris" in text
    assert text.count("TZID:Europe/Berlin") == 1
    (event,) = read(text).components
    assert event.organizer is not None
    assert (event.organizer.schedule_agent, event.organizer.schedule_status) == ("CLIENT", "2.0")
