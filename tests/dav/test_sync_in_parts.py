"""sync-collection with a limit (RFC 6578 §3.6, §3.7)."""

from __future__ import annotations

import pytest

from tests.compat.dav_client import Answer, Client
from tests.dav.conftest import NINE, Site, event

D = "{DAV:}"
PATH = "/bob/calendar/"


def put(client: Client, *names: str) -> None:
    for name in names:
        assert client.request("PUT", f"{PATH}{name}.ics", event(name, NINE), Content_Type="text/calendar").status < 300


def sync(client: Client, token: str = "", most: int | None = None) -> Answer:
    limit = f"<D:limit><D:nresults>{most}</D:nresults></D:limit>" if most is not None else ""
    return client.request("REPORT", PATH, f'<D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token>'
                          f"<D:sync-level>1</D:sync-level>{limit}<D:prop><D:getetag/></D:prop></D:sync-collection>")


def told(answer: Answer) -> tuple[list[str], list[str], bool]:
    """Names of members that are there and that are gone, and whether there are more."""
    assert answer.status == 207
    there, gone, more = [], [], False
    for response in answer.xml.iterfind(f"{D}response"):
        name = (response.findtext(f"{D}href") or "").removeprefix(PATH).removesuffix(".ics")
        status = response.findtext(f"{D}status") or ""
        if not name:
            assert "507" in status
            assert response.find(f"{D}error/{D}number-of-matches-within-limits") is not None
            more = True
        else:
            (gone if "404" in status else there).append(name)
    return sorted(there), sorted(gone), more


def test_an_initial_sync_comes_in_parts(site: Site) -> None:
    bob = site["bob"]
    put(bob, "a", "b", "c", "x")
    assert bob.request("DELETE", f"{PATH}x.ics").status == 200
    first = sync(bob, most=2)
    assert told(first) == (["a", "b"], [], True)
    put(bob, "a", "d")
    assert bob.request("DELETE", f"{PATH}b.ics").status == 200
    second = sync(bob, first.token(), 2)
    assert told(second) == (["a", "c"], [], True)
    assert told(sync(bob, second.token(), 2)) == (["d"], ["b"], False)
    # Without a limit the rest comes at once.
    assert told(sync(bob, first.token())) == (["a", "c", "d"], ["b"], False)


def test_changes_come_in_parts(site: Site) -> None:
    bob = site["bob"]
    put(bob, "a", "b")
    token = sync(bob).token()
    assert bob.request("DELETE", f"{PATH}a.ics").status == 200
    put(bob, "c")
    first = sync(bob, token, 1)
    assert told(first) == ([], ["a"], True)
    second = sync(bob, first.token(), 1)
    assert told(second) == (["c"], [], False)
    assert told(sync(bob, second.token(), 1)) == ([], [], False)


@pytest.mark.parametrize("wrong", ["http://radicale.org/ns/sync/x-1", "{}.9999", "{}.0", "{}.", "-1"])
def test_tokens_that_were_not_given_out_are_refused(site: Site, wrong: str) -> None:
    bob = site["bob"]
    put(bob, "a", "b")
    answer = sync(bob, wrong.format(sync(bob).token()), 1)
    assert (answer.status, answer.xml[0].tag) == (403, f"{D}valid-sync-token")
