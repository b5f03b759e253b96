"""The evening on which one machine becomes two, by the commands of the guide, and the way back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.load import ask
from tests.acceptance.site import event, make_site, monday, shown
from tests.acceptance.test_runbooks import Machine, blocks, make_machine
from tests.acceptance.visitor import Visitor
from tests.postgres import Server

HALF_HOUR = timedelta(minutes=30)


def rename(machine: Machine, old: str, new: str) -> None:
    machine.config.write_text(machine.config.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Machine]]:
    """The one that there is, and a new one with nothing but the program."""
    made = []
    for name in ("app1", "app2"):
        (tmp_path / name).mkdir()
        config = make_site(tmp_path / name).config if name == "app1" else tmp_path / name / "booking.ini"
        made.append(make_machine(tmp_path / name, config))
    with ExitStack() as stack:
        for machine in made:
            stack.callback(machine.type, "systemctl stop radicale-booking")
        yield made


def book(machine: Machine, hour: int) -> int:
    """A visitor's booking at so many half hours after nine; the status of the last page."""
    visitor = Visitor()
    start = shown(monday() + hour * HALF_HOUR)
    form = visitor.get(f"http://127.0.0.1:{machine.port}/book/anna/intro-call/?start={start}")
    return visitor.submit(form, name="Bob", email="bob@example.org").status if form.status == 200 else form.status


def test_the_evening_and_the_way_back(machines: list[Machine], postgres_server: Server) -> None:
    one, two = machines
    rehearsal, target = postgres_server.create(), postgres_server.create()
    source = f"sqlite://{one.data}/booking.sqlite"
    rehearse, move, first, second, back = blocks("../start/several-machines.md")
    one.type("systemctl start radicale-booking")
    hours = event("w", "Bookable", monday(), 4 * HALF_HOUR)
    assert ask(f"http://127.0.0.1:{one.port}", "PUT", "/anna/bookable/w.ics", hours).status == 201
    one.type(rehearse, SOURCE=source, TARGET=rehearsal)
    assert book(one, 0) == 200
    one.type(move, SOURCE=source, TARGET=target)
    assert book(one, 1) == 503
    rename(one, source, target)
    assert "postgresql://" in one.type(first)
    shutil.copy(one.config, two.config)
    rename(two, str(one.data), str(two.data))
    two.data.mkdir()
    for file in ("users", "secret"):
        shutil.copy(one.data / file, two.data / file)
    two.type(second)
    assert book(two, 0) == 409
    assert book(two, 1) == 200
    assert book(one, 1) == 409
    one.type(back, TARGET=target)
    two.type("systemctl stop radicale-booking")
    rename(one, target, f"sqlite://{one.data}/back.sqlite")
    one.type("systemctl restart radicale-booking; radicale-booking maintenance off")
    assert [book(one, hour) for hour in range(3)] == [409, 409, 200]
