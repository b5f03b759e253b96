"""Passwords for programs; only their hashes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radicale_booking.domain.principal import Principal
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True, slots=True)
class TokenRow:
    """``scope`` is ``full`` or ``read``; instants are aware UTC, None where there is none."""

    id: int
    user: str
    name: str
    scope: str
    created: datetime
    expires: datetime | None
    used: datetime | None


class Tokens:
    """The repository of tokens."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, principal: Principal, name: str, token_hash: str, scope: str, expires: datetime | None) -> int:
        """The id of the new token."""
        return self._unit_of_work.insert(
            "token", "add", principal_id=principal.id, name=name, token_hash=token_hash, scope=scope,
            expires_epoch=int(expires.timestamp()) if expires is not None else None, now=self._unit_of_work.now_epoch)

    def by_hash(self, token_hash: str) -> TokenRow | None:
        """None when there is none, or its time is over."""
        row = self._unit_of_work.one("token", "by_hash", token_hash=token_hash, now=self._unit_of_work.now_epoch)
        return _read(row) if row is not None else None

    def list(self, user: str | None = None) -> list[TokenRow]:
        """In the order of their making."""
        return [_read(row) for row in self._unit_of_work.query("token", "list", user=user)]

    def used(self, token_id: int) -> None:
        """Note that it was used now."""
        self._unit_of_work.execute("token", "used", id=token_id, now=self._unit_of_work.now_epoch)

    def remove(self, token_id: int) -> bool:
        """Whether there was one."""
        return bool(self._unit_of_work.execute("token", "remove", id=token_id))


def _read(row: Row) -> TokenRow:
    created, expires, used = (
        datetime.fromtimestamp(row[name], UTC) if row[name] is not None else None
        for name in ("created_epoch", "expires_epoch", "used_epoch"))
    assert created is not None  # noqa: S101 - the column is never empty
    return TokenRow(row["id"], row["user_name"], row["name"], row["scope"], created, expires, used)
