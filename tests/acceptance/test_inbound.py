"""A mail server hands an invitation over by LMTP, and the answer comes back by SMTP: real processes and sockets."""

from __future__ import annotations

import json
import re
import smtplib
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.server import free_port, run, serve
from tests.acceptance.site import SiteFiles, calendar, calendar_program, event, monday, shown
from tests.acceptance.visitor import Visitor
from tests.services.test_inbound import mail, message
from tests.smtp_server import smtp_server

HALF = timedelta(minutes=30)
BOOKS = "anna+intro-call@calendar.example.org"


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_there_and_back(site: SiteFiles, tmp_path: Path, unix: bool) -> None:
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
                # Nobody reads an answer to nobody: what has no sender books nothing.
                server.sendmail("", [BOOKS], mail(message("REQUEST", start + HALF, attendee=BOOKS, uid="u2")))
            listed = run(site.config, "reservation", "list", "--json")
            assert [one["status"] for one in json.loads(listed.stdout)] == ["confirmed"]
            taken = smtp.wait_for(3)
    to_bob = [found.message for found in taken if "bob@elsewhere.example" in found.message["To"]]
    texts = [part.get_content() for found in to_bob for part in found.walk()
             if part.get_content_type() == "text/calendar"]
    assert any("METHOD:REPLY" in text and "PARTSTAT=ACCEPTED" in text for text in texts)


def test_from_a_hold_on_the_page_to_a_guests_answer(site: SiteFiles, tmp_path: Path) -> None:
    """The invitee opens the link in the first mail, and the guest answers the invitation that follows."""
    place = f"127.0.0.1:{free_port()}"
    bob, grace, start = "bob@elsewhere.example", "grace@elsewhere.example", monday()
    with smtp_server(tmp_path / "smtp") as smtp:
        text = site.config.read_text(encoding="utf-8").replace("[guard]\n", "[guard]\nconfirm_email = yes\n")
        site.config.write_text(f"{text}[inbound]\nlmtp = {place}\n[mail]\nhost = 127.0.0.1\nport = {smtp.port}\n"
                               "security = none\nsender = booking@calendar.example.org\n", encoding="utf-8")
        with serve(site.config) as running:
            running.wait_for("mail is taken at")
            with calendar_program(running.url) as anna:
                calendar(anna, "Bookable hours").save_event(event("hours", "Bookable", start, 4 * HALF))
            visitor = Visitor()
            form = visitor.get(f"{running.url}/book/anna/intro-call/?start={shown(start)}&tz=Europe/Berlin")
            assert "Check your mail" in visitor.submit(form, name="Bob", email=bob, guests=grace).text
            [asked] = smtp.wait_for(1)
            body = asked.message.get_body(("plain",))
            assert body is not None
            [path] = re.findall(r"/booking/\S+/confirm", body.get_content())
            reader = Visitor()
            page = reader.get(running.url + path)
            # Whoever only looks, such as a mail scanner, books nothing.
            assert len(smtp.taken()) == 1
            assert "You are booked" in reader.submit(page).text
            told = {found.recipient: found for found in smtp.wait_for(4)[1:]}
            assert told.keys() == {bob, grace, "anna@example.org"}
            invited = told[grace].calendar.replace("\r\n ", "")
            alone = re.sub(rf"ATTENDEE[^\r\n]*{bob}\r\n", "", invited).replace("METHOD:REQUEST", "METHOD:REPLY")
            with smtplib.LMTP("127.0.0.1", int(place.rpartition(":")[2])) as server:
                server.sendmail(grace, ["anna@example.org"], mail(
                    alone.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED"), sender=grace))
            with calendar_program(running.url) as anna:
                [found] = calendar(anna, "Calendar").events()
    attendees = {str(one): one.params["PARTSTAT"] for one in found.icalendar_component["ATTENDEE"]}
    assert attendees == {f"mailto:{bob}": "ACCEPTED", f"mailto:{grace}": "ACCEPTED"}
