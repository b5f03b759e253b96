"""SQLite's log, followed while others write, read and bring it into the file: the copy is the file."""

from __future__ import annotations

import random
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from radicale_booking.sqlite_log import LogFollower, LogLost, put_back

ROUNDS = 60


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.sqlite"
    with closing(connect(path)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, text BLOB)")
        made.execute("INSERT INTO entry (text) VALUES (randomblob(50000))")
    return path


def contents(path: Path) -> list[object]:
    with closing(connect(path)) as read:
        assert read.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return read.execute("SELECT id, text FROM entry ORDER BY id").fetchall()


class Others:
    """Write, undo, read for a while, and checkpoint in all ways."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(seed,)) for seed in range(2)]
        self._threads.append(threading.Thread(target=self._read))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, seed: int) -> None:
        chance = random.Random(seed)
        with closing(connect(self._path)) as mine:
            while not self._stop.wait(chance.random() * 0.01):
                mine.execute("BEGIN IMMEDIATE")
                for _ in range(chance.randint(1, 30)):
                    mine.execute("INSERT INTO entry (text) VALUES (randomblob(?))", (chance.randint(1, 9000),))
                mine.execute("DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY random() LIMIT 14)")
                mine.execute(chance.choice(("COMMIT", "COMMIT", "COMMIT", "ROLLBACK")))
                if chance.random() < 0.1:
                    way = chance.choice(("PASSIVE", "RESTART", "TRUNCATE"))
                    mine.execute("PRAGMA busy_timeout = 0")
                    mine.execute(f"PRAGMA wal_checkpoint({way})").fetchall()
                    mine.execute("PRAGMA busy_timeout = 20000")

    def _read(self) -> None:
        chance = random.Random(7)
        with closing(connect(self._path)) as mine:
            while not self._stop.wait(chance.random() * 0.05):
                mine.execute("BEGIN")
                mine.execute("SELECT count(*) FROM entry").fetchall()
                self._stop.wait(chance.random() * 0.02)
                mine.execute("ROLLBACK")


def test_the_copy_is_the_file_while_others_write(file: Path, tmp_path: Path) -> None:
    follower, copy = LogFollower(file), tmp_path / "copy.sqlite"
    others = Others(file)
    logs: dict[int, bytes] = {}
    try:
        with closing(connect(file)) as source, closing(connect(copy)) as target:
            source.backup(target)
        for number in range(ROUNDS):
            threading.Event().wait(0.02)
            # Oftener than the long log of real life.
            for piece in (follower.take(), follower.shorten() if number % 3 == 0 else None):
                if piece is not None:
                    log = logs.get(piece.generation, b"")
                    assert len(log) == piece.offset
                    logs[piece.generation] = log + piece.content
    finally:
        others.stop()
    last = follower.take()
    if last is not None:
        logs[last.generation] = logs.get(last.generation, b"") + last.content
    follower.close()
    assert len(logs) > 1
    for generation in sorted(logs):
        (tmp_path / "log").write_bytes(logs[generation])
        put_back(copy, tmp_path / "log")
    assert contents(copy) == contents(file)


def test_a_log_that_went_on_unseen_is_noticed(file: Path) -> None:
    follower = LogFollower(file)
    with closing(connect(file)) as other:
        other.execute("INSERT INTO entry (text) VALUES ('a')")
        follower.take()
        # As if it had not been held.
        follower._reader.execute("ROLLBACK")
        other.execute("INSERT INTO entry (text) VALUES ('b')")
        other.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        other.execute("INSERT INTO entry (text) VALUES ('c')")
        with pytest.raises(LogLost):
            follower.take()
    follower.close()


def test_a_false_octet_is_noticed(file: Path, tmp_path: Path) -> None:
    follower = LogFollower(file)
    with closing(connect(file)) as other, closing(connect(tmp_path / "copy")) as copy:
        other.backup(copy)
        for letter in "ab":
            other.execute("INSERT INTO entry (text) VALUES (?)", (letter * 3000,))
        piece = follower.take()
        assert piece is not None
    follower.close()
    harmed = bytearray(piece.content)
    harmed[-1000] ^= 1
    (tmp_path / "log").write_bytes(harmed)
    with pytest.raises(LogLost):
        put_back(tmp_path / "copy", tmp_path / "log")
