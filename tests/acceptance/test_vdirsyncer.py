"""vdirsyncer and khal, as commands with configurations of their own: two people's machines at one calendar."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from tests.acceptance.server import Running, serve
from tests.acceptance.site import (
    PASSWORD,
    add_users,
    calendar,
    calendar_program,
    event,
    make_site,
    monday,
    new_database,
)
from tests.acceptance.visitor import Visitor
from tests.conftest import ENGINES

HOUR = timedelta(hours=1)
WINS = ("b wins", "a wins")


@dataclass(frozen=True)
class Machine:
    """A folder with what a user has at home; ``conflicts``: which side wins, b is the server."""

    home: Path
    url: str
    conflicts: str = "b wins"
    user: str = "anna"

    def configure(self) -> Machine:
        self.home.mkdir()
        (self.home / "vdirsyncer").write_text(
            f'[general]\nstatus_path = "{self.home}/status/"\n'
            f'[pair work]\na = "here"\nb = "there"\ncollections = ["from b"]\n'
            f'conflict_resolution = "{self.conflicts}"\nmetadata = ["displayname", "color"]\n'
            f'[storage here]\ntype = "filesystem"\npath = "{self.home}/calendars/"\nfileext = ".ics"\n'
            f'[storage there]\ntype = "caldav"\nurl = "{self.url}/"\nusername = "{self.user}"\n'
            f'password = "{PASSWORD}"\n',
            encoding="utf-8")
        (self.home / "khal").write_text(
            f"[calendars]\n[[work]]\npath = {self.home}/calendars/calendar\n"
            "[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
            f"local_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n"
            f"[sqlite]\npath = {self.home}/khal.db\n[default]\ndefault_calendar = work\n", encoding="utf-8")
        self.vdirsyncer("discover", answers="y\n" * 5)
        self.vdirsyncer("sync")
        return self

    def vdirsyncer(self, *arguments: str, answers: str = "", code: int = 0) -> str:
        return self._run("vdirsyncer", "-c", str(self.home / "vdirsyncer"), *arguments, answers=answers, code=code)

    def khal(self, *arguments: str) -> str:
        return self._run("khal", "-c", str(self.home / "khal"), *arguments)

    def _run(self, program: str, *arguments: str, answers: str = "", code: int = 0) -> str:
        done = subprocess.run([str(Path(sys.executable).with_name(program)), *arguments], input=answers,
                              capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home)})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def files(self) -> list[Path]:
        return sorted((self.home / "calendars/calendar").glob("*.ics"))

    def write(self, name: str, text: str) -> None:
        """Put an event into the folder of a calendar, as any program may that shares it."""
        (self.home / "calendars" / name).write_text(text, encoding="utf-8", newline="")

    def change(self, old: str, new: str) -> None:
        """Edit the only event as a text, as any program may that shares the folder."""
        (path,) = self.files()
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module", params=ENGINES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site with anna and bob; every test leaves anna's calendar empty."""
    folder = tmp_path_factory.mktemp("site")
    site = make_site(folder, new_database(request, request.param, folder))
    add_users(site.config, "bob", host=True)
    with serve(site.config) as server:
        yield server


def shown(machine: Machine) -> list[str]:
    # It believes its cache where two changes come within a second.
    (machine.home / "khal.db").unlink(missing_ok=True)
    day = f"{monday():%Y-%m-%d}"
    return machine.khal("list", "--format", "{start-time} {title}", "--day-format", "", day, "1d").split("\n")[:-1]


@pytest.mark.parametrize("conflicts", WINS)
def test_two_machines_keep_the_same_calendar(running: Running, tmp_path: Path, conflicts: str) -> None:
    home = Machine(tmp_path / "home", running.url).configure()
    office = Machine(tmp_path / "office", running.url, conflicts).configure()
    start = monday()
    home.khal("new", f"{start:%Y-%m-%d}", "09:00", "10:00", "Dentist: é, ☎")
    home.vdirsyncer("sync")
    office.vdirsyncer("sync")
    assert shown(home) == shown(office) == ["09:00 Dentist: é, ☎"]

    home.change("SUMMARY:Dentist", "SUMMARY:Of home")
    office.change("SUMMARY:Dentist", "SUMMARY:Of the office")
    home.vdirsyncer("sync")
    office.vdirsyncer("sync")
    home.vdirsyncer("sync")
    winner = "Of home" if conflicts == "b wins" else "Of the office"
    assert shown(home) == shown(office) == [f"09:00 {winner}: é, ☎"]
    with calendar_program(running.url) as anna:
        (there,) = calendar(anna, "Calendar").events()
        assert str(there.icalendar_component["SUMMARY"]) == f"{winner}: é, ☎"
        # What another program adds and removes arrives too.
        calendar(anna, "Calendar").save_event(event("u2", "Lunch", start + 3 * HOUR, HOUR))
        there.delete()
    office.vdirsyncer("sync")
    assert shown(office) == ["12:00 Lunch"]
    # Nothing is left to do, and a removed file is removed there.
    assert "Copying" not in office.vdirsyncer("sync")
    office.files()[0].unlink()
    office.vdirsyncer("sync", "--force-delete")
    home.vdirsyncer("sync", "--force-delete")
    assert (home.files(), shown(home)) == ([], [])


def test_without_a_rule_a_conflict_is_told_and_nothing_is_lost(running: Running, tmp_path: Path) -> None:
    home = Machine(tmp_path / "home", running.url).configure()
    office = Machine(tmp_path / "office", running.url).configure()
    config = office.home / "vdirsyncer"
    config.write_text(config.read_text(encoding="utf-8").replace('conflict_resolution = "b wins"\n', ""),
                      encoding="utf-8")
    home.khal("new", f"{monday():%Y-%m-%d}", "09:00", "10:00", "Dentist")
    home.vdirsyncer("sync")
    office.vdirsyncer("sync")
    home.change("SUMMARY:Dentist", "SUMMARY:Of home")
    office.change("SUMMARY:Dentist", "SUMMARY:Of the office")
    home.vdirsyncer("sync")
    assert "conflict" in office.vdirsyncer("sync", code=1)
    assert shown(office) == ["09:00 Of the office"]
    with calendar_program(running.url) as anna:
        (there,) = calendar(anna, "Calendar").events()
        assert str(there.icalendar_component["SUMMARY"]) == "Of home"
        there.delete()


def test_windows_are_written_and_the_host_is_invited(running: Running, tmp_path: Path) -> None:
    start = monday()
    offered = f"{running.url}/book/anna/intro-call/?start={start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert Visitor().get(offered).status == 409
    anna = Machine(tmp_path / "anna", running.url).configure()
    anna.write("bookable/hours.ics", event("hours", "Bookable", start, HOUR))
    anna.vdirsyncer("sync")
    assert Visitor().get(offered).status == 200

    bob = Machine(tmp_path / "bob", running.url, user="bob").configure()
    for uid in ("one", "two"):
        bob.write(f"calendar/{uid}.ics", event(uid, uid, start, HOUR, "ORGANIZER:mailto:bob@example.org",
                                               "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:anna@example.org"))
    for _ in range(2):
        bob.vdirsyncer("sync")
    answers = [re.findall(r"PARTSTAT=(\w+)", file.read_text(encoding="utf-8").replace("\n ", ""))
               for file in bob.files()]
    assert sorted(answers) == [["ACCEPTED"], ["DECLINED"]]
