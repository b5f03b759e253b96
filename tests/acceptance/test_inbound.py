"""A mail server hands an invitation over by LMTP, and the answer comes back by SMTP: real processes and sockets."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.server import free_port, run, serve
from tests.acceptance.site import calendar, calendar_program, event, make_site, monday
from tests.services.test_inbound import mail, message
from tests.smtp_server import smtp_server

HALF = timedelta(minutes=30)
BOOKS = "anna+intro-call@calendar.example.org"


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_there_and_back(tmp_path: Path, unix: bool) -> None:
    site = make_site(tmp_path)
    # A socket's path has at most 107 octets.
    place = f"unix:/tmp/rb-lmtp-{free_port()}" if unix else f"127.0.0.1:{free_port()}"
    with smtp_server(tmp_path / "smtp") as smtp:
        with site.config.open("a", encoding="utf-8") as file:
            file.write(f"address_domain = calendar.example.org\n[inbound]\nlmtp = {place}\nlargest_kib = 64\n"
                       f"[mail]\nhost = 127.0.0.1\nport = {smtp.port}\nsecurity = none\n"
                       "sender = booking@calendar.example.org\n")
        start = monday()
        with serve(site.config) as running:
            running.wait_for("mail is taken at")
            with calendar_program(running.url) as anna:
                calendar(anna, "Bookable hours").save_event(event("hours", "Bookable", start, 4 * HALF))
            raw = mail(message("REQUEST", start, attendee=BOOKS))
            host, port = (place[5:], 0) if unix else ("127.0.0.1", int(place.rpartition(":")[2]))
            with smtplib.LMTP(host, port) as server:
                refused = server.sendmail("bob@elsewhere.example", [BOOKS, "nobody@calendar.example.org"], raw)
                assert {address: code for address, (code, _) in refused.items()} == {"nobody@calendar.example.org": 550}
                with pytest.raises(smtplib.SMTPException):
                    server.sendmail("bob@elsewhere.example", [BOOKS], raw + b"x" * 100_000)
            listed = run(site.config, "reservation", "list", "--json")
            assert '"confirmed"' in listed.stdout
            taken = smtp.wait_for(2)
    to_bob = [found.message for found in taken if "bob@elsewhere.example" in found.message["To"]]
    texts = [part.get_content() for found in to_bob for part in found.walk()
             if part.get_content_type() == "text/calendar"]
    assert any("METHOD:REPLY" in text and "PARTSTAT=ACCEPTED" in text for text in texts)
