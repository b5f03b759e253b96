"""Booking by mail, on both databases: each mail ends as it should, once, with its answer in the same transaction."""

from __future__ import annotations

import email.utils
import re
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import NotFound
from radicale_booking.inbound_settings import InboundSettings
from radicale_booking.notify import incoming
from radicale_booking.services import booking, event_types, inbound, life, maintenance, privacy
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.mail import MailChannel, queue, retry
from radicale_booking.web.factory import create_app
from tests.services.calendars import NINE, draw_hours, event, item_text, store_item, wish
from tests.services.conftest import Clock

HALF = timedelta(minutes=30)
BOB = "bob@elsewhere.example"
TALK = "ada+talk@book.example.org"


def message(method: str, start: datetime, *, sequence: int = 0, organizer: str = BOB, attendee: str = TALK,
            partstat: str = "NEEDS-ACTION", uid: str = "u1", length: timedelta = HALF, extra: str = "") -> str:
    text = event(uid, start, length, "Talk", f"ORGANIZER:mailto:{organizer}\r\nSEQUENCE:{sequence}\r\n"
                                             f"ATTENDEE;PARTSTAT={partstat}:mailto:{attendee}\r\n{extra}")
    return text.replace("VERSION:2.0\r\n", f"VERSION:2.0\r\nMETHOD:{method}\r\n", 1)


def mail(text: str, *, sender: str = BOB, head: str = "", name: str = "") -> bytes:
    name = name or email.utils.make_msgid(domain="test")
    return (f"From: Bob <{sender}>\r\nMessage-ID: {name}\r\n{head}Content-Type: text/calendar; method=X\r\n\r\n"
            f"{text}").encode()


def send(app: Adapters, raw: bytes, recipient: str = TALK, envelope: str = BOB) -> str:
    return inbound.receive(app, envelope, recipient, raw, incoming.read(raw))


def answers(app: Adapters, to: str = BOB) -> list[str]:
    """The iTIP messages that wait to be mailed."""
    with app.store.read() as uow:
        return [str(row.payload["text"]).replace("\r\n ", "") for row in uow.outbox.pending()
                if row.recipient == to and row.payload.get("event") == "itip"]


def live(app: Adapters) -> list[datetime]:
    return [one.start for one in booking.reservations(app) if one.live]


def test_an_invitation_books_and_is_answered(app: Adapters) -> None:
    assert send(app, mail(message("REQUEST", NINE))) == "done"
    [booked] = booking.reservations(app)
    assert (booked.start, booked.invitee_email, booked.status) == (NINE, BOB, "confirmed")
    [answer] = answers(app)
    assert "METHOD:REPLY" in answer
    assert f"PARTSTAT=ACCEPTED:mailto:{TALK}" in answer


def test_what_is_taken_is_declined_with_what_is_free(app: Adapters) -> None:
    booking.reserve(app, wish(NINE))
    assert send(app, mail(message("REQUEST", NINE))) == "done"
    assert live(app) == [NINE]
    [answer] = answers(app)
    assert "PARTSTAT=DECLINED" in answer
    answer = answer.replace("\r\n ", "")
    # In Ada's zone, as nothing is known of Bob.
    assert "COMMENT:Jan 8\\, 2030\\, 10:00\u202fAM is not free any more." in answer
    assert "10:30\u202fAM" in answer


def test_a_new_time_moves_and_a_cancellation_frees(app: Adapters) -> None:
    send(app, mail(message("REQUEST", NINE)))
    assert send(app, mail(message("REQUEST", NINE + HALF, sequence=1))) == "done"
    assert live(app) == [NINE + HALF]
    assert send(app, mail(message("CANCEL", NINE + HALF, sequence=2))) == "done"
    assert live(app) == []


def test_the_same_mail_is_dealt_with_once(app: Adapters) -> None:
    raw = mail(message("REQUEST", NINE), name="<once@test>")
    assert [send(app, raw) for _ in range(3)] == ["done", "ignored", "ignored"]
    assert len(answers(app)) == 1
    nameless = raw.replace(b"Message-ID: <once@test>\r\n", b"")
    assert send(app, nameless) == "done"
    assert send(app, nameless) == "ignored"
    assert len(live(app)) == 1


@pytest.mark.parametrize(("text", "sender"), [
    (message("REQUEST", NINE), "eve@elsewhere.example"),  # somebody else's invitation
    (message("CANCEL", NINE), "eve@elsewhere.example"),
    (message("REQUEST", NINE, attendee="x@elsewhere.example"), BOB),  # we are not invited
    (message("PUBLISH", NINE), BOB), (message("REFRESH", NINE), BOB),
    (message("COUNTER", NINE), BOB),
    ("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nnonsense\r\n", BOB),
])
def test_what_cannot_be_trusted_or_understood_waits_for_people(app: Adapters, text: str, sender: str) -> None:
    raw = mail(text, sender=sender)
    assert send(app, raw) == "quarantined"
    [row] = inbound.quarantine(app)
    assert (row.sender, row.recipient, row.content) == (sender, TALK, raw)
    assert row.reason
    assert (live(app), answers(app), answers(app, sender)) == ([], [], [])
    inbound.drop(app, row.id)
    with pytest.raises(NotFound):
        inbound.quarantined(app, row.id)


def test_who_must_be_vouched_for(app: Adapters) -> None:
    app = replace(app, settings=replace(app.settings, inbound=InboundSettings(
        authserv_id="mx.example.org", unverified="keep")))
    raw = mail(message("REQUEST", NINE))
    assert send(app, raw) == "quarantined"
    [row] = inbound.quarantine(app)
    assert "nobody says that the sender is" in row.reason
    assert inbound.receive(app, BOB, TALK, raw, incoming.read(raw), trusted=True) == "done"
    assert inbound.quarantine(app) == []
    assert live(app) == [NINE]
    vouched = mail(message("CANCEL", NINE, sequence=1), head="Authentication-Results: mx.example.org; dmarc=pass\r\n")
    assert send(app, vouched) == "done"
    assert live(app) == []


@pytest.mark.parametrize(("head", "sender", "envelope"), [
    ("Auto-Submitted: auto-replied\r\n", BOB, BOB), ("Precedence: list\r\n", BOB, BOB), ("", BOB, ""),
    ("", "ada+other@book.example.org", "x@x.org"),
    ("", "booking@localhost", "x@x.org")])
def test_machines_get_no_answer(app: Adapters, head: str, sender: str, envelope: str) -> None:
    raw = mail(message("REQUEST", NINE, organizer=sender), sender=sender, head=head)
    assert send(app, raw, envelope=envelope) == "ignored"
    assert (live(app), answers(app, sender)) == ([], [])


def test_nobody_is_answered_without_end(app: Adapters) -> None:
    with app.store.write() as uow:
        for number in range(100):
            uow.inbound.add(f"<{number}>", TALK, BOB, "done")
    assert send(app, mail(message("REQUEST", NINE))) == "quarantined"


def test_an_invitee_declines_our_invitation(app: Adapters) -> None:
    booked = booking.reserve(app, wish(NINE, email=BOB))
    reply = message("REPLY", NINE, uid=booked.uid, organizer="ada@example.org", attendee=BOB, partstat="DECLINED")
    assert send(app, mail(reply), "ada@example.org") == "done"
    assert booking.reservation(app, booked.uid).status == "cancelled"
    assert send(app, mail(reply), "ada@example.org") == "done"


def test_others_do_not_decline_for_the_invitee(app: Adapters) -> None:
    booked = booking.reserve(app, wish(NINE, email="zoe@example.org"))
    reply = message("REPLY", NINE, uid=booked.uid, organizer="ada@example.org", attendee=BOB, partstat="DECLINED")
    assert send(app, mail(reply), "ada@example.org") == "quarantined"
    assert booking.reservation(app, booked.uid).status == "confirmed"


def test_one_seat_is_declined_alone(app: Adapters) -> None:
    event_types.add(app, EventType("ada", "course", "Course", HALF, seats=3))
    for address in (BOB, "zoe@example.org"):
        booking.reserve(app, replace(wish(NINE, email=address), slug="course"))
    [group] = booking.reservations(app)
    reply = message("REPLY", NINE, uid=group.uid, organizer="ada@example.org", attendee=BOB, partstat="DECLINED")
    assert send(app, mail(reply), "ada@example.org") == "done"
    with app.store.read() as uow:
        assert [seat.email for seat in uow.seats.of(group.id or 0)] == ["zoe@example.org"]


def told(app: Adapters, to: str = BOB) -> list[EmailMessage]:
    """The mails that wait, as they would be sent now."""
    sent: list[EmailMessage] = []

    class Keeper:
        def send(self, message: EmailMessage, key: str) -> None:
            sent.append(message)

        def close(self) -> None:
            pass

    channel = MailChannel(app, Keeper())
    with app.store.read() as uow:
        for row in uow.outbox.pending():
            perform = channel.prepare(uow, row) if (row.kind, row.recipient) == ("mail", to) else ""
            if not isinstance(perform, str):
                perform()
    return sent


def calendar_part(message: EmailMessage) -> str:
    [found] = [part.get_content() for part in message.walk() if part.get_content_type() == "text/calendar"]
    return str(found).replace("\r\n ", "").replace("\n ", "")


def countered(app: Adapters, start: datetime, *, uid: str = "", length: timedelta = HALF, name: str = "") -> str:
    booked = booking.reservations(app)[0]
    counter = message("COUNTER", start, uid=uid or booked.invitation_uid, organizer="ada@example.org", attendee=BOB,
                      length=length)
    return send(app, mail(counter, name=name), "ada@example.org")


def test_a_counter_proposal_of_a_free_time_moves(app: Adapters) -> None:
    booking.reserve(app, wish(NINE, email=BOB))
    assert countered(app, NINE + HALF) == "done"
    assert live(app) == [NINE + HALF]
    text = calendar_part(told(app)[-1])
    assert "METHOD:REQUEST" in text
    assert "SEQUENCE:1" in text


@pytest.mark.parametrize(("start", "length"), [
    (NINE + timedelta(days=1), HALF), (NINE, HALF), (NINE + HALF, 2 * HALF), (NINE + 2 * HALF, HALF)])
def test_a_counter_proposal_that_is_not_offered_is_declined_with_what_is(app: Adapters, start: datetime,
                                                                      length: timedelta) -> None:
    booking.reserve(app, wish(NINE, email=BOB))
    booking.reserve(app, wish(NINE + 2 * HALF, email="zoe@example.org", key="z"))
    assert [countered(app, start, length=length) for _ in range(2)] == ["done", "done"]
    assert live(app) == [NINE, NINE + 2 * HALF]
    *_, first, second = told(app)
    text = calendar_part(first)
    assert "METHOD:DECLINECOUNTER" in text
    assert first["Subject"].startswith("Non déplacé")
    assert "ATTENDEE" not in text
    assert "COMMENT:L’horaire que vous avez proposé ne peut" in text
    assert ("Libre à la place" in text) == (length == HALF and start != NINE)
    assert second["Subject"] == first["Subject"]


def test_who_proposes_another_time_leaves_the_group_and_what_is_over_stays_over(app: Adapters) -> None:
    event_types.add(app, EventType("ada", "course", "Course", HALF, seats=3))
    booking.reserve(app, replace(wish(NINE, email="zoe@example.org"), slug="course"))
    booked = booking.reserve(app, replace(wish(NINE, email=BOB), slug="course"))
    assert countered(app, NINE + HALF, uid=booked.uid) == "done"
    assert sorted(live(app)) == [NINE, NINE + HALF]
    moved = booking.reservation(app, booked.seat or "")
    assert ["METHOD:CANCEL" in calendar_part(told(app)[-2]), moved.uid in calendar_part(told(app)[-1])] == [True, True]
    for one in booking.reservations(app):
        life.cancel(app, one.uid, "command")
    assert countered(app, NINE + 2 * HALF, uid=moved.uid) == "done"
    assert live(app) == []
    assert "METHOD:CANCEL" in calendar_part(told(app)[-1])


def test_a_refusal_of_a_former_time_is_not_one_of_the_new(app: Adapters) -> None:
    booked = booking.reserve(app, wish(NINE, email=BOB))
    life.reschedule(app, booked.uid, NINE + HALF, "ada")
    reply = {"uid": booked.uid, "organizer": "ada@example.org", "attendee": BOB, "partstat": "DECLINED"}
    assert send(app, mail(message("REPLY", NINE, **reply)), "ada@example.org") == "done"
    assert live(app) == [NINE + HALF]
    assert send(app, mail(message("REPLY", NINE + HALF, sequence=1, **reply)), "ada@example.org") == "done"
    assert live(app) == []


def test_one_of_several_is_declined_or_all(app: Adapters) -> None:
    event_types.add(app, EventType("ada", "lesson", "Lesson", HALF, repeat_every="day", repeat_most=3))
    draw_hours(app, "more", NINE + timedelta(days=1), 4 * HALF)
    draw_hours(app, "most", NINE + timedelta(days=2), 4 * HALF)
    first = booking.reserve(app, replace(wish(NINE, email=BOB), slug="lesson", occurrences=3))
    reply = {"uid": first.invitation_uid, "organizer": "ada@example.org", "attendee": BOB, "partstat": "DECLINED"}
    second = NINE + timedelta(days=1)
    one = message("REPLY", second, extra=f"RECURRENCE-ID:{second:%Y%m%dT%H%M%SZ}\r\n", **reply)
    assert send(app, mail(one), "ada@example.org") == "done"
    assert live(app) == [NINE, NINE + timedelta(days=2)]
    assert send(app, mail(message("REPLY", NINE, **reply)), "ada@example.org") == "done"
    assert live(app) == []


def test_a_guests_answer_is_shown_to_the_host(app: Adapters) -> None:
    booked = booking.reserve(app, replace(wish(NINE, email="zoe@example.org"), guests=(BOB,)))
    reply = message("REPLY", NINE, uid=booked.uid, organizer="ada@example.org", attendee=BOB, partstat="TENTATIVE")
    assert send(app, mail(reply), "ada@example.org") == "done"
    assert live(app) == [NINE]
    stored = (item_text(app, "ada/calendar", booked.uid) or "").replace("\r\n ", "").replace("\n ", "")
    [line] = [line for line in stored.splitlines() if BOB in line and line.startswith("ATTENDEE")]
    assert "PARTSTAT=TENTATIVE" in line


def test_a_server_may_invite_for_its_users(app: Adapters) -> None:
    """Nextcloud, and we, write From our own address, and the organizer is in Reply-To."""
    head = f"Reply-To: Bob <{BOB}>\r\nAuto-Submitted: auto-generated\r\n"
    raw = mail(message("REQUEST", NINE), sender="noreply@elsewhere.example", head=head)
    vouching = replace(app, settings=replace(app.settings, inbound=InboundSettings(authserv_id="mx.example.org")))
    vouched = b"Authentication-Results: mx.example.org; dmarc=pass header.from=elsewhere.example\r\n" + raw
    assert send(vouching, vouched) == "quarantined"
    assert inbound.quarantine(app)[0].sender == BOB
    assert send(app, raw) == "done"
    assert booking.reservations(app)[0].invitee_email == BOB
    assert len(answers(app)) == 1


def test_an_answer_to_a_users_invitation(app: Adapters) -> None:
    text = event("lunch", NINE + 8 * HALF, HALF, "Lunch", (
        f"ORGANIZER:mailto:ada@example.org\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{BOB}\r\n"))
    store_item(app, "ada/calendar", "lunch", text)
    reply = message("REPLY", NINE + 8 * HALF, uid="lunch", organizer="ada@example.org", attendee=BOB,
                    partstat="ACCEPTED")
    assert send(app, mail(reply), "ada@example.org") == "done"
    stored = item_text(app, "ada/calendar", "lunch")
    assert stored is not None
    assert "PARTSTAT=ACCEPTED" in stored


@pytest.mark.parametrize(("recipient", "accepted"), [
    (TALK, True), ("ADA+TALK@Book.Example.Org", True), ("ada@example.org", True), ("ada+none@book.example.org", False),
    ("nobody@book.example.org", False), ("ada+talk@elsewhere.example", False), ("", False)])
def test_recipients(app: Adapters, recipient: str, accepted: bool) -> None:
    assert inbound.accepts(app, recipient, BOB) is accepted


def test_quarantine_knows_privacy(app: Adapters) -> None:
    send(app, mail(message("PUBLISH", NINE)))
    assert len(privacy.export(app, BOB)["mail_taken"]) == 1
    assert privacy.erase(app, BOB)["mail"] == 1
    assert inbound.quarantine(app) == []


def cut_short(method: str, octets: int) -> bytes:
    return mail(message(method, NINE), name=f"<{method}-{octets}@test>")[:-octets or None]


@given(st.one_of(st.binary(max_size=200), st.builds(
    cut_short, st.sampled_from(["REQUEST", "REPLY", "COUNTER", "CANCEL", "ADD"]), st.integers(0, 400))))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_mail_ends_in_one_way(app: Adapters, clock: Clock, raw: bytes) -> None:
    assert send(app, raw) in ("done", "ignored", "quarantined")
    assert app.store.check() == []


@pytest.fixture
def asking(app: Adapters) -> Adapters:
    """A site whose mail server vouches for senders, and which asks the others."""
    return replace(app, settings=replace(app.settings, inbound=InboundSettings(authserv_id="mx.example.org")))


def links(app: Adapters, to: str = BOB) -> list[str]:
    return re.findall(r"https://book\.example\.org(/booking/\S+/mail)", "".join(
        str(part.get_content()) for sent in told(app, to) for part in sent.walk()
        if part.get_content_type() == "text/plain"))


def test_who_is_asked_says_that_a_mail_is_theirs(asking: Adapters) -> None:
    raw = mail(message("REQUEST", NINE, extra="DESCRIPTION:Buy pills\r\n").replace("SUMMARY:Talk", "SUMMARY:Pills"))
    assert [send(asking, raw) for _ in range(2)] == ["quarantined"] * 2
    assert (live(asking), answers(asking)) == ([], [])
    [asked] = told(asking)
    assert asked["Subject"].startswith("Please confirm: Talk, Jan 8, 2030, 10:00")
    assert "ills" not in asked.as_string()
    [link] = links(asking)
    visitor = create_app(asking).test_client()
    page = visitor.get(link)
    assert page.status_code == 200
    assert live(asking) == []
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    assert visitor.post(link).status_code == 400
    assert live(asking) == []
    for _ in range(2):
        assert visitor.post(link, data={"csrf_token": token[1]}).status_code == 303
        assert live(asking) == [NINE]
    assert "Is this mail from you?" not in visitor.get(link).text
    assert len(answers(asking)) == 1


def test_a_link_ends_and_is_for_one_mail(asking: Adapters, clock: Clock) -> None:
    send(asking, mail(message("REQUEST", NINE)))
    [link] = links(asking)
    visitor = create_app(asking).test_client()
    [row] = inbound.quarantine(asking)
    inbound.drop(asking, row.id)
    assert visitor.get(link).status_code == 404
    send(asking, mail(message("REQUEST", NINE, uid="u2")))
    assert visitor.get(link).status_code == 404
    [other] = links(asking)
    assert visitor.get(other).status_code == 200
    clock.now += timedelta(days=3)
    assert visitor.get(other).status_code == 410
    assert links(asking) == []
    manage = asking.links.sign("manage", "x")
    assert visitor.get(f"/booking/{manage}/mail").status_code == 404


@pytest.mark.parametrize(("raw", "envelope"), [
    (mail(message("REQUEST", NINE), sender="eve@elsewhere.example"), BOB),  # it does not claim to be from Bob
    (mail(message("CANCEL", NINE)), ""), (mail(message("CANCEL", NINE), head="Precedence: list\r\n"), BOB),
    (mail(message("REPLY", NINE, organizer="ada@example.org", attendee=BOB)), BOB),  # of nothing that we know
    (mail(message("REQUEST", NINE, attendee="x@elsewhere.example")), BOB)])
def test_nobody_else_is_asked(asking: Adapters, raw: bytes, envelope: str) -> None:
    assert send(asking, raw, envelope=envelope) == "quarantined"
    with asking.store.read() as uow:
        assert uow.outbox.pending() == []


def test_nobody_is_asked_without_end(asking: Adapters) -> None:
    for number in range(6):
        send(asking, mail(message("REQUEST", NINE, uid=f"u{number}")))
    assert len(links(asking)) == 3
    assert len(inbound.quarantine(asking)) == 6


def junk(number: int, octets: int = 100) -> bytes:
    """A mail that nobody can read."""
    head = f"From: <eve{number}@x.example>\r\nMessage-ID: <{number}@test>\r\nContent-Type: text/calendar\r\n\r\n"
    return f"{head}BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n".ljust(octets, "x").encode()


@pytest.mark.parametrize(("limits", "sizes", "kept"), [
    ({"quarantine_mails": 3}, [500] * 5, [2, 3, 4]),
    ({"quarantine_mib": 1}, [400_000] * 4, [2, 3]),
    ({"quarantine_mib": 1}, [500, 600_000, 500, 600_000], [2, 3]),
    ({"quarantine_mib": 1}, [500, 1_100_000], [1]),  # the newest stays, however large
    ({}, [500] * 3, [0, 1, 2])])
def test_the_quarantine_has_a_bound(app: Adapters, limits: dict[str, int], sizes: list[int], kept: list[int]) -> None:
    site = replace(app, settings=replace(app.settings, inbound=InboundSettings(**limits)))
    said: list[str] = []
    assert send(site, mail(message("REQUEST", NINE))) == "done"
    for number, octets in enumerate(sizes):
        raw = junk(number, octets)
        assert inbound.receive(site, BOB, TALK, raw, incoming.read(raw), say=said.append) == "quarantined"
    assert [row.message_id for row in inbound.quarantine(site)] == [f"<{number}@test>" for number in kept]
    dropped = len(sizes) - len(kept)
    with site.store.read() as uow:
        noted = [entry.detail["message_id"] for entry in uow.audit.of(TALK) if entry.action == "mail dropped"]
    assert noted == [f"<{number}@test>" for number in range(len(sizes)) if number not in kept]
    assert sum(int(re.findall(r"full: (\d+) of the oldest mail dropped, the last of it received 2", sentence)[0])
               for sentence in said) == dropped
    assert bool(said) == bool(dropped)
    assert live(site) == [NINE]
    # What was dealt with is known still, and does not count.
    assert maintenance.run(site).done["mail in quarantine dropped"] == 0
    smaller = replace(site, settings=replace(site.settings, inbound=InboundSettings(quarantine_mails=1)))
    assert maintenance.run(smaller).done["mail in quarantine dropped"] == len(kept) - 1
    assert len(inbound.quarantine(smaller)) == 1


REPORT = """From: MAILER-DAEMON@mx.example.org\r
Message-ID: <{name}@mx.example.org>\r
Auto-Submitted: auto-replied\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
\r
It could not be delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.org\r
Original-Envelope-Id: {key}\r
\r
Final-Recipient: rfc822; bob@example.org\r
Action: {action}\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 no\r
 such user\r
\r
--b\r
Content-Type: message/rfc822\r
\r
{about}\r
--b--\r
"""


def report(key: str, *, action: str = "failed", name: str = "1") -> bytes:
    about = mail(message("REQUEST", NINE)).decode()
    return REPORT.format(key=key, action=action, name=name, about=about).encode()


def test_a_mail_that_comes_back_is_seen_and_can_be_sent_again(app: Adapters) -> None:
    booking.reserve(app, wish(NINE))
    sender = app.settings.mail.sender
    with app.store.write() as uow:
        bob = next(row for row in uow.outbox.pending() if row.recipient == "bob@example.org")
        uow.outbox.sent(bob.id)
    assert inbound.accepts(app, sender.upper(), "")
    assert not inbound.accepts(app, sender, BOB)
    # Who is not nobody reports nothing, and nobody hears of what is only late, or of other mail.
    assert send(app, report(bob.delivery_key), sender) == "ignored"
    assert send(app, report(bob.delivery_key, action="delayed", name="2"), sender, "") == "ignored"
    assert send(app, report("another", name="3"), sender, "") == "ignored"
    assert queue(app, "failed") == []
    said: list[str] = []
    raw = report(bob.delivery_key, name="4")
    assert inbound.receive(app, "", sender, raw, incoming.read(raw), say=said.append) == "done"
    [row] = queue(app, "failed")
    assert (row.id, row.last_error) == (bob.id, "returned: 5.1.1 550 5.1.1 no such user")
    assert said == [f"mail {bob.id} to bob@example.org was returned: 5.1.1 550 5.1.1 no such user"]
    with app.store.read() as uow:
        assert uow.audit.of(str(bob.payload["uid"]))[-1].action == "mail returned"
    assert (live(app), inbound.quarantine(app)) == ([NINE], [])
    assert retry(app, bob.id) == 1
    assert [one.id for one in queue(app, "queued") if one.recipient == bob.recipient] == [bob.id]
