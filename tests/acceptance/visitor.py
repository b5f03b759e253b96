"""A person with a browser that has no JavaScript: follows links, fills in forms, keeps cookies."""

from __future__ import annotations

import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser


@dataclass(frozen=True)
class Page:
    """What came back: the address it came from in the end, the status, the text, and when to try again if not now."""

    url: str
    status: int
    text: str
    retry_after: str | None = None

    def links(self, pattern: str) -> list[str]:
        """Absolute addresses on the page with ``pattern``, in order."""
        found = [urllib.parse.urljoin(self.url, value) for tag, attributes in _tags(self.text) if tag == "a"
                 if (value := attributes.get("href"))]
        return [address for address in found if re.search(pattern, address)]

    def starts(self) -> list[str]:
        """The starts offered on the page, as they are written in links."""
        return [urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["start"][0]
                for address in self.links(r"[?&]start=")]

    def form(self) -> tuple[str, dict[str, str]]:
        """The address of the page's POST form and the values of its fields."""
        action = ""
        values: dict[str, str] = {}
        for tag, attributes in _tags(self.text):
            if tag == "form":
                if action:
                    break
                if attributes.get("method", "").lower() == "post":
                    action, values = urllib.parse.urljoin(self.url, attributes.get("action", "")), {}
            elif action and tag in ("input", "textarea") and attributes.get("name"):
                values[attributes["name"]] = attributes.get("value", "")
        assert action, self.text
        return action, values


class Visitor:
    """One browser session."""

    def __init__(self, trusting: ssl.SSLContext | None = None) -> None:
        self.cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(rfc2965=True))
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies),
                                                   urllib.request.HTTPSHandler(context=trusting))

    def get(self, url: str) -> Page:
        return self._open(urllib.request.Request(url, headers={"Accept-Language": "en"}))

    def post(self, url: str, fields: dict[str, str]) -> Page:
        body = urllib.parse.urlencode(fields).encode()
        return self._open(urllib.request.Request(url, body, {"Accept-Language": "en"}))

    def submit(self, page: Page, **changes: str) -> Page:
        """Send the page's form with some fields filled in."""
        action, values = page.form()
        return self.post(action, values | changes)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            answer = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return Page(answer.geturl(), answer.status, answer.read().decode("utf-8"),
                        answer.headers.get("Retry-After"))


def _tags(text: str) -> list[tuple[str, dict[str, str]]]:
    reader = _Reader()
    reader.feed(text)
    return reader.tags


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
