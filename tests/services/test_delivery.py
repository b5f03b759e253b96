"""The queue: each mail once, in order for each recipient, again after a failure, and given up in the open."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking import wiring
from radicale_booking.domain.effect import back_off
from radicale_booking.errors import DeliveryFailed, NotFound, StoreUnavailable
from radicale_booking.services import booking, delivery, event_types, life, mail
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import LEASE, Delivery, Round
from radicale_booking.store.outbox import OutboxRow
from radicale_booking.store.unit_of_work import UnitOfWork
from tests.services.calendars import NINE, event, store_item, wish
from tests.services.conftest import Clock, settings_in

HALF_HOUR = timedelta(minutes=30)
FIRST = timedelta(seconds=30)
NEVER: Callable[[float], bool] = lambda _: False  # noqa: E731


class Post:
    """A mail server in memory; ``refuse`` maps recipients to what happens to their mail."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refuse: dict[str, DeliveryFailed] = {}
        self.down = ""
        self.tried = 0
        self.closed = 0
        self.before: Callable[[], None] = lambda: None

    def send(self, message: EmailMessage, key: str) -> None:
        self.tried += 1
        self.before()
        if self.down:
            raise DeliveryFailed(self.down, unreachable=True)
        recipient = message["To"].addresses[0].addr_spec
        if recipient in self.refuse:
            raise self.refuse[recipient]
        self.taken.append(message)

    def close(self) -> None:
        self.closed += 1

    def told(self) -> list[tuple[str, str]]:
        """Recipient of each mail, and the status of the booking in it."""
        return [(message["To"].addresses[0].addr_spec, status(message)) for message in self.taken]


def status(message: EmailMessage) -> str:
    (text,) = [str(part.get_content()) for part in message.walk() if part.get_content_type() == "text/calendar"]
    return text.partition("\nSTATUS:")[2].split()[0]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def site(app: Adapters, post: Post) -> Adapters:
    """The host ada with a mail server."""
    return replace(app, mailer=post)


def worker(site: Adapters, name: str = "w1", pause: Callable[[float], bool] = NEVER) -> Delivery:
    assert site.mailer is not None
    return Delivery(site, mail.MailChannel(site, site.mailer), name, lambda: 0.0, pause)


def drain(site: Adapters, name: str = "w1") -> list[Round]:
    """Rounds until nothing is due."""
    rounds = []
    while (done := worker(site, name).round()).claimed and not done.trouble:
        rounds.append(done)
        assert len(rounds) < 50
    return rounds


def states(site: Adapters) -> list[tuple[str, str, int]]:
    return [(row.recipient.partition("@")[0], row.status, row.attempts) for row in mail.queue(site)]


BOTH = [("ada@example.org", "CONFIRMED"), ("bob@example.org", "CONFIRMED")]


def test_a_booking_is_mailed_to_both_once(site: Adapters, post: Post) -> None:
    booking.reserve(site, wish())
    assert worker(site).round() == Round(claimed=2, sent=2)
    assert sorted(post.told()) == BOTH
    assert worker(site).round() == Round()
    assert post.closed == 1
    assert states(site) == [("ada", "sent", 1), ("bob", "sent", 1)]


def test_what_one_recipient_is_told_comes_in_order(site: Adapters, post: Post, clock: Clock) -> None:
    booking.reserve(site, wish(NINE))
    booking.reserve(site, wish(NINE + HALF_HOUR, name="Bob again"))
    post.refuse["bob@example.org"] = DeliveryFailed("greylisted")
    drain(site)
    assert [name for name, _ in post.told()] == ["ada@example.org"] * 2
    booking.reserve(site, wish(NINE + 2 * HALF_HOUR, email="eve@example.org"))
    drain(site)
    assert [name for name, _ in post.told()][2:] == ["ada@example.org", "eve@example.org"]
    assert post.tried == 5, "the second mail to bob was tried before the first"
    post.refuse.clear()
    drain(site)
    assert post.tried == 5
    clock.now += timedelta(seconds=31)
    drain(site)
    to_bob = [message for message in post.taken if message["To"].addresses[0].addr_spec == "bob@example.org"]
    assert [message["To"].addresses[0].display_name for message in to_bob] == ["Bob", "Bob again"]


def test_a_failure_is_tried_again_later_and_later(site: Adapters, post: Post, clock: Clock) -> None:
    booking.reserve(site, wish())
    post.refuse["bob@example.org"] = DeliveryFailed("greylisted")
    waits = []
    for _ in range(9):
        drain(site)
        row = mail.queue(site)[1]
        assert (row.status, row.last_error) == ("queued", "greylisted")
        waits.append(int((row.due - clock.now).total_seconds()))
        clock.now = row.due - timedelta(seconds=1)
        assert worker(site).round() == Round()
        clock.now = row.due
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    post.refuse.clear()
    drain(site)
    assert sorted(post.told()) == BOTH
    row = mail.queue(site)[1]
    assert (row.status, row.attempts, row.last_error) == ("sent", 10, None)


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_repetitions_are_spread(attempts: int, chance: float) -> None:
    wait, longest = back_off(attempts, chance, FIRST), back_off(attempts, 0, FIRST)
    assert longest / 2 <= wait <= longest <= timedelta(hours=1)
    assert back_off(attempts + 1, chance, FIRST) >= wait >= timedelta(seconds=15)


def test_a_recipient_refused_for_good_is_given_up_in_the_open(site: Adapters, post: Post) -> None:
    booked = booking.reserve(site, wish())
    post.refuse["bob@example.org"] = DeliveryFailed("550 no such user", permanent=True)
    (done,) = drain(site)
    assert (done.claimed, done.sent) == (2, 1)
    assert done.given_up == [f"mail {mail.queue(site)[1].id} to bob@example.org given up after 1 attempt(s): "
                             "550 no such user"]
    assert states(site) == [("ada", "sent", 1), ("bob", "failed", 1)]
    with site.store.read() as uow:
        noted = uow.audit.of(booked.uid)[-1]
    assert (noted.actor, noted.action) == ("worker", "mail given up")
    assert noted.detail["error"] == "550 no such user"
    assert noted.detail["recipient"] == "bob@example.org"


def test_after_the_last_attempt_it_is_given_up_and_can_be_queued_again(site: Adapters, post: Post,
                                                                       clock: Clock) -> None:
    site = replace(site, settings=replace(site.settings, mail=replace(site.settings.mail, max_attempts=3)))
    booking.reserve(site, wish())
    post.refuse["bob@example.org"] = DeliveryFailed("greylisted")
    for _ in range(5):
        drain(site)
        clock.now += timedelta(hours=1)
    assert states(site)[1] == ("bob", "failed", 3)
    post.refuse.clear()
    assert mail.queue(site, "failed") == [mail.queue(site)[1]]
    with pytest.raises(NotFound):
        mail.retry(site, 999)
    assert mail.retry(site, mail.queue(site)[1].id) == 1
    drain(site)
    assert sorted(post.told()) == BOTH
    assert mail.retry(site) == 0


def test_a_mail_that_waits_is_tried_now_with_those_before_it(site: Adapters, post: Post, clock: Clock) -> None:
    first = booking.reserve(site, wish(NINE))
    booking.reserve(site, wish(NINE + HALF_HOUR, email="zoe@example.org"))
    post.refuse |= {f"{name}@example.org": DeliveryFailed("greylisted") for name in ("bob", "zoe")}
    drain(site)
    booking.reserve(site, wish(NINE + 2 * HALF_HOUR))
    post.refuse.clear()
    post.taken.clear()
    drain(site)
    assert [to for to, _ in post.told()] == ["ada@example.org"]
    rows = [row for row in mail.queue(site, "queued") if row.recipient == "bob@example.org"]
    assert mail.retry(site, rows[-1].id) == 1
    drain(site)
    assert [row.recipient for row in mail.queue(site, "queued")] == ["zoe@example.org"]
    assert [(row.status, row.attempts) for row in mail.queue(site) if row.recipient == "bob@example.org"] == [
        ("sent", 2), ("sent", 1)]
    assert mail.queue(site)[1].payload["uid"] == first.uid
    with pytest.raises(NotFound):
        mail.retry(site, rows[-1].id)


def test_when_the_server_is_down_one_mail_finds_out_and_the_others_lose_nothing(site: Adapters, post: Post,
                                                                               clock: Clock) -> None:
    for number in range(4):
        booking.reserve(site, wish(NINE + number * HALF_HOUR, email=f"p{number}@example.org"))
    post.down = "connection refused"
    done = worker(site).round()
    assert (done.trouble, done.claimed, post.tried) == ("connection refused", 5, 1)
    assert sorted(attempts for _, _, attempts in states(site)) == [0] * 7 + [1]
    post.down = ""
    clock.now += timedelta(seconds=31)
    drain(site)
    assert len(post.taken) == 8
    assert len({message["Message-ID"] for message in post.taken}) == 8


def test_what_a_dead_worker_held_is_free_when_its_lease_ends(site: Adapters, post: Post, clock: Clock) -> None:
    booking.reserve(site, wish())
    with site.store.write() as uow:
        assert len(uow.outbox.claim("mail", "dead", 10, LEASE)) == 2
    assert worker(site).round() == Round()
    clock.now += LEASE - timedelta(seconds=1)
    assert worker(site).round() == Round()
    clock.now += timedelta(seconds=1)
    drain(site)
    assert sorted(post.told()) == BOTH
    assert [attempts for _, _, attempts in states(site)] == [2, 2]


def test_a_lease_that_was_lost_amid_a_batch_ends_the_work_on_it(site: Adapters, post: Post, clock: Clock) -> None:
    booking.reserve(site, wish())
    inner = worker(site, "w2")

    def outlive() -> None:
        post.before = lambda: None
        clock.now += LEASE
        inner.round()

    post.before = outlive
    worker(site, "w1").round()
    # w1 was amid the first mail when w2 took both over; the second is not sent by w1 again.
    assert post.told().count(("bob@example.org", "CONFIRMED")) == 1
    assert [state for _, state, _ in states(site)] == ["sent", "sent"]


def test_a_slow_server_does_not_cost_the_lease(site: Adapters, post: Post, clock: Clock,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_RENEWAL_SECONDS", 0.01)
    booking.reserve(site, wish())
    renewed = threading.Event()

    def slow() -> None:
        for _ in range(3):
            clock.now += LEASE * 0.9
            until = int((clock.now + LEASE).timestamp())
            for _ in range(500):
                with site.store.read() as uow:
                    rows = uow.connection.run("SELECT max(claimed_until_epoch) FROM outbox", {})
                if rows[0][0] == until:
                    renewed.set()
                    break
                threading.Event().wait(0.01)
            assert worker(site, "w2").round() == Round()

    post.before = slow
    worker(site).round()
    assert renewed.is_set()
    assert sorted(post.told()) == BOTH


def test_a_later_mail_to_the_same_recipient_replaces_what_was_not_sent(site: Adapters, post: Post) -> None:
    booked = booking.reserve(site, wish())
    life.cancel(site, booked.uid, "invitee")
    drain(site)
    assert sorted(post.told()) == [("ada@example.org", "CANCELLED"), ("bob@example.org", "CANCELLED")]
    assert [(row.status, row.last_error) for row in mail.queue(site)][:2] == [
        ("sent", "not sent: a later one tells the same recipient")] * 2


def test_a_mail_tells_how_things_are_now(site: Adapters, post: Post) -> None:
    booked = booking.reserve(site, wish())
    life.cancel(site, booked.uid, "invitee")
    with site.store.write() as uow:
        uow.connection.change("DELETE FROM outbox WHERE delivery_key LIKE '%/cancel/%'", {})
    drain(site)
    assert {status for _, status in post.told()} == {"CANCELLED"}


def test_a_series_that_moves_as_a_whole_is_one_mail(site: Adapters, post: Post) -> None:
    week = timedelta(weeks=1)
    store_item(site, "ada/bookable", "hours", event("hours", NINE, timedelta(hours=3), extra="RRULE:FREQ=WEEKLY\r\n"))
    event_types.set(site, "ada", "talk", repeat_every="week", repeat_most=3)
    booked = booking.reserve(site, replace(wish(), occurrences=3))
    life.reschedule(site, booking.series_of(site, booked)[1].uid, NINE + week + HALF_HOUR, "invitee")
    drain(site)
    post.taken.clear()
    uid = booked.calendar_uid
    text = event(uid, NINE + 2 * HALF_HOUR, HALF_HOUR, extra="RRULE:FREQ=WEEKLY;COUNT=3\r\n")
    store_item(site, "ada/calendar", uid, text)
    drain(site)
    assert sorted(post.told()) == BOTH
    told = next(message for message in post.taken if "bob" in str(message["To"]))
    assert told["Subject"].startswith("Nouvel horaire")
    (calendar,) = [part for part in told.walk() if part.get_content_type() == "text/calendar"]
    message = icalendar.Calendar.from_ical(calendar.get_content()).walk("VEVENT")[0]
    assert message["DTSTART"].dt == NINE + 2 * HALF_HOUR
    assert message["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=3;INTERVAL=1"
    # It replaces what was said of the second alone.
    assert (message["UID"], message["SEQUENCE"], "RECURRENCE-ID" in message) == (uid, 2, False)
    plain = told.get_body(("plain",))
    assert plain is not None
    assert all(day in str(plain.get_content()) for day in ("8 janvier", "15 janvier", "22 janvier"))


def test_hosts_hear_of_everybody_who_joins_or_leaves_a_group(site: Adapters, post: Post) -> None:
    event_types.set(site, "ada", "talk", seats=3)
    seats = [booking.reserve(site, wish(email=f"{name}@example.org", name=name)) for name in ("Bob", "Eve", "Joe")]
    life.cancel(site, seats[1].seat or "", "invitee")
    drain(site)
    to_host = [str(message["Subject"]) for message in post.taken if "ada@" in str(message["To"])]
    assert [subject.partition(",")[0] for subject in to_host] == [
        "Booked: Talk with Bob", "One more: Talk with Joe", "Cancelled: Talk with Eve"]
    left = next(message for message in post.taken if "Eve" in str(message["Subject"]) and "ada@" in str(message["To"]))
    body = left.get_body(("plain",))
    assert body is not None
    assert "Eve has cancelled and does not come. The others do." in str(body.get_content())


def test_each_invitee_of_a_group_is_told_by_name(site: Adapters, post: Post) -> None:
    event_types.set(site, "ada", "talk", seats=3)
    booking.reserve(site, wish(email="bob@example.org", name="Bob"))
    booking.reserve(site, wish(email="eve@example.org", name="Eve"))
    drain(site)
    invited = [message["To"].addresses[0] for message in post.taken]
    assert ("Eve", "eve@example.org") in [(found.display_name, found.addr_spec) for found in invited]
    to_eve = next(message for message in post.taken if "eve@" in message["To"])
    assert "bob@example.org" not in to_eve.as_string()


def test_a_row_that_cannot_be_handled_holds_up_nobody(site: Adapters, post: Post) -> None:
    with site.store.write() as uow:
        uow.outbox.add("mail", "odd", "odd@example.org", {"what": "is this"})
        uow.outbox.add("mail", "gone", "gone@example.org", {"event": "book", "to": "host", "uid": "none"})
    booking.reserve(site, wish())
    done = worker(site).round()
    assert (done.claimed, done.sent) == (4, 2)
    assert {row.recipient: row.status for row in mail.queue(site)} == {
        "odd@example.org": "queued", "gone@example.org": "failed", "ada@example.org": "sent", "bob@example.org": "sent"}
    assert "KeyError" in str(mail.queue(site)[0].last_error)


def test_an_invitation_for_somebody_elsewhere_is_sent(site: Adapters, post: Post) -> None:
    text = event("u", NINE, HALF_HOUR, "Lunch", "STATUS:CONFIRMED\r\nORGANIZER:mailto:ada@example.org\r\n"
                                                "ATTENDEE:mailto:zoe@elsewhere.example\r\n")
    with site.store.write() as uow:
        uow.outbox.add("mail", "itip/1", "zoe@elsewhere.example", {
            "event": "itip", "to": "attendee", "uid": "u", "method": "REQUEST", "text": text,
            "sender": "ada@example.org", "sender_name": "Ada", "summary": "Lunch", "remark": ""})
    assert worker(site).round() == Round(claimed=1, sent=1)
    assert post.told() == [("zoe@elsewhere.example", "CONFIRMED")]
    assert re.fullmatch(r"Invitation: Lunch, Jan 8, 2030, 10:00\sAM", post.taken[0]["Subject"])


def test_an_address_is_one_recipient_however_it_is_written(site: Adapters, post: Post) -> None:
    booking.reserve(site, wish(NINE, email="Bob@example.org"))
    booking.reserve(site, wish(NINE + HALF_HOUR, email="bob@Example.org"))
    post.refuse["Bob@example.org"] = DeliveryFailed("greylisted")
    drain(site)
    assert states(site) == [("ada", "sent", 1), ("Bob", "queued", 1), ("ada", "sent", 1), ("bob", "queued", 0)]


def test_effects_for_a_later_time_hold_up_nobody(site: Adapters, post: Post, clock: Clock) -> None:
    booked = booking.reserve(site, wish())
    drain(site)
    payload = {"event": "book", "to": "invitee", "uid": booked.uid, "sequence": 0}
    with site.store.write() as uow:
        uow.outbox.add("mail", "later", "bob@example.org", payload, due=clock.now + timedelta(days=1))
        uow.outbox.add("webhook", "hook", "bob@example.org", {})
        uow.outbox.add("mail", "now", "BOB@example.org", payload)
    drain(site)
    assert len(post.taken) == 3
    assert [row.status for row in mail.queue(site)] == ["sent", "sent", "queued", "sent"]


def test_what_the_server_took_is_recorded_as_soon_as_the_database_can(site: Adapters, post: Post,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    booking.reserve(site, wish())
    pauses: list[float] = []
    write = site.store.write

    def broken(**_: str) -> None:
        raise StoreUnavailable("disk full")

    def pause(seconds: float) -> bool:
        if seconds:
            pauses.append(seconds)
            if len(pauses) == 3:
                monkeypatch.setattr(site.store, "write", write)
        return False

    post.before = lambda: monkeypatch.setattr(site.store, "write", broken if not pauses else write)
    worker(site, pause=pause).round()
    assert len(pauses) == 3
    assert sorted(post.told()) == BOTH
    assert [state for _, state, _ in states(site)] == ["sent", "sent"]


def test_a_worker_that_is_told_to_stop_gives_back_what_it_did_not_begin(site: Adapters, post: Post) -> None:
    booking.reserve(site, wish())
    worker(site, pause=lambda _: bool(post.taken)).round()
    assert len(post.taken) == 1
    drain(site, "w2")
    assert sorted(post.told()) == BOTH
    assert [attempts for _, _, attempts in states(site)] == [1, 1]


@pytest.fixture
def crowd(tmp_path: Path, database: str, clock: Clock) -> Iterator[Adapters]:
    """A database with 60 queued mails to 20 recipients."""
    site = wiring.adapters(settings_in(tmp_path, database), clock)
    site.store.migrate()
    with site.store.write() as uow:
        for number in range(60):
            uow.outbox.add("mail", f"k{number}", f"p{number % 20}@example.org", {"number": number})
    yield site
    site.store.close()


class Counting:
    """A channel that notes what it is asked to perform."""

    kind = "mail"
    max_attempts = 3

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []

    def prepare(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None]:
        return lambda: self.sent.append((row.recipient, row.payload["number"]))

    def rest(self) -> None:
        pass


def test_several_workers_send_each_row_once_and_in_order(crowd: Adapters) -> None:
    channel = Counting()
    start = threading.Barrier(4)

    def work(name: str) -> None:
        start.wait()
        while Delivery(crowd, channel, name, lambda: 0.0, NEVER).round().claimed:
            pass

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # The others may have left while one still held the earlier rows of their recipients.
    while Delivery(crowd, channel, "last", lambda: 0.0, NEVER).round().claimed:
        pass
    assert sorted(number for _, number in channel.sent) == list(range(60))
    for recipient in {name for name, _ in channel.sent}:
        numbers = [number for name, number in channel.sent if name == recipient]
        assert numbers == sorted(numbers)
