"""Two people invite one host to the same times at once, each from a process of his own, over real HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.acceptance.server import forked, serve
from tests.acceptance.site import (
    PASSWORD,
    SiteFiles,
    add_users,
    calendar,
    calendar_program,
    event,
    monday,
)
from tests.services.overlaps import live_count, overlaps

HALF_HOUR = timedelta(minutes=30)
USERS = ("bob", "carl")
#: Whom both invite at each of the times, one half hour after the other.
INVITED = ["anna@example.org"] * 4 + ["anna+intro-call@calendar.example.org"] * 4


@pytest.mark.parametrize("workers", [1, 2])
def test_one_is_accepted_and_one_declined_and_each_reads_it_at_once(site: SiteFiles, workers: int) -> None:
    with site.config.open("a", encoding="utf-8") as config:
        config.write("address_domain = calendar.example.org\n")
    add_users(site.config, *USERS)
    with serve(site.config, "--workers", str(workers)) as running, ExitStack() as stack:
        for name in USERS:
            with calendar_program(running.url, name) as principal:
                principal.make_calendar(name="Work", cal_id="work")
        with calendar_program(running.url) as anna:
            calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", monday(), 8 * HALF_HOUR))
        port = str(urlsplit(running.url).port)
        processes = [stack.enter_context(forked(invite_to_all, port, name)) for name in USERS]
        for process in processes:
            process.wait_for("^ready$")
        for process in processes:
            process.say("go")
        told = [json.loads(process.wait_for(r"^\[.*")[0]) for process in processes]
        assert [sorted(pair) for pair in zip(*told, strict=True)] == [
            [[201, False, "ACCEPTED", "2.0"], [201, False, "DECLINED", "2.0"]]] * len(INVITED)
        with calendar_program(running.url) as anna:
            taken = [found.icalendar_component["DTSTART"].dt for found in calendar(anna, "Calendar").events()
                     if "DECLINED" not in found.data]
        assert sorted(taken) == [monday() + i * HALF_HOUR for i in range(len(INVITED))]
    assert (live_count(site.database), overlaps(site.database)) == (INVITED.count(INVITED[-1]), [])
    assert not [line for line in running.lines if "Traceback" in line], running.lines


def invitation(user: str, number: int) -> str:
    start: datetime = monday() + number * HALF_HOUR
    return event(f"{user}-{number}", "Meeting", start, HALF_HOUR, f"ORGANIZER:mailto:{user}@example.org",
                 f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{user}@example.org",
                 f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{INVITED[number]}")


def invite_to_all(port: str, user: str) -> None:
    """Connect, wait for a line, invite to all times at once, write as JSON what became of each."""
    credentials = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    barrier = threading.Barrier(len(INVITED))

    def invite(number: int) -> tuple[int, bool, str, str]:
        path = f"/{user}/work/{number}.ics"
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "text/calendar; charset=utf-8"}
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        barrier.wait(60)
        connection.request("PUT", path, invitation(user, number).encode(), {**headers, "If-None-Match": "*"})
        stored = connection.getresponse()
        stored.read()
        connection.request("GET", path, headers=headers)
        text = connection.getresponse().read().decode().replace("\r\n ", "")
        connection.close()
        host = re.search(rf"^ATTENDEE(.*):mailto:{re.escape(INVITED[number])}\r$", text, re.MULTILINE)
        assert host is not None, text
        said = dict(part.replace('"', "").split("=", 1) for part in host[1].split(";") if part)
        return stored.status, "etag" in stored.headers, said["PARTSTAT"], said["SCHEDULE-STATUS"]

    with ThreadPoolExecutor(len(INVITED)) as pool:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write(json.dumps(list(pool.map(invite, range(len(INVITED))))) + "\n")
