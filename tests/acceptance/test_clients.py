"""What calendar programs that cannot run here send, over real HTTP: one file a program in tests/data/clients/.

An exchange is a request, of ``as`` (bob if nobody is named), and what its answer must be. The answer is matched as one
text: the headers, an empty line, the unfolded body. ``has`` and ``lacks`` are regular expressions, ``save`` keeps what
one matches for the requests after it. ``$start`` and the like are instants of a day that the program has for itself.
"""

from __future__ import annotations

import base64
import http.client
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from string import Template
from typing import Any

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
from tests.conftest import ENGINES

FILES = sorted((Path(__file__).parents[1] / "data" / "clients").glob("*.toml"))
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture(scope="module", params=ENGINES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the host anna, who can be booked every day, and the user bob with the calendar ``work``."""
    folder = tmp_path_factory.mktemp("clients")
    site = make_site(folder, new_database(request, request.param, folder))
    add_users(site.config, "bob")
    with serve(site.config) as server:
        with calendar_program(server.url, "bob") as bob:
            bob.make_calendar(name="Work", cal_id="work")
        with calendar_program(server.url) as anna:
            calendar(anna, "Bookable hours").save_event(
                event("hours", "Bookable", monday(), timedelta(hours=4), "RRULE:FREQ=DAILY;COUNT=20"))
        yield server


def instants(day: int) -> dict[str, str]:
    """Half hours of a day: ``from`` before all others, ``start``, ``end``, ``later``, ``later_end``, ``until``."""
    first = monday() + timedelta(days=day)
    names = ("from", "start", "end", "later", "later_end", "until")
    return {name: f"{first.astimezone(UTC) + number * HALF_HOUR:%Y%m%dT%H%M%SZ}" for number, name in enumerate(names)}


def answer(url: str, exchange: dict[str, Any], known: dict[str, str]) -> tuple[int, str]:
    """Status, and headers and unfolded body as one text."""
    user = exchange.get("as", "bob")
    body = Template(exchange.get("body", "")).substitute(known).strip("\n")
    headers = {name: Template(value).substitute(known) for name, value in exchange.get("headers", {}).items()}
    headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    if "BEGIN:VCALENDAR" in body and not body.startswith("<"):
        headers.setdefault("Content-Type", "text/calendar; charset=utf-8")
        body = body.replace("\n", "\r\n") + "\r\n"
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    connection.request(exchange["method"], Template(exchange["path"]).substitute(known), body.encode(), headers)
    with connection.getresponse() as response:
        text = response.read().decode().replace("\r\n", "\n").replace("\n ", "")
        head = "".join(f"{name}: {value}\n" for name, value in response.getheaders())
    connection.close()
    return response.status, f"{head}\n{text}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_requests_of_a_program_are_answered_as_it_needs_it(running: Running, file: Path) -> None:
    script = tomllib.loads(file.read_text(encoding="utf-8"))
    known = instants(FILES.index(file))
    for number, exchange in enumerate(script["exchange"], 1):
        status, text = answer(running.url, exchange, known)
        told = f"{file.name}, exchange {number}, {exchange['why']}: {status}\n{text}"
        assert status == exchange["status"], told
        for pattern in exchange.get("has", ()):
            assert re.search(Template(pattern).safe_substitute(known), text, re.MULTILINE), f"{pattern} in {told}"
        for pattern in exchange.get("lacks", ()):
            assert not re.search(pattern, text, re.MULTILINE), f"{pattern} in {told}"
        for name, pattern in exchange.get("save", {}).items():
            found = re.search(pattern, text, re.MULTILINE)
            assert found, f"{pattern} in {told}"
            known[name] = found[1]
