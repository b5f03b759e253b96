"""Warnings and errors say what happened, and not to whom."""

from __future__ import annotations

import base64
import io
import logging
import re
import shutil
import subprocess
import traceback
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from radicale_booking import error_log
from radicale_booking.errors import StoreUnavailable
from tests.acceptance.server import Running, serve
from tests.test_deploy import CONFIG, program

_SECRETS = ("anna", "ada", "203.0.113.9", "2001:db8", "example.org", "dentist")


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger with the filter, and what it has written."""
    out, logger = io.StringIO(), logging.Logger("radicale")
    handler = logging.StreamHandler(out)
    handler.addFilter(error_log.WithoutPeople())
    logger.addHandler(handler)
    yield logger, out
    handler.close()


@pytest.mark.parametrize(("message", "arguments", "written"), [
    ("Failed login attempt from %s: %r (%s)", ("203.0.113.9 (forwarded)", "anna", "htpasswd"),
     "Failed login attempt from …: '…' (…)"),
    ("An exception occurred during %s request on %r: %s", ("PUT", "/ada/x.ics", ValueError("dentist")),
     "An exception occurred during … request on '…': ValueError"),
    ("PUT request contains item with UID %r size %d above limit %d: %r", ("dentist", 9, 5, "/ada/"),
     "PUT request contains item with UID '…' size 9 above limit 5: '…'"),
    ("%(name)s of %(number)d", ({"name": "anna", "number": 3},), "… of 3"),
    ("PUT response status for '/ada/o\\'x dentist.ics' with depth '1' in 0.1 seconds: 500", (),
     "PUT response status for '…' with depth '…' in 0.1 seconds: 500"),
    ("from anna@example.org at 203.0.113.9 or [2001:db8::7:1]", (), "from … at … or …"),
    ("Request failed: %s", (StoreUnavailable("disk full"),), f"Request failed: {StoreUnavailable('disk full')}"),
])
def test_what_was_handed_in_is_left_out(log: tuple[logging.Logger, io.StringIO], message: str,
                                        arguments: tuple[object, ...], written: str) -> None:
    logger, out = log
    logger.error(message, *arguments)
    assert out.getvalue() == written + "\n"


def test_where_an_error_was_raised_is_kept(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, out = log
    try:
        try:
            raise KeyError("anna")
        except KeyError:
            raise StoreUnavailable("of ada\nSUMMARY:dentist\n  folded dentist") from None
    except StoreUnavailable:
        logger.error("%s", traceback.format_exc())
        logger.exception("It broke for %s", "anna")
    text = out.getvalue()
    assert text.count("radicale_booking.errors.StoreUnavailable\n") == 2
    assert text.count(f'  File "{__file__}"') == 2
    assert not [secret for secret in _SECRETS if secret in text.replace(__file__, "")]


def site(folder: Path, more: str = "") -> Path:
    config = folder / "booking.ini"
    config.write_text(f"[auth]\ndelay = 0\n[booking]\ndata_folder = {folder}/data\n{more}", encoding="utf-8")
    return config


def fail_to_sign_in(running: Running, name: str = "dentist", forwarded: str = "") -> None:
    given = base64.b64encode(f"{name}:wrong".encode()).decode()
    request = urllib.request.Request(f"{running.url}/dentist/", method="PROPFIND",
                                     headers={"Authorization": f"Basic {given}",
                                              **({"X-Forwarded-For": forwarded} if forwarded else {})})
    with pytest.raises(urllib.error.HTTPError) as answer, urllib.request.urlopen(request, timeout=30):
        pass
    answer.value.close()
    assert answer.value.code == 401


def test_a_server_names_nobody(tmp_path: Path) -> None:
    with serve(site(tmp_path)) as running:
        fail_to_sign_in(running)
        running.wait_for(r"\[WARNING\] Failed login attempt from …: '…'")
    assert "dentist" not in "".join(running.lines)


def test_a_server_names_people_when_asked_to(tmp_path: Path) -> None:
    with serve(site(tmp_path, "log_people = yes\n")) as running:
        fail_to_sign_in(running)
        running.wait_for(r"\[WARNING\] Failed login attempt from .127\.0\.0\.1.: 'dentist'")
        fail_to_sign_in(running, "phone", "203.0.113.9")
        fail_to_sign_in(running, "desk", "198.51.100.7, 2001:db8::9")
        fail_to_sign_in(running, "x', 192.0.2.1') [WARNING] Failed login attempt from '192.0.2.2'", "203.0.113.10")
        running.wait_for("192.0.2.2")
    in_journal = [re.sub(r"^\[[^\]]*\]", "host radicale-booking[17]:", line) for line in running.lines]
    for lines in (running.lines, in_journal):
        assert banned(lines, tmp_path) == ["127.0.0.1", "203.0.113.9", "2001:db8::9", "203.0.113.10"]


def banned(lines: list[str], folder: Path) -> list[str]:
    """Whom fail2ban finds in the lines by the filter that is shipped."""
    (folder / "lines").write_text("".join(lines), encoding="utf-8")
    # fail2ban takes a name without a slash for one of its own.
    shutil.copyfile(CONFIG / "radicale-booking.fail2ban", folder / "filter.conf")
    command = [program("fail2ban-regex"), "--out", "ip", str(folder / "lines"), str(folder / "filter.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
