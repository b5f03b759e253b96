"""Calendar programs while the site is held still."""

from __future__ import annotations

from radicale_booking.services import maintenance_mode
from tests.dav.conftest import NINE, Site, event, invitation

BOOK = "/book/anna/intro-call/mine.ics"


def test_calendars_sync_in_both_directions_while_the_pages_are_closed(site: Site) -> None:
    maintenance_mode.begin(site.app, "closed", "The server moves.")
    path = "/anna/bookable/hours.ics"
    assert site["anna"].request("PUT", path, event("hours", NINE, summary="Bookable")).status == 201
    assert site["anna"].request("DELETE", path).status == 200


def test_booking_by_calendar_program_waits_in_either_mode(site: Site) -> None:
    site["anna"].request("PUT", "/anna/bookable/hours.ics", event("hours", NINE, summary="Bookable"))
    for mode in maintenance_mode.MODES:
        maintenance_mode.begin(site.app, mode, "The server moves.")
        invited = invitation("i", NINE, "bob", "anna+intro-call@localhost")
        for refused in (site["bob"].request("PUT", BOOK, event("mine", NINE)), site["bob"].request("DELETE", BOOK),
                        site["bob"].request("PUT", "/bob/calendar/i.ics", invited)):
            assert refused.status == 503
            assert refused.headers["retry-after"] == "300"
            assert "The server moves." in refused.body.decode()
        assert site["bob"].request("GET", "/bob/calendar/i.ics").status == 404
    maintenance_mode.end(site.app)
    assert site["bob"].request("PUT", BOOK, event("mine", NINE)).status == 201
    assert site["bob"].request("DELETE", BOOK).status in (200, 204)


def test_read_only_calendars_are_read_and_not_changed(site: Site) -> None:
    path = "/anna/calendar/x.ics"
    site["anna"].request("PUT", path, event("x", NINE))
    maintenance_mode.begin(site.app, "read-only")
    properties = ('<propertyupdate xmlns="DAV:"><set><prop><displayname>X</displayname></prop></set></propertyupdate>')
    for refused in (site["anna"].request("PUT", path, event("x", NINE, summary="Changed")),
                    site["anna"].request("DELETE", path),
                    site["anna"].request("MOVE", path, Destination="http://localhost/anna/calendar/y.ics",
                                         Host="localhost"),
                    site["anna"].request("MKCALENDAR", "/anna/more/"),
                    site["anna"].request("PROPPATCH", "/anna/calendar/", properties),
                    site["anna"].request("PROPPATCH", "/anna/inbox/", properties)):
        assert refused.status == 503
        assert refused.headers["retry-after"] == "300"
    assert "SUMMARY:Meeting" in site["anna"].request("GET", path).body.decode()
    assert site["anna"].request("PROPFIND", "/anna/calendar/").status == 207
    maintenance_mode.end(site.app)
    assert site["anna"].request("DELETE", path).status == 200
