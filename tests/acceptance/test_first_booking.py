"""From an empty folder to a booking in the host's calendar program, and back."""

from __future__ import annotations

from datetime import timedelta

from tests.acceptance.server import run, serve
from tests.acceptance.site import SiteFiles, calendar, calendar_program, event, monday, shown
from tests.acceptance.visitor import Page, Visitor

HALF_HOUR = timedelta(minutes=30)


def day_page(url: str) -> Page:
    start = monday()
    return Visitor().get(f"{url}/book/anna/intro-call/?month={start:%Y-%m}&day={start:%Y-%m-%d}&tz=Europe/Berlin")


def book(url: str, start: str) -> Page:
    visitor = Visitor()
    form = visitor.get(f"{url}/book/anna/intro-call/?start={start}&tz=Europe/Berlin")
    assert form.status == 200, form.text
    return visitor.submit(form, name="Charles <b>", email="charles@example.org", note="About engines")


def test_a_drawn_window_is_offered_booked_synced_cancelled_and_freed(site: SiteFiles) -> None:
    start = monday()
    with serve(site.config) as running, calendar_program(running.url) as anna:
        url = running.url
        assert day_page(url).starts() == []
        calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", start, timedelta(hours=2)))
        calendar(anna, "Calendar").save_event(event("b1", "Dentist", start + HALF_HOUR, HALF_HOUR))
        free = [shown(start), shown(start + 2 * HALF_HOUR), shown(start + 3 * HALF_HOUR)]
        assert day_page(url).starts() == free

        booked = book(url, free[1])
        assert booked.status == 200
        for words in ("10:00", "Europe/Berlin", "Charles &lt;b&gt;"):
            assert words in booked.text
        assert day_page(url).starts() == [free[0], free[2]]
        events = {found.icalendar_component["UID"]: found for found in calendar(anna, "Calendar").events()}
        assert len(events) == 2
        reservation = next(found for uid, found in events.items() if uid != "b1").icalendar_component
        assert reservation["DTSTART"].dt == start + 2 * HALF_HOUR
        assert "charles@example.org" in str(reservation["ATTENDEE"])
        assert "anna@example.org" in str(reservation["ORGANIZER"])

        invitee = Visitor()
        manage = invitee.get(str(reservation["URL"]))
        assert manage.status == 200
        cancelled = invitee.submit(manage, reason="A cold")
        assert cancelled.status == 200
        assert [found.icalendar_component["UID"] for found in calendar(anna, "Calendar").events()] == ["b1"]
        assert day_page(url).starts() == free
    listed = run(site.config, "reservation", "list", "--status", "cancelled")
    assert listed.returncode == 0
    assert "charles@example.org" in listed.stdout


def test_an_event_deleted_by_the_client_frees_its_slot(site: SiteFiles) -> None:
    start = monday()
    with serve(site.config) as running, calendar_program(running.url) as anna:
        calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", start, HALF_HOUR))
        assert book(running.url, shown(start)).status == 200
        assert day_page(running.url).starts() == []
        taken = Visitor().get(f"{running.url}/book/anna/intro-call/?start={shown(start)}")
        assert taken.status == 409
        calendar(anna, "Calendar").events()[0].delete()
        assert day_page(running.url).starts() == [shown(start)]


def test_the_host_moves_a_booking_but_not_onto_another(site: SiteFiles) -> None:
    start = monday()
    with serve(site.config) as running, calendar_program(running.url) as anna:
        calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", start, 3 * HALF_HOUR))
        assert book(running.url, shown(start)).status == 200
        assert book(running.url, shown(start + HALF_HOUR)).status == 200
        first = min(calendar(anna, "Calendar").events(), key=lambda found: found.icalendar_component["DTSTART"].dt)

        def move(by: timedelta) -> int:
            with first.edit_icalendar_instance() as instance:
                component = instance.walk("VEVENT")[0]
                for name in ("DTSTART", "DTEND"):
                    moved = component[name].dt + by
                    del component[name]
                    component.add(name, moved)
            return int(anna.client.put(str(first.url), first.data, {"Content-Type": "text/calendar"}).status)

        assert move(HALF_HOUR) == 409
        assert day_page(running.url).starts() == [shown(start + 2 * HALF_HOUR)]
        assert move(HALF_HOUR) in (201, 204)
        assert day_page(running.url).starts() == [shown(start)]
