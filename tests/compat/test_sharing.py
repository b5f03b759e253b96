"""Radicale's sharing, by map and by token, gives the same answers over our storage as over its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from radicale.app import Application

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication

from . import corpus
from .conftest import configuration, no_pages
from .dav_client import Answer, Client

SHARING = {"type": "csv", "collection_by_map": "true", "collection_by_token": "true", "permit_create_map": "true",
           "permit_create_token": "true"}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Client, Client]]:
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    theirs = configuration(tmp_path / "theirs")
    ours = configuration(tmp_path / "ours", type="radicale_booking.plugins.storage")
    for config in (theirs, ours):
        config.update({"sharing": SHARING}, "test", privileged=True)
    yield Client(Application(theirs)), Client(BookingApplication(ours, no_pages))
    wiring.close()


def share(client: Client, user: str, action: str, **details: Any) -> Answer:
    client.user = user
    return client.request("POST", f"/.sharing/v1/{action}", json.dumps(details), Content_Type="application/json",
                          Accept="application/json")


def story(client: Client) -> list[tuple[Any, ...]]:
    """Anna shares a calendar with Bob, who reads and writes it; a token opens it for everyone."""
    told: list[tuple[Any, ...]] = []
    assert client.request("MKCALENDAR", "/anna/work/").status == 201
    assert client.request("PUT", "/anna/work/a.ics", corpus.EVENTS["plain.ics"]).status == 201
    client.user = "bob"
    client.request("PROPFIND", "/bob/")
    mapping = {"PathMapped": "/anna/work/", "PathOrToken": "/bob/shared/"}
    created = share(client, "anna", "map/create", User="bob", Enabled=True, Hidden=False, Permissions="rw", **mapping)
    told.append((created.status,))
    told += [(share(client, "bob", f"map/{action}", **mapping).status,) for action in ("enable", "unhide")]
    token = share(client, "anna", "token/create", PathMapped="/anna/work/", Enabled=True)
    client.user = "bob"
    find = corpus.propfind("<D:getetag/><D:displayname/>")
    for method, path, body, headers in (
            ("PROPFIND", "/bob/", find, {"Depth": "1"}), ("PROPFIND", "/bob/shared/", find, {"Depth": "1"}),
            ("GET", "/bob/shared/a.ics", "", {}), ("PUT", "/bob/shared/b.ics", corpus.EVENTS["day.ics"], {}),
            ("REPORT", "/bob/shared/", corpus.sync(""), {}), ("DELETE", "/bob/shared/a.ics", "", {}),
            ("PROPFIND", "/bob/shared/", find, {"Depth": "1"})):
        told.append((method, path, client.request(method, path, body, **headers).compared()))
    address = json.loads(token.body)["PathOrToken"]
    told.append(("token", client.request("GET", address).status))
    return told


def test_shared_calendars(servers: tuple[Client, Client]) -> None:
    theirs, ours = map(story, servers)
    assert theirs == ours
    statuses = [entry[2][0] for entry in ours if entry[0] in ("PROPFIND", "GET", "PUT", "REPORT", "DELETE")]
    assert statuses == [207, 207, 200, 201, 207, 200, 207]
    assert ours[-1] == ("token", 200)


def test_what_is_not_shared_is_answered_as_without_sharing(servers: tuple[Client, Client]) -> None:
    """Searches for people, queries by the RFC and answers from rows go on, beside shares that Radicale answers."""
    _, ours = servers
    story(ours)
    ours.user = "anna"
    query = corpus.query("<D:getetag/>", '<C:comp-filter name="VEVENT"><C:prop-filter name="DTSTART"><C:param-filter '
                                         'name="TZID"><C:is-not-defined/></C:param-filter></C:prop-filter></C:comp-filter>')
    own = ours.request("REPORT", "/anna/work/", query, Depth="1")
    assert [one.text for one in own.xml.iter("{DAV:}href")] == ["/anna/work/b.ics"]
    myself = '<D:principal-match xmlns:D="DAV:"><D:self/></D:principal-match>'
    assert [one.text for one in ours.request("REPORT", "/", myself, Depth="0").xml.iter("{DAV:}href")] == ["/anna/"]
    ours.user = "bob"
    shared = ours.request("REPORT", "/bob/shared/", query, Depth="1")
    assert [one.text for one in shared.xml.iter("{DAV:}href")] == ["/bob/shared/b.ics"]
