"""What a request says about scheduling beside its body, and what came of it."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from radicale_booking.dav import charset
from radicale_booking.errors import ScheduleTagChanged


@dataclass
class Exchange:
    """``expected``: If-Schedule-Tag-Match (RFC 6638 §8.3), empty for any; ``reply``: Schedule-Reply (§8.1); ``etag``:
    If-Match.

    ``sent``: the body of a PUT, None of another request, in UTF-8 without a byte-order mark; ``marked``: it came
    otherwise; ``content_type``: what it is. Written while the request is performed: the Schedule-Tag of what was
    stored, whether scheduling changed it, and its text.
    """

    expected: str = ""
    reply: bool = True
    etag: str = ""
    schedule_tag: str | None = None
    rewritten: bool = False
    stored: str | None = None
    sent: bytes | None = None
    marked: bool = False
    content_type: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> Exchange:
        return cls(expected=environ.get("HTTP_IF_SCHEDULE_TAG_MATCH", "").strip(),
                   reply=environ.get("HTTP_SCHEDULE_REPLY", "").strip().upper() != "F",
                   etag=environ.get("HTTP_IF_MATCH", "").strip())

    def take(self, body: bytes, content_type: str) -> None:
        """Raises ``ValueError`` where ``body`` is not in the charset that ``content_type`` names."""
        text, self.content_type = charset.in_utf8(body, content_type)
        self.sent = text.removeprefix(codecs.BOM_UTF8)
        self.marked = self.sent != body

    def verbatim(self, encoding: str) -> bool:
        """Whether a GET, whose answer is in ``encoding``, gives the octets that were sent."""
        return not self.marked and self.stored is not None and self.stored.encode(encoding, "replace") == self.sent

    def check(self, present: str | None) -> None:
        """Raises ``ScheduleTagChanged`` unless ``present`` is what the program expects to change."""
        if self.expected and self.expected != (present or ""):
            raise ScheduleTagChanged
