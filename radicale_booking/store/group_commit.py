"""Write transactions of one process that become durable together.

A durable commit waits for the disk, and only one transaction at a time can write to an SQLite file. So a transaction
that ends while another thread waits for its turn is not committed by itself: the next goes on where it ended, and all
return when the last has committed. Each is undone alone, and none returns before it is on the disk.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from radicale_booking.errors import StoreUnavailable, TransactionUndone

#: A group so old takes in nobody any more: its first waits for its last, and other processes for all of it.
LONGEST_SECONDS = 0.02


class Transactional(Protocol):
    """What a group needs of the connection that its transactions share."""

    @property
    def in_transaction(self) -> bool:
        """Whether one has begun and has neither ended nor been undone."""

    def change(self, statement: str, parameters: Mapping[str, object]) -> int:
        """Run ``statement``. Raises ``StoreUnavailable`` or ``sqlite3.Error``."""


Shared = TypeVar("Shared", bound=Transactional)


class _Group:
    """Transactions that commit together, each but the first a savepoint."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._durable = False
        self._failure: Exception | None = None
        self.ended = threading.Event()

    @property
    def open(self) -> bool:
        """Whether another may join."""
        return self._failure is None and time.perf_counter() - self._began < LONGEST_SECONDS

    @contextlib.contextmanager
    def part(self, connection: Transactional) -> Iterator[None]:
        """One transaction, which an exception undoes."""
        first = not connection.in_transaction
        connection.change("BEGIN IMMEDIATE" if first else "SAVEPOINT part", {})
        try:
            yield
        except BaseException as error:
            if not connection.in_transaction:
                # As where the disk is full, SQLite has undone what the others of the group did as well.
                self._failure = error if isinstance(error, StoreUnavailable) else TransactionUndone(str(error))
            elif first:
                connection.change("ROLLBACK", {})
            else:
                connection.change("ROLLBACK TO part", {})
                connection.change("RELEASE part", {})
            raise
        if not first:
            connection.change("RELEASE part", {})

    def end(self, connection: Transactional) -> None:
        """Make all of it durable; ``check`` tells whether it is."""
        try:
            if connection.in_transaction:
                connection.change("COMMIT", {})
            self._durable = self._failure is None
        except (sqlite3.Error, StoreUnavailable) as error:
            self._failure = error
        finally:
            if connection.in_transaction:
                connection.change("ROLLBACK", {})
            self.ended.set()

    def check(self) -> None:
        """Raises ``StoreUnavailable`` when it came to nothing; each thread has an exception of its own."""
        if self._durable:
            return
        kind = TransactionUndone if isinstance(self._failure, TransactionUndone) else StoreUnavailable
        raise kind(str(self._failure or "the commit was interrupted")) from self._failure


class GroupCommit(Generic[Shared]):
    """The turns of the threads that write by one connection, which ``connect`` makes."""

    def __init__(self, connect: Callable[[], Shared]) -> None:
        self._connect = connect
        self._turn = threading.Lock()
        # One entry for each thread that waits: these grow and shrink without a lock.
        self._waiting: deque[None] = deque()
        self._group: _Group | None = None

    @cached_property
    def connection(self) -> Shared:
        """Made by whoever has the first turn. Raises ``StoreUnavailable``."""
        return self._connect()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Shared]:
        """One transaction of the connection, durable when the block has been left. Raises ``StoreUnavailable``."""
        self._take_turn()
        try:
            connection = self.connection
            group = self._group = self._group or _Group()
            try:
                with group.part(connection):
                    yield connection
            finally:
                if not (self._waiting and group.open):
                    self._end_group()
        finally:
            self._turn.release()
        while not group.ended.wait(LONGEST_SECONDS):
            # Whoever was to go on may have been interrupted while it waited.
            with self.alone():
                pass
        group.check()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No thread of this process writes during the block, nor has begun to."""
        self._take_turn()
        try:
            self._end_group()
            yield
        finally:
            self._turn.release()

    def _take_turn(self) -> None:
        self._waiting.append(None)
        try:
            self._turn.acquire()
        finally:
            self._waiting.pop()

    def _end_group(self) -> None:
        group, self._group = self._group, None
        if group is not None:
            group.end(self.connection)
