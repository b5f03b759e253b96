"""Evolution's data server, a real one: hosting and booking in what Evolution itself is built on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.server import Running, serve
from tests.acceptance.site import PASSWORD, add_users, calendar_program, event, make_site, monday, new_database, shown
from tests.acceptance.visitor import Visitor
from tests.conftest import ENGINES

PROGRAM = Path(__file__).parent / "evolution_program.py"
PYTHON = "/usr/bin/python3"
SERVICES = Path("/usr/share/dbus-1/services")
HALF_HOUR = timedelta(minutes=30)
#: Only what is needed can be started: a keyring would wait for somebody who unlocks it.
BUS = """<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><servicedir>{folder}</servicedir>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""


@pytest.fixture(scope="module", params=ENGINES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site with the host anna, and bob."""
    probe = [PYTHON, "-c", "import gi; gi.require_version('ECal', '2.0')"]
    there = (shutil.which("dbus-run-session") and Path(PYTHON).exists() and _services()
             and subprocess.run(probe, capture_output=True, check=False).returncode == 0)
    if not there:
        message = "no evolution-data-server found; as root: .ci/evolution"
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("site")
    site = make_site(folder, new_database(request, request.param, folder))
    add_users(site.config, "bob")
    with serve(site.config) as started:
        yield started


def _services() -> list[Path]:
    return [path for kind in ("Sources", "Calendar")
            for path in SERVICES.glob(f"org.gnome.evolution.dataserver.{kind}*.service")]


def evolution(home: Path, url: str, user: str, path: str, *create: str, wanted: list[str],
              then: str = "") -> list[str]:
    """The events of the calendar, once ``create`` are in it and each of ``wanted`` is in one of them.

    ``then`` the event that has the first of it is dragged half an hour on ("drag"), or deleted ("delete").
    """
    (home / "services").mkdir(parents=True)
    for service in _services():
        shutil.copy(service, home / "services")
    (home / "bus.conf").write_text(BUS.format(folder=home / "services"), encoding="utf-8")
    address = urlsplit(url)
    task = {"host": address.hostname, "port": address.port, "path": path, "user": user, "password": PASSWORD,
            "create": [_bare(text) for text in create], "wanted": wanted, "then": then}
    folders = {name: str(home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME",
                                            "XDG_RUNTIME_DIR")}
    answer, log = home / "answer.json", home / "log"
    # Into a file, as what D-Bus starts may hold a pipe open for longer.
    with log.open("w", encoding="utf-8") as written:
        done = subprocess.run(
            ["dbus-run-session", f"--config-file={home / 'bus.conf'}", "--", PYTHON, str(PROGRAM), str(answer)],
            input=json.dumps(task), text=True, stdout=written, stderr=written, timeout=150, check=False,
            env={**os.environ, **folders, "GSETTINGS_BACKEND": "memory"})
    assert done.returncode == 0, log.read_text(encoding="utf-8")
    return list(json.loads(answer.read_text(encoding="utf-8")))


def _bare(text: str) -> str:
    """The VEVENT of a calendar object."""
    return text[text.index("BEGIN:VEVENT"):text.index("END:VCALENDAR")]


def test_hours_are_offered_and_a_reservation_is_dragged_and_deleted(running: Running, tmp_path: Path) -> None:
    start = monday()
    evolution(tmp_path / "first", running.url, "anna", "/anna/bookable/",
              event("hours", "Bookable", start, 2 * HALF_HOUR), wanted=["UID:hours"])
    visitor = Visitor()

    def offered() -> list[bool]:
        return [visitor.get(f"{running.url}/book/anna/intro-call/?start={shown(one)}").status == 200
                for one in (start, start + HALF_HOUR)]

    form = visitor.get(f"{running.url}/book/anna/intro-call/?start={shown(start)}&tz=Europe/Berlin")
    assert visitor.submit(form, name="Charles", email="charles@example.org").status == 200
    assert offered() == [False, True]
    for then, after in (("drag", [True, False]), ("delete", [True, True])):
        texts = evolution(tmp_path / then, running.url, "anna", "/anna/calendar/", wanted=["charles@example.org"],
                          then=then)
        assert [text.count("STATUS:CONFIRMED") for text in texts if "charles@example.org" in text] == [1]
        assert offered() == after


def test_who_invites_reads_acceptance_and_decline(running: Running, tmp_path: Path) -> None:
    tuesday = monday() + timedelta(days=1)
    invitations = [event(uid, uid, tuesday, HALF_HOUR, "ORGANIZER:mailto:bob@example.org",
                         "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:anna@example.org")
                   for uid in ("accepted", "declined")]
    with calendar_program(running.url, "bob") as bob:
        bob.make_calendar(name="Work", cal_id="work")
    texts = evolution(tmp_path / "home", running.url, "bob", "/bob/work/", *invitations,
                      wanted=["PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED"])
    answers = {uid: [answer for answer in ("ACCEPTED", "DECLINED") if f"PARTSTAT={answer}" in text]
               for text in texts for uid in ("accepted", "declined") if f"UID:{uid}" in text}
    assert answers == {"accepted": ["ACCEPTED"], "declined": ["DECLINED"]}
