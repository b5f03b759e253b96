"""The bookings to come: whether reservations, calendars and occupied time say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.doctor.finding import OK, WARNING, Finding
from radicale_booking.errors import LinkExpired, NotFound
from radicale_booking.services import life, manage
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_LINK = re.compile(r"^URL:\S+/booking/([^/\s]+)/?\s*$", re.MULTILINE)
_ORGANIZER = re.compile(r"^ORGANIZER\b.*:mailto:(\S+)\s*$", re.MULTILINE | re.IGNORECASE)
#: Of the site's address, what stands in the first line of a property whatever its length (RFC 5545 §3.1).
_UNFOLDED = 60


@again.if_undone
def examine(app: Adapters) -> Iterator[Finding]:
    """Two at the same time are an error of the database itself, which its check tells."""
    with app.store.read() as uow:
        without_event = [str(row["uid"]) for row in uow.query("figures", "without_object", now=uow.now_epoch)]
        occupied = [str(row["uid"]) for row in uow.query("figures", "wrongly_occupied", now=uow.now_epoch)]
        without_reservation = list(_without_reservation(app, uow))
    yield _told("bookings", without_event, "without an event in the host's calendar",
                "radicale-booking reservation show UID, then move or cancel it", "each to come has its event")
    yield _told("booked events", without_reservation, "in a host's calendar, of no booking",
                "nothing is booked there any more: let the host remove them", "each to come has its booking")
    yield _told("occupied time", occupied, "is not what the reservation says",
                "others may book it, or it is blocked for nobody: cancel it, or restore a backup",
                "is that of the bookings to come")


def _told(name: str, found: Iterable[str], trouble: str, remedy: str, well: str) -> Finding:
    shown = list(found)
    if shown:
        return Finding(name, WARNING, f"{trouble}: {', '.join(shown[:5])}", remedy)
    return Finding(name, OK, well)


def _without_reservation(app: Adapters, uow: UnitOfWork) -> Iterator[str]:
    """Addresses of objects that a host organizes, with a link that is ours, to nothing that is booked."""
    address = app.settings.public_url[:_UNFOLDED].replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    for row in uow.query("figures", "linked_objects", now=uow.now_epoch, pattern=f"%URL:{address}%"):
        text = re.sub(r"\r?\n[ \t]", "", row["text"])
        organizers = {email.lower() for email in _ORGANIZER.findall(text)}
        if str(row["email"]).lower() in organizers and not any(
                _is_booked(app, uow, token) for token in _LINK.findall(text)):
            yield f"/{row['path']}/{row['href']}"


def _is_booked(app: Adapters, uow: UnitOfWork, token: str) -> bool:
    """Also where the link is somebody else's: then it says nothing about us."""
    try:
        uid = manage.uid_in(app, token)
    except (NotFound, LinkExpired):
        return True
    try:
        found = life.get(uow, uid)
    except NotFound:
        return False
    return any(one.live for one in uow.reservations.of_object(found.calendar_uid))
