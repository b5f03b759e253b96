"""Our storage against Radicale's ``multifilesystem``: whole requests through the WSGI application.

``python -m benchmarks storage [--items 100 1000 10000]`` prints a table of medians and ratios.
"""

from __future__ import annotations

import argparse
import io
import logging
import shutil
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from radicale.app import Application
from radicale.config import load

from benchmarks import turns
from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication

#: The ratios that the project promises at 10 000 items; other operations: ``USUAL_TARGET``.
TARGETS = {"PUT new": 200.0, "PROPFIND 0 (ctag)": 200.0, "GET": 3.0, "multiget 100": 3.0}
USUAL_TARGET = 40.0
#: Quick operations, and those that wait for the disk, need more rounds for a steady median.
MORE_ROUNDS = {"GET": 40, "multiget 100": 3, "PUT update": 10, "PUT new": 3, "DELETE": 3}
_FIRST = datetime(2026, 1, 1, 8, tzinfo=UTC)


class Server:
    """An application in this process with a calendar of ``count`` items."""

    def __init__(self, application: Callable[..., Any], count: int) -> None:
        self.application = application
        self.count = count
        self.token = ""

    def request(self, method: str, path: str, body: str = "", depth: str = "0", user: str = "") -> bytes:
        """The answer to ``user``, by default whose home it is in."""
        user = user or path.split("/")[1]
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
                   "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(body.encode()), "wsgi.errors": sys.stderr,
                   "CONTENT_LENGTH": str(len(body.encode())), "CONTENT_TYPE": "text/calendar",
                   "HTTP_AUTHORIZATION": f"Basic {b64encode(f'{user}:{user}'.encode()).decode()}", "HTTP_DEPTH": depth,
                   "HTTP_X_REMOTE_USER": user}
        statuses: list[str] = []
        answer = b"".join(self.application(environ, lambda status, headers, exc_info=None: statuses.append(status)))
        if not statuses[0].startswith(("200", "201", "204", "207")):
            raise RuntimeError(f"{method} {path}: {statuses[0]} {answer[:300]!r}")
        return answer

    def fill(self) -> None:
        events = "".join(event(number) for number in range(self.count))
        self.request("PUT", "/anna/work/", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n")


def event(number: int, suffix: str = "") -> str:
    """The text of the VEVENT ``number``, hourly through the year; each tenth recurs weekly."""
    start = _FIRST + timedelta(hours=number % 8000)
    rule = "RRULE:FREQ=WEEKLY;COUNT=20\r\n" if number % 10 == 0 else ""
    return (f"BEGIN:VEVENT\r\nUID:event-{number}{suffix}\r\nDTSTAMP:20260101T000000Z\r\n"
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\nSUMMARY:Event {number}\r\n"
            f"DESCRIPTION:Some words about it.\r\n{rule}END:VEVENT\r\n")


def whole(number: int, suffix: str = "") -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event(number, suffix)}END:VCALENDAR\r\n"


def operations() -> dict[str, Callable[[Server, int], bytes]]:
    """Name -> one request; the number makes repeated requests differ."""
    caldav = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    ctag = f'<D:propfind {caldav}><D:prop><G:getctag xmlns:G="http://calendarserver.org/ns/"/></D:prop></D:propfind>'
    listing = f"<D:propfind {caldav}><D:prop><D:getetag/><D:getcontenttype/><D:resourcetype/></D:prop></D:propfind>"
    month = (f'<C:calendar-query {caldav}><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR">'
             '<C:comp-filter name="VEVENT"><C:time-range start="20260601T000000Z" end="20260701T000000Z"/>'
             "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>")
    week = (f'<C:free-busy-query {caldav}><C:time-range start="20260601T000000Z" end="20260608T000000Z"/>'
            "</C:free-busy-query>")
    hrefs = "".join(f"<D:href>/anna/work/event-{number}.ics</D:href>" for number in range(100))
    multiget = (f"<C:calendar-multiget {caldav}><D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}"
                "</C:calendar-multiget>")

    def sync(token: str) -> str:
        return (f"<D:sync-collection {caldav}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
                "<D:prop><D:getetag/></D:prop></D:sync-collection>")

    def sync_change(server: Server, number: int) -> bytes:
        answer = server.request("REPORT", "/anna/work/", sync(server.token))
        server.token = answer.partition(b"<sync-token>")[2].partition(b"<")[0].decode()
        return answer

    return {
        "GET": lambda server, n: server.request("GET", f"/anna/work/event-{n % server.count}.ics"),
        "PROPFIND 0 (ctag)": lambda server, n: server.request("PROPFIND", "/anna/work/", ctag),
        "PROPFIND 1": lambda server, n: server.request("PROPFIND", "/anna/work/", listing, "1"),
        "sync initial": lambda server, n: server.request("REPORT", "/anna/work/", sync("")),
        "sync after a change": sync_change,
        "multiget 100": lambda server, n: server.request("REPORT", "/anna/work/", multiget),
        "calendar-query month": lambda server, n: server.request("REPORT", "/anna/work/", month, "1"),
        "free-busy week": lambda server, n: server.request("REPORT", "/anna/work/", week, "1"),
        "PUT update": lambda server, n: server.request("PUT", f"/anna/work/event-{n % server.count}.ics",
                                                       whole(n % server.count)),
        "PUT new": lambda server, n: server.request("PUT", f"/anna/work/new-{n}.ics", whole(n, "-new")),
        "DELETE": lambda server, n: server.request("DELETE", f"/anna/work/new-{n}.ics"),
    }


def seconds(servers: Sequence[Server], name: str, operation: Callable[[Server, int], bytes],
            rounds: int) -> tuple[float, ...]:
    """The median duration of ``operation`` for each of ``servers``, which take turns."""
    def prepared(server: Server, number: int) -> Callable[[], bytes]:
        if name == "sync after a change":
            server.request("PUT", "/anna/work/event-1.ics", whole(1))
        return lambda: operation(server, number)

    return turns.seconds([partial(prepared, server) for server in servers], rounds, each=2)


def configuration(folder: Path, storage_type: str) -> Any:
    config = load()
    config.update({"auth": {"type": "none"}, "storage": {"filesystem_folder": str(folder), "type": storage_type},
                   "server": {"max_content_length": "1000000000"}, "logging": {"level": "critical"},
                   "reporting": {"max_freebusy_occurrence": "1000000"}}, "benchmark", privileged=True)
    return config


def no_pages(environ: Any, start_response: Any) -> list[bytes]:
    raise RuntimeError("the benchmark asks for no page")


def compare(count: int, rounds: int) -> Iterator[tuple[str, float, float]]:
    """``(operation, seconds of multifilesystem, seconds of ours)`` for a calendar of ``count`` items."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        theirs = Server(Application(configuration(folder / "theirs", "multifilesystem")), count)
        ours = Server(BookingApplication(configuration(folder / "ours", "radicale_booking.plugins.storage"), no_pages),
                      count)
        for server in (theirs, ours):
            server.fill()
        for name, operation in operations().items():
            their_median, our_median = seconds((theirs, ours), name, operation, rounds * MORE_ROUNDS.get(name, 1))
            yield name, their_median, our_median
    finally:
        wiring.close()
        shutil.rmtree(folder)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    for count in options.items:
        print(f"\n{count} items, 10 % recurring\n")
        print("| operation | multifilesystem ms | radicale-booking ms | times faster |")
        print("|---|---:|---:|---:|")
        for name, theirs, ours in compare(count, options.rounds):
            target = TARGETS.get(name, USUAL_TARGET)
            mark = "" if count < 10_000 or theirs / ours >= target else f" (target {target:.0f})"
            print(f"| {name} | {theirs * 1e3:.2f} | {ours * 1e3:.2f} | {theirs / ours:.1f}{mark} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
