"""The examples of RFC 5546 §4, played with people elsewhere by mail and between users of the server."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from radicale_booking.domain.itip import EventView, InstanceId
from radicale_booking.ical.scheduling_object import read
from radicale_booking.services import inbound
from tests.compat.dav_client import Client
from tests.dav.conftest import HALF_HOUR, NINE, Site
from tests.dav.test_free_busy import ask, busy, question, span
from tests.dav.test_implicit import copy_of, members, own, put, unfolded

DATA = Path(__file__).parent.parent / "data" / "rfc5546"
ZOE = "zoe@elsewhere.example"
PEOPLE = {"org": f"ORGANIZER:mailto:{ZOE}", "organizer": "ORGANIZER:mailto:bob@example.org"} | {
    address.partition("@")[0]: f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{address}"
    for address in (ZOE, "bob@example.org", "dan@elsewhere.example")}
STAMP = "%Y%m%dT%H%M%SZ"


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in tomllib.loads((DATA / f"{name}.toml").read_text())["case"]]


@pytest.mark.parametrize("case", cases("invited"))
def test_messages_from_elsewhere(site: Site, case: dict[str, Any]) -> None:
    ends = [arrive(site, number, *message) for number, message in enumerate(case["mails"])]
    assert ends == case.get("ends", ["done"] * len(ends))
    assert [line for text in members(site["bob"]).values() for line in shown(text)] == case["has"]
    if "answer" in case:
        answer(site["bob"], case["answer"])
    with site.app.store.read() as uow:
        mailed = [row.payload for row in uow.outbox.pending() if row.recipient == ZOE]
    assert [payload["method"] for payload in mailed] == case.get("answered", [])
    for payload in mailed:
        (line,) = re.findall("^ATTENDEE;(.*):mailto:bob@example.org$", unfolded(payload["text"]), re.MULTILINE)
        assert set(f"PARTSTAT={case['answer']}".split(";")) <= set(line.split(";"))


@pytest.mark.parametrize("case", cases("organized"))
def test_answers_from_elsewhere(site: Site, case: dict[str, Any]) -> None:
    assert put(site["bob"], re.sub("METHOD:.*\r\n", "", whole("", case["event"]))).status == 201
    ends = [arrive(site, number, method, short, f"{sender}@elsewhere.example")
            for number, (method, short, sender) in enumerate(case["mails"])]
    assert ends == case.get("ends", ["done"] * len(ends))
    assert [f"{label(view.instance)} " + ", ".join(
        f"{one.address.partition('@')[0].removeprefix('mailto:')} {one.partstat}" for one in view.attendees)
        for view in read(own(site["bob"]).body.decode()).components] == case["has"]


@pytest.mark.parametrize("case", cases("busy"))
def test_busy_time(site: Site, case: dict[str, Any]) -> None:
    for number, short in enumerate(case["events"]):
        text = re.sub("METHOD:.*\r\n", "", whole("", short)).replace("UID:u1", f"UID:u{number}")
        assert put(site["carl"], text, f"e{number}").status == 201
    ((status, reply),) = ask(site, question("mailto:carl@example.org")).values()
    assert (status, "METHOD:REPLY" in reply) == ("2.0;Success", True)
    assert busy(reply) == [span(timedelta(hours=float(start)), timedelta(hours=float(end)), kind)
                           for kind, start, end in map(str.split, case["busy"])]


def answer(client: Client, partstat: str) -> None:
    href, text = copy_of(client)
    changed = re.sub("PARTSTAT=NEEDS-ACTION(.*:mailto:bob@example.org)$", rf"PARTSTAT={partstat}\1", unfolded(text),
                     flags=re.MULTILINE)
    assert client.request("PUT", href, changed, Content_Type="text/calendar").status == 204


def arrive(site: Site, number: int, method: str, short: str, sender: str = ZOE) -> str:
    """What became of the mail."""
    raw = (f"From: <{sender}>\r\nMessage-ID: <{number}@elsewhere.example>\r\n"
           f"Content-Type: text/calendar; method={method}\r\n\r\n{whole(method, short)}").encode()
    return inbound.receive(site.app, sender, "bob@example.org", raw, site.app.read_mail(raw))


def whole(method: str, short: str) -> str:
    events = []
    for block in short.split("\n\n"):
        start = re.search(r"DTSTART:\{(\S+)\}", block)
        assert start is not None
        dated = re.sub(r"\{(\d\S*?)\}", lambda found: f"{moment(found[1]):{STAMP}}", block)
        lines = ["UID:u1", "DTSTAMP:20260101T000000Z", f"DTEND:{moment(start[1]) + HALF_HOUR:{STAMP}}",
                 *dated.format(**PEOPLE).split("\n")]
        events.append("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""]))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:{method}\r\n{''.join(events)}END:VCALENDAR\r\n"


def moment(word: str) -> datetime:
    day, _, hour = word.partition("+")
    return NINE + timedelta(days=int(day) - 1, hours=int(hour or 0))


def shown(text: str) -> list[str]:
    return [described(view) for view in read(text).components]


def described(view: EventView) -> str:
    bob = view.attendee("mailto:bob@example.org")
    assert bob is not None
    words = [label(view.instance), label(view.start), bob.partstat, view.status if view.status == "CANCELLED" else ""]
    extra = view.properties.get("RDATE", "").split()
    words += ["with " + " ".join(label(datetime.fromisoformat(one)) for one in extra)] if extra else []
    words += ["without " + " ".join(sorted(map(label, view.exdates)))] if view.exdates else []
    return " ".join(filter(None, words))


def label(value: InstanceId) -> str:
    if value is None:
        return "*"
    assert isinstance(value, datetime)
    since = value - NINE
    return f"{since.days + 1}+{since.seconds // 3600}"
