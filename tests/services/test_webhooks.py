"""Webhooks: every body fits its published schema, goes to whom it concerns, again until it is taken."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.team import Team
from radicale_booking.domain.webhook import EVENT_NAMES, Webhook
from radicale_booking.errors import DeliveryFailed, InvalidInput, NotFound
from radicale_booking.services import accounts, booking, event_types, life, webhooks
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import Delivery, Round
from radicale_booking.store.outbox import OutboxRow
from tests.services.calendars import NINE, draw_hours, wish
from tests.services.conftest import Clock

SCHEMAS = Path(__file__).parents[2] / "docs" / "webhooks"
URL = "https://example.org/hook"
HOUR = timedelta(hours=1)


class Receiver:
    """Answers with ``answers`` in turn, then 204."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers)
        self.taken: list[tuple[str, str, str]] = []

    def post(self, webhook: Webhook, message_id: str, at: datetime, body: str) -> int:
        self.taken.append((webhook.url, message_id, body))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, str):
            raise DeliveryFailed(answer)
        return answer


def deliver(app: Adapters, receiver: Receiver) -> Round:
    site = replace(app, poster=receiver)
    return Delivery(site, webhooks.WebhookChannel(site), "w", lambda: 0.0, lambda _: False).round()


def queued(app: Adapters) -> list[OutboxRow]:
    return [row for row, _ in webhooks.log(app)]


def happen(app: Adapters) -> None:
    """Everything that can happen to bookings, once at least."""
    one = booking.reserve(app, wish())
    life.reschedule(app, one.uid, NINE + HOUR, "host")
    life.cancel(app, one.uid, "invitee", "A cold")
    event_types.set(app, "ada", "talk", confirmation=True)
    life.decide(app, booking.reserve(app, wish(NINE)).uid, "decline", "host")
    life.decide(app, booking.reserve(app, wish(NINE)).uid, "confirm", "host")
    booking.reserve(app, wish(NINE + HOUR))
    event_types.set(app, "ada", "talk", confirmation=False, seats=3)
    booking.reserve(app, wish(NINE + 2 * HOUR))
    eve = booking.reserve(app, wish(NINE + 2 * HOUR, email="eve@example.org", name="Eve"))
    assert eve.seat is not None
    life.cancel(app, eve.seat, "invitee")


def test_every_event_fits_its_schema(app: Adapters, clock: Clock) -> None:
    webhooks.add(app, URL, [])
    happen(app)
    clock.now += timedelta(days=2)
    assert life.expire_due(app) == 1
    bodies = [json.loads(str(row.payload["body"])) for row in queued(app)]
    assert {body["type"] for body in bodies} == set(EVENT_NAMES)
    assert {path.name for path in SCHEMAS.iterdir()} == {f"{name}.schema.json" for name in EVENT_NAMES}
    for body in bodies:
        schema = json.loads((SCHEMAS / f"{body['type']}.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(body, schema)
    documented = (SCHEMAS.parent / "webhooks.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in documented for name in EVENT_NAMES)


def test_a_webhook_gets_the_events_it_wants_of_its_host(app: Adapters) -> None:
    webhooks.add(app, URL, ["booking.cancelled"], "ada")
    booked = booking.reserve(app, wish())
    life.cancel(app, booked.uid, "invitee", "A cold")
    (row,) = queued(app)
    body = json.loads(str(row.payload["body"]))
    assert (body["type"], body["data"]["reason"], body["data"]["start"]) == (
        "booking.cancelled", "A cold", "2030-01-08T09:00:00Z")
    for url in ("ftp://example.org/", "https://user:pw@example.org/", "https:///x", "https://example.org/\r\nX: y"):
        with pytest.raises(InvalidInput):
            webhooks.add(app, url, [])
    with pytest.raises(InvalidInput):
        webhooks.add(app, URL, ["booking.unheard"])
    with pytest.raises(NotFound):
        webhooks.add(app, URL, [], "nobody")


def test_a_delivery_is_tried_again_and_each_attempt_is_in_the_log(app: Adapters, clock: Clock) -> None:
    webhooks.add(app, URL, [])
    booking.reserve(app, wish())
    receiver = Receiver(500, "connection refused", 302)
    for number in range(4):
        assert deliver(app, receiver).claimed == 1
        assert deliver(app, receiver).claimed == 0
        clock.now += timedelta(seconds=30 * 2 ** number)
    ((row, attempts),) = webhooks.log(app)
    assert (row.status, row.attempts) == ("sent", 4)
    assert [(made.answer, made.error) for made in attempts] == [
        (500, "answered 500"), (None, "connection refused"), (302, "answered 302"), (204, "")]
    assert len({(key, body) for _, key, body in receiver.taken}) == 1


def test_a_delivery_that_waits_can_be_tried_now(app: Adapters) -> None:
    webhooks.add(app, URL, [])
    booking.reserve(app, wish())
    receiver = Receiver(500)
    assert (deliver(app, receiver).claimed, deliver(app, receiver).claimed) == (1, 0)
    assert webhooks.replay(app, queued(app)[0].id) == 1
    assert deliver(app, receiver).sent == 1


def test_what_was_given_up_or_taken_can_be_replayed(app: Adapters) -> None:
    added = webhooks.add(app, URL, [])
    booking.reserve(app, wish())
    receiver = Receiver(410)
    assert deliver(app, receiver).given_up
    assert webhooks.replay(app) == 1
    assert deliver(app, receiver).sent == 1
    assert webhooks.replay(app, queued(app)[0].id) == 1
    assert deliver(app, receiver).sent == 1
    assert len({key for _, key, _ in receiver.taken}) == 1
    with pytest.raises(NotFound):
        webhooks.replay(app, 999)
    webhooks.replay(app, queued(app)[0].id)
    assert added.id is not None
    webhooks.remove(app, added.id)
    assert (deliver(app, receiver).sent, len(receiver.taken)) == (0, 3)
    with pytest.raises(NotFound):
        webhooks.remove(app, added.id)


def test_one_booking_is_told_in_order_and_holds_up_no_other(app: Adapters) -> None:
    webhooks.add(app, URL, [])
    booked = booking.reserve(app, wish())
    life.cancel(app, booked.uid, "invitee")
    booking.reserve(app, wish(NINE + HOUR))
    receiver = Receiver(500)
    deliver(app, receiver)
    deliver(app, receiver)
    assert [json.loads(body)["data"]["start"][11:13] for _, _, body in receiver.taken] == ["09", "10"]


def test_who_of_a_team_has_a_webhook_is_told_and_nobody_else(app: Adapters) -> None:
    for name in ("ben", "cleo"):
        accounts.add_user(app, name, f"{name}@example.org", "Europe/Berlin", "secret", host=True)
        draw_hours(app, f"hours-{name}", NINE, 3 * HOUR, host=name)
        webhooks.add(app, f"{URL}/{name}", [], name)
    webhooks.add(app, f"{URL}/all", [])
    event_types.add(app, EventType("ada", "team", "Team", HOUR / 2, team=Team("collective", ("ada", "ben"))))
    booking.reserve(app, wish(NINE, slug="team"))
    receiver = Receiver()
    while deliver(app, receiver).claimed:
        pass
    assert sorted(url for url, _, _ in receiver.taken) == [f"{URL}/all", f"{URL}/ben"]
