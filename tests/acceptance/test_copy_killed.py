"""``db copy`` is killed in the middle: nobody takes its target for a site, and the same command completes it."""

from __future__ import annotations

import signal
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
    done = run(site.config, "db", "copy", site.database, target)
    assert done.returncode == 0, done.stderr
    assert "anna" in run(moved, "user", "list").stdout
