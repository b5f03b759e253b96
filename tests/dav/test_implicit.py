"""Implicit scheduling between users of this server and with people elsewhere (RFC 6638 §3.2)."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from radicale_booking.services import upkeep
from radicale_booking.store.engine import open_store
from tests.compat.dav_client import Answer, Client
from tests.dav.conftest import HALF_HOUR, NINE, Site, event, invitation

D = "{DAV:}"
BOB = "mailto:bob@example.org"
CARL = "mailto:carl@example.org"


def unfolded(text: str) -> str:
    return text.replace("\r\n ", "").replace("\r\n", "\n")


def person(text: str, address: str, name: str = "ATTENDEE") -> list[dict[str, str]]:
    """The parameters of each line ``name`` of ``address`` (e-mail), in the order of the components."""
    lines = re.findall(rf"^{name}((?:;[^:\n]*(?:\"[^\"]*\")?)*):mailto:{re.escape(address)}$", unfolded(text),
                       re.MULTILINE | re.IGNORECASE)
    return [dict(part.replace('"', "").split("=", 1) for part in line.split(";") if part) for line in lines]


def partstats(text: str, user: str) -> list[str]:
    return [one["PARTSTAT"] for one in person(text, f"{user}@example.org")]


def put(client: Client, text: str, name: str = "e", **headers: str) -> Answer:
    return client.request("PUT", f"/{client.user}/calendar/{name}.ics", text, Content_Type="text/calendar", **headers)


def own(client: Client, name: str = "e") -> Answer:
    return client.request("GET", f"/{client.user}/calendar/{name}.ics")


def members(client: Client, collection: str = "calendar") -> dict[str, str]:
    """href -> text of what ``client`` has there."""
    path = f"/{client.user}/{collection}/"
    body = '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
    answer = client.request("PROPFIND", path, body, Depth="1")
    hrefs = [one.findtext(f"{D}href") or "" for one in answer.xml]
    return {href: client.request("GET", href).body.decode() for href in hrefs if href != path}


def copy_of(client: Client) -> tuple[str, str]:
    """href and text of the only event."""
    (found,) = members(client).items()
    return found


def answer_as(client: Client, partstat: str, **headers: str) -> Answer:
    href, text = copy_of(client)
    mine = re.compile(rf"(ATTENDEE[^:]*?);?PARTSTAT=[A-Z-]+([^:]*:mailto:{client.user}@example\.org)", re.DOTALL)
    changed = mine.sub(rf"\1;PARTSTAT={partstat}\2", text.replace("\r\n ", ""))
    assert changed != text
    return client.request("PUT", href, changed, Content_Type="text/calendar", **headers)


def test_an_invitation_arrives_and_its_answer_returns(site: Site) -> None:
    bob, carl = site["bob"], site["carl"]
    stored = put(bob, invitation("u1", NINE, "bob", "carl"), If_None_Match="*")
    assert stored.status == 201
    assert "etag" not in stored.headers
    mine = own(bob)
    assert stored.headers["schedule-tag"] == mine.headers["schedule-tag"]
    assert person(mine.body.decode(), "carl@example.org")[0]["SCHEDULE-STATUS"] == "1.2"
    _, text = copy_of(carl)
    assert partstats(text, "carl") == ["NEEDS-ACTION"]
    assert "SCHEDULE-" not in text
    assert [re.findall("METHOD:(.*)", unfolded(one)) for one in members(carl, "inbox").values()] == [["REQUEST"]]
    answered = answer_as(carl, "ACCEPTED")
    assert (answered.status, "etag" in answered.headers) == (204, False)
    after = own(bob)
    assert partstats(after.body.decode(), "carl") == ["ACCEPTED"]
    assert person(after.body.decode(), "carl@example.org")[0]["SCHEDULE-STATUS"] == "2.0"
    assert after.headers["schedule-tag"] == mine.headers["schedule-tag"]
    assert after.headers["etag"] != mine.headers["etag"]
    assert [re.findall("METHOD:(.*)", unfolded(one)) for one in members(bob, "inbox").values()] == [["REPLY"]]
    assert person(copy_of(carl)[1], "bob@example.org", "ORGANIZER")[0]["SCHEDULE-STATUS"] == "1.2"


def test_moving_asks_again_and_cancelling_tells(site: Site) -> None:
    bob, carl = site["bob"], site["carl"]
    put(bob, invitation("u1", NINE, "bob", "carl"))
    answer_as(carl, "ACCEPTED")
    put(bob, invitation("u1", NINE + timedelta(hours=1), "bob", "carl").replace("NEEDS-ACTION", "ACCEPTED"))
    assert partstats(own(bob).body.decode(), "carl") == ["NEEDS-ACTION"]
    _, text = copy_of(carl)
    assert partstats(text, "carl") == ["NEEDS-ACTION"]
    assert f"DTSTART:{NINE + timedelta(hours=1):%Y%m%dT%H%M%SZ}" in text
    assert bob.request("DELETE", "/bob/calendar/e.ics").status == 200
    assert "STATUS:CANCELLED" in copy_of(carl)[1]


@pytest.mark.parametrize(("headers", "status"), [({}, "DECLINED"), ({"Schedule_Reply": "F"}, "NEEDS-ACTION")])
def test_deleting_a_copy_declines(site: Site, headers: dict[str, str], status: str) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "carl"))
    href, _ = copy_of(site["carl"])
    assert site["carl"].request("DELETE", href, **headers).status == 200
    assert partstats(own(site["bob"]).body.decode(), "carl") == [status]


def test_an_attendee_may_not_change_what_is_the_organizers(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "carl"))
    href, text = copy_of(site["carl"])
    refused = site["carl"].request("PUT", href, text.replace("SUMMARY:Meeting", "SUMMARY:Mine"))
    assert (refused.status, refused.xml[0].tag) == (
        403, "{urn:ietf:params:xml:ns:caldav}allowed-attendee-scheduling-object-change")
    allowed = text.replace("END:VEVENT", "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\n"
                                         "END:VALARM\r\nEND:VEVENT").replace(";RSVP=TRUE", "")
    assert site["carl"].request("PUT", href, allowed).status == 204


def test_a_second_copy_of_an_event_is_refused(site: Site) -> None:
    bob = site["bob"]
    put(bob, invitation("u1", NINE, "bob", "carl"))
    assert bob.request("MKCALENDAR", "/bob/work/").status == 201
    refused = bob.request("PUT", "/bob/work/e.ics", invitation("u1", NINE, "bob", "carl"))
    assert (refused.status, refused.xml[0].tag.rpartition("}")[2]) == (403, "unique-scheduling-object-resource")
    before = copy_of(site["carl"]), bob.request("GET", "/bob/calendar/e.ics").headers["schedule-tag"]
    time.sleep(1.1)  # DTSTAMP tells whole seconds
    assert bob.request("MOVE", "/bob/calendar/e.ics", Destination="/bob/work/e.ics").status == 201
    assert (copy_of(site["carl"]), bob.request("GET", "/bob/work/e.ics").headers["schedule-tag"]) == before
    with site.app.store.read() as uow:
        renewals = uow.items.due_for_renewal(9)
    assert renewals == []


def test_a_program_may_only_write_what_it_has_seen(site: Site) -> None:
    bob, carl = site["bob"], site["carl"]
    tag = put(bob, invitation("u1", NINE, "bob", "carl")).headers["schedule-tag"]
    answer_as(carl, "ACCEPTED")
    renamed = invitation("u1", NINE, "bob", "carl").replace("SUMMARY:Meeting", "SUMMARY:Lunch")
    assert put(bob, renamed, If_Schedule_Tag_Match='"other"').status == 412
    stored = put(bob, renamed, If_Schedule_Tag_Match=tag)
    assert stored.status == 204
    assert partstats(own(bob).body.decode(), "carl") == ["ACCEPTED"]
    assert put(bob, renamed, If_Schedule_Tag_Match=tag).status == 412
    assert bob.request("DELETE", "/bob/calendar/e.ics", If_Schedule_Tag_Match=tag).status == 412
    assert bob.request("DELETE", "/bob/calendar/e.ics",
                       If_Schedule_Tag_Match=stored.headers["schedule-tag"]).status == 200


def test_the_tag_is_a_property(site: Site) -> None:
    bob = site["bob"]
    tag = put(bob, invitation("u1", NINE, "bob", "carl")).headers["schedule-tag"]
    put(bob, event("plain", NINE), "plain")
    props = '<D:prop><D:getetag/><C:schedule-tag/></D:prop>'
    names = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    multiget = (f"<C:calendar-multiget {names}>{props}<D:href>/bob/calendar/e.ics</D:href>"
                "<D:href>/bob/calendar/plain.ics</D:href></C:calendar-multiget>")
    answers = [bob.request("PROPFIND", "/bob/calendar/", f"<D:propfind {names}>{props}</D:propfind>", Depth="1"),
               bob.request("PROPFIND", "/bob/calendar/e.ics", f"<D:propfind {names}>{props}</D:propfind>", Depth="0"),
               bob.request("REPORT", "/bob/calendar/", multiget, Depth="1")]
    for answer in answers:
        found = {one.findtext(f"{D}href"): one.findtext(".//{urn:ietf:params:xml:ns:caldav}schedule-tag")
                 for one in answer.xml}
        assert found["/bob/calendar/e.ics"] == tag
        assert not found.get("/bob/calendar/plain.ics")


def test_a_message_without_news_leaves_the_tag(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "carl"))
    href, _ = copy_of(site["carl"])
    before = site["carl"].request("GET", href)
    time.sleep(1.1)  # DTSTAMP tells whole seconds
    put(site["bob"], invitation("u1", NINE, "bob", "carl").replace("RSVP=TRUE",
                                                                   "RSVP=TRUE;SCHEDULE-FORCE-SEND=REQUEST"))
    after = site["carl"].request("GET", href)
    assert after.headers["etag"] != before.headers["etag"]
    assert after.headers["schedule-tag"] == before.headers["schedule-tag"]
    put(site["bob"], invitation("u1", NINE, "bob", "carl").replace("SUMMARY:Meeting", "SUMMARY:Lunch"))
    assert site["carl"].request("GET", href).headers["schedule-tag"] != before.headers["schedule-tag"]


def test_other_attendees_see_an_answer(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "carl", "anna"))
    _, text = copy_of(site["carl"])
    assert partstats(text, "anna") == ["ACCEPTED"]
    answer_as(site["carl"], "TENTATIVE")
    (hers,) = members(site["anna"]).values()
    assert partstats(hers, "carl") == ["TENTATIVE"]


def test_people_elsewhere_get_mail(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "zoe@elsewhere.example"))
    assert person(own(site["bob"]).body.decode(), "zoe@elsewhere.example")[0]["SCHEDULE-STATUS"] == "1.1"
    with site.app.store.read() as uow:
        (row,) = uow.outbox.pending()
    assert (row.kind, row.recipient, row.payload["event"], row.payload["method"], row.payload["summary"]) == (
        "mail", "zoe@elsewhere.example", "itip", "REQUEST", "Meeting")
    assert "METHOD:REQUEST" in row.payload["text"]
    assert "SCHEDULE-STATUS" not in row.payload["text"]


@pytest.mark.parametrize("agent", ["CLIENT", "NONE", "X-SOMETHING"])
def test_who_is_not_the_servers_to_tell_is_not_told(site: Site, agent: str) -> None:
    text = invitation("u1", NINE, "bob", "carl").replace("PARTSTAT=NEEDS-ACTION",
                                                         f"SCHEDULE-AGENT={agent};PARTSTAT=NEEDS-ACTION")
    put(site["bob"], text)
    assert members(site["carl"]) == {}
    assert "SCHEDULE-STATUS" not in person(own(site["bob"]).body.decode(), "carl@example.org")[0]


def test_an_organizer_is_known_by_the_principal_too(site: Site) -> None:
    text = invitation("u1", NINE, "bob", "carl").replace("ORGANIZER:mailto:bob@example.org", "ORGANIZER:/bob/")
    put(site["bob"], text)
    assert person(copy_of(site["carl"])[1], "bob@example.org", "ORGANIZER") == [{}]


def test_nobody_invites_in_the_name_of_another(site: Site) -> None:
    put(site["carl"], invitation("u1", NINE, "bob", "anna"))
    assert members(site["anna"]) == {}
    with site.app.store.read() as uow:
        assert uow.outbox.pending() == []


def test_a_stranger_does_not_change_a_copy(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "anna"))
    put(site["carl"], invitation("u1", NINE + HALF_HOUR, "carl", "anna"))
    (text,) = members(site["anna"]).values()
    assert f"DTSTART:{NINE:%Y%m%dT%H%M%SZ}" in text
    assert person(own(site["carl"]).body.decode(), "anna@example.org")[0]["SCHEDULE-STATUS"] == "3.8"


def test_too_many_attendees_are_refused(site: Site) -> None:
    crowd = [f"guest{number}@elsewhere.example" for number in range(101)]
    refused = put(site["bob"], invitation("u1", NINE, "bob", *crowd))
    assert (refused.status, refused.xml[0].tag.rpartition("}")[2]) == (403, "max-attendees-per-instance")


def test_an_import_tells_nobody(site: Site) -> None:
    whole = invitation("u1", NINE, "bob", "carl")
    assert site["bob"].request("PUT", "/bob/old/", whole, Content_Type="text/calendar").status == 201
    assert members(site["carl"]) == {}


def expanded(client: Client, start: datetime, end: datetime) -> set[object]:
    """The starts of the instances that a program is told of; of instances without their series, in a tuple."""
    frame = f'start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"'
    answer = client.request("REPORT", f"/{client.user}/calendar/", (
        '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
        f'<C:calendar-data><C:expand {frame}/></C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR">'
        f'<C:comp-filter name="VEVENT"><C:time-range {frame}/></C:comp-filter></C:comp-filter></C:filter>'
        "</C:calendar-query>"), Depth="1")
    assert answer.status == 207, answer.body
    found: set[object] = set()
    for data in answer.xml.iter("{urn:ietf:params:xml:ns:caldav}calendar-data"):
        starts = [datetime.strptime(one, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                  for one in re.findall(r"^DTSTART:(.*)$", unfolded(data.text or ""), re.MULTILINE)]
        assert len(re.findall("^RECURRENCE-ID:", unfolded(data.text or ""), re.MULTILINE)) == len(starts)
        found |= {tuple(starts)} if "u1" in (data.text or "") else set(starts)
    return found


def test_a_single_instance_is_all_its_attendee_sees(site: Site) -> None:
    series = event("u1", NINE, "RRULE:FREQ=DAILY;COUNT=3", "ORGANIZER:mailto:bob@example.org",
                   "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org")
    second = NINE + timedelta(days=1)
    one = invitation("u1", second, "bob", "carl", lines=(f"RECURRENCE-ID:{second:%Y%m%dT%H%M%SZ}",))
    block = one[one.index("BEGIN:VEVENT"):one.index("END:VCALENDAR")]
    put(site["bob"], series.replace("END:VCALENDAR", block + "END:VCALENDAR"))
    _, text = copy_of(site["carl"])
    assert text.count("BEGIN:VEVENT") == 1
    assert "RRULE" not in text
    put(site["carl"], event("u2", NINE, "RRULE:FREQ=DAILY;COUNT=3"), "own")
    assert expanded(site["carl"], NINE, NINE + timedelta(days=9)) == {NINE, second, NINE + timedelta(days=2), (second,)}
    assert expanded(site["carl"], NINE, NINE + HALF_HOUR) == {NINE}
    site["carl"].request("DELETE", "/carl/calendar/own.ics")
    answer_as(site["carl"], "DECLINED")
    assert partstats(own(site["bob"]).body.decode(), "carl") == ["DECLINED"]


def test_the_etag_changes_once_more_and_the_former_is_still_taken(site: Site) -> None:
    bob = site["bob"]
    put(bob, invitation("u1", NINE, "bob", "anna"))
    first = own(bob)
    assert upkeep.renew_due(site.app) == 0
    later = replace(site.app, store=open_store(site.app.settings.database,
                                               clock=lambda: datetime.now(UTC) + timedelta(seconds=31)))
    assert (upkeep.renew_due(later), upkeep.renew_due(later)) == (1, 0)
    second = own(bob)
    assert (second.body, second.headers["schedule-tag"]) == (first.body, first.headers["schedule-tag"])
    assert second.headers["etag"] != first.headers["etag"]
    renamed = first.body.decode().replace("SUMMARY:Meeting", "SUMMARY:Lunch")
    assert put(bob, renamed, If_Match='"other"').status == 412
    assert put(bob, renamed, If_Match=first.headers["etag"]).status == 204
    assert put(bob, renamed, If_Match=first.headers["etag"]).status == 412
    assert bob.request("DELETE", "/bob/calendar/e.ics", If_Match=first.headers["etag"]).status == 412
    later.store.close()


def changed_since(client: Client, token: str) -> tuple[str, dict[str, str]]:
    """The present sync-token of the calendar, and href -> ETag of what changed since ``token``."""
    body = (f'<D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>'
            "<D:prop><D:getetag/></D:prop></D:sync-collection>")
    answer = client.request("REPORT", f"/{client.user}/calendar/", body)
    assert answer.status == 207
    return answer.token(), {response.findtext(f"{D}href") or "": response.findtext(f".//{D}getetag") or ""
                            for response in answer.xml.findall(f"{D}response")}


def test_a_program_that_keeps_its_own_text_finds_the_answer_with_its_next_look(site: Site) -> None:
    """KOrganizer and Outlook's synchroniser read no more than the ETag after a PUT, and are content."""
    bob, path = site["bob"], "/bob/calendar/e.ics"
    put(bob, invitation("u1", NINE, "bob", "anna"))
    put(bob, event("u2", NINE), "not-touched")
    token, seen = changed_since(bob, "")
    assert changed_since(bob, token) == (token, {})
    later = replace(site.app, store=open_store(site.app.settings.database,
                                               clock=lambda: datetime.now(UTC) + timedelta(seconds=31)))
    upkeep.renew_due(later)
    later.store.close()
    renewed, found = changed_since(bob, token)
    assert renewed != token
    assert found.keys() == {path}
    assert found[path] != seen[path]


def test_an_answer_may_come_under_a_name_of_its_own(site: Site) -> None:
    bob, carl = site["bob"], site["carl"]
    put(bob, invitation("u1", NINE, "bob", "carl"))
    _, text = copy_of(carl)
    accepted = unfolded(text).replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED").replace(
        "ORGANIZER", "ORGANIZER;SCHEDULE-AGENT=CLIENT").replace("\n", "\r\n")
    assert put(carl, accepted, "guessed", If_None_Match="*").status == 201
    href, text = copy_of(carl)
    assert href == "/carl/calendar/guessed.ics"
    assert "SCHEDULE-AGENT" not in text
    assert partstats(own(bob).body.decode(), "carl") == ["ACCEPTED"]
    assert put(bob, invitation("u1", NINE, "bob", "carl"), "twice").status == 409


def test_messages_do_not_make_the_storage_unsound(site: Site) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "carl"))
    assert members(site["carl"], "inbox")
    assert site["bob"].application._storage.verify()  # type: ignore[attr-defined]


def test_the_calendar_of_invitations_stays(site: Site) -> None:
    refused = site["bob"].request("DELETE", "/bob/calendar/")
    assert (refused.status, refused.xml[0].tag.rpartition("}")[2]) == (403, "default-calendar-needed")


def test_an_event_of_one_person_costs_no_query_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    with site.app.store.read() as uow:
        connection = type(uow.connection)
    real = connection.run
    monkeypatch.setattr(connection, "run", lambda self, statement, parameters: (
        asked.append(statement), real(self, statement, parameters))[1])
    assert put(site["bob"], event("plain", NINE), "plain").status == 201
    assert [statement for statement in asked if "reservation" in statement and "seat" not in statement][1:] == []


def test_answers_that_come_at_the_same_time_are_all_kept(site: Site) -> None:
    """Each is a write of its attendee, and all of them change the organizer's event."""
    put(site["bob"], invitation("u1", NINE, "bob", "carl", "anna"))
    with ThreadPoolExecutor(2) as pool:
        answered = pool.map(lambda user: answer_as(site[user], "TENTATIVE").status, ("anna", "carl"))
    assert set(answered) <= {201, 204}
    text = own(site["bob"]).body.decode()
    assert (partstats(text, "anna"), partstats(text, "carl")) == (["TENTATIVE"], ["TENTATIVE"])


def test_what_one_has_that_nobody_can_read_holds_up_nobody_else(site: Site) -> None:
    bob, carl = site["bob"], site["carl"]
    series = invitation("u1", NINE, "bob", "carl", "anna", lines=("RRULE:FREQ=DAILY;COUNT=3",))
    put(bob, series)
    href, kept = copy_of(carl)
    instance = kept[kept.index("BEGIN:VEVENT"):kept.index("END:VCALENDAR")]
    with site.app.store.write() as uow:
        calendar = uow.collections.get("carl/calendar")
        assert calendar is not None
        broken = kept.replace("END:VCALENDAR", f"{instance}END:VCALENDAR")
        uow.items.store(calendar.id, href=href.rpartition("/")[2], uid="u1", name="VCALENDAR", component="VEVENT",
                        text=broken, index=site.app.calendar.index(broken, now=uow.now, owner=None))
    stored = own(bob).body.decode()
    assert put(bob, stored.replace("SUMMARY:Meeting", "SUMMARY:Other")).status == 204
    assert person(own(bob).body.decode(), "carl@example.org")[0]["SCHEDULE-STATUS"] == "5.3"
    assert "SUMMARY:Other" in copy_of(site["anna"])[1]
