"""Where a booking takes place."""

from __future__ import annotations

import pytest

from radicale_booking.domain.location import ASKS, KINDS, Location, chosen, parse
from radicale_booking.errors import InvalidEventType, InvalidInput

ROOM = Location("in_person", "Room 4")
HOST_PHONE = Location("phone", "+49 30 1234567")
CALL = Location("call_invitee")
LINK = Location("link", "https://meet.example.org/ada")
JITSI = Location("jitsi", "https://meet.jit.si/ada/")
CHOICE = Location("invitee_choice")
ALL = (ROOM, HOST_PHONE, CALL, LINK, JITSI, CHOICE)


@pytest.mark.parametrize(("text", "place"), [
    ("in_person=Room 4", ROOM), ("Room 4", ROOM), ("  Room 4 ", ROOM), ("phone = +49 30 1234567", HOST_PHONE),
    ("call_invitee", CALL), ("https://meet.example.org/ada", LINK), ("link=https://meet.example.org/ada", LINK),
    ("jitsi=https://meet.jit.si/ada/", JITSI), ("invitee_choice", CHOICE),
    ("a=b", Location("in_person", "a=b")), ("ftp://example.org", Location("in_person", "ftp://example.org")),
])
def test_a_place_as_it_is_written(text: str, place: Location) -> None:
    assert parse(text) == place


@pytest.mark.parametrize("text", [
    "", "in_person", "in_person= ", "phone=", "link", "link=example.org", "link=ftp://example.org", "jitsi=room",
    "call_invitee=+49 30 1", "invitee_choice=home", "link=https://", "link=https:///a", "x" * 501, "Room\x07",
    "in_person=Room\n4", "Ro\u2028om",
])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(InvalidEventType) as refused:
        parse(text)
    assert refused.value.remedy


@pytest.mark.parametrize("place", ALL, ids=lambda place: place.kind)
def test_a_place_is_written_and_read_alike(place: Location) -> None:
    assert parse(str(place)) == place
    assert Location.from_json(place.to_json()) == place
    assert place.asks == (place.kind in ASKS)


def test_every_kind_is_tried_here() -> None:
    assert tuple(place.kind for place in (ROOM, HOST_PHONE, CALL, LINK, JITSI, CHOICE)) == KINDS
    with pytest.raises(InvalidEventType):
        Location("moon", "base")


@pytest.mark.parametrize("given", [{}, {"value": "x"}, {"kind": "in_person", "value": "x", "more": 1},
                                   {"kind": "moon"}])
def test_what_is_not_described_as_a_place(given: dict[str, object]) -> None:
    with pytest.raises(InvalidEventType):
        Location.from_json(given)


@pytest.mark.parametrize(("places", "number", "said", "text"), [
    ((), None, "", ""), ((), 3, "anything", ""),
    (ALL, None, "", "Room 4"), (ALL, 0, "ignored", "Room 4"), (ALL, 1, "", "+49 30 1234567"),
    (ALL, 2, " +49 170 1 ", "+49 170 1"), (ALL, 2, "(030) 12-34", "(030) 12-34"),
    (ALL, 3, "", "https://meet.example.org/ada"), (ALL, 4, "", "https://meet.jit.si/ada/secret-word"),
    (ALL, 5, " At the lake ", "At the lake"), (ALL, 5, "x" * 500, "x" * 500),
])
def test_the_place_of_a_reservation(places: tuple[Location, ...], number: int | None, said: str, text: str) -> None:
    assert chosen(places, number, said, "secret-word") == text


@pytest.mark.parametrize(("number", "said"), [
    (6, ""), (-1, ""), (2, ""), (2, "call me"), (2, "12"), (2, "1" * 31), (5, "  "), (5, "x" * 501), (5, "a\x00b"),
    (5, "two\nlines"),
])
def test_what_an_invitee_cannot_say(number: int, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        chosen(ALL, number, said, "secret-word")
    assert refused.value.name == "location"
