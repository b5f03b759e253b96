"""Each finding, brought about: that it is told, and that it is not told of a site that is well."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import sqlite3
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.exception
import pytest

from radicale_booking import drill
from radicale_booking.backup_settings import BackupSettings
from radicale_booking.doctor import data, machine, mail_doors, network
from radicale_booking.doctor.finding import Finding, worst
from radicale_booking.domain.service_records import service_records
from radicale_booking.errors import InvalidInput
from radicale_booking.inbound_settings import InboundSettings
from radicale_booking.lmtp import LmtpServer
from radicale_booking.mail_settings import MailSettings
from radicale_booking.notify.smtp import SmtpMailer
from radicale_booking.services import accounts, backup, booking, calendar_objects, event_types, maintenance_mode
from radicale_booking.services.adapters import Adapters
from tests.acceptance.server import free_port
from tests.mail_servers import PASSWORD, USER, dovecot
from tests.services.calendars import NINE, draw_hours, store_item, wish
from tests.services.conftest import Clock, app, clock, empty  # noqa: F401 - fixtures
from tests.smtp_server import smtp_server

# ruff: noqa: F811


def levels(findings: Iterator[Finding]) -> dict[str, str]:
    return {one.name: one.level for one in findings}


def of_data(app: Adapters) -> dict[str, str]:
    return levels(data.examine(app))


@pytest.fixture
def well(app: Adapters) -> Adapters:
    """A site that nothing is to be said of: hours, a booking, a backup and its drill."""
    booking.reserve(app, wish(NINE))
    drill.run(app, backup.create(app).archive, "")
    return app


def test_a_site_that_is_well(well: Adapters) -> None:
    found = list(data.examine(well))
    assert [one for one in found if one.level != "ok"] == []
    assert {"migrations", "database", "backup", "backup drill", "outbox", "hosts", "bookings", "booked events",
            "occupied time"} <= {
        one.name for one in found}
    assert worst(found) == 0


def break_foreign_key(app: Adapters) -> None:
    with app.store.write() as uow:
        if uow.connection.engine == "sqlite":
            uow.connection.change("PRAGMA defer_foreign_keys = 1", {})
        uow.connection.change("DELETE FROM schema_migration WHERE number = "
                              "(SELECT max(number) FROM schema_migration)", {})


def lose_the_event(app: Adapters) -> None:
    with app.store.write() as uow:
        calendar = uow.collections.get("ada/calendar")
        assert calendar is not None
        for href in uow.items.hrefs(calendar.id):
            uow.items.delete(calendar.id, href)


def lose_the_hours(app: Adapters) -> None:
    with app.store.write() as uow:
        bookable = uow.collections.get("ada/bookable")
        assert bookable is not None
        uow.items.delete(bookable.id, "hours.ics")


def fail_mail(app: Adapters) -> None:
    with app.store.write() as uow:
        uow.connection.change("UPDATE outbox SET status = 'failed'", {})


def odd_setting(app: Adapters) -> None:
    draw_hours(app, "odd", NINE + timedelta(days=1), timedelta(hours=1), "Consultation",
               extra="DESCRIPTION:duration: soon\r\n")


def broken_object(app: Adapters) -> None:
    store_item(app, "ada/calendar", "x", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTART:never\r\n"
                                         "END:VEVENT\r\nEND:VCALENDAR\r\n")


def no_archive(app: Adapters) -> None:
    for one in backup.archives(app.settings.backup_folder):
        one.path.unlink()


def no_drill(app: Adapters) -> None:
    for one in backup.archives(app.settings.backup_folder):
        backup.evidence_file(one.path).unlink()


def free_the_time(app: Adapters) -> None:
    with app.store.write() as uow:
        uow.connection.change("UPDATE occupancy SET live = 0", {})


def keep_too_little(app: Adapters) -> None:
    with app.store.write() as uow:
        uow.connection.change("UPDATE occupancy SET end_epoch = end_epoch - 60", {})


def keep_the_time(app: Adapters) -> None:
    with app.store.write() as uow:
        uow.connection.change("UPDATE reservation SET status = 'cancelled'", {})


def lose_the_reservation(app: Adapters) -> None:
    with app.store.write() as uow:
        for table in ("audit", "outbox", "occupancy", "reservation"):
            uow.connection.change(f"DELETE FROM {table}", {})


def keep_the_event(app: Adapters) -> None:
    """As a program would that puts back what was cancelled, past us."""
    with app.store.write() as uow:
        uow.connection.change("UPDATE reservation SET status = 'cancelled'", {})
        uow.connection.change("UPDATE occupancy SET live = 0", {})


def do_something_later(app: Adapters) -> None:
    with app.store.write() as uow:
        uow.connection.change("UPDATE audit SET at_epoch = at_epoch + 86400", {})


def make_a_backup_later(app: Adapters) -> None:
    [one] = backup.archives(app.settings.backup_folder)
    later = one.path.with_name("booking-20400101T000000Z.tar.gz")
    later.write_bytes(one.path.read_bytes())


def hold_still(app: Adapters) -> None:
    maintenance_mode.begin(app, "closed")


@pytest.mark.parametrize(("harm", "name", "level"), [
    (hold_still, "maintenance mode", "warning"), (lose_the_reservation, "booked events", "warning"),
    (keep_the_event, "booked events", "warning"), (do_something_later, "dates", "warning"),
    (make_a_backup_later, "backup dates", "warning"),
    (break_foreign_key, "migrations", "warning"), (lose_the_event, "bookings", "warning"),
    (free_the_time, "occupied time", "warning"), (keep_too_little, "occupied time", "warning"),
    (keep_the_time, "occupied time", "warning"),
    (lose_the_hours, "hours", "warning"), (fail_mail, "failed mail", "warning"),
    (odd_setting, "window settings", "warning"), (broken_object, "calendar objects", "warning"),
    (no_archive, "backup", "warning"), (no_drill, "backup drill", "warning"),
])
def test_harm_is_told(well: Adapters, harm: Callable[[Adapters], None], name: str, level: str) -> None:
    harm(well)
    found = list(data.examine(well))
    assert {one.name: one.level for one in found}[name] == level
    assert all(one.remedy for one in found if one.level != "ok")
    assert worst(found) == 1


@pytest.mark.parametrize(("rules", "level", "what"), [
    ({"confirm_email": True}, "error", "answers to mail (ada/talk)"),
    ({"reminders": (timedelta(hours=1),)}, "warning", "reminders (ada/talk)"),
    ({"follow_up": timedelta(hours=1)}, "warning", "follow-ups (ada/talk)"),
])
def test_mail_that_is_wanted_and_not_sent(well: Adapters, rules: dict[str, Any], level: str, what: str) -> None:
    mailing: Adapters = replace(well, mailer=SmtpMailer(MailSettings(host="mx.example")))
    event_types.set(mailing, "ada", "talk", **rules)
    [found] = [one for one in data.examine(well) if one.name == "wanted mail"]
    assert (found.level, what in found.detail) == (level, True)
    assert "wanted mail" not in of_data(mailing)
    event_types.remove(well, "ada", "talk")
    assert "wanted mail" not in of_data(well)


def test_an_invitees_copy_is_no_harm(well: Adapters) -> None:
    """It has the same link, and stays in the invitee's calendar when all is over."""
    [booked] = booking.reservations(well)
    accounts.add_user(well, "bob", "bob@example.org", "Europe/Paris", "secret", host=True)
    store_item(well, "bob/calendar", "copy", calendar_objects.for_invitee(well, booked))
    keep_the_event(well)
    [found] = [one for one in data.examine(well) if one.name == "booked events"]
    assert "/ada/calendar/" in found.detail
    assert "/bob/" not in found.detail


def test_time_brings_harm_too(well: Adapters, clock: Clock) -> None:
    clock.now += timedelta(hours=30)
    assert of_data(well)["backup"] == "ok"
    assert of_data(well)["outbox"] == "warning"
    clock.now += timedelta(hours=8)
    assert of_data(well)["backup"] == "warning"
    weekly = replace(well, settings=replace(well.settings, backup=BackupSettings(every_hours=168)))
    assert of_data(weekly)["backup"] == "ok"
    assert of_data(weekly)["backup drill"] == "ok"
    clock.now += timedelta(days=41)
    assert of_data(weekly)["backup drill"] == "warning"


def test_the_continuous_copy(well: Adapters, clock: Clock) -> None:
    assert "continuous copy" not in of_data(well)
    app = replace(well, settings=replace(well.settings, backup=BackupSettings(continuous_seconds=10)))
    assert of_data(app)["continuous copy"] == "warning"
    made = backup.create(app, current=True).archive.path
    os.utime(made, (clock.now.timestamp(), clock.now.timestamp()))
    clock.now += timedelta(hours=24)
    assert of_data(app)["continuous copy"] == "ok"
    clock.now += timedelta(hours=3)
    assert of_data(app)["continuous copy"] == "warning"


class TestOfAFile:
    """What only an SQLite file can suffer."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        return f"sqlite://{tmp_path}/booking.sqlite"

    def test_damage(self, well: Adapters) -> None:
        with closing(sqlite3.connect(well.settings.database_file or "")) as another, another:
            another.execute("UPDATE event_type SET principal_id = 4711")
        found = list(data.examine(well))
        assert {one.name: one.level for one in found}["database"] == "error"
        assert worst(found) == 2

    def test_two_at_the_same_time(self, well: Adapters) -> None:
        booking.reserve(well, wish(NINE + timedelta(hours=1), email="zoe@example.org"))
        with well.store.write() as uow:
            for name in ("insert", "update"):
                uow.connection.change(f"DROP TRIGGER occupancy_overlap_{name}", {})
            uow.connection.change("UPDATE occupancy SET start_epoch = (SELECT min(start_epoch) FROM occupancy)", {})
        [found] = [one for one in data.examine(well) if one.name == "database"]
        assert found.level == "error"
        assert "overlap" in found.detail

    def test_rights(self, well: Adapters) -> None:
        well.settings.users_file.chmod(0o600)
        well.settings.database_file.chmod(0o600)  # type: ignore[union-attr]
        assert levels(machine.examine(well.settings, datetime.now(UTC)))["file rights"] == "ok"
        well.settings.users_file.chmod(0o644)
        [found] = [one for one in machine.examine(well.settings, datetime.now(UTC)) if one.name == "file rights"]
        assert found.level == "warning"
        assert found.remedy == f"chmod o-rwx {well.settings.users_file}"

    def test_without_a_log(self, well: Adapters) -> None:
        well.store.close()
        raw = sqlite3.connect(well.settings.database_file or "")
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.close()
        assert levels(data._durability(well)) == {"durability": "warning"}

    def test_old_programs_and_a_full_disk(self, well: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
        now = datetime.now(UTC)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: namedtuple("Usage", "total free")(10 ** 12, 10 ** 11))
        found = levels(machine.examine(well.settings, now))
        assert (found["versions"], found["disk"]) == ("ok", "ok")
        monkeypatch.setattr(shutil, "disk_usage", lambda path: namedtuple("Usage", "total free")(10 ** 12, 10 ** 8))
        monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
        found = levels(machine.examine(well.settings, now))
        assert (found["versions"], found["disk"]) == ("error", "warning")

    @pytest.mark.parametrize(("script", "level"), [
        ("echo yes", "ok"), ("echo no", "warning"), ("echo no systemd >&2; exit 1", "note"), (None, "note")])
    def test_the_clock(self, well: Adapters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None,
                       level: str) -> None:
        programs = tmp_path / "bin"
        programs.mkdir()
        if script is not None:
            (programs / "timedatectl").write_text(
                f'#!/bin/sh\n[ "$*" = "show --property=NTPSynchronized --value" ] || exit 2\n{script}\n',
                encoding="utf-8")
            (programs / "timedatectl").chmod(0o755)
        monkeypatch.setenv("PATH", str(programs))
        assert levels(machine.examine(well.settings, datetime.now(UTC)))["clock"] == level

    def test_old_zones(self, well: Adapters) -> None:
        assert levels(machine.examine(well.settings, datetime(2040, 1, 1, tzinfo=UTC)))["time zones"] == "warning"


NO_NAMES: dict[tuple[str, str], list[str]] = {}


def of_network(app: Adapters, answers: dict[tuple[str, str], list[str]] = NO_NAMES, port: int = 0,
               **changes: object) -> dict[str, str]:
    settings = replace(app.settings, **changes)  # type: ignore[arg-type]
    return levels(network.examine(settings, [("127.0.0.1", port)], datetime.now(UTC),
                                  lambda name, kind: answers.get((name, kind), [])))


@contextmanager
def web_server(body: bytes, echo: bool) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if echo:
                self.send_header("X-Request-ID", self.headers.get("X-Request-ID", ""))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestNetwork:
    """With servers and a DNS of its own, on one engine: the database is not asked."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        return f"sqlite://{tmp_path}/booking.sqlite"

    def test_ports(self, app: Adapters) -> None:
        local = "http://localhost:1"
        assert of_network(app, public_url=local)["port"] == "note"
        with web_server(b'{"status": "ok"}', True) as port:
            assert of_network(app, port=port, public_url=local)["port"] == "ok"
        with web_server(b"Apache", True) as port:
            assert of_network(app, port=port, public_url=local)["port"] == "error"

    @pytest.mark.parametrize(("body", "echo", "level"), [
        (b'{"status": "ok"}', True, "ok"), (b'{"status": "ok"}', False, "note"), (b"Welcome to nginx", True, "error")])
    def test_the_proxy(self, app: Adapters, body: bytes, echo: bool, level: str) -> None:
        with web_server(body, echo) as port:
            # Another name of this machine than those that are known to be local.
            found = of_network(app, public_url=f"http://127.0.0.2:{port}")
            assert found.get("proxy") in (level, "error")
            assert found["TLS"] == "warning"
        with web_server(body, echo) as port:
            found = of_network(app, public_url=f"http://{socket.gethostname()}:{port}")
            assert found["TLS"] == "warning"

    def test_without_tls_there_is_an_error(self, app: Adapters) -> None:
        with web_server(b"", True) as port:
            assert of_network(app, public_url=f"https://127.0.0.2:{port}")["TLS"] == "error"

    def test_names(self, app: Adapters) -> None:
        url = "https://cal.invalid"
        mail = MailSettings(host="127.0.0.1", port=1, security="none", sender="booking@example.org")
        assert of_network(app, public_url=url, address_domain="example.org")["DNS"] == "note"
        answers: dict[tuple[str, str], list[str]] = {}
        for line in service_records(url, "example.org"):
            name, kind, value = line.split(" ", 2)
            answers.setdefault((name, kind), []).append(value)
        found = of_network(app, answers, public_url=url, address_domain="example.org", mail=mail)
        assert (found["DNS"], found["SPF"], found["DKIM and DMARC"], found["MX"]) == ("ok", *["warning"] * 3)
        answers |= {("example.org", "TXT"): ['"v=spf1 mx -all"'], ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none"'],
                    ("example.org", "MX"): ["10 mx.example.org."]}
        found = of_network(app, answers, public_url=url, address_domain="example.org", mail=mail)
        assert (found["SPF"], found["DKIM and DMARC"], found["MX"]) == ("ok", "ok", "ok")

    def test_no_network(self, app: Adapters) -> None:
        def fail(name: str, kind: str) -> list[str]:
            raise dns.exception.Timeout

        settings = replace(app.settings, mail=MailSettings(host="127.0.0.1", port=1, sender="a@example.org"))
        found = levels(network.examine(settings, [], datetime.now(UTC), fail))
        assert (found["DNS"], found["mail records"]) == ("note", "note")

    def test_the_mail_server(self, app: Adapters) -> None:
        assert of_network(app)["mail server"] == "warning"
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            mail = MailSettings(host="127.0.0.1", port=closed.getsockname()[1], security="none")
            assert of_network(app, mail=mail)["mail server"] == "error"

    def test_lmtp(self, app: Adapters, tmp_path: Path) -> None:
        for place in (f"127.0.0.1:{free_port()}", f"unix:{tmp_path}/lmtp"):
            settings = InboundSettings(lmtp=place)
            assert levels(mail_doors.examine(settings)) == {"LMTP": "note"}
            server = LmtpServer(replace(app, settings=replace(app.settings, inbound=settings)))
            server.start()
            try:
                assert levels(mail_doors.examine(settings)) == {"LMTP": "ok"}
            finally:
                server.stop()
        with smtp_server(tmp_path / "smtp") as other:
            settings = InboundSettings(lmtp=f"127.0.0.1:{other.port}")
            assert levels(mail_doors.examine(settings)) == {"LMTP": "error"}

    def test_the_mailbox(self, tmp_path: Path) -> None:
        assert list(mail_doors.examine(InboundSettings())) == []
        secret = tmp_path / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        port = free_port()
        inbound = InboundSettings(imap_host="127.0.0.1", imap_port=port, imap_security="none", imap_user=USER,
                                  imap_password_file=str(secret))
        with dovecot(port) as server:
            assert levels(mail_doors.examine(inbound)) == {"mailbox": "error"}
            server.deliver(b"Subject: Hello\r\n\r\nHello\r\n")
            server.start()
            [found] = mail_doors.examine(inbound)
            assert (found.level, found.detail) == ("ok", "1 in INBOX of 127.0.0.1")
            assert server.held() == 1
            secret.write_text("wrong", encoding="utf-8")
            assert levels(mail_doors.examine(inbound)) == {"mailbox": "error"}

    def test_mail_that_does_not_come_in(self, app: Adapters, tmp_path: Path) -> None:
        pauses: list[float] = []
        with pytest.raises(InvalidInput):
            mail_doors.round_trip(app, "zoe@elsewhere.example", pauses.append)
        with smtp_server(tmp_path / "smtp") as smtp:
            settings = MailSettings(host="127.0.0.1", port=smtp.port, security="none", sender="booking@example.org")
            sending = replace(app, mailer=SmtpMailer(settings))
            found = mail_doors.round_trip(sending, "ada@example.org", pauses.append)
            [taken] = smtp.wait_for(1)
        assert taken.message["Subject"] == "radicale-booking: mail works"
        assert found.level == "error"
        assert sum(pauses) == 60
        found = mail_doors.round_trip(sending, "ada@example.org", pauses.append)
        assert "SMTP server" in found.detail
        assert sum(pauses) == 60
