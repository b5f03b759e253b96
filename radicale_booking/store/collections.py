"""Collections: calendars, address books, principals' homes and the root."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from radicale_booking.errors import NotFound

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork

TRANSPARENCY = "C:schedule-calendar-transp"
#: Tags of the collections that scheduling needs (RFC 6638 §2); neither is a calendar, the outbox is never stored.
INBOX, OUTBOX = "SCHEDULE-INBOX", "SCHEDULE-OUTBOX"
#: Where they are below the principal's home.
BOXES = {"inbox": INBOX, "outbox": OUTBOX}


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """``path`` has no slash at its ends ('' is the root); ``sequence`` counts the changes of this ``incarnation``.

    ``modified_epoch`` is in UTC seconds since 1970. ``role`` is ``bookable``, ``default`` or None.
    """

    id: int
    path: str
    tag: str
    role: str | None
    transparent: bool
    props: Mapping[str, str]
    incarnation: str
    sequence: int
    oldest_sequence: int
    modified_epoch: int
    principal_id: int | None


class Collections:
    """The repository of collections."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def get(self, path: str) -> CollectionRow | None:
        row = self._unit_of_work.one("collection", "get", path=path)
        return _read(row) if row is not None else None

    def by_id(self, collection_id: int) -> CollectionRow | None:
        row = self._unit_of_work.one("collection", "by_id", id=collection_id)
        return _read(row) if row is not None else None

    def all(self) -> list[CollectionRow]:
        """All but the root, a parent before its children."""
        return [_read(row) for row in self._unit_of_work.query("collection", "all")]

    def children(self, collection: CollectionRow) -> list[CollectionRow]:
        return [_read(row) for row in self._unit_of_work.query("collection", "children", parent_id=collection.id)]

    def of_principal(self, principal_id: int) -> list[CollectionRow]:
        """The principal's calendars and address books."""
        return [_read(row) for row in
                self._unit_of_work.query("collection", "of_principal", principal_id=principal_id)]

    def by_role(self, principal_id: int, role: str) -> CollectionRow | None:
        row = self._unit_of_work.one("collection", "by_role", principal_id=principal_id, role=role)
        return _read(row) if row is not None else None

    def add(self, path: str, tag: str = "", props: Mapping[str, str] | None = None,
            role: str | None = None) -> CollectionRow:
        """A new, empty collection. Raises ``NotFound`` when its parent does not exist."""
        parent_path = path.rpartition("/")[0]
        parent = self.get(parent_path)
        if parent is None:
            raise NotFound("collection", parent_path)
        principal_id = parent.principal_id
        if not parent_path:
            principal = self._unit_of_work.principals.get(path)
            principal_id = principal.id if principal is not None else None
        props = {**({"tag": tag} if tag else {}), **(props or {})}
        self._unit_of_work.insert(
            "collection", "add", parent_id=parent.id, principal_id=principal_id, path=path, tag=tag, role=role,
            transparent=_transparent(props), props=_write(props), incarnation=uuid.uuid4().hex,
            now=self._unit_of_work.now_epoch)
        created = self.get(path)
        assert created is not None  # noqa: S101 - inserted in this transaction
        return created

    def set_props(self, collection: CollectionRow, props: Mapping[str, str], tag: str | None = None) -> None:
        """Replace the properties; the collection's sequence grows."""
        self._unit_of_work.execute(
            "collection", "set_props", id=collection.id, tag=collection.tag if tag is None else tag,
            transparent=_transparent(props), props=_write(props), now=self._unit_of_work.now_epoch)

    def make_default(self, principal_id: int, collection_id: int) -> None:
        """Let invitations and bookings of the principal go into this calendar instead of the former."""
        self._unit_of_work.execute("collection", "clear_default", principal_id=principal_id)
        self._unit_of_work.execute("collection", "set_default", id=collection_id)

    def claim(self, name: str, principal_id: int) -> None:
        """Make the principal ``principal_id`` the owner of ``/<name>/`` and of all that is below it."""
        # As bytes "0" follows "/".
        self._unit_of_work.execute("collection", "claim_principal", principal_id=principal_id, path=name,
                                   below=f"{name}/", above=f"{name}0")

    def rename(self, collection: CollectionRow, path: str) -> None:
        """Let it be at ``path`` with all that is below it. Raises ``NotFound`` when its parent does not exist."""
        parent_path = path.rpartition("/")[0]
        parent = self.get(parent_path)
        if parent is None:
            raise NotFound("collection", parent_path)
        self._unit_of_work.execute("collection", "set_path", id=collection.id, parent_id=parent.id, path=path,
                                   now=self._unit_of_work.now_epoch)
        for child in self.children(collection):
            self.rename(child, f"{path}/{child.path.rpartition('/')[2]}")

    def touch(self, collection_id: int) -> int:
        """Count one change; the new sequence."""
        return self._unit_of_work.insert("collection", "touch", id=collection_id, now=self._unit_of_work.now_epoch)

    def remove(self, collection: CollectionRow) -> None:
        """Remove it with all that it holds."""
        self._unit_of_work.execute("collection", "remove", id=collection.id)


def _transparent(props: Mapping[str, str]) -> int:
    return int(props.get(TRANSPARENCY, "").strip().lower().endswith("transparent"))


def _write(props: Mapping[str, str]) -> str:
    return json.dumps(dict(props), ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=1024)
def _parse(props: str) -> Mapping[str, str]:
    return MappingProxyType(json.loads(props))


def _read(row: Row) -> CollectionRow:
    return CollectionRow(
        id=row["id"], path=row["path"], tag=row["tag"], role=row["role"], transparent=bool(row["transparent"]),
        props=_parse(row["props"]), incarnation=row["incarnation"], sequence=row["sequence"],
        oldest_sequence=row["oldest_sequence"], modified_epoch=row["modified_epoch"],
        principal_id=row["principal_id"])
