"""The examples of RFC 6638, appendix B, played between two users of the server."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dav.conftest import NINE, Site, invitation
from tests.dav.test_free_busy import ask, busy, question, span
from tests.dav.test_implicit import answer_as, copy_of, members, own, person, put, unfolded

DATA = Path(__file__).parent.parent / "data" / "rfc6638" / "appendix_b.toml"
CASES = [pytest.param(case, id=case["name"]) for case in tomllib.loads(DATA.read_text())["case"]]
DAY = timedelta(days=1)


@pytest.mark.parametrize("case", CASES)
def test_an_example(site: Site, case: dict[str, Any]) -> None:
    for step in case["do"]:
        act, _, number = step.partition(" ")
        perform(site, act, NINE + (int(number or 1) - 1) * DAY)
    text = own(site["bob"]).body.decode()
    assert seen(text) == case["sees"]
    assert {one["SCHEDULE-STATUS"] for one in person(text, "carl@example.org")} == {case["status"]}
    assert [sorted({method for message in members(site[user], "inbox").values()
                    for method in re.findall("METHOD:(.*)", unfolded(message))})
            for user in ("bob", "carl")] == case["inbox"]


def perform(site: Site, act: str, instance: datetime) -> None:
    if act == "invite":
        series = invitation("u1", NINE, "bob", "carl", lines=("RRULE:FREQ=DAILY;COUNT=5",))
        assert put(site["bob"], series).status == 201
    elif act == "accept":
        assert answer_as(site["carl"], "ACCEPTED").status == 204
    elif act == "ask":
        (_, text), = ask(site, question("mailto:carl@example.org")).values()
        assert busy(text) == [span(timedelta(), timedelta(minutes=30))]
    else:
        href, text = copy_of(site["carl"])
        changed = changed_copy(text, act, f"{instance:%Y%m%dT%H%M%SZ}")
        assert site["carl"].request("PUT", href, changed, Content_Type="text/calendar").status == 204


def changed_copy(text: str, act: str, stamp: str) -> str:
    """Carl's object with one instance declined in a component of its own, or left out."""
    plain = text.replace("\r\n ", "")
    series = plain[plain.index("BEGIN:VEVENT"):plain.index("END:VEVENT") + len("END:VEVENT\r\n")]
    if act == "leave-out":
        return plain.replace(series, series.replace("END:VEVENT", f"EXDATE:{stamp}\r\nEND:VEVENT"))
    assert act == "decline"
    day = stamp[:8]
    single = re.sub(r"RRULE:.*\r\n", f"RECURRENCE-ID:{stamp}\r\n", series)
    single = re.sub(r"(DT(?:START|END):)\d{8}", rf"\g<1>{day}", single)
    single = single.replace("PARTSTAT=ACCEPTED:mailto:carl", "PARTSTAT=DECLINED:mailto:carl")
    single = re.sub(r"PARTSTAT=ACCEPTED([^\r]*:mailto:carl)", r"PARTSTAT=DECLINED\1", single)
    return plain.replace("END:VCALENDAR", single + "END:VCALENDAR")


def seen(text: str) -> list[str]:
    """Carl's PARTSTAT in the series and in each instance of its own."""
    found = []
    for block in unfolded(text).split("BEGIN:VEVENT")[1:]:
        partstat = re.search(r"^ATTENDEE[^\n]*PARTSTAT=([A-Z-]+)[^\n]*:mailto:carl@", block, re.MULTILINE)
        assert partstat is not None
        instance = re.search(r"^RECURRENCE-ID:(\d{8})", block, re.MULTILINE)
        number = (date.fromisoformat(instance[1]) - NINE.date()).days + 1 if instance else 0
        found.append(f"{number} {partstat[1]}" if number else partstat[1])
    return sorted(found, key=lambda one: (one[0].isdigit(), one))
