"""Links that open private event types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from radicale_booking.domain.event_type import EventType

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True, slots=True)
class BookingLink:
    """``used`` and ``expires`` are aware UTC or None."""

    id: int
    single_use: bool
    used: datetime | None
    expires: datetime | None


class BookingLinks:
    """The repository of links; only the hash of a token is kept."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, event_type: EventType, token_hash: str, *, single_use: bool, expires: datetime | None) -> None:
        self._unit_of_work.insert("booking_link", "add", event_type_id=event_type.id, token_hash=token_hash,
                                  single_use=int(single_use), now=self._unit_of_work.now_epoch,
                                  expires_epoch=int(expires.timestamp()) if expires is not None else None)

    def get(self, event_type: EventType, token_hash: str) -> BookingLink | None:
        return _read(self._unit_of_work.one("booking_link", "get", event_type_id=event_type.id, token_hash=token_hash))

    def by_id(self, link_id: int) -> BookingLink | None:
        return _read(self._unit_of_work.one("booking_link", "by_id", id=link_id))

    def use(self, link: BookingLink) -> None:
        self._unit_of_work.execute("booking_link", "use", id=link.id, now=self._unit_of_work.now_epoch)


def _read(row: Row | None) -> BookingLink | None:
    if row is None:
        return None
    return BookingLink(row["id"], bool(row["single_use"]), _instant(row["used_epoch"]), _instant(row["expires_epoch"]))


def _instant(epoch: int | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)
