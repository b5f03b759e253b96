"""A collection of Radicale's, read from and written to the store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from email.utils import formatdate
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, overload

from radicale import item as radicale_item
from radicale import pathutils
from radicale.item import filter as radicale_filter
from radicale.storage import BaseCollection, ComponentNotFoundError

from radicale_booking.dav import preconditions
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidInput, SchedulingRefused, UidTaken
from radicale_booking.services import implicit
from radicale_booking.store.collections import INBOX, CollectionRow
from radicale_booking.store.items import ItemRow

if TYPE_CHECKING:
    from radicale_booking.dav.storage import Storage

#: Some programs fetch only the ETag after a PUT and keep their own text: they read ours when it changes once more.
_SECOND_TOUCH = timedelta(seconds=30)
#: What file systems have room for.
_LONGEST_NAME_OCTETS = 255
_POSITION = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?")
_TOKEN_PREFIX = "http://radicale.org/ns/sync/"  # noqa: S105 - a sync-token's address, no secret


class StoredItem(radicale_item.Item):
    """Radicale's item with its Schedule-Tag (RFC 6638 §3.2.10), None for one without scheduling."""

    schedule_tag: str | None = None


class Collection(BaseCollection):
    """The collection of ``row``; valid while the storage's lock is held."""

    def __init__(self, storage: Storage, row: CollectionRow) -> None:
        super().__init__()
        self._storage = storage
        self.row = row

    @property
    def path(self) -> str:
        return self.row.path

    @property
    def etag(self) -> str:
        return f'"{self.row.incarnation}-{self.row.sequence}"'

    @property
    def last_modified(self) -> str:
        return http_date(self.row.modified_epoch)

    @property
    def tag(self) -> str:
        # What Radicale can do with the items of a calendar it can do with the messages in an inbox.
        return "VCALENDAR" if self.row.tag == INBOX else self.row.tag

    def item(self, row: ItemRow) -> StoredItem:
        """``row`` as Radicale's item, its text not parsed."""
        item = StoredItem(
            collection=self, href=row.href, etag=row.etag, uid=row.uid, name=row.name, text=row.text,
            component_name=row.component, time_range=(row.first_epoch, row.last_epoch),
            last_modified=http_date(row.modified_epoch))
        item.schedule_tag = row.schedule_tag
        return item

    def get_multi(self, hrefs: Iterable[str]) -> Iterator[tuple[str, radicale_item.Item | None]]:
        wanted = list(dict.fromkeys(hrefs))
        with self._storage.reading() as unit_of_work:
            found = {row.href: row for row in unit_of_work.items.get_many(self.row.id, wanted)}
        for href in wanted:
            yield href, self.item(found[href]) if href in found else None

    def get_all(self) -> Iterator[radicale_item.Item]:
        with self._storage.reading() as unit_of_work:
            rows = unit_of_work.items.all(self.row.id)
        yield from map(self.item, rows)

    def get_filtered(self, filters: Iterable[Any]) -> Iterator[tuple[radicale_item.Item, bool]]:
        filters = list(filters)
        component, start, end, simple = radicale_filter.simplify_prefilters(filters, self.tag)
        bounded = start > radicale_filter.TIMESTAMP_MIN or end < radicale_filter.TIMESTAMP_MAX
        if component != "VEVENT" or not simple or not bounded:
            # Only VEVENTs have occurrences in the store; of others the text decides.
            yield from ((item, matched and not bounded) for item, matched in super().get_filtered(filters))
            return
        for row, matched in self._storage.unit_of_work.items.in_range(self.row.id, component, start, end):
            yield self.item(row), matched

    def has_uid(self, uid: str) -> bool:
        """Whether the UID is taken; an invitation that came before the program put its own copy is not in its way.

        For our own application it raises ``UidTaken``, which names the object that has it.
        """
        row = self._storage.unit_of_work.items.by_uid(self.row.id, uid)
        if row is not None and self._delivered(uid) is None:
            if not self._storage.scheduling:
                return True
            kind = "CR" if self.row.tag == "VADDRESSBOOK" else "C"
            raise UidTaken(f"{kind}:no-uid-conflict", "the collection has an object with this UID",
                           f"/{self.row.path}/{row.href}")
        return False

    def _delivered(self, uid: str) -> ItemRow | None:
        """The copy with ``uid`` that the server put here for its owner."""
        row = self._storage.unit_of_work.items.by_uid(self.row.id, uid)
        if row is None or not row.schedule_tag or self._owner is None:
            return None
        return None if implicit.organizes(self._storage.app, self._owner, row.text) else row

    def upload(self, href: str, item: radicale_item.Item, *,
               scheduled: bool = True) -> tuple[radicale_item.Item, radicale_item.Item | None]:
        """Store ``item`` as ``href``; the stored item and the one it replaced.

        Unless it is ``scheduled``, nobody is told: of what was moved or imported nothing is new.
        Raises ``SchedulingRefused``, or ``SlotTaken`` when a reservation's event was moved to a time that is not free.
        """
        unit_of_work = self._storage.unit_of_work
        old = unit_of_work.items.get(self.row.id, href)
        if old is None:
            self._check_name(href)
        if self._storage.scheduling:
            preconditions.of_member(self.row, item, old.text if old is not None else "")
        self._storage.exchange.check(old.schedule_tag if old is not None else None)
        text, schedule_tag = item.serialize(), self._tag_of(old, item)
        if scheduled and item.component_name == "VEVENT":
            if old is None and implicit.concerns(text):
                old = self._delivered(item.uid)
                if old is not None:
                    unit_of_work.items.delete(self.row.id, old.href)
            text, schedule_tag = self._storage.schedule(self.row, self._owner, old, text, item.uid)
        # The many texts of a whole calendar come unscheduled.
        self._storage.exchange.stored = text if scheduled else None
        index = self._storage.app.calendar.index(text, now=unit_of_work.now, owner=self._owner)
        row = unit_of_work.items.store(
            self.row.id, href=href, uid=item.uid, name=item.name, component=item.component_name,
            text=text, index=index, schedule_tag=schedule_tag,
            renewal=_SECOND_TOUCH if self._storage.exchange.rewritten else None)
        if old is not None and old.uid != item.uid:
            self._storage.removed(self.row, old.uid, old.text)
            old_text = None
        else:
            old_text = old.text if old is not None else None
        self._storage.written(self.row, old_text, text, item.uid)
        self._refresh()
        return self.item(row), self.item(old) if old is not None else None

    def _check_name(self, href: str) -> None:
        """Raises where no file could be called so: everything can be exported as files."""
        if pathutils.is_safe_filesystem_path_component(href) and len(href.encode()) <= _LONGEST_NAME_OCTETS:
            return
        if not self._storage.scheduling:
            raise pathutils.UnsafePathError(href)
        raise InvalidInput("name", href[:_LONGEST_NAME_OCTETS], "cannot be that of a file",
                           f"take one of at most {_LONGEST_NAME_OCTETS} octets, without a dot before or a tilde behind")

    def delete(self, href: str | None = None) -> None:
        """Remove the member ``href`` or, when None, the collection; reservations whose events go are cancelled.

        Raises ``SchedulingRefused`` for the calendar into which invitations go (RFC 6638 §4.3).
        """
        unit_of_work = self._storage.unit_of_work
        if href is None:
            if self.row.role == "default" and self._storage.scheduling:
                raise SchedulingRefused("default-calendar-needed", "bookings go into it; choose another one first")
            self._forget_members(self.row)
            # The root stays, empty.
            for gone in [self.row] if self.row.path else unit_of_work.collections.children(self.row):
                unit_of_work.collections.remove(gone)
            return
        if not pathutils.is_safe_filesystem_path_component(href):
            raise pathutils.UnsafePathError(href)
        row = unit_of_work.items.get(self.row.id, href)
        if row is None:
            raise ComponentNotFoundError(href)
        self._storage.exchange.check(row.schedule_tag)
        unit_of_work.items.delete(self.row.id, href)
        self._storage.removed(self.row, row.uid, row.text)
        self._refresh()

    def _tag_of(self, old: ItemRow | None, item: radicale_item.Item) -> str | None:
        """The Schedule-Tag of what is stored without scheduling: that of the item that was moved, or replaced."""
        return getattr(item, "schedule_tag", None) or (old.schedule_tag if old is not None else None)

    def _forget_members(self, collection: CollectionRow) -> None:
        unit_of_work = self._storage.unit_of_work
        for child in unit_of_work.collections.children(collection):
            self._forget_members(child)
        if collection.tag == "VCALENDAR":
            for row in unit_of_work.items.all(collection.id):
                unit_of_work.items.delete(collection.id, row.href)
                self._storage.removed(collection, row.uid, row.text)

    def replace_members(self, items: Iterable[radicale_item.Item],
                        suffix: str) -> tuple[dict[str, radicale_item.Item], list[str]]:
        """Make ``items`` the only members; the members replaced and the hrefs of new ones."""
        stored = self._storage.unit_of_work.items
        former = {row.href: row for row in stored.all(self.row.id)}
        replaced: dict[str, radicale_item.Item] = {}
        kept: set[str] = set()
        for item in items:
            href = _free_href(item.uid, suffix, kept)
            kept.add(href)
            if href in former:
                replaced[href] = self.item(former[href])
            if href not in former or former[href].text != item.serialize():
                self.upload(href, item, scheduled=False)
        for href in former.keys() - kept:
            self.delete(href)
        return replaced, sorted(kept - former.keys())

    @overload
    def get_meta(self, key: None = None) -> Mapping[str, str]: ...

    @overload
    def get_meta(self, key: str) -> str | None: ...

    def get_meta(self, key: str | None = None) -> Mapping[str, str] | str | None:
        return self.row.props if key is None else self.row.props.get(key)

    def set_meta(self, props: Mapping[str, str]) -> None:
        self._storage.unit_of_work.collections.set_props(self.row, props, props.get("tag", ""))
        self._refresh()

    def sync(self, old_token: str = "") -> tuple[str, Iterable[str]]:
        """The present sync-token and the hrefs changed since ``old_token`` (RFC 6578 §3.2).

        Raises ``ValueError`` for a token that was not given out by this collection or is too old.
        """
        if not old_token:
            return self._token(self.row.sequence), self._hrefs()
        since, began = self._position(old_token)
        if began == since:
            return self._token(self.row.sequence), self._storage.unit_of_work.items.changes(self.row.id, since)
        token, hrefs, _ = self.sync_part(old_token, self.row.sequence)
        return token, hrefs

    def sync_part(self, old_token: str, most: int) -> tuple[str, list[str], bool]:
        """As ``sync``, with at most ``most`` hrefs, and whether there are more since the token (RFC 6578 §3.6).

        An initial sync in parts remembers in its tokens when it began.
        """
        since, began = self._position(old_token) if old_token else (0, self.row.sequence)
        rows = self._storage.unit_of_work.items.changes_in_order(self.row.id, since, began, most + 1)
        hrefs = [href for href, _ in rows[:most]]
        if len(rows) <= most:
            return self._token(self.row.sequence), hrefs, False
        reached = rows[most - 1][1]
        return self._token(reached, max(began, reached)), hrefs, True

    def _token(self, sequence: int, began: int | None = None) -> str:
        suffix = f".{began}" if began not in (None, sequence) else ""
        return f"{_TOKEN_PREFIX}{self.row.incarnation}-{sequence}{suffix}"

    def _position(self, token: str) -> tuple[int, int]:
        """The sequence that a sync-token stands for, and that at which its initial sync began."""
        incarnation, _, numbers = token.removeprefix(_TOKEN_PREFIX).rpartition("-")
        found = _POSITION.fullmatch(numbers)
        if not token.startswith(_TOKEN_PREFIX) or found is None:
            raise ValueError(f"Malformed token: {token!r}")
        since, began = int(found[1]), int(found[2] or found[1])
        if incarnation != self.row.incarnation or not self.row.oldest_sequence <= began <= self.row.sequence \
                or since > began:
            raise ValueError(f"Token not found: {token!r}")
        return since, began

    def _hrefs(self) -> Iterator[str]:
        with self._storage.reading() as unit_of_work:
            hrefs = unit_of_work.items.hrefs(self.row.id)
        yield from hrefs

    @property
    def principal(self) -> Principal | None:
        return self._owner

    @cached_property
    def _owner(self) -> Principal | None:
        with self._storage.reading() as unit_of_work:
            return unit_of_work.principals.owner_of(self.row)

    def _refresh(self) -> None:
        fresh = self._storage.unit_of_work.collections.by_id(self.row.id)
        assert fresh is not None  # noqa: S101 - only delete() removes it
        self.row = fresh


@lru_cache(maxsize=4096)
def http_date(epoch: int) -> str:
    """An instant in UTC seconds since 1970 as HTTP writes it (RFC 9110 §5.6.7)."""
    return formatdate(epoch, usegmt=True)


def _free_href(uid: str, suffix: str, taken: set[str]) -> str:
    """The member name for ``uid``, as Radicale's own storage chooses it."""
    plain = uid if uid.lower().endswith(suffix) else uid + suffix
    for href in (plain, radicale_item.get_etag(uid).strip('"') + suffix):
        if pathutils.is_safe_filesystem_path_component(href) and href not in taken:
            return href
    return radicale_item.find_available_uid(taken.__contains__, suffix)
