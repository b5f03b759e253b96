"""What is asked most of a site with many hosts, each time of another one."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import engines, population, storage
from benchmarks.site import HALF_HOUR, TODAY
from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from radicale_booking.domain.interval import Interval
from radicale_booking.services import booking, figures, upkeep
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.booking import BookingRequest

CALDAV = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
CTAG = f'<D:propfind {CALDAV}><D:prop><G:getctag xmlns:G="http://calendarserver.org/ns/"/></D:prop></D:propfind>'
_NAMES = f"<D:propfind {CALDAV}><D:prop><D:displayname/><D:resourcetype/></D:prop></D:propfind>"
MONTH = (f'<C:calendar-query {CALDAV}><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR">'
          '<C:comp-filter name="VEVENT">{}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>')
_FREE_BUSY = f"<C:free-busy-query {CALDAV}>{{}}</C:free-busy-query>"
SYNC = (f"<D:sync-collection {CALDAV}><D:sync-token>{{}}</D:sync-token><D:sync-level>1</D:sync-level>"
         "<D:prop><D:getetag/></D:prop></D:sync-collection>")
#: The population's events leave the first two hours of these days free.
FREE_DAYS = 40


class Populated:
    """A site on the new database at ``address``, of ``hosts`` with so many ``items`` each."""

    def __init__(self, folder: Path, address: str, hosts: int, items: int) -> None:
        found = wiring.load(engines.configuration(folder, address))
        self.app: Adapters = found.app
        self.server = storage.Server(BookingApplication(found.configuration, storage.no_pages), items)
        self.hosts = hosts
        population.fill(address, hosts, items)
        self.app.store.tidy(vacuum=False)

    def home(self, number: int) -> str:
        return f"/host-{self._host(number)}/"

    def calendar(self, number: int) -> str:
        return f"/host-{self._host(number)}/calendar/"

    def event(self, number: int) -> str:
        host = self._host(number)
        return f"/host-{host}/calendar/event-{host}-{1 + number % (self.server.count - 1)}.ics"

    def put(self, number: int) -> bytes:
        return self.server.request("PUT", f"{self.calendar(number)}new-{number}.ics", storage.whole(number, "-new"))

    def synced(self, number: int) -> str:
        """The token of a calendar that has changed since."""
        answer = self.server.request("REPORT", self.calendar(number), SYNC.format(""))
        self.put(number)
        return answer.partition(b"<sync-token>")[2].partition(b"<")[0].decode()

    def invitation(self, number: int) -> bytes:
        """Another host is asked to come."""
        people = [f"mailto:host-{host}@example.org" for host in (self._host(number), self._host(-number - 1))]
        lines = "".join([f"ORGANIZER:{people[0]}\r\n", *(f"ATTENDEE:{person}\r\n" for person in people), "END:VEVENT"])
        return self.server.request("PUT", f"{self.calendar(number)}meeting-{number}.ics",
                                   storage.whole(number, "-meeting").replace("END:VEVENT", lines))

    def open_slots(self, number: int) -> object:
        return booking.open_slots(self.app, f"host-{self._host(number)}", "talk", Interval(morning(1), morning(31)))

    def book(self, number: int) -> object:
        start = morning(1 + number % FREE_DAYS) + number // FREE_DAYS % 4 * HALF_HOUR
        return booking.reserve(self.app, BookingRequest(f"host-{self._host(number)}", "talk", start, "Eve",
                                                        f"eve-{number}@example.org"))

    def mail_waits(self) -> bool:
        with self.app.store.read() as uow:
            return uow.outbox.waits("webhook")

    def _host(self, number: int) -> int:
        return random.Random(number).randrange(self.hosts) + 1


def morning(day: int) -> datetime:
    return TODAY + timedelta(days=day, hours=8)


def frame(days: int) -> str:
    return f'<C:time-range start="{TODAY:%Y%m%dT%H%M%SZ}" end="{TODAY + timedelta(days=days):%Y%m%dT%H%M%SZ}"/>'


def _asked(method: str, body: str, depth: str = "0") -> Callable[[Populated, int], Callable[[], object]]:
    return lambda there, number: lambda: there.server.request(method, there.calendar(number), body, depth)


def _of_root(there: Populated, number: int) -> Callable[[], object]:
    user = there.home(number).strip("/")
    return lambda: there.server.request("PROPFIND", "/", _NAMES, "1", user)


def _of_home(there: Populated, number: int) -> Callable[[], object]:
    return lambda: there.server.request("PROPFIND", there.home(number), _NAMES, "1")


def _sync(there: Populated, number: int) -> Callable[[], object]:
    body = SYNC.format(there.synced(number))
    return lambda: there.server.request("REPORT", there.calendar(number), body)


def _delete(there: Populated, number: int) -> Callable[[], object]:
    there.put(number)
    return lambda: there.server.request("DELETE", f"{there.calendar(number)}new-{number}.ics")


#: Name -> what prepares one round and gives what is measured.
OPERATIONS: dict[str, Callable[[Populated, int], Callable[[], object]]] = {
    "GET": lambda there, number: lambda: there.server.request("GET", there.event(number)),
    "PROPFIND 1 of /": _of_root,
    "PROPFIND 1 of a home": _of_home,
    "PROPFIND 0 (ctag)": _asked("PROPFIND", CTAG),
    "sync after a change": _sync,
    "calendar-query month": _asked("REPORT", MONTH.format(frame(30)), "1"),
    "free-busy week": _asked("REPORT", _FREE_BUSY.format(frame(7)), "1"),
    "PUT new": lambda there, number: lambda: there.put(number),
    "PUT of an invitation": lambda there, number: lambda: there.invitation(number),
    "DELETE": _delete,
    "open slots, 30 days": lambda there, number: lambda: there.open_slots(number),
    "booking": lambda there, number: lambda: there.book(number),
    "the worker's look": lambda there, number: there.mail_waits,
    "upkeep's look": lambda there, number: lambda: upkeep.run(there.app),
    "figures for /metrics": lambda there, number: lambda: figures.figures(there.app),
}
