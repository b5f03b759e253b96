"""DAV:current-user-privilege-set says what can be done, no more and no less (RFC 3744 §5.4, RFC 6638 §6)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.principal import Principal
from radicale_booking.services import accounts, event_types
from tests.compat.conftest import configuration, no_pages
from tests.compat.dav_client import Client
from tests.compat.test_sharing import SHARING, share
from tests.dav.conftest import HALF_HOUR, NINE, event
from tests.dav.test_relocation import make

D, C = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
RIGHTS = """[own]
user: .+
collection: {user}(/.*)?
permissions: RWrw
[reader]
user: bob
collection: anna(/.*)?
permissions: Rr
"""
NAME = '<propertyupdate xmlns="DAV:"><set><prop><displayname>New</displayname></prop></set></propertyupdate>'
AVAILABLE = ('<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:remove><D:prop>'
             "<C:calendar-availability/></D:prop></D:remove></D:propertyupdate>")
READ, WRITE = {"read", "read-current-user-privilege-set"}, {"write-content", "bind", "unbind"}
CALENDAR = READ | {"read-free-busy"}
DELIVER = READ | {"schedule-deliver", "schedule-deliver-invite", "schedule-deliver-reply", "schedule-query-freebusy"}
SEND = {"schedule-send", "schedule-send-invite", "schedule-send-reply"}
ALL = WRITE | {"write", "write-properties", "all"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Anna's calendars are bob's to read, and carl has shares of them; who asks is whom the client names."""
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    folder: Path = tmp_path_factory.mktemp("site")
    config = configuration(folder / "data", type="radicale_booking.plugins.storage")
    (folder / "rights").write_text(RIGHTS, encoding="utf-8")
    config.update({"rights": {"type": "from_file", "file": str(folder / "rights")}, "auth": {"delay": "0"},
                   "sharing": SHARING}, "test", privileged=True)
    app = wiring.storage_adapters(config)
    with app.store.write() as uow:
        for name in ("anna", "bob", "carl"):
            added = uow.principals.add(Principal(name, f"{name}@example.org", host=name == "anna"))
            uow.collections.add(name)
            accounts.default_calendar(uow, added)
            if name == "anna":
                accounts.make_collections(uow, added)
    event_types.add(app, EventType("anna", "intro-call", "Intro call", HALF_HOUR))
    made = Client(BookingApplication(config, no_pages))
    for permissions in ("r", "rw"):
        made.user = "anna"
        make(made, f"/anna/{permissions}/")
        made.request("PUT", f"/anna/{permissions}/e.ics", event(permissions, NINE))
        paths = {"PathMapped": f"/anna/{permissions}/", "PathOrToken": f"/carl/{permissions}/"}
        share(made, "anna", "map/create", User="carl", Enabled=True, Hidden=False, Permissions=permissions, **paths)
        for action in ("enable", "unhide"):
            assert share(made, "carl", f"map/{action}", **paths).status == 200
    yield made
    wiring.close()


def privileges(client: Client, path: str, depth: str = "0") -> dict[str, set[str]]:
    """Href -> what can be done there as is said, but for what Radicale's own shares add."""
    body = '<propfind xmlns="DAV:"><prop><current-user-privilege-set/></prop></propfind>'
    answer = client.request("PROPFIND", path, body, Depth=depth)
    assert answer.status == 207
    return {one.findtext(f"{D}href") or "": {
        name.tag.partition("}")[2] for name in one.iterfind(f".//{D}privilege/*") if name.tag.startswith((D, C))}
        for one in answer.xml}


@pytest.mark.parametrize(("user", "path", "expected"), [
    ("anna", "/anna/", READ | ALL),
    ("anna", "/anna/calendar/", CALENDAR | ALL),
    ("anna", "/anna/bookable/", CALENDAR | ALL),
    ("anna", "/anna/r/e.ics", READ | {"write-content"}),
    ("anna", "/anna/inbox/", DELIVER | {"write-properties", "unbind"}),
    ("anna", "/anna/outbox/", READ | SEND | {"schedule-send-freebusy"}),
    ("bob", "/anna/", READ),
    ("bob", "/anna/calendar/", CALENDAR),
    ("bob", "/anna/r/e.ics", READ),
    ("bob", "/anna/inbox/", DELIVER),
    ("bob", "/anna/outbox/", READ | {"schedule-send-freebusy"}),
    ("carl", "/carl/r/", CALENDAR),
    ("carl", "/carl/r/e.ics", READ),
    ("carl", "/carl/rw/", CALENDAR | WRITE),
    ("carl", "/carl/rw/e.ics", READ | {"write-content"}),
    ("bob", "/book/anna/intro-call/", READ | WRITE)])
def test_what_is_said(client: Client, user: str, path: str, expected: set[str]) -> None:
    client.user = user
    assert privileges(client, path) == {path: expected}
    parent = path.rstrip("/").rpartition("/")[0] + "/"
    if not path.startswith("/book/") and parent not in ("/", "/carl/"):
        assert privileges(client, parent, "1")[path] == expected


@pytest.mark.parametrize(("user", "path"), [
    ("anna", "/anna/calendar/"), ("anna", "/anna/bookable/"), ("bob", "/anna/calendar/"), ("carl", "/carl/r/"),
    ("carl", "/carl/rw/"), ("anna", "/anna/inbox/"), ("bob", "/anna/inbox/")])
def test_what_is_done_is_what_is_said(client: Client, user: str, path: str) -> None:
    client.user = user
    said = next(iter(privileges(client, path).values()))
    new = f"{path}{user}.ics"
    assert ("bind" in said) == (client.request("PUT", new, event(new, NINE)).status == 201)
    assert ("write-content" in said) == (client.request("PUT", new, event(new, NINE, "LOCATION:x")).status == 204)
    if "inbox" not in path:
        assert ("unbind" in said) == (client.request("DELETE", new).status == 200)
    patched = client.request("PROPPATCH", path, AVAILABLE if "inbox" in path else NAME)
    # Who may write in a share may give it a name of one's own, which Radicale does not say.
    allowed = "write-properties" in said or path == "/carl/rw/"
    assert allowed == (patched.status == 207 and b" 200 OK" in patched.body)
