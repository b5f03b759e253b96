"""Each runbook, rehearsed: its very commands, run by a shell in the situation that it is about."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.acceptance.proxy import NGINX, nginx
from tests.acceptance.server import free_port, run, started, wait_until_answers
from tests.acceptance.site import PASSWORD, event, make_site, monday, new_database, shown
from tests.acceptance.small_disk import small_disk
from tests.acceptance.test_durability import request
from tests.acceptance.visitor import Visitor
from tests.conftest import ENGINES
from tests.smtp_server import smtp_server

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
#: systemd's part: the server of this test, by the number of its process.
SYSTEMCTL = """#!/bin/bash -e
stop() {
    [ -e "$RUN/pid" ] || return 0
    kill "$(cat "$RUN/pid")" || true
    # Nobody may be there to bury the process, so its program is asked for.
    while [ -e "/proc/$(cat "$RUN/pid")/exe" ]; do sleep 0.1; done
    rm "$RUN/pid"
}
start() {
    radicale-booking serve --host 127.0.0.1 --port "$PORT" >>"$RUN/log" 2>&1 </dev/null &
    echo $! >"$RUN/pid"
    until curl -s -o /dev/null "http://127.0.0.1:$PORT/health"; do
        [ -e "/proc/$(cat "$RUN/pid")/exe" ]
        sleep 0.1
    done
}
if [ "$*" = "reload nginx" ]; then kill -HUP "$(cat "$RUN/nginx.pid")"; exit; fi
[ "$2" = radicale-booking ]
case "$1" in stop) stop ;; start) start ;; restart) stop; start ;; *) exit 2 ;; esac
"""

#: systemd's clock: what NTP sets right is the clock of this test.
TIMEDATECTL = """#!/bin/sh -e
right=$(if grep -q '^0$' "$WRONG_CLOCK"; then echo yes; else echo no; fi)
case "$1" in
    set-ntp) echo 0 >"$WRONG_CLOCK" ;;
    show) echo "$right" ;;
    *) echo "System clock synchronized: $right" ;;
esac
"""


def blocks(name: str) -> list[str]:
    """The commands of a runbook, or of another page by its path from there, block by block."""
    found = re.findall(r"^```sh\n(.*?)^```$", (RUNBOOKS / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found


@dataclass
class Machine:
    """A machine with a site of the host anna, as its sysadmin sees it."""

    folder: Path
    data: Path
    config: Path
    port: int = field(default_factory=free_port)

    def type(self, commands: str, **variables: str) -> str:
        """Run ``commands`` as a shell does; what they wrote. Fails when one does."""
        environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "RUN": str(self.folder),
                       "PORT": str(self.port), "DATA": str(self.data), "RADICALE_BOOKING_CONFIG": str(self.config),
                       "USER": "anna", **variables}
        with (self.folder / "typed").open("w+", encoding="utf-8") as written:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], env=environment, stdout=written,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=120, check=False)
            written.seek(0)
            text = written.read()
        assert done.returncode == 0, f"{commands}\n{text}"
        return text

    def follow(self, name: str, **variables: str) -> str:
        """Every step of a runbook; what was written."""
        return "".join(self.type(step, **variables) for step in blocks(name))

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code


def make_machine(tmp_path: Path, config: Path) -> Machine:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("systemctl", SYSTEMCTL),
                       ("radicale-booking", f'#!/bin/bash\nexec {sys.executable} -m radicale_booking "$@"\n')):
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    return Machine(tmp_path, tmp_path / "data", config)


#: What is about SQLite's file, or begins, as a new installation does, with a configuration that names no database.
sqlite_only = pytest.mark.parametrize("machine", ["sqlite"], indirect=True)


@pytest.fixture(params=ENGINES)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    made = make_machine(tmp_path, make_site(tmp_path, new_database(request, request.param, tmp_path)).config)
    yield made
    made.type("systemctl stop radicale-booking")


def test_the_first_fifteen_minutes(tmp_path: Path) -> None:
    new = make_machine(tmp_path, tmp_path / "etc" / "radicale-booking.ini")
    try:
        written = new.follow("../start/sysadmins.md", PASSWORD=PASSWORD)
        assert "https://calendar.example.org/book/anna/" in written
        assert "ok    contents" in written
        assert new.status("/ready") == 200
        assert new.status("/book/anna/intro-call/") == 200
    finally:
        new.type("systemctl stop radicale-booking")


def test_every_runbook_is_rehearsed() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    for runbook in RUNBOOKS.glob("*.md"):
        if runbook.name != "README.md":
            assert f'"{runbook.name}"' in source, runbook.name
            assert f"]({runbook.name})" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")


@sqlite_only
def test_disk_full(machine: Machine) -> None:
    kept = machine.folder / "kept"
    shutil.copytree(machine.data, kept)
    with small_disk(machine.data, "4m"):
        shutil.copytree(kept, machine.data, dirs_exist_ok=True)
        machine.type("systemctl start radicale-booking")
        machine.type('head -c 20M /dev/zero >"$DATA/booking.sqlite.schema-1.x.backup" || true')
        full = run(machine.config, "token", "add", "anna", "--for", "phone")
        assert full.returncode == 1
        assert "disk full" in full.stderr
        assert "the database is sound" in machine.follow("disk-full.md")
        assert run(machine.config, "token", "add", "anna", "--for", "phone").returncode == 0
        assert machine.status("/ready") == 200
        machine.type("systemctl stop radicale-booking")


@sqlite_only
def test_corrupt_database(machine: Machine) -> None:
    machine.type("systemctl start radicale-booking; radicale-booking backup create; systemctl stop radicale-booking")
    database = machine.data / "booking.sqlite"
    database.write_bytes(b"\0" * 8192 + database.read_bytes()[8192:])
    machine.type("rm -f $DATA/booking.sqlite-*")
    assert run(machine.config, "user", "list").returncode == 1
    written = machine.follow("corrupt-database.md")
    assert "ok    contents" in written
    assert machine.status("/book/anna/intro-call/") == 200
    assert list(machine.data.glob("booking.sqlite.damaged-*"))


@sqlite_only
def test_lost_server(machine: Machine) -> None:
    [archive] = re.findall(r"^/.*\.tar\.gz$", machine.type("radicale-booking backup create"), re.MULTILINE)
    away = machine.folder / "away.tar.gz"
    shutil.move(archive, away)
    shutil.rmtree(machine.data)
    machine.config.unlink()
    machine.config.write_text("", encoding="utf-8")
    assert "anna@example.org" in machine.follow("lost-server.md", ARCHIVE=str(away))
    assert machine.status("/book/anna/intro-call/") == 200


def test_leaked_password(machine: Machine) -> None:
    machine.type("systemctl start radicale-booking")
    token = json.loads(machine.type("radicale-booking token add anna --for phone --json"))["token"]
    [row] = json.loads(machine.type("radicale-booking token list --json"))

    def signs_in(password: str) -> bool:
        asked = machine.type('curl -s -o /dev/null -w "%{http_code}" -X PROPFIND -H "Depth: 0" -u "anna:$WITH" '
                             '"http://127.0.0.1:$PORT/anna/"', WITH=password)
        return asked == "207"

    assert signs_in(token)
    assert signs_in(PASSWORD)
    machine.follow("leaked-password.md", TOKEN_ID=str(row["id"]), NEW_PASSWORD="better horse")
    assert [signs_in(word) for word in (token, PASSWORD, "better horse")] == [False, False, True]


def test_mail_down(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    with smtp_server(folder, running=False) as server:
        with machine.config.open("a", encoding="utf-8") as file:
            file.write(f"[mail]\nhost = 127.0.0.1\nport = {server.port}\nsecurity = none\n"
                       "sender = booking@example.org\n")
        waits, tried, *_ = blocks("mail-down.md")[0].splitlines()
        machine.type(waits)
        assert "cannot" in machine.type(tried) or "refused" in machine.type(tried)
        server.start()
        assert "has taken a mail" in machine.follow("mail-down.md")
        assert {mail.recipient for mail in server.taken()} == {"postmaster@example.org"}


def test_wrong_clock(machine: Machine, tmp_path: Path) -> None:
    (machine.folder / "bin" / "timedatectl").write_text(TIMEDATECTL, encoding="utf-8")
    (machine.folder / "bin" / "timedatectl").chmod(0o755)
    clock = tmp_path / "clock"
    clock.write_text(str(40 * 86400), encoding="ascii")
    program = machine.folder / "bin" / "radicale-booking"
    program.write_text(program.read_text(encoding="utf-8").replace("radicale_booking", "tests.acceptance.wrong_clock"),
                       encoding="utf-8")
    wrong = {"WRONG_CLOCK": str(clock), "PYTHONPATH": str(RUNBOOKS.parents[1])}
    (tmp_path / "mail").mkdir()
    with smtp_server(tmp_path / "mail", running=False) as server:
        with machine.config.open("a", encoding="utf-8") as file:
            file.write(f"[mail]\nhost = 127.0.0.1\nport = {server.port}\nsecurity = none\n"
                       "sender = booking@example.org\n")
        machine.type("systemctl start radicale-booking", **wrong)
        start, url = monday() + timedelta(days=42), f"http://127.0.0.1:{machine.port}"
        assert request(url, "PUT", "bookable/w", event("w", "Bookable", start, timedelta(hours=1)))[0] == 201
        visitor = Visitor()
        form = visitor.get(f"{url}/book/anna/intro-call/?start={shown(start)}&tz=Europe/Berlin")
        assert visitor.submit(form, name="Zoe", email="zoe@example.org").status == 200
        server.start()
        told = machine.follow("wrong-clock.md", **wrong)
        assert "synchronized: no" in told
        assert "clock: is synchronised" in told
        assert "which is to come" in told
        assert "2 mail(s) queued again" in told
        assert {mail.recipient for mail in server.wait_for(2)} == {"anna@example.org", "zoe@example.org"}


def test_expired_certificate(machine: Machine) -> None:
    if NGINX is None:
        assert not os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"), "nginx is not installed"
        pytest.skip("nginx is not installed")
    folder, port, authority = machine.folder, free_port(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    now = datetime.now(UTC)
    for name, ends in (("renewed", now + timedelta(days=90)), ("served", now - timedelta(days=1))):
        issued = authority.issue_cert("localhost", not_after=ends)
        (folder / name).mkdir()
        issued.private_key_pem.write_to_path(folder / name / "privkey.pem")
        issued.cert_chain_pems[0].write_to_path(folder / name / "fullchain.pem")
    certbot = folder / "bin" / "certbot"
    certbot.write_text('#!/bin/sh -e\n[ "$*" = renew ]\ncp "$RUN"/renewed/* "$RUN/served"\n', encoding="utf-8")
    certbot.chmod(0o755)
    machine.type("systemctl start radicale-booking")
    names = {"NAME": f"localhost:{port}", "CERTIFICATE": f"{folder}/served/fullchain.pem",
             "CURL_CA_BUNDLE": f"{folder}/ca.pem"}
    command = nginx(folder / "served", port, f"127.0.0.1:{machine.port}")
    written = folder / "served" / "nginx.conf"
    # Only a master takes the new certificate without a pause.
    written.write_text(written.read_text(encoding="utf-8").replace("master_process off; ", ""), encoding="utf-8")
    with started(command) as proxy:
        wait_until_answers(f"http://127.0.0.1:{port}", proxy)
        shutil.copy(folder / "served" / "nginx.pid", folder)
        assert "certificate has expired" in machine.type(blocks("expired-certificate.md")[0], **names)
        told = machine.follow("expired-certificate.md", **names)
        assert f"notAfter={now - timedelta(days=1):%b %e}" in told
