"""Objects and requests that both servers are asked about."""

from __future__ import annotations


def vevent(uid: str, lines: str, *more: str) -> str:
    blocks = "".join(f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{block}END:VEVENT\n"
                     for block in (lines, *more))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{blocks}END:VCALENDAR\n".replace("\n", "\r\n")


def component(kind: str, uid: str, lines: str) -> str:
    return (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:{kind}\r\nUID:{uid}\r\n"
            f"DTSTAMP:20260101T000000Z\r\n{lines}END:{kind}\r\nEND:VCALENDAR\r\n")


def vcard(uid: str, name: str) -> str:
    return (f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n")


#: href -> object. Times lie around 2026-11; ranges below cut them at and beside their edges.
EVENTS = {
    "plain.ics": vevent("plain", "DTSTART:20261110T100000Z\nDTEND:20261110T110000Z\nSUMMARY:Plain <&> \"x\"\n"),
    "duration.ics": vevent("duration", "DTSTART:20261111T100000Z\nDURATION:PT30M\n"),
    "instant.ics": vevent("instant", "DTSTART:20261112T100000Z\n"),
    "empty.ics": vevent("empty", "DTSTART:20261112T120000Z\nDTEND:20261112T120000Z\n"),
    "day.ics": vevent("day", "DTSTART;VALUE=DATE:20261113\n"),
    "days.ics": vevent("days", "DTSTART;VALUE=DATE:20261114\nDTEND;VALUE=DATE:20261118\n"),
    "long.ics": vevent("long", "DTSTART:20260101T000000Z\nDTEND:20261231T000000Z\nTRANSP:TRANSPARENT\n"),
    "month.ics": vevent("month", "DTSTART:20261105T000000Z\nDTEND:20261125T000000Z\nTRANSP:TRANSPARENT\n"),
    "cancelled.ics": vevent("cancelled", "DTSTART:20261110T130000Z\nDTEND:20261110T140000Z\nSTATUS:CANCELLED\n"),
    "tentative.ics": vevent("tentative", "DTSTART:20261110T150000Z\nDTEND:20261110T160000Z\nSTATUS:TENTATIVE\n"),
    "transparent.ics": vevent("transparent", "DTSTART:20261110T170000Z\nDTEND:20261110T180000Z\nTRANSP:TRANSPARENT\n"),
    "weekly.ics": vevent("weekly", "DTSTART:20261102T090000Z\nDTEND:20261102T100000Z\nRRULE:FREQ=WEEKLY;COUNT=10\n"),
    "daily.ics": vevent("daily", "DTSTART:20261101T060000Z\nDTEND:20261101T063000Z\n"
                        "RRULE:FREQ=DAILY;UNTIL=20261120T060000Z\nEXDATE:20261110T060000Z\n"),
    "endless.ics": vevent("endless", "DTSTART:20200106T200000Z\nDTEND:20200106T210000Z\n"
                          "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\n"),
    "yearly.ics": vevent("yearly", "DTSTART;VALUE=DATE:20001115\nDTEND;VALUE=DATE:20001116\nRRULE:FREQ=YEARLY\n"),
    "moved.ics": vevent("moved", "DTSTART:20261103T080000Z\nDTEND:20261103T083000Z\nRRULE:FREQ=DAILY;COUNT=5\n",
                        "RECURRENCE-ID:20261104T080000Z\nDTSTART:20261120T080000Z\nDTEND:20261120T090000Z\n"),
    "rdate.ics": vevent("rdate", "DTSTART:20261106T120000Z\nDTEND:20261106T123000Z\n"
                        "RDATE:20261119T120000Z,20261121T120000Z\n"),
    "past.ics": vevent("past", "DTSTART:19990101T100000Z\nDTEND:19990101T110000Z\n"),
    "far.ics": vevent("far", "DTSTART:20450101T100000Z\nDTEND:20450101T110000Z\n"),
    "name with space & ü %41.ics": vevent(
        "unicode", "DTSTART:20261110T100000Z\nDTEND:20261110T113000Z\nSUMMARY:Üñí 日本\n"),
}
TASKS = {
    "todo.ics": component("VTODO", "todo", "DUE:20261110T100000Z\r\nSUMMARY:Task\r\n"),
    "todo-bare.ics": component("VTODO", "todo-bare", "SUMMARY:Task\r\n"),
    "journal.ics": component("VJOURNAL", "journal", "DTSTART:20261110T100000Z\r\nSUMMARY:Note\r\n"),
}
CARDS = {"one.vcf": vcard("one", "Änne Öz"), "two.vcf": vcard("two", "Bob <&>")}

RANGES = [
    ("20261110T000000Z", "20261111T000000Z"), ("20261110T100000Z", "20261110T110000Z"),
    ("20261110T110000Z", "20261110T113000Z"), ("20261110T113000Z", "20261110T120000Z"),
    ("20261112T100000Z", "20261112T100001Z"), ("20261112T095959Z", "20261112T100000Z"),
    ("20261112T120000Z", "20261112T130000Z"), ("20261113T000000Z", "20261114T000000Z"),
    ("20261112T230000Z", "20261113T000000Z"), ("20261117T235959Z", "20261118T000000Z"),
    ("20261118T000000Z", "20261119T000000Z"), ("20261101T000000Z", "20261201T000000Z"),
    ("20261104T080000Z", "20261104T083000Z"), ("20261120T080000Z", "20261120T090000Z"),
    ("20261110T060000Z", "20261110T063000Z"), ("20261121T120000Z", "20261121T123000Z"),
    ("19980101T000000Z", "20000101T000000Z"), ("20440101T000000Z", "20460101T000000Z"),
    ("20230101T000000Z", "20230201T000000Z"), (None, "20261110T103000Z"), ("20261110T103000Z", None),
]


def time_range(start: str | None, end: str | None) -> str:
    ends = (f' start="{start}"' if start else "") + (f' end="{end}"' if end else "")
    return f"<C:time-range{ends}/>"


PROPS = [
    "<D:getetag/>", "<D:getetag/><C:calendar-data/>", "<C:calendar-data/><D:getetag/><D:displayname/>",
    "<D:getcontenttype/><D:getetag/><D:resourcetype/>", "<D:displayname/>", "<X:unknown xmlns:X='urn:x'/><D:getetag/>",
]


def query(props: str, inner: str) -> str:
    return ('<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop>' + props +
            f'</D:prop><C:filter><C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter></C:calendar-query>')


def multiget(props: str, hrefs: list[str], kind: str = "C:calendar-multiget") -> str:
    items = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    return (f'<{kind} xmlns:C="urn:ietf:params:xml:ns:caldav" '
            'xmlns:CR="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:">'
            f"<D:prop>{props}</D:prop>{items}</{kind}>")


def sync(token: str, props: str = "<D:getetag/>") -> str:
    return (f'<D:sync-collection xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
            f"<D:sync-token>{token}</D:sync-token>"
            f"<D:sync-level>1</D:sync-level><D:prop>{props}</D:prop></D:sync-collection>")


def propfind(props: str) -> str:
    return ('<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
            f'xmlns:CS="http://calendarserver.org/ns/"><D:prop>{props}</D:prop></D:propfind>')


def free_busy(start: str, end: str) -> str:
    return f'<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">{time_range(start, end)}</C:free-busy-query>'


FINDS = [
    "", "<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>", "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>",
    propfind("<D:getetag/>"), propfind("<D:getetag/><D:resourcetype/><D:getcontenttype/>"),
    propfind("<CS:getctag/><D:sync-token/><D:displayname/><D:getetag/>"),
    propfind("<D:getcontentlength/><D:getlastmodified/><D:owner/><D:current-user-principal/>"),
    propfind("<D:current-user-privilege-set/><D:supported-report-set/><C:supported-calendar-component-set/>"),
    propfind("<X:unknown xmlns:X='urn:x'/><D:getetag/>"),
    propfind("<D:principal-URL/><C:calendar-home-set/><D:principal-collection-set/><C:max-resource-size/>"),
]
