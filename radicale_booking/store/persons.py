"""What is known of a person by e-mail address, and how to forget it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True, slots=True)
class MentioningItem:
    """An item of a collection in whose text the address stands."""

    id: int
    collection_id: int
    path: str
    href: str
    uid: str
    name: str
    component: str
    text: str


class Persons:
    """The repository of traces of an address, in any case."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def rows(self, name: str, email: str) -> list[Row]:
        """The rows of one of the queries ``reservations_of``, ``reservations_with_guest``, ``seats_of``, ``mail_to`` or
        ``audit_about``."""
        return list(self._unit_of_work.query("maintenance", name, **(
            {"pattern": _pattern(email)} if name in ("reservations_with_guest", "audit_about") else {"email": email})))

    def items(self, email: str) -> list[MentioningItem]:
        """Items that name the address."""
        return [MentioningItem(row["id"], row["collection_id"], row["path"], row["href"], row["uid"], row["name"],
                               row["component"], row["text"])
                for row in self._unit_of_work.query("maintenance", "items_about", pattern=_pattern(email))]

    def erase_reservation(self, reservation_id: int) -> None:
        """Leave the times of the reservation only, and of its mail what is still to be sent."""
        self._unit_of_work.execute("maintenance", "erase_mail_about", reservation_id=reservation_id)
        self._unit_of_work.execute("maintenance", "erase_reservation", id=reservation_id)

    def erase_guest(self, row: Row, email: str) -> None:
        """Take the address out of the guests of a row of ``reservations_with_guest``."""
        kept = [guest for guest in json.loads(row["guests"]) if guest.lower() != email.lower()]
        self._unit_of_work.execute("maintenance", "set_guests", id=row["id"], guests=json.dumps(kept))

    def erase_seats(self, reservation_id: int) -> None:
        """Leave of a reservation's seats, those that were given back too, that there were some."""
        for row in list(self._unit_of_work.query("maintenance", "seats_in", reservation_id=reservation_id)):
            self.erase_seat(row["id"])

    def erase_seat(self, seat_id: int) -> None:
        """Leave that there was a seat."""
        self._unit_of_work.execute("maintenance", "erase_seat", id=seat_id)

    def erase_mail(self, email: str) -> int:
        """Remove mail to the address, sent or not; how many."""
        return self._unit_of_work.execute("maintenance", "erase_mail_to", email=email)

    def set_audit(self, row_id: int, subject: str, detail: str) -> None:
        """Write what an entry says anew."""
        self._unit_of_work.execute("maintenance", "set_audit", id=row_id, subject=subject, detail=detail)


def _pattern(email: str) -> str:
    escaped = email.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
