"""Items: calendar objects and cards, with their occurrences and the history that synchronisation needs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from radicale_booking.domain.item_index import ItemIndex

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork

_SPAN_LIMITS_SECONDS = (86_400, 32 * 86_400)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A stored item; instants in UTC seconds since 1970, ``etag`` quoted (RFC 9110 §8.8.3).

    ``revision``: how often the ETag changed without the text; ``renewal_epoch``: when it does so next, if at all."""

    id: int
    collection_id: int
    href: str
    uid: str
    etag: str
    name: str
    component: str
    text: str
    size_octets: int
    first_epoch: int
    last_epoch: int
    expanded_from_epoch: int | None
    expanded_until_epoch: int | None
    unreadable: str | None
    schedule_tag: str | None
    sequence: int
    modified_epoch: int
    revision: int = 0
    renewal_epoch: int | None = None


_COLUMNS = tuple(ItemRow.__dataclass_fields__)
_values = itemgetter(*_COLUMNS)


class Items:
    """The repository of items. Every change grows the sequence of the collection."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def get(self, collection_id: int, href: str) -> ItemRow | None:
        row = self._unit_of_work.one("item", "get", collection_id=collection_id, href=href)
        return read_item(row) if row is not None else None

    def get_many(self, collection_id: int, hrefs: Iterable[str]) -> list[ItemRow]:
        """Those of ``hrefs`` that exist, in no order."""
        rows = self._unit_of_work.query("item", "get_many", collection_id=collection_id,
                                        hrefs=json.dumps(list(hrefs)))
        return [read_item(row) for row in rows]

    def all(self, collection_id: int) -> list[ItemRow]:
        return [read_item(row) for row in self._unit_of_work.query("item", "all", collection_id=collection_id)]

    def hrefs(self, collection_id: int) -> list[str]:
        return [row[0] for row in self._unit_of_work.query("item", "hrefs", collection_id=collection_id)]

    def by_uid(self, collection_id: int, uid: str) -> ItemRow | None:
        row = self._unit_of_work.one("item", "by_uid", collection_id=collection_id, uid=uid)
        return read_item(row) if row is not None else None

    def of_principal_by_uid(self, principal_id: int, uid: str) -> ItemRow | None:
        """In the first of the principal's calendars and address books that has it."""
        row = self._unit_of_work.one("item", "of_principal_by_uid", principal_id=principal_id, uid=uid)
        return read_item(row) if row is not None else None

    def written_since(self, principal_id: int, since: datetime) -> list[ItemRow]:
        """The events that were stored after ``since`` (aware) in calendars of the principal, the latest of each."""
        rows = self._unit_of_work.query("item", "written_since", principal_id=principal_id,
                                        since=int(since.timestamp()))
        return [read_item(row) for row in rows]

    def has_uid(self, collection_id: int, uid: str) -> bool:
        return self._unit_of_work.one("item", "has_uid", collection_id=collection_id, uid=uid) is not None

    def store(self, collection_id: int, *, href: str, uid: str, name: str, component: str, text: str,
              index: ItemIndex, schedule_tag: str | None = None, renewal: timedelta | None = None) -> ItemRow:
        """Create or replace the item ``href``.

        ``name`` is VCALENDAR or VCARD, ``component`` VEVENT, VTODO … or empty; ``index`` is that of ``text``.
        ``renewal``: after this time it gets another ETag.
        """
        row = self._put(collection_id, href=href, uid=uid, name=name, component=component, text=text, index=index,
                        schedule_tag=schedule_tag, renewal=renewal)
        self.replace_instances(row.id, collection_id, index)
        self._unit_of_work.execute("item", "clear_tombstone", collection_id=collection_id, href=href)
        return row

    def add(self, collection_id: int, *, href: str, uid: str, name: str, component: str, text: str,
            index: ItemIndex) -> ItemRow:
        """``store`` for an ``href`` that was never used in any collection."""
        row = self._put(collection_id, href=href, uid=uid, name=name, component=component, text=text, index=index)
        self._unit_of_work.execute_many("item", "add_instance", _instances(row.id, collection_id, index))
        return row

    def _put(self, collection_id: int, *, href: str, uid: str, name: str, component: str, text: str,
             index: ItemIndex, schedule_tag: str | None = None, renewal: timedelta | None = None) -> ItemRow:
        octets, now = text.encode(), self._unit_of_work.now_epoch
        values: dict[str, Any] = {
            "collection_id": collection_id, "href": href, "uid": uid, "etag": _etag(octets), "name": name,
            "component": component, "text": text, "size_octets": len(octets), "first_epoch": index.first_epoch,
            "last_epoch": index.last_epoch, "expanded_from_epoch": index.expanded_from_epoch,
            "expanded_until_epoch": index.expanded_until_epoch, "unreadable": index.unreadable,
            "schedule_tag": schedule_tag, "sequence": self._unit_of_work.collections.touch(collection_id),
            "modified_epoch": now, "revision": 0,
            "renewal_epoch": None if renewal is None else now + int(renewal.total_seconds())}
        return ItemRow(self._unit_of_work.insert("item", "put", **values), **values)

    def renew(self, row: ItemRow) -> None:
        """Give the item a new ETag and leave its content, so that every client reads it again."""
        revision = row.revision + 1
        etag = f'{_etag(row.text.encode())[:-1]}-{revision}"'
        self._unit_of_work.execute("item", "renew", id=row.id, etag=etag, revision=revision,
                                   sequence=self._unit_of_work.collections.touch(row.collection_id),
                                   now=self._unit_of_work.now_epoch)

    def due_for_renewal(self, most: int) -> list[ItemRow]:
        """At most ``most`` items that are to get another ETag now."""
        rows = self._unit_of_work.query("item", "due_for_renewal", now=self._unit_of_work.now_epoch, most=most)
        return [read_item(row) for row in rows]

    def replace_instances(self, item_id: int, collection_id: int, index: ItemIndex) -> None:
        """Write the occurrences of ``index`` in place of the item's present ones, if they differ."""
        wanted = _instances(item_id, collection_id, index)
        present = Counter(tuple(row) for row in self._unit_of_work.query("item", "instances", item_id=item_id))
        if present == Counter(tuple(row.values()) for row in wanted):
            return
        if present:
            self._unit_of_work.execute("item", "clear_instances", item_id=item_id)
        self._unit_of_work.execute_many("item", "add_instance", wanted)

    def behind(self, until_epoch: int, most: int) -> list[tuple[int, int, str, int | None]]:
        """At most ``most`` series expanded to before ``until_epoch``: id, collection's id, text, principal's id."""
        rows = self._unit_of_work.query("item", "behind", until_epoch=until_epoch, most=most)
        return [(row["id"], row["collection_id"], row["text"], row["principal_id"]) for row in rows]

    def reindex(self, item_id: int, collection_id: int, text: str, index: ItemIndex) -> bool:
        """Replace what is kept of an item by the ``index`` of ``text``, if that is its text still; whether it is."""
        if not self._unit_of_work.execute(
            "item", "set_expansion", id=item_id, text=text, first_epoch=index.first_epoch, last_epoch=index.last_epoch,
            expanded_from_epoch=index.expanded_from_epoch, expanded_until_epoch=index.expanded_until_epoch,
            unreadable=index.unreadable):
            return False
        self.replace_instances(item_id, collection_id, index)
        return True

    def delete(self, collection_id: int, href: str) -> bool:
        """Remove the item and remember its removal; whether there was one."""
        if not self._unit_of_work.execute("item", "delete", collection_id=collection_id, href=href):
            return False
        sequence = self._unit_of_work.collections.touch(collection_id)
        self._unit_of_work.execute("item", "add_tombstone", collection_id=collection_id, href=href,
                                   sequence=sequence, now=self._unit_of_work.now_epoch)
        return True

    def count(self) -> int:
        """How many items there are in all collections."""
        return int(self._unit_of_work.query("item", "count")[0][0])

    def changes(self, collection_id: int, since: int) -> list[str]:
        """The hrefs of members written or removed after the sequence ``since``."""
        rows = self._unit_of_work.query("item", "changes", collection_id=collection_id, since=since)
        return [row[0] for row in rows]

    def changes_in_order(self, collection_id: int, since: int, began: int, most: int) -> list[tuple[str, int]]:
        """At most ``most`` members written after the sequence ``since``, or removed after that and ``began``: href and
        sequence, the oldest change first."""
        rows = self._unit_of_work.query("item", "changes_in_order", collection_id=collection_id, since=since,
                                        began=began, most=most)
        return [(row["href"], row["sequence"]) for row in rows]

    def in_range(self, collection_id: int, component: str, start_epoch: int,
                 end_epoch: int) -> list[tuple[ItemRow, bool]]:
        """Items whose occurrences overlap ``[start_epoch, end_epoch)`` (RFC 4791 §9.9).

        The flag is False where the range leaves the expanded time and the text must decide.
        """
        rows = self._unit_of_work.query("item", "in_range", collection_id=collection_id, component=component,
                                        range_start=start_epoch, range_end=end_epoch)
        found: dict[int, tuple[ItemRow, bool]] = {}
        for row in rows:
            if row["id"] not in found:
                found[row["id"]] = read_item(row), bool(row["matched"])
        return list(found.values())


def _instances(item_id: int, collection_id: int, index: ItemIndex) -> list[dict[str, object]]:
    return [{"item_id": item_id, "collection_id": collection_id, "start_epoch": row.start_epoch,
             "end_epoch": row.end_epoch, "span_class": span_class(row.end_epoch - row.start_epoch),
             "busy_type": row.busy_type, "cancelled": int(row.cancelled), "all_day": int(row.all_day),
             "moment": int(row.moment), "summary": row.summary, "categories": row.categories, "zone": row.zone}
            for row in index.rows]


def span_class(length_seconds: int) -> int:
    """The class of an occurrence by its length: 0 up to a day, 1 up to 32 days, 2 longer."""
    return sum(length_seconds > limit for limit in _SPAN_LIMITS_SECONDS)


def same_content(etag: str, other: str) -> bool:
    """Whether two ETags are of the same text, apart from renewals."""
    return etag.strip('"').partition("-")[0] == other.strip('"').partition("-")[0]


def _etag(octets: bytes) -> str:
    """As Radicale's own items have it."""
    return f'"{hashlib.sha256(octets).hexdigest()}"'


def read_item(row: Row) -> ItemRow:
    return ItemRow(*_values(row))
