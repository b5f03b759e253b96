"""Whatever is done in whatever order, our storage and Radicale's own end up saying the same."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from radicale.app import Application

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication

from . import corpus
from .conftest import configuration, no_pages
from .dav_client import Client

COLLECTIONS = st.sampled_from(["/anna/one/", "/anna/two/"])
HREFS = st.sampled_from(["a.ics", "b.ics", "c d.ics"])
OBJECTS = st.sampled_from([corpus.EVENTS[name] for name in ("plain.ics", "weekly.ics", "moved.ics", "day.ics")])


class Storages(RuleBasedStateMachine):
    """Requests at random to both; every answer and the state after it are compared."""

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger("radicale").setLevel(logging.CRITICAL)
        self.folder = Path(tempfile.mkdtemp())
        self.theirs = Client(Application(configuration(self.folder / "theirs")))
        self.ours = Client(BookingApplication(
            configuration(self.folder / "ours", type="radicale_booking.plugins.storage"), no_pages))
        self.tokens: list[tuple[str, str, str]] = []
        for path in ("/anna/one/", "/anna/two/"):
            self.both("MKCALENDAR", path)
            self.both("PUT", f"{path}a.ics", corpus.EVENTS["plain.ics"])
            self.remember(path)

    def teardown(self) -> None:
        wiring.close()
        shutil.rmtree(self.folder)

    def both(self, method: str, path: str, body: str = "", **headers: str) -> None:
        theirs, ours = (client.request(method, path, body, **headers) for client in (self.theirs, self.ours))
        assert theirs.compared() == ours.compared(), (method, path)

    @rule(collection=COLLECTIONS, href=HREFS, text=OBJECTS)
    def put(self, collection: str, href: str, text: str) -> None:
        self.both("PUT", collection + href, text)

    @rule(collection=COLLECTIONS, href=HREFS)
    def delete(self, collection: str, href: str) -> None:
        self.both("DELETE", collection + href)

    @rule(source=COLLECTIONS, href=HREFS, into=COLLECTIONS, to=HREFS, overwrite=st.sampled_from("TF"))
    def move(self, source: str, href: str, into: str, to: str, overwrite: str) -> None:
        if source + href == into + to:
            return  # Radicale counts it as a change, we do not
        self.both("MOVE", source + href, Destination=f"http://localhost{into}{to.replace(' ', '%20')}",
                  HOST="localhost", Overwrite=overwrite)

    @rule(collection=COLLECTIONS, texts=st.lists(OBJECTS, max_size=1))
    def replace_all(self, collection: str, texts: list[str]) -> None:
        for text in texts:
            self.both("PUT", collection, text, Content_Type="text/calendar")

    @rule(collection=COLLECTIONS)
    def remember_now(self, collection: str) -> None:
        self.remember(collection)

    def remember(self, collection: str) -> None:
        theirs, ours = (client.request("REPORT", collection, corpus.sync("")) for client in (self.theirs, self.ours))
        self.tokens.append((collection, theirs.token(), ours.token()))

    @invariant()
    def the_same_members(self) -> None:
        for path in ("/anna/one/", "/anna/two/"):
            self.both("PROPFIND", path, corpus.propfind("<D:getetag/><D:getcontenttype/>"), Depth="1")
            self.both("GET", path)

    @invariant()
    def our_tokens_tell_every_difference(self) -> None:
        """Each member written or removed since a token is in our answer; Radicale's may know the token no more."""
        # The first two are from the start, when one member was there.
        for collection, their_token, our_token in self.tokens[:2] + self.tokens[2:][-1:]:
            ours = self.ours.request("REPORT", collection, corpus.sync(our_token))
            theirs = self.theirs.request("REPORT", collection, corpus.sync(their_token))
            assert ours.status == 207
            if theirs.status == 207:
                found, expected = ({element.text for element in answer.xml.iter("{DAV:}href")}
                                   for answer in (ours, theirs))
                assert expected <= found


TestStorages = Storages.TestCase
TestStorages.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
