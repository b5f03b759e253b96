"""The configuration file: defaults, every problem at once, and what a stock Radicale gives."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from radicale import config as radicale_config

from radicale_booking import settings as settings_module
from radicale_booking.mail_settings import MAIL_SCHEMA
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.settings import InvalidSettings

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _no_file_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(settings_module.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setattr(settings_module, "DEFAULT_FILES", ())


def written(folder: Path, text: str) -> Path:
    path = folder / "booking.ini"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        settings_module.load(path)
    return [str(problem) for problem in caught.value.problems]


def test_defaults_of_a_checkout_lie_in_var() -> None:
    configuration, settings = settings_module.load(None)
    assert settings.data_folder == CHECKOUT / "var"
    assert settings.database == f"sqlite://{CHECKOUT}/var/booking.sqlite"
    assert settings.secret_file == CHECKOUT / "var" / "secret"
    assert settings.users_file == CHECKOUT / "var" / "users"
    assert settings.public_url == "http://localhost:5232"
    assert configuration.get("auth", "type") == "htpasswd"
    assert configuration.get("auth", "cache_logins") is True
    assert configuration.get("rights", "type") == "radicale_booking.plugins.rights"
    assert configuration.get("web", "type") == "radicale_booking.plugins.web"


def test_data_folder_moves_everything_without_a_setting_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, f"[booking]\ndata_folder = {tmp_path}/data\n[storage]\ndatabase = sqlite:///{tmp_path}/x\n")
    _, settings = settings_module.load(path)
    assert settings.users_file == tmp_path / "data" / "users"
    assert settings.secret_file == tmp_path / "data" / "secret"
    assert settings.database_file == tmp_path / "x"


def test_values_of_the_file_reach_the_settings(tmp_path: Path) -> None:
    path = written(tmp_path, "[booking]\npublic_url = https://cal.example.org/\ninstance_past_days = 10\n"
                             "instance_future_days = 20\naccess_log = no\nthreads = 3\n[server]\nhosts = 0.0.0.0:81\n")
    _, settings = settings_module.load(path)
    assert settings.public_url == "https://cal.example.org"
    assert (settings.instance_past_days, settings.instance_future_days) == (10, 20)
    assert (settings.access_log, settings.threads) == (False, 3)


def test_public_url_follows_the_address_listened_on(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nhosts = 0.0.0.0:8080\nssl = True\n")
    assert settings_module.load(path)[1].public_url == "https://localhost:8080"
    assert settings_module.load(path, hosts="[::1]:99")[1].public_url == "https://[::1]:99"


def test_every_problem_is_told_at_once_with_line_and_accepted_values(tmp_path: Path) -> None:
    path = written(tmp_path, "[storag]\nx = 1\n\n[storage]\ndatabse = 1\ndatabase = postgres://x\n[auth]\n"
                             "type = htpaswd\ncache_logins = perhaps\n[booking]\ninstance_past_days = -3\n"
                             "colour = red\npublic_url = cal.example.org\n[server]\nhosts = localhost\n")
    problems = problems_of(path)
    lines = [int(re.match(rf"{re.escape(str(path))}:(\d+) ", problem)[1]) for problem in problems]  # type: ignore[index]
    assert lines == [1, 5, 6, 8, 9, 11, 12, 13, 15]
    expected = ["accepted: server, ", "accepted: type, ", "accepted: sqlite:///PATH", "accepted: none, ",
                "accepted: yes or no", "from 1 to 3660", "accepted: data_folder, ", "https://calendar.example.org",
                "accepted: ADDRESS:PORT"]
    for problem, accepted in zip(problems, expected, strict=True):
        assert accepted in problem


def test_bookings_need_our_storage(tmp_path: Path) -> None:
    problems = problems_of(written(tmp_path, "[storage]\ntype = multifilesystem\n"))
    assert len(problems) == 1
    assert "accepted: radicale_booking.plugins.storage" in problems[0]


@pytest.mark.parametrize(("text", "fragment"), [
    ("hosts = x\n", ":1 "),
    ("[server]\nnonsense\n", ":2 'nonsense': cannot be read"),
    ("[server]\nhosts = a:1\nhosts = b:2\n", ":3 '[server] hosts': already given at"),
])
def test_syntax_is_told_with_its_line(tmp_path: Path, text: str, fragment: str) -> None:
    problems = problems_of(written(tmp_path, text))
    assert len(problems) == 1
    assert fragment in problems[0]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert "No such file" in problems_of(tmp_path / "none.ini")[0]
    (tmp_path / "latin").write_bytes(b"[server]\n# \xe9\n")
    assert "not UTF-8" in problems_of(tmp_path / "latin")[0]


def test_a_mark_at_the_beginning_is_none_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, f"\ufeff[booking]\ndata_folder = {tmp_path}\n")
    assert settings_module.load(path)[1].data_folder == tmp_path


@pytest.mark.parametrize("line", ["[booking]\npublic_url = http://[::1", "[booking]\npublic_url = http://x:99999",
                                  "[booking]\npublic_url = https://", "[inbound]\nlmtp = localhost:99999"])
def test_addresses_that_cannot_be_are_told(tmp_path: Path, line: str) -> None:
    found = problems_of(written(tmp_path, f"{line}\n"))
    assert (len(found), "accepted" in found[0]) == (1, True)


def test_a_foreign_plugin_may_have_options_we_do_not_know(tmp_path: Path) -> None:
    path = written(tmp_path, "[rights]\ntype = json\nunheard_of = 1\n")
    assert settings_module.load(path)[0].get("rights", "unheard_of") == "1"
    problems = problems_of(written(tmp_path, "[rights]\nunheard_of = 1\n"))
    assert "unknown option" in problems[0]


@pytest.mark.parametrize(("value", "expected"), [
    ("sqlite:///srv/a.db", "sqlite:///srv/a.db"),
    ("sqlite:////srv/a.db", "sqlite:///srv/a.db"),
    ("sqlite:///~/a.db", f"sqlite://{Path.home()}/a.db"),
    ("postgresql://booking@db.example.org:5433/booking?sslmode=require",
     "postgresql://booking@db.example.org:5433/booking?sslmode=require"),
    ("postgresql:///booking", "postgresql:///booking"),
    ("", ""),
])
def test_database_urls(value: str, expected: str) -> None:
    assert settings_module.database_url(value) == expected


@pytest.mark.parametrize("value", ["sqlite:///", "sqlite://x", "mysql://x", "/srv/a.db", "postgresql://", "postgresql:///",
                                   "postgresql://a:b@host/name", "postgresql://host/name?password=b"])
def test_bad_database_urls(value: str) -> None:
    with pytest.raises(ValueError, match="not a database URL"):
        settings_module.database_url(value)


def test_options_of_postgresql_reach_the_settings(tmp_path: Path) -> None:
    text = ("[storage]\ndatabase = postgresql://booking@db/booking\ndatabase_password_file = ~/secret\n"
            "database_connections = 20\ndatabase_statement_timeout = 30\ndatabase_lock_timeout = 5\n")
    _, settings = settings_module.load(written(tmp_path, text + f"[booking]\ndata_folder = {tmp_path}/data\n"))
    assert settings.database == "postgresql://booking@db/booking"
    assert settings.database_file is None
    assert settings.secret_file == tmp_path / "data" / "secret"
    assert settings.postgres == PostgresSettings(str(Path.home() / "secret"), 20, 30, 5)
    problems = problems_of(written(tmp_path, "[storage]\ndatabase_connections = 0\ndatabase_lock_timeout = 0\n"))
    assert ["from 1 to 500" in problems[0], "from 1 to 600" in problems[1]] == [True, True]


def test_a_password_in_the_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    for address in ("postgresql://booking:s3cret@db/booking", "postgresql://booking:s3@cret@db/booking",
                    "postgresql://db/booking?user=booking&password=s3cret"):
        [problem] = problems_of(written(tmp_path, f"[storage]\ndatabase = {address}\n"))
        assert "without a password" in problem
        assert "s3" not in problem
        assert "cret" not in problem


def test_a_stock_radicale_with_postgresql_keeps_its_key_in_its_folder(tmp_path: Path) -> None:
    configuration = radicale_config.load()
    configuration.update({"storage": {"type": settings_module.STORAGE_PLUGIN, "filesystem_folder": str(tmp_path),
                                      "database": "postgresql:///booking", "database_connections": "3"}})
    for given in (configuration, configuration.copy(settings_module.STORAGE_SCHEMA)):
        settings = settings_module.of(given)
        assert (settings.secret_file, settings.data_folder) == (tmp_path / "secret", tmp_path)
        assert settings.postgres.connections == 3


def test_a_stock_radicale_needs_storage_alone(tmp_path: Path) -> None:
    configuration = radicale_config.load()
    configuration.update({"storage": {"type": settings_module.STORAGE_PLUGIN,
                                      "database": f"sqlite:///{tmp_path}/b.sqlite"}})
    for given in (configuration, configuration.copy(settings_module.STORAGE_SCHEMA)):
        settings = settings_module.of(given)
        assert settings.database_file == tmp_path / "b.sqlite"
        assert settings.secret_file == tmp_path / "secret"
        assert settings.public_url == "http://localhost:5232/.web"


def test_a_stock_radicale_without_a_database_keeps_it_in_its_folder(tmp_path: Path) -> None:
    configuration = radicale_config.load()
    configuration.update({"storage": {"type": settings_module.STORAGE_PLUGIN, "filesystem_folder": str(tmp_path)}})
    assert settings_module.of(configuration).database_file == tmp_path / "booking.sqlite"


def test_every_option_in_the_shipped_file_is_known_and_shows_its_default(tmp_path: Path) -> None:
    shipped = (CHECKOUT / "config" / "radicale-booking.ini").read_text(encoding="utf-8")
    active = re.sub(r"^#(?=[a-z_]+ = )", "", shipped, flags=re.MULTILINE)
    configuration, _ = settings_module.load(written(tmp_path, active))
    default, _ = settings_module.load(None)
    places = {"data_folder", "public_url", "secret_file", "address_domain", "database", "htpasswd_filename"}
    checked = 0
    section = ""
    for line in active.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif re.match(r"[a-z_]+ = ", line) and (option := line.partition(" = ")[0]) not in places:
            ours = settings_module.STORAGE_SCHEMA.get(section, {}).get(option)
            expected = ours["value"] if ours else default.get(section, option)
            assert configuration.get(section, option) == expected, line
            checked += 1
    assert checked >= 10
    for option in (*settings_module.BOOKING_SCHEMA, *settings_module.STORAGE_SCHEMA["storage"], *MAIL_SCHEMA,
                   *settings_module.WEBHOOKS_SCHEMA):
        assert re.search(rf"^#{option} =", shipped, flags=re.MULTILINE), option


def test_mail_settings_are_read_with_their_defaults(tmp_path: Path) -> None:
    text = "[mail]\nhost = mail.example.org\nsecurity = TLS\nsender_name = Bookings\n"
    mail = settings_module.load(written(tmp_path, text + "[booking]\npublic_url = https://cal.example.org\n"))[1].mail
    assert (mail.host, mail.security, mail.used_port, mail.sender_name) == ("mail.example.org", "tls", 465, "Bookings")
    assert (mail.sender, mail.timeout_seconds, mail.max_attempts) == ("booking@cal.example.org", 30, 72)
    mail = settings_module.load(written(tmp_path, "[mail]\nport = 2525\nsender = b@example.org\n"))[1].mail
    assert (mail.host, mail.used_port, mail.sender) == ("", 2525, "b@example.org")
    assert "secret" not in repr(replace(mail, password="secret"))


@pytest.mark.parametrize(("line", "accepted"), [
    ("security = ssl", "one of none, starttls, tls"), ("port = 70000", "a port from 1 to 65535"),
    ("sender = Anna <a@example.org>", "an address such as"),
    ("sender = a@example.org\n  Bcc: b@example.org", "an address such as"),
    ("sender_name = Anna\n  Bcc: b@example.org", "one line of text"), ("language = xx", "one of en, de, es, fr"),
    ("timeout_seconds = 0", "from 1 to 600"), ("max_attempts = 0", "from 1 to 1000"),
    ("templates = /does/not/exist", "a folder that exists"), ("ca_file = /none", "a file of certificates (PEM)"),
    (f"ca_file = {__file__}", "a file of certificates (PEM)"), ("hots = x", "accepted: host, port"),
    ("password = a\npassword_file = b", "keep one of them"),
])
def test_mail_settings_that_are_wrong_are_told(tmp_path: Path, line: str, accepted: str) -> None:
    problems = problems_of(written(tmp_path, f"[mail]\n{line}\n"))
    assert len(problems) == 1
    assert accepted in problems[0]


@pytest.mark.parametrize(("mail", "wrong"), [("", True), ("[mail]\nhost =\n", True), ("[mail]\nhost = mx\n", False)])
def test_mail_that_has_to_be_answered_has_to_be_sent(tmp_path: Path, mail: str, wrong: bool) -> None:
    path = written(tmp_path, f"[guard]\nconfirm_email = yes\nconfirm_email_minutes = 30\n{mail}")
    if wrong:
        [problem] = problems_of(path)
        assert "confirm_email" in problem
        assert "set [mail] host" in problem
    else:
        _, settings = settings_module.load(path)
        assert (settings.guard.confirm_email, settings.guard.confirm_email_minutes) == (True, 30)
    assert "from 1 to 1440" in problems_of(written(tmp_path, "[guard]\nconfirm_email_minutes = 0\n"))[0]


def test_calendars_are_answered_with_safe_headers_too(tmp_path: Path) -> None:
    configuration, _ = settings_module.load(written(tmp_path, "[headers]\nX-Frame-Options = DENY\nX-Own = 1\n"))
    assert {name: configuration.get("headers", name) for name in configuration.options("headers")} == {
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin", "x-own": "1"}


def test_the_server_does_not_start_with_a_bad_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[booking]\ncolour = red\nthreads = many\n")
    done = subprocess.run([sys.executable, "-m", "radicale_booking", "--config", str(path), "serve"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert done.stdout == ""
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == [f"{path}:2", f"{path}:3"]
