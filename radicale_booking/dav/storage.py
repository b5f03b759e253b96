"""Radicale's storage over the SQL store, where calendars and bookings change in one transaction."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from radicale import item as radicale_item
from radicale import pathutils, types
from radicale.config import Configuration
from radicale.log import logger
from radicale.storage import BaseCollection, BaseStorage

from radicale_booking import wiring
from radicale_booking.dav.collection import Collection
from radicale_booking.dav.exchange import Exchange
from radicale_booking.domain.principal import Principal
from radicale_booking.services import implicit, maintenance_mode, scheduling
from radicale_booking.settings import RIGHTS_PLUGIN, STORAGE_SCHEMA
from radicale_booking.store.collections import BOXES, INBOX, CollectionRow
from radicale_booking.store.items import ItemRow, same_content
from radicale_booking.store.unit_of_work import Row, UnitOfWork

_SLASHES_IN_A_MEMBER = 2
_OF_MEMBERS = frozenset({"GET", "PUT", "DELETE"})
#: What Radicale sees of the home of a user whose request is for one object.
_A_HOME = BaseCollection()


class _Held(threading.local):
    """What a thread has of the storage while it answers a request."""

    lock: _Lock | None = None
    exchange: Exchange | None = None
    of_member = False
    only_reads = False


class _Lock:
    """A transaction as that of the thread that enters it, for ``user``; a ``lazy`` one begins when it is first used."""

    def __init__(self, held: _Held, transaction: AbstractContextManager[UnitOfWork], user: str, *, lazy: bool) -> None:
        self._held, self._transaction, self.user, self._lazy = held, transaction, user, lazy
        self._begun: UnitOfWork | None = None

    def __enter__(self) -> None:
        if self._held.lock is not None:
            raise RuntimeError("this thread already holds the storage")
        if not self._lazy:
            self.unit_of_work()
        self._held.lock = self

    def unit_of_work(self) -> UnitOfWork:
        if self._begun is None:
            self._begun = self._transaction.__enter__()
        return self._begun

    def __exit__(self, *details: Any) -> None:
        self._held.lock = None
        if self._begun is not None:
            self._transaction.__exit__(*details)


class _OnlyReading:
    """Every GET goes through one, so it is a plain class."""

    def __init__(self, held: _Held) -> None:
        self._held = held

    def __enter__(self) -> None:
        self._held.only_reads = True

    def __exit__(self, *details: object) -> None:
        self._held.only_reads = False


class Storage(BaseStorage):
    """One unit of work for each lock that a thread holds."""

    _is_collision_free = True
    _supports_unicode = True
    _supports_trailing_whitespace = True
    _supports_problematic_chars = True

    def __init__(self, configuration: Configuration) -> None:
        if "database" not in configuration.options("storage"):
            configuration = configuration.copy(STORAGE_SCHEMA)
        super().__init__(configuration)
        if configuration.get("storage", "hook"):
            logger.warning("[storage] hook is not run: it works on a storage of files, and this one is a database")
        #: Whether there are inboxes and outboxes: stock Radicale would show them as calendars.
        self.scheduling = False
        #: Whether nobody may see more of the root than their own home: then those of all others are not read.
        self._own_home_only = (configuration.get("rights", "type") in (RIGHTS_PLUGIN, "owner_only")
                               and configuration.get("auth", "type") != "none")
        self.app = wiring.storage_adapters(configuration)
        self._held = _Held()

    @property
    def unit_of_work(self) -> UnitOfWork:
        """The transaction of the lock that this thread holds."""
        if self._held.lock is None:
            raise RuntimeError("the storage is used outside acquire_lock")
        return self._held.lock.unit_of_work()

    @contextlib.contextmanager
    def exchanging(self, exchange: Exchange) -> Iterator[Exchange]:
        """Let ``exchange`` be what the request of this thread says about scheduling."""
        self._held.exchange = exchange
        try:
            yield exchange
        finally:
            self._held.exchange = None

    @property
    def exchange(self) -> Exchange:
        """That of the request, or one that asks for nothing."""
        return self._held.exchange or Exchange()

    def request_begins(self, method: str, path: str) -> None:
        """This thread now answers another request."""
        self._held.of_member = method in _OF_MEMBERS and path.strip("/").count("/") >= _SLASHES_IN_A_MEMBER

    @contextlib.contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """The transaction of this thread's lock or, as Radicale asks collections after it too, a snapshot."""
        if self._held.lock is not None:
            yield self._held.lock.unit_of_work()
            return
        with self.app.store.read() as unit_of_work:
            yield unit_of_work

    def look(self, noun: str, name: str, **parameters: object) -> Row | None:
        """The first row of one query, outside of any lock."""
        return self.app.store.look(noun, name, at_replica=self._held.only_reads, **parameters)

    def only_reading(self) -> AbstractContextManager[None]:
        """The request of this thread changes nothing and may be begun anew: a replica may answer it."""
        return _OnlyReading(self._held)

    def acquire_lock(self, mode: str, user: str = "", *args: Any, **kwargs: Any) -> AbstractContextManager[None]:
        """``r``: a snapshot; ``w``: a write transaction, undone by an exception, of ``actor`` on ``path``."""
        if mode == "r":
            return _Lock(self._held, self.app.store.read(at_replica=self._held.only_reads), user, lazy=True)
        principal = str(kwargs.get("path", "")).strip("/").split("/")[0] or user
        return _Lock(self._held, self._changing(str(kwargs.get("actor") or user), principal), user,
                     lazy=False)

    @contextlib.contextmanager
    def _changing(self, actor: str, principal: str) -> Iterator[UnitOfWork]:
        with self.app.store.write(actor=actor, principal=principal) as unit_of_work:
            maintenance_mode.admit_change(unit_of_work)
            yield unit_of_work

    def discover(self, path: str, depth: str = "0",
                 child_context_manager: Callable[[str, str | None], AbstractContextManager[None]] | None = None,
                 user_groups: set[str] = frozenset()) -> Iterator[types.CollectionOrItem]:  # type: ignore[assignment]
        """The object at ``path`` and, unless ``depth`` is 0, its members; see ``BaseStorage.discover``."""
        if depth == "1" and self._held.of_member:
            # Radicale asks for the user's home, to make it; in a new one there would be no calendar with members.
            self._held.of_member = False
            yield _A_HOME
            return
        sane_path = path.strip("/")
        item = self.item_at(sane_path) if not path.endswith("/") else None
        if item is not None:
            yield item
            return
        row = self.collection_at(sane_path)
        if row is None:
            return
        collection = Collection(self, row)
        yield collection
        if depth == "0":
            return
        enter = child_context_manager or _no_context
        # What is not of a kind has no members of its own.
        for item_row in self.unit_of_work.items.all(row.id) if row.tag else ():
            with enter(sane_path, item_row.href):
                yield collection.item(item_row)
        for child in self._children(row):
            with enter(child.path, None):
                yield Collection(self, child)

    def collection_at(self, sane_path: str) -> CollectionRow | None:
        """The collection at ``sane_path``; an inbox or outbox is there though nothing is stored of it yet."""
        row = self.unit_of_work.collections.get(sane_path)
        if row is not None:
            return row if self.scheduling or row.tag != INBOX else None
        return self._empty_box(sane_path)

    def _empty_box(self, sane_path: str) -> CollectionRow | None:
        """The inbox or outbox at ``sane_path``, of which nothing is stored."""
        home, _, name = sane_path.partition("/")
        principal = self.unit_of_work.principals.get(home) if self.scheduling and name in BOXES else None
        if principal is None or not principal.email:
            return None
        return CollectionRow(id=0, path=sane_path, tag=BOXES[name], role=None, transparent=True, props={},
                             incarnation="empty", sequence=0, oldest_sequence=0, modified_epoch=0,
                             principal_id=principal.id)

    def _children(self, row: CollectionRow) -> list[CollectionRow]:
        if self._own_home_only and not row.path:
            user = self._held.lock.user if self._held.lock is not None else ""
            home = self.collection_at(user) if user else None
            return [home] if home is not None else []
        stored = self.unit_of_work.collections.children(row)
        taken = {child.path for child in stored}
        names = [f"{row.path}/{name}" for name in BOXES] if row.path and "/" not in row.path else []
        boxes = [self._empty_box(path) for path in names if path not in taken]
        return [child for child in (*stored, *boxes) if child is not None and (self.scheduling or child.tag != INBOX)]

    def item_at(self, sane_path: str) -> radicale_item.Item | None:
        """The item at ``sane_path``, which has no slash at its ends."""
        parent_path, _, href = sane_path.rpartition("/")
        parent = self.unit_of_work.collections.get(parent_path)
        return self.member(parent, href) if parent is not None and parent.tag else None

    def member(self, parent: CollectionRow, href: str) -> radicale_item.Item | None:
        """The item ``href`` of the calendar, address book or box ``parent``."""
        row = self.unit_of_work.items.get(parent.id, href)
        if row is None:
            return None
        if same_content(self.exchange.etag, row.etag):
            # A program that saw the text before its ETag was renewed may write.
            row = replace(row, etag=self.exchange.etag)
        return Collection(self, parent).item(row)

    def renew(self, path: str) -> None:
        """Give the item at ``path`` a new ETag: a program whose change of it was refused then reads it again."""
        parent_path, _, href = path.strip("/").rpartition("/")
        with self.app.store.write(actor="server", principal=parent_path.split("/")[0]) as unit_of_work:
            parent = unit_of_work.collections.get(parent_path)
            row = unit_of_work.items.get(parent.id, href) if parent is not None else None
            if row is not None:
                unit_of_work.items.renew(row)

    def move(self, item: radicale_item.Item, to_collection: Any, to_href: str) -> None:
        """Move ``item``, replacing what is at ``to_href``."""
        if not pathutils.is_safe_filesystem_path_component(to_href):
            raise pathutils.UnsafePathError(to_href)
        source = item.collection
        assert isinstance(source, Collection) and isinstance(to_collection, Collection) and item.href  # noqa: S101, PT018
        if source.row.id == to_collection.row.id and item.href == to_href:
            return
        same_owner = source.row.principal_id == to_collection.row.principal_id
        if same_owner:
            # The booking goes along with its event.
            self.unit_of_work.items.delete(source.row.id, item.href)
        else:
            source.delete(item.href)
        to_collection.upload(to_href, item, scheduled=not same_owner)

    def create_collection(self, href: str, items: Iterable[radicale_item.Item] | None = None,
                          props: Mapping[str, str] | None = None
                          ) -> tuple[Collection, dict[str, radicale_item.Item], list[str]]:
        """Create the collection ``href`` and its parents; with ``props``, replace its properties and members.

        Returns it, the members replaced and the hrefs of new members.
        """
        sane_path = pathutils.strip_path(href)
        collection = Collection(self, self._ensure(sane_path, props))
        if not props:
            return collection, {}, []
        collection.set_meta(props)
        suffix = {"VCALENDAR": ".ics", "VADDRESSBOOK": ".vcf"}.get(props.get("tag", ""), "")
        replaced, added = collection.replace_members((items or ()) if suffix else (), suffix)
        return collection, replaced, added

    def _ensure(self, path: str, props: Mapping[str, str] | None = None) -> CollectionRow:
        collections = self.unit_of_work.collections
        existing = collections.get(path)
        if existing is not None:
            return existing
        self._ensure(path.rpartition("/")[0])
        if path and "/" not in path and self.unit_of_work.principals.get(path) is None:
            self.unit_of_work.principals.add(Principal(path))
        return collections.add(path, (props or {}).get("tag", ""), props)

    def schedule(self, collection: CollectionRow, owner: Principal | None, old: ItemRow | None, text: str,
                 uid: str) -> tuple[str, str | None]:
        """Tell those who take part in the event ``text``; it as it is to be stored, and its Schedule-Tag."""
        old_text = old.text if old is not None and old.uid == uid else None
        done = implicit.written(
            self.app, self.unit_of_work, owner, collection, old_text, text, uid,
            conditional=bool(self.exchange.expected)) if self.scheduling and owner is not None else None
        if done is None:
            return text, None
        schedule_tag = done.schedule_tag or (old.schedule_tag if old is not None else None)
        self.exchange.schedule_tag = schedule_tag
        self.exchange.rewritten = done.text != text
        return done.text, schedule_tag

    def written(self, collection: CollectionRow, old_text: str | None, new_text: str, uid: str) -> None:
        """Tell the booking system that an item was stored."""
        scheduling.item_written(self.app, self.unit_of_work, collection, old_text, new_text, uid)

    def removed(self, collection: CollectionRow, uid: str, text: str) -> None:
        """Tell the booking system that an item was removed."""
        scheduling.item_removed(self.app, self.unit_of_work, collection, uid, text)
        owner = self.unit_of_work.principals.owner_of(collection) if implicit.concerns(text) else None
        if self.scheduling and owner is not None:
            implicit.removed(self.app, self.unit_of_work, owner, collection, text, uid, reply=self.exchange.reply)

    def verify(self) -> bool:
        """Whether the database is sound and every item can be parsed; what is not is logged."""
        problems = self.app.store.check()
        with self.acquire_lock("r"):
            problems += self._unreadable(self._ensure(""))
        for problem in problems:
            logger.error("Storage: %s", problem)
        return not problems

    def _unreadable(self, row: CollectionRow) -> list[str]:
        problems: list[str] = []
        if row.tag == INBOX:
            # Messages are what Radicale refuses in a calendar.
            return problems
        for item_row in self.unit_of_work.items.all(row.id):
            try:
                radicale_item.check_and_sanitize_items(
                    radicale_item.read_components(item_row.text), 0, tag=row.tag)
            except (ValueError, RuntimeError, AttributeError) as error:
                problems.append(f"item {row.path}/{item_row.href}: {error}")
        for child in self.unit_of_work.collections.children(row):
            problems += self._unreadable(child)
        return problems


@contextlib.contextmanager
def _no_context(path: str, href: str | None) -> Iterator[None]:
    yield
