"""Maintenance and privacy on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Shell, assert_refused


def test_maintenance(anna: Shell) -> None:
    done = anna("maintain", "--json")
    assert done.code == 0, done.err
    assert done.data["problems"] == []
    assert done.data["done"]["mail removed"] == 0
    assert anna("maintain", "--vacuum").out.splitlines()[-1] == "the database is sound"


def test_maintenance_mode(anna: Shell) -> None:
    assert anna("maintenance", "status").out == "maintenance mode is off\n"
    assert anna("maintenance", "on", "--message", "The server moves.").out == "maintenance mode is on: closed\n"
    assert anna("maintenance", "on", "--mode", "read-only", "--message", "Back at ten.").code == 0
    found = anna("maintenance", "status", "--json").data
    assert (found["mode"], found["message"]) == ("read-only", "Back at ten.")
    assert_refused(anna("maintenance", "on", "--mode", "shut"), "shut", "closed, read-only")
    assert anna("maintenance", "off", "--json").data == {"mode": None}
    assert anna("maintenance", "off").out == "maintenance mode was off already\n"


def test_audit_trail(anna: Shell) -> None:
    anna("token", "add", "anna")
    anna("block", "add", "eve@example.org")
    anna("block", "remove", "eve@example.org")
    of_eve = anna("audit", "list", "--subject", "eve@example.org", "--json").data
    assert [(row["actor"], row["action"]) for row in of_eve] == [("command", "block"), ("command", "unblock")]
    assert [row["action"] for row in anna("audit", "list", "--most", "1", "--json").data] == ["unblock"]
    assert [row["subject"] for row in anna("audit", "list", "--action", "token add", "--json").data] == ["anna"]
    assert anna("audit", "list", "--actor", "nobody").out == "nothing\n"
    assert anna("audit", "list", "--since", "2999-01-01T00:00:00Z").out == "nothing\n"
    assert_refused(anna("audit", "list", "--since", "soon"), "soon")


def test_privacy(anna: Shell, tmp_path: Path) -> None:
    file = tmp_path / "anna.json"
    assert anna("privacy", "export", "anna@example.org", "--output", str(file)).code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["user"]["name"] == "anna"
    assert file.stat().st_mode & 0o777 == 0o600
    assert_refused(anna("privacy", "export", "anna@example.org", "--output", str(file)), "new file")
    assert_refused(anna("privacy", "erase", "anna@example.org", "--yes"), "user remove anna")
    assert_refused(anna("privacy", "erase", "nonsense", "--yes"), "nonsense")
    assert anna("privacy", "erase", "zoe@example.org", "--yes", "--json").data["reservations"] == 0
    assert anna("privacy", "erase", "zoe@example.org", stdin="n\n").code == 1


def test_blocking(anna: Shell) -> None:
    assert anna("block", "add", "Eve@Example.org").out == "eve@example.org may not book any more.\n"
    assert anna("block", "list", "--json").data["blocked"] == ["eve@example.org"]
    assert_refused(anna("block", "remove", "bob@example.org"), "bob@example.org")
    assert_refused(anna("block", "add", "a b"), "a b", "eve@example.org")
    assert anna("block", "remove", "eve@example.org").code == 0
    assert "Nobody is blocked." in anna("block", "list").out


def test_tokens(anna: Shell) -> None:
    made = anna("token", "add", "anna", "--for", "phone", "--days", "30", "--json").data
    assert made["token"].startswith("rbt_")
    [listed] = anna("token", "list", "--json").data
    assert (listed["user"], listed["for"], listed["scope"]) == ("anna", "phone", "full")
    assert made["token"] not in anna("token", "list").out
    assert anna("token", "revoke", str(listed["id"])).code == 0
    assert anna("token", "list", "--user", "anna").out == "no tokens\n"
    assert_refused(anna("token", "add", "nobody"), "nobody")
