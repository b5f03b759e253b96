"""Event types of several hosts: all of them together, or the one whose turn it is."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.team import STRATEGIES, Team
from radicale_booking.errors import NotFound, SlotTaken
from radicale_booking.services import accounts, booking, event_types, life, mail
from radicale_booking.services.adapters import Adapters
from radicale_booking.web import create_app
from tests.services.calendars import (
    NINE,
    audited,
    draw_hours,
    event,
    item_text,
    mails,
    objects,
    remove_item,
    store_item,
    wish,
)
from tests.services.overlaps import overlaps

HALF_HOUR = timedelta(minutes=30)
HOSTS = ("ada", "ben", "cleo")
STARTS = [NINE + i * HALF_HOUR for i in range(6)]
DAY = Interval(NINE - timedelta(hours=1), NINE + timedelta(hours=10))


@pytest.fixture
def team(app: Adapters) -> Adapters:
    """Ben and cleo have the same hours as ada."""
    for name in HOSTS[1:]:
        accounts.add_user(app, name, f"{name}@example.org", "Europe/Berlin", "secret", host=True)
        draw_hours(app, f"hours-{name}", NINE, timedelta(hours=3), host=name)
    return app


def together(app: Adapters, kind: str = "collective", strategy: str = "least-recent", **rules: Any) -> EventType:
    return event_types.add(app, EventType("ada", "team", "Team", HALF_HOUR, team=Team(kind, HOSTS, strategy), **rules))


def join(start: datetime = NINE, email: str = "bob@example.org") -> booking.BookingRequest:
    return wish(start, slug="team", email=email)


def starts(app: Adapters) -> list[datetime]:
    return [slot.start for slot in booking.open_slots(app, "ada", "team", DAY)]


def occupied(app: Adapters, host: str) -> list[str]:
    with app.store.read() as uow:
        return [row.uid for row in uow.reservations.occupancies(host, DAY)]


@pytest.mark.parametrize(("kind", "language", "said"), [
    ("collective", "en", "ada, ben, and cleo"), ("round-robin", "de", "ada, ben oder cleo")])
def test_pages_say_who_is_met(team: Adapters, kind: str, language: str, said: str) -> None:
    together(team, kind)
    visitor = create_app(team).test_client()
    for query in ("", f"&start={NINE:%Y-%m-%dT%H:%M:%SZ}", "&view=week"):
        assert said in visitor.get(f"/book/ada/team/?lang={language}{query}").text
    booked = booking.reserve(team, join())
    page = booking.manage_url(team, booked).partition("/booking/")[2]
    assert (said in visitor.get(f"/booking/{page}?lang={language}").text) == (kind == "collective")
    assert said not in visitor.get(f"/book/ada/team/?lang={language}&move={page.strip('/')}").text


@pytest.mark.parametrize(("kind", "said"), [
    ("collective", "With: ada\n    ben\n    cleo\nManage"), ("round-robin", "With: ada\nManage")])
def test_mail_says_who_is_met(team: Adapters, kind: str, said: str) -> None:
    together(team, kind)
    text = mail.preview(team, booking.reserve(team, join()).uid, language="en").get_body(("plain",))
    assert text is not None
    assert said in re.sub(r"\n+", "\n", text.get_content())


def test_a_team_meets_where_all_are_free(team: Adapters) -> None:
    together(team)
    store_item(team, "cleo/calendar", "dentist", event("dentist", STARTS[0], HALF_HOUR, "Dentist"))
    booking.reserve(team, wish(STARTS[2]))
    assert starts(team) == [STARTS[1], *STARTS[3:]]
    for start, rule in ((STARTS[0], "busy"), (STARTS[2], "occupancy")):
        with pytest.raises(SlotTaken) as refused:
            booking.reserve(team, join(start))
        assert refused.value.rule == rule
        assert list(refused.value.alternatives) == [STARTS[1], *STARTS[3:]]
    assert occupied(team, "ben") == []


def test_the_grid_of_a_team_is_the_same_in_list_and_check(team: Adapters) -> None:
    together(team)
    draw_hours(team, "hours-cleo", NINE + timedelta(minutes=10), timedelta(hours=1), host="cleo")
    assert starts(team) == [NINE + timedelta(minutes=minutes) for minutes in (10, 40)]
    booking.reserve(team, join(NINE + timedelta(minutes=10)))
    with pytest.raises(SlotTaken):
        booking.reserve(team, join(NINE + timedelta(minutes=30)))


def test_a_meeting_is_in_the_calendar_and_the_time_of_every_host(team: Adapters) -> None:
    together(team)
    booked = booking.reserve(team, join())
    assert booked.hosts == HOSTS
    for host in HOSTS:
        text = item_text(team, f"{host}/calendar", booked.uid)
        assert text is not None
        assert "DTSTART:20300108T090000Z" in text
        assert text.count("ATTENDEE") == 4
        assert occupied(team, host) == [booked.uid]
        assert mails(team, f"{host}@example.org") == ["book"]
    assert mails(team) == ["book"]
    assert audited(team, booked.uid) == ["book"]
    assert booking.reservation(team, booked.uid) == booked


def test_one_host_that_cannot_undoes_all(team: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    together(team)
    monkeypatch.setattr("radicale_booking.services.offers.check", lambda *_: None)
    store_item(team, "cleo/calendar", "x", event("x", NINE + timedelta(hours=8), HALF_HOUR))
    event_types.add(team, EventType("cleo", "own", "Own", HALF_HOUR))
    booking.reserve(team, replace(wish(slug="own"), host="cleo"))
    with pytest.raises(SlotTaken):
        booking.reserve(team, join())
    assert [occupied(team, host) for host in ("ada", "ben")] == [[], []]
    assert objects(team, "ada") == {}
    assert mails(team) == ["book"]


def moved_by_host(app: Adapters, booked: Reservation, host: str, start: datetime) -> Reservation:
    store_item(app, f"{host}/calendar", booked.uid, event(booked.uid, start, HALF_HOUR, "Team"))
    return booking.reservation(app, booked.uid)


@pytest.mark.parametrize("host", HOSTS)
def test_what_one_host_moves_is_moved_for_all(team: Adapters, host: str) -> None:
    together(team)
    booked = booking.reserve(team, join())
    assert moved_by_host(team, booked, host, STARTS[4]).start == STARTS[4]
    for other in HOSTS:
        text = item_text(team, f"{other}/calendar", booked.uid)
        assert text is not None
        assert "DTSTART:20300108T110000Z" in text
        assert "DTSTART:20300108T090000Z" not in text
        assert occupied(team, other) == [booked.uid]
    assert starts(team) == [*STARTS[:4], STARTS[5]]


@pytest.mark.parametrize("host", HOSTS)
def test_what_one_host_deletes_is_cancelled_for_all_and_comes_back_when_undone(team: Adapters, host: str) -> None:
    together(team)
    booked = booking.reserve(team, join())
    text = item_text(team, f"{host}/calendar", booked.uid)
    assert text is not None
    remove_item(team, f"{host}/calendar", booked.uid)
    assert booking.reservation(team, booked.uid).status == "cancelled"
    assert [objects(team, other) for other in HOSTS] == [{}, {}, {}]
    assert [occupied(team, other) for other in HOSTS] == [[], [], []]
    store_item(team, f"{host}/calendar", booked.uid, text)
    assert booking.reservation(team, booked.uid).status == "confirmed"
    assert [list(objects(team, other)) for other in HOSTS] == [[booked.uid]] * 3
    assert [occupied(team, other) for other in HOSTS] == [[booked.uid]] * 3
    assert mails(team) == ["book", "cancel", "confirm"]
    assert audited(team, booked.uid) == ["book", "cancel", "reinstate"]


def test_a_host_cannot_move_a_meeting_onto_a_colleagues_booking(team: Adapters) -> None:
    together(team)
    event_types.add(team, EventType("cleo", "own", "Own", HALF_HOUR))
    booking.reserve(team, replace(wish(STARTS[3], slug="own"), host="cleo"))
    booked = booking.reserve(team, join())
    before = [objects(team, host) for host in HOSTS]
    with pytest.raises(SlotTaken):
        moved_by_host(team, booked, "ben", STARTS[3])
    assert booking.reservation(team, booked.uid) == booked
    assert [objects(team, host) for host in HOSTS] == before


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_turns_are_taken_as_the_strategy_says(team: Adapters, strategy: str) -> None:
    together(team, "round-robin", strategy)
    turns = [booking.reserve(team, join(start, f"guest{n}@example.org")) for n, start in enumerate(STARTS[:4])]
    expected = ["ada"] * 4 if strategy == "priority" else ["ada", "ben", "cleo", "ada"]
    assert [booked.host for booked in turns] == expected
    assert all(booked.hosts == (booked.host,) for booked in turns)
    assert {uid for host in HOSTS for uid in objects(team, host)} == {booked.uid for booked in turns}
    assert [list(objects(team, "ben"))] == [[booked.uid for booked in turns if booked.host == "ben"]]


def test_fewest_makes_good_for_what_was_cancelled(team: Adapters) -> None:
    together(team, "round-robin", "fewest")
    first, *_ = (booking.reserve(team, join(start)) for start in STARTS[:1])
    booking.reserve(team, join(STARTS[1]))
    booking.reserve(team, join(STARTS[2]))
    life.cancel(team, first.uid, "invitee")
    assert booking.reserve(team, join(STARTS[3])).host == "ada"


def test_one_slot_is_offered_until_nobody_is_free(team: Adapters) -> None:
    together(team, "round-robin")
    taken = [booking.reserve(team, join(email=f"guest{n}@example.org")).host for n in range(3)]
    assert sorted(taken) == sorted(HOSTS)
    assert starts(team) == STARTS[1:]
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(team, join(email="late@example.org"))
    assert list(refused.value.alternatives) == STARTS[1:]


@pytest.mark.parametrize("strategy", ["least-recent", "fewest"])
def test_thirty_bookings_are_shared_fairly(team: Adapters, strategy: str) -> None:
    together(team, "round-robin", strategy)
    for host in HOSTS:
        draw_hours(team, f"long-{host}", NINE, timedelta(hours=10), host=host)
    days = [NINE + (n % 20) * HALF_HOUR for n in range(30)]
    hosts = Counter(booking.reserve(team, join(start, f"guest{n}@example.org")).host for n, start in enumerate(days))
    assert hosts == dict.fromkeys(HOSTS, 10)


def test_turns_are_fair_among_many_at_once(team: Adapters) -> None:
    together(team, "round-robin")
    for host in HOSTS:
        draw_hours(team, f"long-{host}", NINE, timedelta(hours=5), host=host)

    def attempt(number: int) -> str:
        return booking.reserve(team, join(NINE + (number // 3) * HALF_HOUR, f"guest{number}@example.org")).host

    with ThreadPoolExecutor(8) as pool:
        hosts = Counter(pool.map(attempt, range(30)))
    assert hosts == dict.fromkeys(HOSTS, 10)
    assert overlaps(team.settings.database) == []


def test_the_audit_trail_says_why_it_was_whose_turn(team: Adapters) -> None:
    together(team, "round-robin")
    booking.reserve(team, join())
    store_item(team, "ben/calendar", "dentist", event("dentist", STARTS[1], HALF_HOUR, "Dentist"))
    booking.reserve(team, join(STARTS[1]))
    with team.store.read() as uow:
        first, second = (row.detail for row in uow.audit.of("ada/team") if row.action == "assign")
    assert (first["host"], first["strategy"], sorted(first["free"])) == ("ada", "least-recent", list(HOSTS))
    assert (second["host"], sorted(second["free"])) == ("cleo", ["ada", "cleo"])
    assert second["free"]["ada"]["bookings"] == 1
    assert second["free"]["cleo"] == {"bookings": 0, "last": None}


def test_explain_tells_each_hosts_verdict(team: Adapters) -> None:
    together(team, "round-robin")
    store_item(team, "ben/calendar", "dentist", event("dentist", NINE, HALF_HOUR, "Dentist"))
    refused = [verdict for verdict in booking.explain(team, "ada", "team", NINE) if not verdict.passed]
    assert [(verdict.host, verdict.rule, verdict.cause) for verdict in refused] == [("ben", "busy", "Dentist")]
    assert {verdict.host for verdict in booking.explain(team, "ada", "team", NINE)} == set(HOSTS)


def test_a_refusal_is_that_of_the_host_who_came_nearest(team: Adapters) -> None:
    together(team, "round-robin")
    remove_item(team, "ada/bookable", "hours")
    for name in ("ben", "cleo"):
        store_item(team, f"{name}/calendar", f"dentist-{name}", event(f"dentist-{name}", NINE, HALF_HOUR, "Dentist"))
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(team, join())
    assert (refused.value.rule, booking.refused_by(team, "ada", "team", NINE)) == ("busy", "busy")


def test_a_moved_booking_keeps_its_host_though_it_is_anothers_turn(team: Adapters) -> None:
    together(team, "round-robin")
    booked = booking.reserve(team, join())
    assert life.reschedule(team, booked.uid, STARTS[3], "invitee").host == booked.host
    assert [row for row in audited(team, "ada/team") if row == "assign"] == ["assign"]


def test_a_booking_of_a_host_who_left_the_team_can_still_be_moved(team: Adapters) -> None:
    together(team, "round-robin")
    booked = booking.reserve(team, join())
    event_types.set(team, "ada", "team", team=Team("round-robin", ("ben", "cleo")))
    assert life.reschedule(team, booked.uid, STARTS[3], "invitee").host == "ada"


def test_limits_count_the_bookings_of_all_who_take_turns(team: Adapters) -> None:
    together(team, "round-robin", limit_per_day=2)
    booking.reserve(team, join(email="one@example.org"))
    booking.reserve(team, join(email="two@example.org"))
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(team, join(STARTS[3], "three@example.org"))
    assert refused.value.rule == "limit"
    assert starts(team) == []


def test_calendars_that_block_one_host_leave_the_others_calendars_blocking(team: Adapters) -> None:
    together(team, blocking_calendars=("ada/calendar",))
    store_item(team, "ben/calendar", "dentist", event("dentist", NINE, HALF_HOUR, "Dentist"))
    assert starts(team) == STARTS[1:]


def test_the_same_key_for_another_event_type_is_another_booking(team: Adapters) -> None:
    together(team, "round-robin", "priority")
    first = booking.reserve(team, replace(join(), idempotency_key="k"))
    second = booking.reserve(team, wish(STARTS[1], key="k"))
    assert (first.host, second.host) == ("ada", "ada")
    assert first.uid != second.uid


def test_a_team_has_hosts_only(team: Adapters) -> None:
    accounts.add_user(team, "dan", "dan@example.org", "UTC", "secret")
    with pytest.raises(NotFound):
        event_types.add(team, EventType("ada", "x", "X", HALF_HOUR, team=Team("collective", ("ada", "dan"))))


def test_a_team_whose_last_host_is_gone_is_its_owners_again(team: Adapters) -> None:
    event_types.add(team, EventType("ada", "team", "Team", HALF_HOUR, team=Team("round-robin", ("ben",))))
    accounts.remove_user(team, "ben")
    assert booking.reserve(team, join()).host == "ada"
    assert starts(team)[0] == STARTS[1]
