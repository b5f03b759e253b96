"""What a mail that arrives brings: an iTIP message, or nothing (RFC 6047)."""

from __future__ import annotations

import email.policy
import email.utils
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser

_METHOD = re.compile(r"^METHOD:(\w+)\s*$", re.IGNORECASE | re.MULTILINE)
_MOST_PARTS = 200
_PASS = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*pass\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Incoming:
    """``sender``: the one address of From in lower case, empty where there is none or several. ``text``: the calendar
    object with its ``method`` in upper case, both empty where the mail has none. ``automatic``: no person sent it."""

    message_id: str
    sender: str
    sender_name: str
    method: str
    text: str
    automatic: bool
    authenticated_by: tuple[str, ...]


def read(raw: bytes) -> Incoming:
    """Never raises: what cannot be read brings nothing."""
    message = BytesParser(policy=email.policy.compat32).parsebytes(raw)
    addresses = email.utils.getaddresses([str(value) for value in message.get_all("From", [])])
    usable = [(name, address) for name, address in addresses if "@" in address]
    name, sender = usable[0] if len(usable) == 1 else ("", "")
    text = _calendar(message)
    method = _METHOD.search(text)
    return Incoming(
        message_id=str(message.get("Message-ID", "")).strip()[:500], sender=sender.strip().lower(),
        sender_name=" ".join(str(name).split())[:200], method=method[1].upper() if method else "",
        text=text if method else "", automatic=_is_automatic(message), authenticated_by=_authenticated(message))


def _calendar(message: Message) -> str:
    """The first calendar object: as a part of its own kind, else as a file."""
    parts = []
    for part in message.walk():
        parts.append(part)
        if len(parts) > _MOST_PARTS:
            break
    named = [part for part in parts if part.get_content_type() == "text/calendar"]
    files = [part for part in parts if str(part.get_filename() or "").lower().endswith(".ics")]
    for part in (*named, *files):
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            text = _decoded(payload, str(part.get_content_charset() or "utf-8"))
            if "BEGIN:VCALENDAR" in text.upper():
                return text.replace("\r\n", "\n").replace("\n", "\r\n")
    return ""


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
    submitted = str(message.get("Auto-Submitted", "no")).strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    return not submitted.startswith("no") or precedence in ("bulk", "junk", "list", "auto_reply")


def _authenticated(message: Message) -> tuple[str, ...]:
    """The servers that say the sender is who it says (RFC 8601), in lower case.

    Only the first header of each counts: a server adds its own above those that came with the mail.
    """
    first: dict[str, str] = {}
    for value in message.get_all("Authentication-Results", []):
        name, _, results = str(value).partition(";")
        first.setdefault(name.split()[0].lower() if name.split() else "", results)
    return tuple(name for name, results in first.items() if _PASS.search(results))


