"""Mail that books is fetched from a real mailbox: none is lost and none dealt with twice, whatever stops in between."""

from __future__ import annotations

import json
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.server import free_port, run, serve
from tests.acceptance.site import SiteFiles, calendar, calendar_program, event, monday
from tests.mail_servers import PASSWORD, USER, dovecot, until
from tests.services.test_inbound import mail, message

HALF = timedelta(minutes=30)
BOOKS = "anna+intro-call@calendar.example.org"


def reservations(site: SiteFiles) -> list[tuple[str, str]]:
    listed = json.loads(run(site.config, "reservation", "list", "--json").stdout)
    return [(str(one["status"]), str(one["start"])) for one in listed]


def asks(number: int, method: str = "REQUEST", sequence: int = 0, name: str = "") -> bytes:
    text = message(method, monday() + number * HALF, attendee=BOOKS, uid=f"u{number}", sequence=sequence)
    return mail(text, head=f"Delivered-To: {BOOKS}\r\nReturn-Path: <bob@elsewhere.example>\r\n", name=name)


@pytest.mark.parametrize("killed", [False, True], ids=["server restarted", "worker killed"])
def test_a_mailbox_is_emptied_once(site: SiteFiles, tmp_path: Path, killed: bool) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    port = free_port()
    with site.config.open("a", encoding="utf-8") as file:
        file.write(f"address_domain = calendar.example.org\n[inbound]\nimap_host = 127.0.0.1\nimap_port = {port}\n"
                   f"imap_security = none\nimap_user = {USER}\nimap_password_file = {tmp_path}/password\n"
                   "imap_interval_seconds = 1\nlargest_kib = 64\n")
    with dovecot(port) as mailbox:
        with serve(site.config) as running:
            running.wait_for("mail is not fetched: IMAP server 127.0.0.1: .*refused")
            with calendar_program(running.url) as anna:
                calendar(anna, "Bookable hours").save_event(event("hours", "Bookable", monday(), 8 * HALF))
            mailbox.deliver(asks(0))
            mailbox.deliver(b"Subject: Hello\r\nTo: somebody@example.org\r\n\r\nNo calendar\r\n")
            mailbox.deliver(asks(1) + b"x" * 100_000)
            mailbox.start()
            running.wait_for("mail is fetched again")
            running.wait_for("too large and was not read")
            until(lambda: mailbox.held("Booking") == 3, "the first mails are not moved")
            assert mailbox.held() == 0
            if killed:
                for number in range(2, 6):
                    mailbox.deliver(asks(number))
                until(lambda: mailbox.held("Booking") > 3, "nothing is moved")
                running.stop(signal.SIGKILL)
            else:
                mailbox.stop()
                for number in range(2, 6):
                    mailbox.deliver(asks(number))
                mailbox.start()
                until(lambda: mailbox.held("Booking") == 7, "after the restart nothing is moved")
                assert running.process.poll() is None
        # As after a crash between dealing with a mail and moving it.
        again = asks(0, "CANCEL", 1, name="<cancel@test>")
        mailbox.deliver(again)
        mailbox.deliver(again)
        with serve(site.config):
            until(lambda: (mailbox.held(), mailbox.held("Booking")) == (0, 9), "the mailbox is not empty")
    found = reservations(site)
    assert sorted(status for status, _ in found) == ["cancelled", *["confirmed"] * 4]
    assert len({start for _, start in found}) == 5
    shown = json.loads(run(site.config, "inbound", "list", "--json").stdout)
    assert shown == []
