"""Laws of scheduling on any series: copies follow the organizer, nothing is applied twice, nothing late counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from radicale_booking.domain.itip import Message, ObjectView, normalised
from radicale_booking.domain.itip_attendee import allowed_attendee_change, attendee_reply
from radicale_booking.domain.itip_inbound import Action, received
from radicale_booking.domain.itip_organizer import organizer_messages, revision
from radicale_booking.ical.attendee_copy import apply_cancel, apply_request
from radicale_booking.ical.itip_message import write
from radicale_booking.ical.scheduling_edit import answer, apply_reply, revise
from radicale_booking.ical.scheduling_object import read

ANNA = normalised("anna@example.org")
OTHERS = [normalised(f"{name}@example.org") for name in ("bob", "cleo", "dan")]
FIRST = datetime(2026, 12, 1, 9, tzinfo=UTC)
COUNT = 4
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

people = st.sets(st.sampled_from(OTHERS))
override = st.fixed_dictionaries({"minutes": st.sampled_from([0, 30]), "people": people,
                                  "title": st.sampled_from("AB")})
series = st.fixed_dictionaries({
    "hour": st.sampled_from([0, 2]), "people": people, "title": st.sampled_from("AB"),
    "gone": st.sets(st.integers(1, COUNT - 1), max_size=2),
    "overrides": st.dictionaries(st.integers(0, COUNT - 1), override, max_size=2)})
PARTSTATS = st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"])


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def event(lines: list[str], title: str, people: set[str]) -> str:
    attendees = [f"ATTENDEE:{address}" for address in sorted(people)]
    body = ["UID:u1", "DTSTAMP:20261101T000000Z", *lines, f"SUMMARY:{title}", f"ORGANIZER:{ANNA}", *attendees]
    return "\r\n".join(["BEGIN:VEVENT", *body, "END:VEVENT", ""])


def planned(plan: dict[str, Any]) -> list[datetime]:
    return [FIRST + timedelta(days=day, hours=plan["hour"]) for day in range(COUNT)]


def organizer_text(plan: dict[str, Any]) -> str:
    starts = planned(plan)
    events = [event([f"DTSTART:{stamp(starts[0])}", "DURATION:PT1H", f"RRULE:FREQ=DAILY;COUNT={COUNT}",
                     *(f"EXDATE:{stamp(starts[day])}" for day in sorted(plan["gone"]))], plan["title"], plan["people"])]
    for day, own in sorted(plan["overrides"].items()):
        if day not in plan["gone"]:
            start = starts[day] + timedelta(minutes=own["minutes"])
            events.append(event([f"RECURRENCE-ID:{stamp(starts[day])}", f"DTSTART:{stamp(start)}", "DURATION:PT1H"],
                                own["title"], own["people"]))
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + "".join(events) + "END:VCALENDAR\r\n"


def attended(view: ObjectView | None, address: str) -> dict[datetime, tuple[Any, ...]]:
    """What ``address`` finds in a calendar: the instances that take place, and when, and what they are called."""
    found: dict[datetime, tuple[Any, ...]] = {}
    if view is None:
        return found
    days = [view.master.start + timedelta(days=day) for day in range(COUNT)] if view.master else []
    for instance in {*days, *(one.instance for one in view.components if one.instance is not None)}:
        component = view.governing(instance)
        if component is not None and component.attendee(address) is not None and component.status != "CANCELLED":
            start = component.start if component.instance == instance else instance
            found[instance] = (start, component.length, component.properties["SUMMARY"])
    return found


def deliver(copies: dict[str, str | None], sent: list[tuple[Message, str]]) -> list[Action]:
    """Bring each message to the copy of its recipient, and say what was decided."""
    actions = []
    for message, text in sent:
        address = message.recipient
        copy = copies.get(address)
        decision = received(read(copy) if copy else None, message.method, read(text))
        actions.append(decision.action)
        if decision.action in (Action.CREATE, Action.UPDATE):
            copies[address] = apply_request(copy, text, decision.instances, address)
        elif decision.action == Action.CANCEL:
            assert copy is not None
            copies[address] = apply_cancel(copy, text, decision.instances)
    return actions


def store(old: str | None, new: str | None, now: datetime) -> tuple[str | None, list[tuple[Message, str]]]:
    """What the organizer's server does: the text it keeps, and the messages it sends."""
    before, after = read(old) if old else None, read(new) if new else None
    kept = revise(new, revision(before, after), now) if new and after else None
    sent = []
    for message in organizer_messages(before, after, ANNA):
        source = old if message.method == "CANCEL" else kept
        assert source is not None
        sent.append((message, write(source, message, now)))
    return kept, sent


@settings(deadline=None)
@given(series, series)
def test_copies_follow_the_organizer(first: dict[str, Any], second: dict[str, Any]) -> None:
    copies: dict[str, str | None] = {}
    kept, invitations = store(None, organizer_text(first), NOW)
    deliver(copies, invitations)
    for address in OTHERS:
        copy = copies.get(address)
        assert attended(read(copy) if copy else None, address) == attended(read(kept or ""), address)
    changed, updates = store(kept, organizer_text(second), NOW + timedelta(minutes=1))
    deliver(copies, updates)
    for address in OTHERS:
        copy = copies.get(address)
        assert attended(read(copy) if copy else None, address) == attended(read(changed or ""), address)
    _, cancels = store(changed, None, NOW + timedelta(minutes=2))
    deliver(copies, cancels)
    assert all(attended(read(copy), address) == {} for address, copy in copies.items() if copy)


@settings(deadline=None)
@given(series, series)
def test_what_comes_twice_or_late_changes_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    copies: dict[str, str | None] = {}
    kept, invitations = store(None, organizer_text(first), NOW)
    deliver(copies, invitations)
    invited = dict(copies)
    assert set(deliver(copies, invitations)) <= {Action.STALE}
    assert copies == invited
    _, updates = store(kept, organizer_text(second), NOW + timedelta(minutes=1))
    deliver(copies, updates)
    updated = dict(copies)
    touched = {message.recipient for message, _ in updates}
    assert set(deliver(copies, [one for one in invitations if one[0].recipient in touched])) <= {Action.STALE}
    assert copies == updated


@settings(deadline=None)
@given(series, st.sampled_from(OTHERS), PARTSTATS, st.one_of(st.none(), st.integers(0, COUNT - 1)))
def test_an_answer_comes_back_as_one_partstat(plan: dict[str, Any], address: str, partstat: str,
                                              day: int | None) -> None:
    plan = plan | {"gone": set(), "people": {*plan["people"], address}, "overrides": {}}
    kept, invitations = store(None, organizer_text(plan), NOW)
    copies: dict[str, str | None] = {}
    deliver(copies, invitations)
    mine = copies[address]
    assert kept is not None
    assert mine is not None
    instance = None if day is None else planned(plan)[day]
    answered = answer(mine, address, partstat, instance=instance)
    assert allowed_attendee_change(read(mine), read(answered), address) == ()
    (message,) = attendee_reply(read(mine), read(answered), address)
    text = write(answered, message, NOW + timedelta(minutes=1))
    decision = received(read(kept), "REPLY", read(text))
    assert decision.instances == (instance,)
    told = apply_reply(kept, text, decision.instances)
    after = {(one.instance, who.address): who.partstat for one in read(told).components for who in one.attendees}
    assert after.pop((instance, address)) == partstat
    assert set(after.values()) <= {"NEEDS-ACTION"}
    assert received(read(told), "REPLY", read(text)).action == Action.STALE
