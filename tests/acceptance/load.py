"""Many who write to several nodes and go on when they are refused."""

from __future__ import annotations

import base64
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.acceptance.site import PASSWORD, event, monday, shown
from tests.acceptance.visitor import Visitor

_AUTHORIZATION = "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
_PATIENCE_SECONDS = 90


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]


def ask(url: str, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """One request of anna's calendar program."""
    sent = urllib.request.Request(f"{url}{path}", body.encode() or None, method=method, headers={
        "Authorization": _AUTHORIZATION, "Content-Type": "text/calendar", **(headers or {})})
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return Answer(answer.status, answer.read().decode(), answer.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, refused.read().decode(), refused.headers)


class Load:
    """Threads, two for each of ``urls``: one stores events, one books. Each starts at once.

    ``kept`` are the names of events that were acknowledged, ``booked`` the starts; ``refused`` counts the answers 503.
    An answer that is neither ends the load and is raised by ``stop``.
    """

    def __init__(self, urls: Sequence[str], prefix: str, bookings: Sequence[datetime] = ()) -> None:
        self.kept: list[str] = []
        self.booked: list[str] = []
        self.refused = 0
        self._prefix = prefix
        self._acknowledged: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._broken: list[str] = []
        self._threads = [threading.Thread(target=self._store, args=(number, url)) for number, url in enumerate(urls)]
        self._threads += [threading.Thread(target=self._book, args=(url, bookings[:])) for url in urls if bookings]
        self._urls, self._books = urls, bool(bookings)
        for thread in self._threads:
            thread.start()

    def wait_for_more(self, count: int) -> None:
        """Until each node has acknowledged ``count`` more events, and one a booking, if there are any."""
        before = self._acknowledged.copy()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (any(self._acknowledged[url] < before[url] + count for url in self._urls)
               or (self._books and not self.booked)):
            assert not self._broken, self._broken
            assert time.monotonic() < deadline, f"no service for {_PATIENCE_SECONDS} s"
            time.sleep(0.02)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        assert not self._broken, self._broken

    def _store(self, number: int, url: str) -> None:
        count = 0
        while not self._stopping.is_set():
            count += 1
            name = f"{self._prefix}-{number}-{count}"
            text = event(name, f"Event {name}", monday() + timedelta(days=60), timedelta(hours=1))
            try:
                answer = ask(url, "PUT", f"/anna/calendar/{name}.ics", text)
            except (OSError, http.client.HTTPException) as error:
                self._break(f"PUT: {error!r}")
                return
            if answer.status == 201:
                self.kept.append(name)
                self._acknowledged[url] += 1
            elif not self._excused(answer.status, answer.headers.get("Retry-After"), answer.text):
                return

    def _book(self, url: str, starts: Sequence[datetime]) -> None:
        """All of them want the same times."""
        for number, start in enumerate(map(shown, starts)):
            visitor = Visitor()
            while not self._stopping.is_set():
                form = visitor.get(f"{url}/book/anna/intro-call/?start={start}&tz=Europe/Berlin")
                page = form
                if form.status == 200:
                    page = visitor.submit(form, name="Guest", email=f"guest{number}@example.org")
                if page.status == 200:
                    self.booked.append(start)
                if page.status in (200, 409):
                    break
                if not self._excused(page.status, page.retry_after, page.text):
                    return
                self._stopping.wait(0.1)

    def _excused(self, status: int, retry_after: str | None, text: str) -> bool:
        if status == 503 and retry_after and int(retry_after) > 0:
            self.refused += 1
            return True
        self._break(f"{status}, Retry-After {retry_after}: {text[:300]}")
        return False

    def _break(self, reason: str) -> None:
        self._broken.append(reason)
        self._stopping.set()
