"""The commands, called as a shell calls them, on a database of their own."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from radicale_booking import wiring, wsgi
from radicale_booking.services import booking
from radicale_booking.store import sql
from tests.acceptance.site import monday
from tests.cli.conftest import Shell, assert_refused
from tests.postgres import Server
from tests.services.calendars import draw_hours


def test_a_user_is_added_listed_and_removed(anna: Shell, data_folder: Path) -> None:
    anna("user", "add", "bob", "--email", "bob@example.org", "--password-stdin", stdin="word\n")
    listed = anna("user", "list", "--json").data
    assert listed == [
        {"name": "anna", "email": "anna@example.org", "timezone": "Europe/Berlin", "host": True},
        {"name": "bob", "email": "bob@example.org", "timezone": "UTC", "host": False},
    ]
    assert anna("user", "list").out.splitlines()[1].split("\t") == ["anna", "anna@example.org", "Europe/Berlin", "yes"]
    users = data_folder / "users"
    assert "secret" not in users.read_text(encoding="utf-8")
    assert "$argon2" in users.read_text(encoding="utf-8")
    assert anna("user", "remove", "bob", "--yes").code == 0
    assert [user["name"] for user in anna("--json", "user", "list").data] == ["anna"]
    assert "bob" not in users.read_text(encoding="utf-8")


def test_removing_a_user_asks_first(anna: Shell) -> None:
    assert anna("user", "remove", "anna", stdin="n\n").code == 1
    assert len(anna("user", "list", "--json").data) == 1


def test_a_new_password_replaces_the_old(anna: Shell, data_folder: Path) -> None:
    before = (data_folder / "users").read_text(encoding="utf-8")
    assert anna("user", "passwd", "anna", "--password-stdin", stdin="other\n").code == 0
    assert (data_folder / "users").read_text(encoding="utf-8") != before
    assert_refused(anna("user", "passwd", "nobody", "--password-stdin", stdin="x\n"), "nobody")
    assert_refused(anna("user", "passwd", "anna", "--password-stdin", stdin="\n"), "password")


@pytest.mark.parametrize(("arguments", "word"), [
    (["anna", "--email", "other@example.org"], "anna"),
    (["bob", "--email", "anna@example.org"], "anna@example.org"),
    (["book", "--email", "b@example.org"], "book"),
    (["bob", "--email", "b@example.org", "--timezone", "Mars/Base"], "Mars/Base"),
    (["a/b", "--email", "b@example.org"], "a/b"),
    (["bob", "--email", "nonsense"], "nonsense"),
])
def test_a_user_that_cannot_be_is_refused_in_one_line(anna: Shell, arguments: list[str], word: str) -> None:
    assert_refused(anna("user", "add", *arguments, "--password-stdin", stdin="x\n"), word)
    assert len(anna("user", "list", "--json").data) == 1


def test_a_host_is_enabled_and_shown(shell: Shell) -> None:
    shell("user", "add", "bob", "--email", "bob@example.org", "--password-stdin", stdin="word\n")
    assert_refused(shell("host", "show", "bob"), "bob")
    assert "https://cal.example.org/bob/bookable/" in shell("host", "enable", "bob").out
    assert shell("host", "enable", "bob").code == 0
    shown = shell("host", "show", "bob", "--json").data
    assert shown["booking_page"] == "https://cal.example.org/book/bob/"
    assert shown["event_types"] == ""


def test_an_event_type_is_added_changed_listed_and_removed(anna: Shell) -> None:
    shown = anna("event-type", "show", "anna", "intro-call", "--json").data
    assert (shown["title"], shown["duration"], shown["step"], shown["notice"]) == ("Intro call", 30, 15, 60)
    assert shown["link"] == "https://cal.example.org/book/anna/intro-call/"
    assert anna("event-type", "set", "anna", "intro-call", "--title", "Hello", "--duration", "45", "--hidden",
                "--horizon", "7", "--limit-per-day", "2").code == 0
    shown = anna("event-type", "show", "anna", "intro-call", "--json").data
    assert (shown["title"], shown["duration"], shown["step"]) == ("Hello", 45, 15)
    assert (shown["hidden"], shown["horizon_days"], shown["limit_per_day"]) == (True, 7, 2)
    assert anna("event-type", "add", "anna", "Long Talk!").code == 0
    listed = anna("event-type", "list", "anna", "--json").data
    assert {entry["slug"]: entry["title"] for entry in listed} == {"intro-call": "Hello", "long-talk": "Long Talk!"}
    assert anna("event-type", "remove", "anna", "intro-call").code == 0
    assert_refused(anna("event-type", "show", "anna", "intro-call"), "intro-call")


def test_event_types_that_cannot_be_are_refused(anna: Shell) -> None:
    assert_refused(anna("event-type", "add", "anna", "intro-call"), "intro-call")
    assert_refused(anna("event-type", "add", "anna", "x", "--duration", "0"), "duration")
    assert_refused(anna("event-type", "add", "nobody", "x"), "nobody")
    assert_refused(anna("event-type", "set", "anna", "intro-call"), "nothing to change")
    assert_refused(anna("event-type", "set", "anna", "intro-call", "--horizon", "0"), "horizon")


def test_slots_and_explain_without_bookable_hours(anna: Shell) -> None:
    assert anna("slots", "anna", "intro-call").out == "nothing is free\n"
    assert anna("slots", "anna", "intro-call", "--json").data == []
    start = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT09:00:00Z}"
    verdicts = {entry["rule"]: entry["passed"] for entry in anna("explain", "anna", "intro-call", start, "--json").data}
    assert verdicts["window"] is False
    assert_refused(anna("explain", "anna", "intro-call", "tomorrow"), "tomorrow", "2026-03-02T09:30:00Z")
    assert_refused(anna("slots", "anna", "intro-call", "--from", "2026-03-02T09:30:00"), "--from")
    assert_refused(anna("slots", "anna", "other"), "other")


def test_reservations_that_are_not_there(anna: Shell) -> None:
    assert anna("reservation", "list").out == "no reservations\n"
    assert_refused(anna("reservation", "show", "none"), "none")
    assert_refused(anna("reservation", "cancel", "none"), "none")
    assert_refused(anna("reservation", "list", "--status", "lost"), "lost", "confirmed")


def test_one_seat_of_a_group_is_shown_and_moved(anna: Shell, data_folder: Path) -> None:
    anna("event-type", "add", "anna", "course", "--seats", "3")
    made = wiring.load(data_folder.parent / "booking.ini")
    start = monday().astimezone(UTC)
    draw_hours(made.app, "hours", start, timedelta(hours=3), host="anna")
    bob, eve = (booking.reserve(made.app, booking.BookingRequest("anna", "course", start, name, f"{name}@example.org"))
                for name in ("bob", "eve"))
    shown = anna("reservation", "show", bob.uid, "--json").data
    assert shown["seats"] == [f"{one.seat} {one.invitee_name} <{one.invitee_email}>" for one in (bob, eve)]
    assert f"{bob.seat} bob <bob@example.org>, {eve.seat} eve" in anna("reservation", "show", bob.uid).out
    later = f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    assert anna("reservation", "move", str(eve.seat), later).code == 0
    assert booking.reservation(made.app, bob.uid).start == start
    seen = anna("reservation", "show", str(eve.seat), "--json").data
    assert (seen["seat"], seen["seats"], seen["invitee_email"]) == (eve.seat, [], "eve@example.org")
    assert seen["start"].startswith(later[:16])
    assert_refused(anna("reservation", "move", str(bob.seat), "2020-01-01T09:00:00Z"), "not an offered time")
    wiring.release(made.app)


def test_database_commands(anna: Shell, data_folder: Path) -> None:
    info = anna("db", "info", "--json").data
    assert info["database"] == f"sqlite://{data_folder}/booking.sqlite"
    assert info["schema"] == info["schema_of_this_program"] >= 1
    assert info["migrations_pending"] == 0
    assert "nothing to do" in anna("db", "migrate").out
    assert anna("db", "check").out == "the database is sound\n"


def test_check_finds_damage(anna: Shell, data_folder: Path) -> None:
    connection = sqlite3.connect(data_folder / "booking.sqlite")
    with connection:
        connection.execute("UPDATE event_type SET principal_id = 4711")
    connection.close()
    done = anna("db", "check", "--json")
    assert done.code == 1
    assert "event_type" in done.data["problems"][0]


def test_database_commands_before_there_is_one(shell: Shell, data_folder: Path) -> None:
    assert_refused(shell("db", "info"), "booking.sqlite")
    assert_refused(shell("db", "check"), "booking.sqlite")
    assert not (data_folder / "booking.sqlite").exists()
    assert f"{len(sql.migrations())} migration(s) applied" in shell("db", "migrate").out
    assert shell("db", "check").code == 0


def test_the_database_moves_to_postgresql(anna: Shell, data_folder: Path, postgres_server: Server) -> None:
    source, target = f"sqlite://{data_folder}/booking.sqlite", postgres_server.create()
    copied = anna("db", "copy", source, target, "--json")
    assert copied.code == 0, copied.err
    assert copied.data["tables"]["principal"] == 1
    assert copied.data["rows"] == sum(copied.data["tables"].values())
    with (data_folder.parent / "booking.ini").open("a", encoding="utf-8") as file:
        file.write(f"[storage]\ndatabase = {target}\n")
    (data_folder / "booking.sqlite").unlink()
    assert [user["name"] for user in anna("user", "list", "--json").data] == ["anna"]
    assert anna("slots", "anna", "intro-call", "--json").code == 0
    info = anna("db", "info", "--json").data
    assert (info["database"], info["migrations_pending"]) == (target, 0)
    assert info["size_octets"] > 1_000_000
    assert "nothing to do" in anna("db", "migrate").out
    assert anna("db", "check").out == "the database is sound\n"
    assert not (data_folder / "booking.sqlite").exists()
    assert_refused(anna("db", "copy", source, target), "booking.sqlite")
    assert_refused(anna("db", "copy", target, "postgresql://a:s3cret@h/n"), "without a password")


def test_export_and_import(anna: Shell, tmp_path: Path) -> None:
    exported = anna("export", "radicale", str(tmp_path / "tree"), "--json")
    assert exported.code == 0, exported.err
    assert exported.data["failures"] == []
    assert (tmp_path / "tree" / "collection-root" / "anna").is_dir()
    broken = tmp_path / "tree" / "collection-root" / "anna" / "calendar" / "broken.ics"
    broken.write_text("BEGIN:VCALENDAR\nnonsense", encoding="utf-8")
    imported = anna("import", "radicale", str(tmp_path / "tree"))
    assert imported.code == 1
    assert "broken.ics: " in imported.err


def test_a_database_that_cannot_be_used_is_told_in_one_line(shell: Shell, data_folder: Path) -> None:
    data_folder.mkdir()
    (data_folder / "booking.sqlite").write_bytes(b"no database at all" * 100)
    assert_refused(shell("user", "list"), "not an SQLite database")


def test_demo_makes_a_host_once_and_prints_how_to_reach_it(shell: Shell, data_folder: Path) -> None:
    first, second = shell("demo", "--json"), shell("demo", "--json")
    assert first.code == 0, first.err
    assert second.data == first.data
    assert set(first.data) == {"booking_link", "caldav_url", "user", "password"}
    assert (data_folder / "demo-password").stat().st_mode & 0o777 == 0o600
    free = shell("slots", "demo", "intro-call", "--json").data
    assert len(free) >= 9 * 16
    assert {datetime.fromisoformat(slot["start"]).weekday() for slot in free} == {0, 1, 2, 3, 4}


def test_options_of_the_program_may_stand_anywhere(shell: Shell) -> None:
    assert shell("user", "list", "--json").data == shell("--json", "user", "list").data == []
    assert shell("user", "list", "--config", "/none.ini").code == 1
    assert shell("--version").out.startswith("radicale-booking 0.")
    assert shell("user", "lsit").code == 2


def test_an_application_is_built_once_when_the_first_request_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def build() -> Any:
        built.append(1)
        return lambda environ, start_response: [b"answer"]

    monkeypatch.setattr(wsgi, "build", build)
    application = wsgi.LazyApplication()
    assert built == []
    for _ in range(2):
        assert list(application({}, lambda *_: lambda _: None)) == [b"answer"]
    assert built == [1]


def test_dns_records(anna: Shell) -> None:
    assert "_caldavs._tcp.cal.example.org. SRV 0 1 443 cal.example.org." in anna("dns").out.splitlines()
    assert len(anna("dns", "--json").data["records"]) == 6


def test_the_secret_of_a_webhook_is_shown_once(anna: Shell) -> None:
    added = anna("webhook", "add", "https://example.org/hook", "--host", "anna", "--event", "booking.created", "--json")
    secret = added.data["secret"]
    assert secret.startswith("whsec_")
    assert added.data["id"] == 1
    [listed] = anna("webhook", "list", "--json").data
    assert {name: listed[name] for name in ("id", "url", "host", "events")} == {
        "id": 1, "url": "https://example.org/hook", "host": "anna", "events": "booking.created"}
    shown = "".join(anna(*command).out for command in (
        ("webhook", "list"), ("webhook", "list", "--json"), ("webhook", "log"), ("audit", "list"),
        ("audit", "list", "--json")))
    assert "example.org/hook" in shown
    assert secret.removeprefix("whsec_") not in shown
    assert anna("webhook", "remove", "1").code == 0
    assert anna("webhook", "list", "--json").data == []
    assert_refused(anna("webhook", "remove", "1"), "webhook", "1")
    assert_refused(anna("webhook", "add", "ftp://example.org/"), "ftp://example.org/")


@pytest.mark.parametrize("command", [
    ("event-type", "add", "anna", "huge", "--title", "x", "--duration", "9" * 20),
    ("slots", "anna", "intro-call", "--from", "9999-12-31T23:59:59Z"),
    ("explain", "anna", "intro-call", "0001-01-01T00:00:00+14:00")])
def test_what_is_out_of_range_is_told_in_one_line(anna: Shell, command: tuple[str, ...]) -> None:
    assert_refused(anna(*command), "out of range")


def test_a_place_that_cannot_be_written_is_told_in_one_line(anna: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = anna("export", "radicale", str(tmp_path / "file" / "tree"))
    assert_refused(done, str(tmp_path / "file" / "tree"), "another place")
