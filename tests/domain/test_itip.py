"""Who is told what: the scenarios of RFC 5546 §4 and RFC 6638 appendix B, as data."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from radicale_booking.domain.itip import InstanceId, Message, ObjectView, normalised
from radicale_booking.domain.itip_attendee import allowed_attendee_change, attendee_reply, keeps_schedule_tag
from radicale_booking.domain.itip_inbound import received
from radicale_booking.domain.itip_organizer import organizer_messages, revision
from radicale_booking.ical.scheduling_object import read

DATA = Path(__file__).parent.parent / "data" / "itip"
ANNA, BOB = "mailto:anna@example.org", "mailto:bob@example.org"
PEOPLE = {"org": "ORGANIZER:mailto:anna@example.org"} | {
    name: f"ATTENDEE:mailto:{name}@example.org" for name in ("bob", "cleo", "dan")
}


def cases(name: str) -> list[Any]:
    found = tomllib.loads((DATA / f"{name}.toml").read_text())["case"]
    return [pytest.param(case, id=case["name"]) for case in found]


def view(short: str | None) -> ObjectView | None:
    """The object whose components are the paragraphs of ``short``."""
    if short is None:
        return None
    events = []
    for block in short.strip().split("\n\n"):
        lines = ["UID:u1", *block.format(**PEOPLE).strip().split("\n")]
        if "DTSTAMP" not in block:
            lines.append("DTSTAMP:20261101T000000Z")
        events.append("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""]))
    return read("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + "".join(events) + "END:VCALENDAR\r\n")


def label(instance: InstanceId) -> str:
    if instance is None:
        return "*"
    assert isinstance(instance, datetime)
    return instance.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def short_name(address: str) -> str:
    return address.removeprefix("mailto:").removesuffix("@example.org")


def sentence(message: Message) -> str:
    words = [message.method, short_name(message.recipient), ",".join(map(label, message.instances))]
    words += [f"-{label(one)}" for one in sorted(message.excluded, key=label)]
    return " ".join(words + ([f"#{message.sequence}"] if message.method == "CANCEL" else []))


@pytest.mark.parametrize("case", cases("organizer"))
def test_an_organizers_change(case: dict[str, Any]) -> None:
    old, new = view(case.get("old")), view(case.get("new"))
    messages = organizer_messages(old, new, ANNA)
    assert [sentence(message) for message in messages] == case["messages"]
    assert {(message.uid, message.sender) for message in messages} <= {("u1", ANNA)}
    if new is not None:
        found = revision(old, new)
        assert list(found.sequences.values()) == case.get("sequences", list(found.sequences.values()))
        if "reset" in case:
            reset = [f"{label(one)} {short_name(who)}" for one, all_ in found.reset.items() for who in sorted(all_)]
            assert reset == case["reset"]


@pytest.mark.parametrize("case", cases("attendee"))
def test_an_attendees_change(case: dict[str, Any]) -> None:
    old, new = view(case.get("old")), view(case.get("new"))
    if "replies" in case:
        messages = attendee_reply(old, new, BOB, schedule_reply=case.get("schedule_reply", True))
        assert [f"{label(one)} {partstat}" for message in messages for one, partstat in message.answers] == case[
            "replies"
        ]
        assert {(message.method, message.sender, message.recipient) for message in messages} <= {("REPLY", BOB, ANNA)}
    if old is not None and new is not None:
        assert list(allowed_attendee_change(old, new, BOB)) == case.get("forbidden", [])


@pytest.mark.parametrize("case", cases("inbound"))
def test_what_arrives(case: dict[str, Any]) -> None:
    message = view(case["message"])
    assert message is not None
    decision = received(view(case.get("copy")), case["method"], message, case.get("sender", ""))
    words = [decision.action.value, ",".join(map(label, decision.instances))]
    assert " ".join(words).strip() == case["decision"]


@pytest.mark.parametrize("case", cases("schedule_tag"))
def test_schedule_tag(case: dict[str, Any]) -> None:
    old, new = view(case["old"]), view(case["new"])
    assert old is not None
    assert new is not None
    assert keeps_schedule_tag(old, new, BOB) == case["keeps"]
    assert keeps_schedule_tag(old, old, BOB)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("MAILTO:Bob@Example.org", BOB), (" bob@example.org ", BOB), ("/Bob/", "/bob/"), ("urn:uuid:A", "urn:uuid:a")],
)
def test_addresses_compare(address: str, expected: str) -> None:
    assert normalised(address) == expected


def test_two_organizers_in_one_object_are_seen() -> None:
    one = "DTSTART:20261201T090000Z\n{org}\n\nRECURRENCE-ID:20261202T090000Z\nDTSTART:20261202T100000Z\n"
    same, other = view(one + "{org}"), view(one + "ORGANIZER:mailto:dan@example.org")
    assert same is not None
    assert other is not None
    assert (same.one_organizer, other.one_organizer) == (True, False)
