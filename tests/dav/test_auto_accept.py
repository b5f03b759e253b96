"""Booking by invitation: the answer is there when the organizer reads the event again."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from radicale_booking.notify import wording
from radicale_booking.services import booking, event_types, offers
from tests.dav.conftest import HALF_HOUR, NINE, Site, event, invitation
from tests.dav.test_implicit import copy_of, members, own, partstats, person, put, unfolded

ADDRESS = "anna+intro-call@localhost"
DAY = timedelta(days=1)


@pytest.fixture
def hours(site: Site) -> Site:
    """Anna can be booked from 9 to 12 on three days."""
    text = event("hours", NINE, "RRULE:FREQ=DAILY;COUNT=3", length=timedelta(hours=3), summary="Bookable")
    assert site["anna"].request("PUT", "/anna/bookable/hours.ics", text).status == 201
    return site


def set_mode(site: Site, mode: str) -> None:
    with site.app.store.write() as uow:
        anna = uow.principals.get("anna")
        assert anna is not None
        uow.principals.update(replace(anna, auto_schedule=mode))


def answer(site: Site, user: str = "bob", of: str = "anna@example.org", name: str = "e") -> list[str]:
    return [one["PARTSTAT"] for one in person(own(site[user], name).body.decode(), of)]


def live(site: Site) -> list[str]:
    return [f"{found.start:%H:%M}" for found in booking.reservations(site.app, "anna") if found.live]


@pytest.mark.parametrize(("mode", "free", "taken"), [
    ("none", "NEEDS-ACTION", "NEEDS-ACTION"), ("accept-always", "ACCEPTED", "ACCEPTED"),
    ("decline-always", "DECLINED", "DECLINED"), ("accept-if-free", "ACCEPTED", "NEEDS-ACTION"),
    ("decline-if-busy", "NEEDS-ACTION", "DECLINED"), ("automatic", "ACCEPTED", "DECLINED")])
def test_the_six_modes(site: Site, mode: str, free: str, taken: str) -> None:
    set_mode(site, mode)
    put(site["anna"], event("busy", NINE + HALF_HOUR), "busy")
    put(site["bob"], invitation("u1", NINE, "bob", "anna"))
    put(site["bob"], invitation("u2", NINE + timedelta(minutes=45), "bob", "anna"), "taken")
    assert (answer(site), answer(site, name="taken")) == ([free], [taken])
    unanswered = (free, taken).count("NEEDS-ACTION")
    assert len(members(site["anna"], "inbox")) == unanswered


def test_two_who_want_the_same_time(site: Site) -> None:
    meet = threading.Barrier(2)

    def invite(user: str) -> None:
        meet.wait(20)
        assert put(site[user], invitation(f"of-{user}", NINE, user, "anna")).status == 201

    threads = [threading.Thread(target=invite, args=(user,)) for user in ("bob", "carl")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer(site, "bob") + answer(site, "carl")) == ["ACCEPTED", "DECLINED"]


def test_moving_is_decided_anew_and_is_not_in_its_own_way(site: Site) -> None:
    put(site["anna"], event("busy", NINE + timedelta(hours=2)), "busy")
    for start, expected in ((NINE, "ACCEPTED"), (NINE + timedelta(minutes=15), "ACCEPTED"),
                            (NINE + timedelta(hours=2), "DECLINED"), (NINE + HALF_HOUR, "ACCEPTED")):
        put(site["bob"], invitation("u1", start, "bob", "anna"))
        assert answer(site) == [expected], start
    site["bob"].request("DELETE", "/bob/calendar/e.ics")
    put(site["carl"], invitation("u2", NINE + HALF_HOUR, "carl", "anna"))
    assert answer(site, "carl") == ["ACCEPTED"]


def test_what_a_host_decided_stays(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "anna"))
    href, text = copy_of(site["anna"])
    declined = text.replace("\r\n ", "").replace("PARTSTAT=ACCEPTED:mailto:anna", "PARTSTAT=DECLINED:mailto:anna")
    assert declined != text
    assert site["anna"].request("PUT", href, declined).status == 204
    renamed = own(site["bob"]).body.decode().replace("SUMMARY:Meeting", "SUMMARY:Lunch")
    put(site["bob"], renamed)
    assert answer(site) == ["DECLINED"]


def test_a_series_is_answered_instance_by_instance(site: Site) -> None:
    put(site["anna"], event("busy", NINE + DAY), "busy")
    put(site["bob"], invitation("u1", NINE, "bob", "anna", lines=("RRULE:FREQ=DAILY;COUNT=4",)))
    text = unfolded(own(site["bob"]).body.decode())
    assert partstats(text, "anna") == ["ACCEPTED", "DECLINED"]
    assert f"RECURRENCE-ID:{NINE + DAY:%Y%m%dT%H%M%SZ}" in text


def all_day(uid: str, organizer: str, *lines: str) -> str:
    text = invitation(uid, NINE, organizer, "anna", lines=lines)
    stamps = (f"DTSTART:{NINE:%Y%m%dT%H%M%SZ}", f"DTEND:{NINE + HALF_HOUR:%Y%m%dT%H%M%SZ}")
    return text.replace(stamps[0], f"DTSTART;VALUE=DATE:{NINE:%Y%m%d}").replace(
        stamps[1], f"DTEND;VALUE=DATE:{NINE + DAY:%Y%m%d}")


def test_days_are_answered_one_by_one(site: Site) -> None:
    put(site["anna"], event("busy", NINE + DAY), "busy")
    put(site["bob"], all_day("u1", "bob", "RRULE:FREQ=DAILY;COUNT=3"))
    text = unfolded(own(site["bob"]).body.decode())
    assert partstats(text, "anna") == ["ACCEPTED", "DECLINED"]
    assert f"RECURRENCE-ID;VALUE=DATE:{NINE + DAY:%Y%m%d}" in text


def test_local_times_are_those_of_the_host(site: Site) -> None:
    put(site["anna"], event("busy", NINE + DAY), "busy")
    floating = invitation("u1", NINE, "bob", "anna", lines=("RRULE:FREQ=DAILY;COUNT=3",)).replace(
        f"{NINE:%H%M%S}Z", f"{NINE:%H%M%S}").replace(f"{NINE + HALF_HOUR:%H%M%S}Z", f"{NINE + HALF_HOUR:%H%M%S}")
    put(site["bob"], floating)
    text = unfolded(own(site["bob"]).body.decode())
    assert partstats(text, "anna") == ["ACCEPTED", "DECLINED"]
    assert f"RECURRENCE-ID:{NINE + DAY:%Y%m%dT%H%M%S}\n" in text


def test_a_moved_instance_is_answered_where_it_is(site: Site) -> None:
    put(site["anna"], event("busy", NINE + DAY + timedelta(hours=3)), "busy")
    series = invitation("u1", NINE, "bob", "anna", lines=("RRULE:FREQ=DAILY;COUNT=3",))
    put(site["bob"], series)
    assert answer(site) == ["ACCEPTED"]
    moved = invitation("u1", NINE + DAY + timedelta(hours=3), "bob", "anna",
                       lines=(f"RECURRENCE-ID:{NINE + DAY:%Y%m%dT%H%M%SZ}",))
    block = moved[moved.index("BEGIN:VEVENT"):moved.index("END:VCALENDAR")]
    put(site["bob"], series.replace("END:VCALENDAR", block + "END:VCALENDAR"))
    assert answer(site) == ["ACCEPTED", "DECLINED"]


def test_what_cannot_be_read_is_kept_and_nobody_is_told(site: Site) -> None:
    text = invitation("u1", NINE, "bob", "anna", lines=(f"RECURRENCE-ID:{NINE:%Y%m%dT%H%M%SZ}",))
    block = text[text.index("BEGIN:VEVENT"):text.index("END:VCALENDAR")]
    assert put(site["bob"], text.replace("END:VCALENDAR", block + "END:VCALENDAR")).status == 403
    assert members(site["anna"]) == {}


def test_what_is_long_over_is_not_answered(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE - 60 * DAY, "bob", "anna"))
    assert answer(site) == ["NEEDS-ACTION"]


def test_a_booking_address_books(hours: Site) -> None:
    stored = put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS), If_None_Match="*")
    assert (stored.status, "etag" in stored.headers) == (201, False)
    text = own(hours["bob"]).body.decode()
    assert person(text, ADDRESS)[0] == {"PARTSTAT": "ACCEPTED", "SCHEDULE-STATUS": "2.0"} | {
        key: value for key, value in person(text, ADDRESS)[0].items() if key.startswith("X-")}
    (booked,) = booking.reservations(hours.app, "anna")
    assert (booked.start, booked.invitee_email, booked.status) == (NINE, "bob@example.org", "confirmed")
    assert len(members(hours["anna"])) == 1


@pytest.mark.parametrize(("language", "said"), [
    ("", "is not free any more. Free instead: "), ("fr", "n’est plus libre. Libre à la place: ")])
def test_a_booking_address_declines_with_what_is_free(hours: Site, language: str, said: str) -> None:
    with hours.app.store.write() as uow:
        carl = uow.principals.get("carl")
        assert carl is not None
        uow.principals.update(replace(carl, language=language))
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS))
    put(hours["carl"], invitation("u2", NINE, "carl", ADDRESS))
    text = unfolded(own(hours["carl"]).body.decode())
    assert person(text, ADDRESS)[0]["PARTSTAT"] == "DECLINED"
    locale = wording.locale_of(language)
    comment = re.sub(r"\\(.)", r"\1", text.partition("COMMENT")[2].partition("\n")[0])
    assert f"{wording.short_moment(NINE, ZoneInfo('UTC'), locale)} {said}" in comment
    assert wording.short_moment(NINE + HALF_HOUR, ZoneInfo("UTC"), locale) in comment
    assert live(hours) == ["09:00"]
    with hours.app.store.read() as uow:
        told = [row for row in uow.outbox.pending() if row.payload["event"] == "itip"]
    assert [(row.recipient, row.payload["method"]) for row in told] == [("carl@example.org", "REPLY")]
    assert "COMMENT:" in told[0].payload["text"]


@pytest.mark.parametrize(("start", "length"), [
    (timedelta(minutes=10), HALF_HOUR), (timedelta(), timedelta(minutes=45)), (timedelta(hours=4), HALF_HOUR)])
def test_all_rules_hold(hours: Site, start: timedelta, length: timedelta) -> None:
    put(hours["bob"], invitation("u1", NINE + start, "bob", ADDRESS, length=length))
    assert answer(hours, of=ADDRESS) == ["DECLINED"]
    assert live(hours) == []


def test_a_pending_booking_is_tentative(hours: Site) -> None:
    event_types.set(hours.app, "anna", "intro-call", confirmation=True)
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS))
    assert answer(hours, of=ADDRESS) == ["TENTATIVE"]


def test_a_booking_follows_its_invitation(hours: Site) -> None:
    bob = hours["bob"]
    put(bob, invitation("u1", NINE, "bob", ADDRESS))
    first = booking.reservations(hours.app, "anna")[0].uid
    put(bob, invitation("u1", NINE, "bob", ADDRESS).replace("SUMMARY:Meeting", "SUMMARY:Lunch"))
    assert live(hours) == ["09:00"]
    put(bob, invitation("u1", NINE + HALF_HOUR, "bob", ADDRESS))
    assert (answer(hours, of=ADDRESS), live(hours)) == (["ACCEPTED"], ["09:30"])
    assert booking.reservation(hours.app, first).start == NINE + HALF_HOUR
    put(bob, invitation("u1", NINE + timedelta(hours=8), "bob", ADDRESS))
    assert (answer(hours, of=ADDRESS), live(hours)) == (["DECLINED"], [])
    put(bob, invitation("u1", NINE, "bob", ADDRESS))
    assert (answer(hours, of=ADDRESS), live(hours)) == (["ACCEPTED"], ["09:00"])
    assert "COMMENT" not in own(bob).body.decode()
    bob.request("DELETE", "/bob/calendar/e.ics")
    assert live(hours) == []
    put(bob, invitation("u1", NINE, "bob", ADDRESS))
    assert (answer(hours, of=ADDRESS), live(hours)) == (["ACCEPTED"], ["09:00"])


def test_leaving_out_the_address_frees_the_slot(hours: Site) -> None:
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS, "carl"))
    put(hours["bob"], invitation("u1", NINE, "bob", "carl"))
    assert live(hours) == []


def test_a_series_is_booked_instance_by_instance(hours: Site) -> None:
    put(hours["carl"], invitation("u2", NINE + DAY, "carl", ADDRESS))
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS, lines=("RRULE:FREQ=DAILY;COUNT=3",)))
    assert answer(hours, of=ADDRESS) == ["ACCEPTED", "DECLINED"]
    assert len(live(hours)) == 3
    hours["bob"].request("DELETE", "/bob/calendar/e.ics")
    assert len(live(hours)) == 1


def test_instances_that_are_gone_are_freed(hours: Site) -> None:
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS, lines=("RRULE:FREQ=DAILY;COUNT=3",)))
    assert len(live(hours)) == 3
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS, lines=("RRULE:FREQ=DAILY;COUNT=2",)))
    assert len(live(hours)) == 2


def test_what_the_database_refuses_leaves_nothing_behind(hours: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS))
    monkeypatch.setattr(offers, "check", lambda *_: None)
    put(hours["carl"], invitation("u2", NINE + timedelta(minutes=15), "carl", ADDRESS))
    assert answer(hours, "carl", ADDRESS) == ["DECLINED"]
    assert len(booking.reservations(hours.app, "anna")) == 1


def test_buffers_of_bookings_are_no_free_time(hours: Site) -> None:
    event_types.set(hours.app, "anna", "intro-call", buffer_after=HALF_HOUR)
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS))
    put(hours["carl"], invitation("u2", NINE + HALF_HOUR, "carl", "anna"))
    assert answer(hours, "carl") == ["DECLINED"]


def test_a_reservation_is_no_invitation(hours: Site) -> None:
    booked = booking.reserve(hours.app, booking.BookingRequest("anna", "intro-call", NINE, "Bob", "bob@example.org"))
    path = f"/anna/calendar/{booked.uid}.ics"
    text = hours["anna"].request("GET", path).body.decode()
    assert "ATTENDEE" in text
    stored = hours["anna"].request("PUT", path, text.replace("SUMMARY:Intro call", "SUMMARY:Long call"))
    assert (stored.status, "schedule-tag" in stored.headers) == (204, False)
    assert members(hours["bob"]) == {}
    hours["anna"].request("DELETE", path)
    with hours.app.store.read() as uow:
        assert {row.payload["event"] for row in uow.outbox.pending()} == {"book", "cancel"}


def test_seats_are_taken_and_given_back(hours: Site) -> None:
    event_types.set(hours.app, "anna", "intro-call", seats=2)
    for user in ("bob", "carl"):
        put(hours[user], invitation(f"of-{user}", NINE, user, ADDRESS))
        assert answer(hours, user, ADDRESS) == ["ACCEPTED"]
    [group] = booking.reservations(hours.app)
    with hours.app.store.read() as uow:
        seats = {seat.email: seat.uid for seat in uow.seats.of(group.id or 0)}
    put(hours["bob"], invitation("of-bob", NINE + HALF_HOUR, "bob", ADDRESS))
    assert (live(hours), answer(hours, "bob", ADDRESS)) == (["09:00", "09:30"], ["ACCEPTED"])
    assert booking.reservation(hours.app, seats["bob@example.org"]).start == NINE + HALF_HOUR
    hours["bob"].request("DELETE", "/bob/calendar/e.ics")
    assert live(hours) == ["09:00"]
    hours["carl"].request("DELETE", "/carl/calendar/e.ics")
    assert live(hours) == []


def test_an_unknown_booking_address(hours: Site) -> None:
    put(hours["bob"], invitation("u1", NINE, "bob", "anna+nothing@localhost"))
    found = person(own(hours["bob"]).body.decode(), "anna+nothing@localhost")[0]
    assert (found["PARTSTAT"], found["SCHEDULE-STATUS"]) == ("NEEDS-ACTION", "3.7")


def test_another_organizer_cannot_take_over_a_booking(hours: Site) -> None:
    put(hours["bob"], invitation("u1", NINE, "bob", ADDRESS))
    put(hours["carl"], invitation("u1", NINE + HALF_HOUR, "carl", ADDRESS))
    assert live(hours) == ["09:00", "09:30"]
    hours["carl"].request("DELETE", "/carl/calendar/e.ics")
    assert live(hours) == ["09:00"]


@pytest.mark.parametrize("shortened_first", [True, False])
def test_a_series_of_bookings_cut_in_two_by_a_program_invites_nobody(hours: Site, shortened_first: bool) -> None:
    event_types.set(hours.app, "anna", "intro-call", repeat_every="day", repeat_most=3)
    booked = booking.reserve(hours.app, booking.BookingRequest(
        "anna", "intro-call", NINE, "Bob", "bob@example.org", occurrences=3))
    anna, path = hours["anna"], f"/anna/calendar/{booked.calendar_uid}.ics"
    whole = unfolded(anna.request("GET", path).body.decode())
    assert "COUNT=3" in whole
    people = tuple(line for line in whole.splitlines() if line.startswith(("ORGANIZER", "ATTENDEE")))
    assert len(people) == 2
    shortened = event(booked.calendar_uid, NINE, "RRULE:FREQ=DAILY;COUNT=1", *people)
    rest = event("the-rest", NINE + DAY + HALF_HOUR, "RRULE:FREQ=DAILY;COUNT=2", *people)
    puts = [(path, shortened), ("/anna/calendar/rest.ics", rest)]
    for where, text in puts if shortened_first else reversed(puts):
        assert anna.request("PUT", where, text, Content_Type="text/calendar").status in (201, 204)
    assert live(hours) == ["09:00", "09:30", "09:30"]
    assert (members(hours["bob"]), members(hours["bob"], "inbox")) == ({}, {})
    # Each part is what its object says; deleting one ends that part.
    assert anna.request("DELETE", "/anna/calendar/rest.ics").status == 200
    assert live(hours) == ["09:00"]
    assert anna.request("DELETE", path).status == 200
    assert live(hours) == []
