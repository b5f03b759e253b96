"""Invitations between real calendar programs, over HTTP (RFC 6638)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import caldav
import pytest

from tests.acceptance.server import Running, serve
from tests.acceptance.site import SiteFiles, add_users, calendar, calendar_program, event, monday

HALF_HOUR = timedelta(minutes=30)
ADDRESS = "anna+intro-call@calendar.example.org"


@pytest.fixture
def running(site: SiteFiles) -> Iterator[Running]:
    """A server with the host anna and the users bob and carl, each with a calendar."""
    with site.config.open("a", encoding="utf-8") as config:
        config.write("address_domain = calendar.example.org\n")
    add_users(site.config, "bob", "carl")
    with serve(site.config) as server:
        for name in ("bob", "carl"):
            with calendar_program(server.url, name) as principal:
                principal.make_calendar(name="Work")
        with calendar_program(server.url) as anna:
            calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", monday(), timedelta(hours=2)))
        yield server


def invitation(uid: str, start: datetime, organizer: str, *attendees: str) -> str:
    return event(uid, "Meeting", start, HALF_HOUR, f"ORGANIZER:mailto:{organizer}@example.org",
                 f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{organizer}@example.org",
                 *(f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{address}" for address in attendees))


def answer_of(found: caldav.CalendarObjectResource, address: str) -> str:
    attendees = found.icalendar_component["ATTENDEE"]
    return str(next(one for one in attendees if str(one).lower() == f"mailto:{address}").params["PARTSTAT"])


def test_a_program_finds_out_that_the_server_schedules(running: Running) -> None:
    with calendar_program(running.url, "bob") as bob:
        assert bob.client.check_scheduling_support()
        assert next(str(address) for address in bob.calendar_user_address_set()) == "mailto:bob@example.org"
        assert str(bob.schedule_inbox().url).endswith("/bob/inbox/")
        assert str(bob.schedule_outbox().url).endswith("/bob/outbox/")
        assert {found.get_display_name() for found in bob.calendars()} == {"Work"}


def test_an_invitation_is_accepted_through_the_inbox(running: Running) -> None:
    with calendar_program(running.url, "bob") as bob, calendar_program(running.url, "carl") as carl:
        calendar(bob, "Work").save_event(invitation("u1", monday(), "bob", "carl@example.org"))
        (copy,) = calendar(carl, "Work").events()
        (message,) = carl.schedule_inbox().get_items()
        assert message.is_invite_request()
        copy.change_attendee_status(attendee="mailto:carl@example.org", PARTSTAT="ACCEPTED")
        copy.save()
        (mine,) = calendar(bob, "Work").events()
        assert answer_of(mine, "carl@example.org") == "ACCEPTED"
        (reply,) = bob.schedule_inbox().get_items()
        assert reply.is_invite_reply()
        message.delete()
        assert list(carl.schedule_inbox().get_items()) == []
        mine.delete()
        (copy,) = calendar(carl, "Work").events()
        assert str(copy.icalendar_component["STATUS"]) == "CANCELLED"


def test_an_invitation_is_declined_through_the_inbox_or_by_deleting_it(running: Running) -> None:
    with calendar_program(running.url, "bob") as bob, calendar_program(running.url, "carl") as carl:
        work = calendar(bob, "Work")
        for uid in ("declined", "deleted"):
            work.save_event(invitation(uid, monday(), "bob", "carl@example.org"))
        message = next(one for one in carl.schedule_inbox().get_items() if "UID:declined" in one.data)
        message.decline_invite()
        calendar(carl, "Work").event_by_uid("deleted").delete()
        for uid in ("declined", "deleted"):
            assert answer_of(work.event_by_uid(uid), "carl@example.org") == "DECLINED"
        (kept,) = calendar(carl, "Work").events()
        assert answer_of(kept, "carl@example.org") == "DECLINED"


def test_a_program_writes_over_an_answer_and_not_over_a_change(running: Running) -> None:
    with calendar_program(running.url, "bob") as bob, calendar_program(running.url, "carl") as carl:
        work = calendar(bob, "Work")
        work.save_event(invitation("u1", monday(), "bob", "carl@example.org"))
        desk, phone = (work.event_by_uid("u1").load() for _ in range(2))
        assert desk.schedule_tag
        (message,) = carl.schedule_inbox().get_items()
        message.accept_invite()
        desk.icalendar_component["SUMMARY"] = "Lunch"
        desk.save()
        now = work.event_by_uid("u1")
        assert (str(now.icalendar_component["SUMMARY"]), answer_of(now, "carl@example.org")) == ("Lunch", "ACCEPTED")
        phone.icalendar_component["SUMMARY"] = "Dinner"
        with pytest.raises(caldav.lib.error.ScheduleTagMismatchError):
            phone.save()
        with pytest.raises(caldav.lib.error.ScheduleTagMismatchError):
            phone.delete(if_match=True)
        assert str(work.event_by_uid("u1").icalendar_component["SUMMARY"]) == "Lunch"


@pytest.mark.parametrize("address", [ADDRESS, "anna@example.org"])
def test_the_host_is_booked_once(running: Running, address: str) -> None:
    answers = []
    for user in ("bob", "carl"):
        with calendar_program(running.url, user) as principal:
            work = calendar(principal, "Work")
            work.save_event(invitation(f"of-{user}", monday(), user, address))
            answers.append(answer_of(work.event_by_uid(f"of-{user}"), address))
    assert answers == ["ACCEPTED", "DECLINED"]
    with calendar_program(running.url) as anna:
        events = calendar(anna, "Calendar").events()
        assert sorted(found.icalendar_component["DTSTART"].dt for found in events
                      if answer_is_not_declined(found)) == [monday()]


def answer_is_not_declined(found: caldav.CalendarObjectResource) -> bool:
    people = found.icalendar_component.get("ATTENDEE", [])
    people = people if isinstance(people, list) else [people]
    return not any(str(one) == "mailto:anna@example.org" and one.params.get("PARTSTAT") == "DECLINED"
                   for one in people)


def test_a_program_asks_when_somebody_is_free(running: Running) -> None:
    start = monday()
    with calendar_program(running.url) as anna, calendar_program(running.url, "bob") as bob:
        calendar(anna, "Calendar").save_event(event("busy", "Dentist", start, HALF_HOUR))
        found = bob.freebusy_request(start - HALF_HOUR, start + 4 * HALF_HOUR, ["mailto:anna@example.org"])
        texts = [str(getattr(one, "data", one)) for one in (found.values() if isinstance(found, dict) else found)]
        assert len([text for text in texts if "FREEBUSY;FBTYPE=BUSY:" in text.replace("\r\n ", "")]) == 1
