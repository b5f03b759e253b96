"""What mail servers report of mail that they could not deliver (RFC 3464)."""

from __future__ import annotations

import re
from email.message import Message

from radicale_booking.domain.effect import Returned

_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_LONGEST = 300


def returned(message: Message) -> Returned | None:
    """The mail that ``message`` says has failed for good; None for every other mail, of one that is only late too."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts: list[Message] = message.get_payload()  # type: ignore[assignment]  # parts, as it is multipart
    report = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    blocks = report.get_payload() if report is not None else None
    if not isinstance(blocks, list):
        return None
    envelope = next((_field(block, "Original-Envelope-Id") for block in blocks if "Original-Envelope-Id" in block), "")
    failed = next((block for block in blocks if _field(block, "Action").lower() == "failed"), None)
    if not envelope or failed is None:
        return None
    code = _field(failed, "Diagnostic-Code").partition(";")[2].strip()
    reason = " ".join(part for part in (_field(failed, "Status"), code) if part)
    return Returned(_XTEXT.sub(lambda found: chr(int(found[1], 16)), envelope), reason[:_LONGEST])


def _field(block: object, name: str) -> str:
    value = block.get(name, "") if isinstance(block, Message) else ""
    return " ".join(str(value).split())
