"""What a mail that arrives brings: an iTIP message, or nothing (RFC 6047)."""

from __future__ import annotations

import email.policy
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from itertools import islice

from radicale_booking.domain.effect import Returned
from radicale_booking.notify.authentication import vouching
from radicale_booking.notify.delivery_report import returned

_METHOD = re.compile(r"^METHOD:(\w+)\s*$", re.IGNORECASE | re.MULTILINE)
_MOST_PARTS = 200
#: A person's program may say "auto-generated" of an invitation, and servers that invite for people do; what answers by
#: itself says something else (RFC 3834 §5).
_NO_ANSWER = ("no", "auto-generated")


@dataclass(frozen=True, slots=True)
class Incoming:
    """``sender``: the one address of From in lower case, empty where there is none or several; ``reply_to`` so of
    Reply-To. ``text``: the calendar object with its ``method`` in upper case, both empty where the mail has none.
    ``automatic``: it answers another mail, or goes to many, by itself. ``authenticated_by``: who vouches for From.
    ``returned``: the mail of ours that it reports as failed."""

    message_id: str
    sender: str
    sender_name: str
    reply_to: str
    method: str
    text: str
    automatic: bool
    authenticated_by: tuple[str, ...]
    returned: Returned | None = None


def read(raw: bytes) -> Incoming:
    """Never raises: what cannot be read brings nothing."""
    message = BytesParser(policy=email.policy.compat32).parsebytes(raw)
    name, sender = _one_address(message, "From")
    text = _calendar(message)
    method = _METHOD.search(text)
    return Incoming(
        message_id=str(message.get("Message-ID", "")).strip()[:500], sender=sender, sender_name=name,
        reply_to=_one_address(message, "Reply-To")[1], method=method[1].upper() if method else "",
        text=text if method else "", automatic=_is_automatic(message),
        authenticated_by=vouching([str(value) for value in message.get_all("Authentication-Results", [])], sender),
        returned=returned(message))


def _one_address(message: Message, header: str) -> tuple[str, str]:
    """Name and address, both empty where there is not exactly one."""
    addresses = email.utils.getaddresses([str(value) for value in message.get_all(header, [])])
    usable = [(name, address) for name, address in addresses if "@" in address]
    name, address = usable[0] if len(usable) == 1 else ("", "")
    return " ".join(str(name).split())[:200], address.strip().lower()


def _calendar(message: Message) -> str:
    """The first calendar object: as a part of its own kind, else as a file."""
    parts = list(islice(_parts(message), _MOST_PARTS))
    named = [part for part in parts if part.get_content_type() == "text/calendar"]
    files = [part for part in parts if str(part.get_filename() or "").lower().endswith(".ics")]
    for part in (*named, *files):
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            text = _decoded(payload, str(part.get_content_charset() or "utf-8"))
            if "BEGIN:VCALENDAR" in text.upper():
                return text.replace("\r\n", "\n").replace("\n", "\r\n")
    return ""


def _parts(message: Message) -> Iterator[Message]:
    """The parts but for mails within it: a bounce brings back what we sent."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += reversed(part.get_payload())  # type: ignore[arg-type]  # parts, as it is multipart


def _decoded(payload: bytes, charset: str) -> str:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return payload.decode(charset, "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def _is_automatic(message: Message) -> bool:
    """RFC 3834 §2; ``Precedence`` is what came before it."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].split()
    precedence = str(message.get("Precedence", "")).strip().lower()
    answers = bool(submitted) and submitted[0].lower() not in _NO_ANSWER
    return answers or precedence in ("bulk", "junk", "list", "auto_reply")
