"""A whole booking by mail through a real mail server: it hands to us what people send, and takes our answers."""

from __future__ import annotations

import json
import smtplib
from datetime import timedelta
from pathlib import Path

from tests.acceptance.server import free_port, run, serve
from tests.acceptance.site import SiteFiles, calendar, calendar_program, event, monday
from tests.mail_servers import postfix, until
from tests.services.test_inbound import mail, message
from tests.smtp_server import smtp_server

HALF = timedelta(minutes=30)
BOOKS = "anna+intro-call@calendar.example.org"
BOB = "bob@elsewhere.example"


def statuses(site: SiteFiles) -> list[str]:
    return [str(one["status"]) for one in json.loads(run(site.config, "reservation", "list", "--json").stdout)]


def free_starts(site: SiteFiles) -> int:
    shown = run(site.config, "slots", "anna", "intro-call", "--from", f"{monday():%Y-%m-%dT%H:%M:%SZ}", "--days", "1",
                "--json")
    assert shown.returncode == 0, shown.stderr
    return len(json.loads(shown.stdout))


def test_a_booking_and_its_end_by_mail(site: SiteFiles, tmp_path: Path) -> None:
    lmtp, port = free_port(), free_port()
    with (smtp_server(tmp_path / "bob") as mailbox,
          postfix(port, ours="calendar.example.org", lmtp=lmtp, theirs="elsewhere.example", sink=mailbox.port) as log):
        with site.config.open("a", encoding="utf-8") as file:
            file.write(f"address_domain = calendar.example.org\n[inbound]\nlmtp = 127.0.0.1:{lmtp}\n"
                       f"[mail]\nhost = 127.0.0.1\nport = {port}\nsecurity = none\n"
                       "sender = booking@calendar.example.org\n")

        def send(method: str, sequence: int) -> None:
            with smtplib.SMTP("127.0.0.1", port) as server:
                server.sendmail(BOB, [BOOKS], mail(message(method, monday(), attendee=BOOKS, sequence=sequence)))

        with serve(site.config) as running:
            running.wait_for("mail is taken at")
            with calendar_program(running.url) as anna:
                calendar(anna, "Bookable hours").save_event(event("hours", "Bookable", monday(), 4 * HALF))
            free = free_starts(site)
            told = json.loads(run(site.config, "doctor", "--offline", "--mail-through", BOOKS, "--json").stdout)
            assert told["findings"][-1] == {"name": "mail round trip", "level": "ok", "remedy": "",
                                            "detail": f"a mail to {BOOKS} went out and came in"}, log.read_text()
            send("REQUEST", 0)
            answered = [found for found in mailbox.wait_for(2) if "METHOD:REPLY" in found.calendar]
            assert ["PARTSTAT=ACCEPTED" in found.calendar.replace("\r\n ", "").replace("\n ", "")
                    for found in answered] == [True], log.read_text()
            assert answered[0].sender == "booking@calendar.example.org"
            assert statuses(site) == ["confirmed"]
            assert free_starts(site) == free - 1
            send("CANCEL", 1)
            until(lambda: statuses(site) == ["cancelled"], log.read_text())
            assert free_starts(site) == free
            # Who invites has an event already: no other comes to his calendar, and none is taken from it.
            assert [(found.recipient, str(found.message["Subject"]).partition(":")[0], bool(found.calendar))
                    for found in mailbox.wait_for(3)] == [(BOB, "Booked", False), (BOB, "Accepted", True),
                                                          (BOB, "Cancelled", False)]
            assert answered[0].message["In-Reply-To"]
            # What his mail server does not take comes back to us, and is seen.
            mailbox.behave(refuse={BOB: "550 5.1.1 no such user"})
            send("REQUEST", 3)
            running.wait_for(f"to {BOB} was returned: 5.1.1 550 5.1.1 no such user")
            listed = json.loads(run(site.config, "mail", "list", "--status", "failed", "--json").stdout)
            assert {one["last_error"] for one in listed if one["recipient"] == BOB} == {
                "returned: 5.1.1 550 5.1.1 no such user"}
