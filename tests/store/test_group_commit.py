"""Transactions of several threads that become durable together."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from radicale_booking.errors import StoreUnavailable, TransactionUndone
from radicale_booking.store import group_commit
from radicale_booking.store.group_commit import GroupCommit


class Connection:
    """An SQLite connection that keeps what it was told, and fails at the statement ``failing``."""

    def __init__(self, path: Path) -> None:
        self.raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.raw.execute("CREATE TABLE IF NOT EXISTS done (name TEXT)")
        self.said: list[str] = []
        self.failing = ""

    @property
    def in_transaction(self) -> bool:
        return self.raw.in_transaction

    def change(self, statement: str, parameters: Mapping[str, object]) -> int:
        self.said.append(statement)
        if statement == self.failing:
            raise StoreUnavailable("the disk is gone")
        return self.raw.execute(statement, dict(parameters)).rowcount


class Threads:
    """Transactions one after the other, of which each but the first waits for its turn before the first goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = Connection(path)
        self.commits = GroupCommit(lambda: self.connection)
        self.returned: list[str] = []
        self._go = threading.Event()

    def run(self, **bodies: Callable[[Connection], None]) -> dict[str, Future[None]]:
        """Each body under its name; the futures when all are done."""
        with ThreadPoolExecutor(len(bodies)) as pool:
            futures = {}
            for number, (name, body) in enumerate(bodies.items()):
                futures[name] = pool.submit(self._one, name, body, first=not number)
                self._until(lambda waiting=number: len(self.commits._waiting) == waiting)
            self._go.set()
        return futures

    def done(self) -> list[str]:
        """What somebody else finds in the file."""
        with contextlib.closing(sqlite3.connect(self.path)) as other:
            return [name for name, in other.execute("SELECT name FROM done ORDER BY rowid")]

    def _one(self, name: str, body: Callable[[Connection], None], *, first: bool) -> None:
        with self.commits.transaction() as connection:
            connection.change("INSERT INTO done VALUES (:name)", {"name": name})
            if first:
                assert self._go.wait(60)
            body(connection)
        assert name in self.done()
        self.returned.append(name)

    def _until(self, condition: Callable[[], bool]) -> None:
        # The first has its turn when it holds the lock, the others when they are in the queue.
        for _ in range(60_000):
            if self.commits._turn.locked() and condition():
                return
            threading.Event().wait(0.001)
        raise AssertionError("nobody waits")


@pytest.fixture
def threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads]:
    monkeypatch.setattr(group_commit, "LONGEST_SECONDS", 60)
    made = Threads(tmp_path / "a.db")
    yield made
    made.connection.raw.close()


def nothing(connection: Connection) -> None:
    """Adds no more than its name."""


def fail(connection: Connection) -> None:
    raise ValueError("no")


def test_those_who_waited_commit_once(threads: Threads) -> None:
    threads.run(a=nothing, b=nothing, c=nothing)
    assert [said for said in threads.connection.said if not said.startswith("INSERT")] == [
        "BEGIN IMMEDIATE", "SAVEPOINT part", "RELEASE part", "SAVEPOINT part", "RELEASE part", "COMMIT"]
    assert sorted(threads.returned) == ["a", "b", "c"]
    assert threads.done()[0] == "a"


@pytest.mark.parametrize("failing", ["a", "b", "c"])
def test_one_is_undone_alone(threads: Threads, failing: str) -> None:
    futures = threads.run(**{name: fail if name == failing else nothing for name in "abc"})
    with pytest.raises(ValueError, match="no"):
        futures[failing].result()
    assert sorted(threads.done()) == sorted(threads.returned) == sorted({"a", "b", "c"} - {failing})


def test_all_are_told_when_the_commit_fails(threads: Threads) -> None:
    threads.connection.failing = "COMMIT"
    futures = threads.run(a=nothing, b=nothing)
    for future in futures.values():
        with pytest.raises(StoreUnavailable, match="the disk is gone"):
            future.result()
    assert threads.done() == []
    threads.connection.failing = ""
    threads.run(c=nothing)
    assert threads.done() == ["c"]


@pytest.mark.parametrize(("error", "told"), [(StoreUnavailable("disk full"), StoreUnavailable),
                                             (ValueError("no"), TransactionUndone)])
def test_who_went_before_is_told_when_the_database_undoes_all(
        threads: Threads, error: Exception, told: type[StoreUnavailable]) -> None:
    def undo(connection: Connection) -> None:
        connection.raw.execute("ROLLBACK")
        raise error

    futures = threads.run(a=nothing, b=undo)
    with pytest.raises(told, match=str(error)):
        futures["a"].result()
    with pytest.raises(type(error)):
        futures["b"].result()
    threads.run(c=nothing)
    assert threads.done() == ["c"]


def test_an_old_group_takes_in_nobody(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "LONGEST_SECONDS", 0)
    threads.run(a=nothing, b=nothing, c=nothing)
    assert threads.connection.said.count("COMMIT") == 3


def test_nobody_waits_for_one_who_has_gone(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave_a_trace(connection: Connection) -> None:
        threads.commits._waiting.append(None)
        monkeypatch.setattr(group_commit, "LONGEST_SECONDS", 0.01)

    monkeypatch.setattr(group_commit._Group, "open", True)
    threads.run(a=leave_a_trace)
    assert threads.returned == ["a"]


def test_who_writes_alone_finds_all_committed(threads: Threads) -> None:
    found = []

    def alone() -> None:
        with threads.commits.alone():
            found.extend(threads.done())

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(threads.run, a=lambda connection: pool_is_behind(threads))
        threads._until(lambda: True)
        alone()
        waiting.result()
    assert found == ["a"]


def pool_is_behind(threads: Threads) -> None:
    """Until somebody waits for its turn."""
    threads._until(lambda: len(threads.commits._waiting) == 1)
