"""The backup commands, as a sysadmin types them."""

from __future__ import annotations

from pathlib import Path

import pyrage

from tests.cli.conftest import Shell, assert_refused


def test_make_try_and_put_back(anna: Shell, data_folder: Path) -> None:
    made = anna("backup", "create", "--json").data
    assert made["archive"].startswith(str(data_folder / "backups" / "booking-"))
    assert (made["encrypted"], made["problems"]) == (False, [])
    name = Path(made["archive"]).name
    [listed] = anna("backup", "list", "--json").data
    assert (listed["archive"], listed["drill"]) == (name, None)
    tried = anna("backup", "verify")
    assert tried.code == 0, tried.out
    assert "ok    contents" in tried.out
    assert "RPO" in tried.out
    assert anna("backup", "list", "--json").data[0]["drill"] == "passed"
    anna("user", "remove", "anna", "--yes")
    assert "anna" not in (data_folder / "users").read_text(encoding="utf-8")
    assert anna("backup", "restore", name, stdin="n\n").code == 1
    assert anna("user", "list", "--json").data == []
    restored = anna("backup", "restore", name, "--yes", "--json")
    assert restored.code == 0, restored.err
    assert [user["name"] for user in anna("user", "list", "--json").data] == ["anna"]
    assert "anna" in (data_folder / "users").read_text(encoding="utf-8")
    assert Path(restored.data["safety"]).is_file()
    assert len(anna("backup", "list", "--json").data) == 2


def test_a_lost_machine(anna: Shell, data_folder: Path, tmp_path: Path) -> None:
    archive = Path(anna("backup", "create", "--json").data["archive"])
    elsewhere = tmp_path / archive.name
    elsewhere.write_bytes(archive.read_bytes())
    done = anna("backup", "restore", str(elsewhere), "--to", str(tmp_path / "new"), "--json")
    assert done.code == 0, done.err
    assert {"booking.sqlite", "users", "radicale-booking.ini"} <= {path.name for path in (tmp_path / "new").iterdir()}
    assert str(data_folder) in (tmp_path / "new" / "radicale-booking.ini").read_text(encoding="utf-8")
    assert_refused(anna("backup", "restore", str(elsewhere), "--to", str(tmp_path / "new")), "is not empty")


def test_the_database_alone(anna: Shell, data_folder: Path) -> None:
    archive = anna("backup", "create", "--json").data["archive"]
    anna("user", "passwd", "anna", "--password-stdin", stdin="new\n")
    users = (data_folder / "users").read_bytes()
    assert anna("backup", "restore", archive, "--database-only", "--yes", "--json").data["files"] == []
    assert (data_folder / "users").read_bytes() == users


def test_a_drill_that_fails_ends_with_1(anna: Shell, data_folder: Path) -> None:
    archive = Path(anna("backup", "create", "--json").data["archive"])
    archive.write_bytes(archive.read_bytes()[:-100])
    assert_refused(anna("backup", "verify"), "damaged")


def test_what_cannot_be_copied_is_told(anna: Shell, data_folder: Path) -> None:
    with (data_folder.parent / "booking.ini").open("a", encoding="utf-8") as file:
        file.write(f"[backup]\ncopy_to = {data_folder}/no/such\n")
    done = anna("backup", "create")
    assert done.code == 1
    assert "was not copied" in done.out
    assert len(anna("backup", "list", "--json").data) == 1


def test_encrypted_to_a_key(anna: Shell, data_folder: Path, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity), encoding="ascii")
    with (data_folder.parent / "booking.ini").open("a", encoding="utf-8") as file:
        file.write(f"[backup]\nrecipients = {identity.to_public()}\n")
    assert anna("backup", "create", "--json").data["encrypted"] is True
    assert_refused(anna("backup", "verify"), "--identity")
    assert anna("backup", "verify", "--identity", str(tmp_path / "key")).code == 0
    with (data_folder.parent / "booking.ini").open("a", encoding="utf-8") as file:
        file.write(f"identity_file = {tmp_path}/key\n")
    assert anna("backup", "verify").code == 0


def test_nothing_to_put_back(anna: Shell, data_folder: Path) -> None:
    assert_refused(anna("backup", "restore", "--yes"), "archive", str(data_folder / "backups"))
    assert_refused(anna("backup", "verify", "booking-x.tar.gz"), "booking-x.tar.gz")
    assert "no archives in" in anna("backup", "list").out
    anna("backup", "create")
    assert_refused(anna("backup", "restore", "--at", "2020-01-01T00:00:00Z", "--yes"), "2020-01-01")
    assert_refused(anna("backup", "restore", "--at", "yesterday", "--yes"), "yesterday")


def test_settings_are_checked(anna: Shell, data_folder: Path) -> None:
    with (data_folder.parent / "booking.ini").open("a", encoding="utf-8") as file:
        file.write("[backup]\nrecipients = somebody\nevery_hours = -1\nkeep_last = many\ncommand = a 'b\n")
    done = anna("backup", "list")
    assert done.code == 1
    assert [word in done.err for word in ("age1...", "0 to 8760", "from 0 to 1000", "a command with")] == [True] * 4
