"""Our plugins in Radicale's own server, which knows nothing else of us."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from tests.acceptance.server import free_port, run, started, wait_until_answers
from tests.acceptance.site import SiteFiles, calendar, calendar_program, event, monday, shown
from tests.acceptance.visitor import Visitor


def test_a_stock_radicale_with_our_plugins_takes_a_booking(site: SiteFiles, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "radicale.ini"
    config.write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {tmp_path}/data/users\n"
        "htpasswd_encryption = autodetect\n[rights]\ntype = radicale_booking.plugins.rights\n"
        f"[storage]\ntype = radicale_booking.plugins.storage\ndatabase = {site.database}\n"
        f"filesystem_folder = {tmp_path}/radicale\n[web]\ntype = radicale_booking.plugins.web\n",
        encoding="utf-8")
    start = monday()
    with started([sys.executable, "-m", "radicale", "--config", str(config)]) as running:
        url = f"http://127.0.0.1:{port}"
        wait_until_answers(url, running)
        with calendar_program(url) as anna:
            calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", start, timedelta(hours=1)))
            visitor = Visitor()
            times = visitor.get(f"{url}/.web/book/anna/intro-call/?month={start:%Y-%m}&day={start:%Y-%m-%d}")
            assert times.starts() == [shown(start), shown(start + timedelta(minutes=30))]
            form = visitor.get(times.links("start=")[0])
            booked = visitor.submit(form, name="Charles", email="charles@example.org")
            assert booked.status == 200, booked.text
            assert f"{url}/.web/booking/" in booked.url
            found = calendar(anna, "Calendar").events()
            assert [entry.icalendar_component["DTSTART"].dt for entry in found] == [start]
            assert str(found[0].icalendar_component["URL"]).startswith(f"{url}/.web/booking/")
    assert "charles@example.org" in run(site.config, "reservation", "list").stdout
