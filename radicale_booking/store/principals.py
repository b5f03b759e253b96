"""Principals: users, and the hosts among them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from radicale_booking.domain.principal import Principal

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


class Principals:
    """The repository of principals; those that a transaction has read it knows until it changes one."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._known: dict[str, Principal] = {}

    def get(self, name: str) -> Principal | None:
        if name not in self._known:
            row = self._unit_of_work.one("principal", "get", name=name)
            if row is None:
                return None
            self._known[name] = _read(row)
        return self._known[name]

    def by_id(self, principal_id: int) -> Principal | None:
        row = self._unit_of_work.one("principal", "by_id", id=principal_id)
        return _read(row) if row is not None else None

    def owner_of(self, collection: CollectionRow) -> Principal | None:
        """The principal below whose home ``collection`` lies."""
        return self.by_id(collection.principal_id) if collection.principal_id is not None else None

    def by_email(self, email: str) -> Principal | None:
        row = self._unit_of_work.one("principal", "by_email", email=email)
        return _read(row) if row is not None else None

    def search(self, part: str, most: int) -> list[Principal]:
        """At most ``most`` principals with an e-mail address in whose name or address ``part`` is, in any case."""
        escaped = part.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rows = self._unit_of_work.query("principal", "search", pattern=f"%{escaped}%", most=most)
        return [_read(row) for row in rows]

    def all(self) -> list[Principal]:
        return [_read(row) for row in self._unit_of_work.query("principal", "all")]

    def with_agenda(self) -> list[Principal]:
        """Those who want a daily mail and can get it."""
        return [_read(row) for row in self._unit_of_work.query("principal", "with_agenda")]

    def add(self, principal: Principal) -> Principal:
        """Store a new principal; the same with its ``id``. Its collections, if any exist, become its own."""
        principal_id = self._unit_of_work.insert("principal", "add", now=self._unit_of_work.now_epoch,
                                                 **_values(principal))
        self._unit_of_work.collections.claim(principal.name, principal_id)
        return replace(principal, id=principal_id)

    def update(self, principal: Principal) -> None:
        self._known.clear()
        self._unit_of_work.execute("principal", "update", **_values(principal))

    def remove(self, name: str) -> bool:
        """Remove the principal with its collections and bookings; whether there was one."""
        self._known.clear()
        return bool(self._unit_of_work.execute("principal", "remove", name=name))


def _values(principal: Principal) -> dict[str, object]:
    return {"name": principal.name, "email": principal.email, "display_name": principal.display_name,
            "description": principal.description, "timezone": principal.timezone, "host": int(principal.host),
            "holidays": principal.holidays, "availability": principal.availability,
            "auto_schedule": principal.auto_schedule, "free_busy_url": int(principal.free_busy_url),
            "language": principal.language, "agenda": principal.agenda}


def _read(row: Row) -> Principal:
    return Principal(name=row["name"], email=row["email"], display_name=row["display_name"],
                     description=row["description"], timezone=row["timezone"], host=bool(row["host"]),
                     holidays=row["holidays"], availability=row["availability"], auto_schedule=row["auto_schedule"],
                     free_busy_url=bool(row["free_busy_url"]), language=row["language"], agenda=row["agenda"],
                     id=row["id"])
