"""A calendar's transparency for scheduling, set by a client, decides whether it blocks (RFC 6638 §9.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from tests.compat.conftest import configuration, no_pages
from tests.compat.dav_client import Client

PATCH = ('<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
         "<C:schedule-calendar-transp>{}</C:schedule-calendar-transp></D:prop></D:set></D:propertyupdate>")


@pytest.mark.parametrize(("value", "transparent"), [
    ("<C:transparent/>", True), ("<C:opaque/>", False), ("transparent", True), ("", False)])
def test_a_client_sets_it(tmp_path: Path, value: str, transparent: bool) -> None:
    config = configuration(tmp_path / "data", type="radicale_booking.plugins.storage")
    client = Client(BookingApplication(config, no_pages))
    try:
        assert client.request("MKCALENDAR", "/anna/work/").status == 201
        assert client.request("PROPPATCH", "/anna/work/", PATCH.format(value)).status == 207
        with wiring.storage_adapters(config).store.read() as unit_of_work:
            stored = unit_of_work.collections.get("anna/work")
        assert stored is not None
        assert stored.transparent is transparent
    finally:
        wiring.close()
