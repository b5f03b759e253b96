"""``db copy`` is killed in the middle: nobody takes its target for a site, and the same command completes it
and shows how far it is."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg

from tests.acceptance.server import command, forked, run
from tests.acceptance.site import make_site
from tests.postgres import Server

#: The copy stands still where the last table's first row is written, until the test lets go.
_GATE = ("CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS"
         " 'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END';"
         "CREATE TRIGGER gate BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION gate()")


def at_a_terminal(words: list[str]) -> str:
    """What the command draws on a terminal until it has ended well."""
    terminal, its_end = pty.openpty()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=its_end,
                          env={**os.environ, "TERM": "xterm"}) as running:
        os.close(its_end)
        drawn = b""
        # Linux ends a terminal that nobody holds any more by an error.
        with contextlib.suppress(OSError):
            while some := os.read(terminal, 65536):
                drawn += some
        os.close(terminal)
    assert running.returncode == 0, drawn
    return drawn.decode()


def test_a_killed_copy_is_completed_by_the_next(tmp_path: Path, postgres_server: Server,
                                                postgres_template: str) -> None:
    site, target = make_site(tmp_path), postgres_server.create(postgres_template)
    with closing(psycopg.connect(target, autocommit=True)) as gate:
        gate.execute(_GATE.encode())
        gate.execute("SELECT pg_advisory_lock(7)")
        with forked(command, "--config", str(site.config), "db", "copy", site.database, target) as copying:
            while not gate.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone():
                assert copying.process.poll() is None, copying.lines
                time.sleep(0.02)
            assert copying.stop(signal.SIGKILL) == -signal.SIGKILL
        gate.execute("SELECT pg_advisory_unlock(7)")
        gate.execute("DROP FUNCTION gate CASCADE")
    moved = tmp_path / "moved.ini"
    moved.write_text(site.config.read_text(encoding="utf-8").replace(site.database, target), encoding="utf-8")
    for arguments in (["user", "list"], ["serve", "--host", "127.0.0.1", "--port", "0"]):
        refused = run(moved, *arguments)
        assert refused.returncode != 0
        assert "unfinished copy" in refused.stderr
    drawn = at_a_terminal([sys.executable, "-m", "radicale_booking", "--config", str(site.config), "db", "copy",
                           site.database, target])
    assert re.search(r"copy.*(\d+)/\1\b", drawn), drawn
    assert "anna" in run(moved, "user", "list").stdout
