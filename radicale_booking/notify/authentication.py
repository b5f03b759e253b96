"""What mail servers found out about the sender of a mail: Authentication-Results (RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*(dmarc|dkim|spf)\s*=\s*pass\b(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(header\.(?:from|d|i)|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
#: Which property names the domain that passed.
_NAMED_BY = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}


def vouching(headers: Sequence[str], sender: str) -> tuple[str, ...]:
    """The servers, in lower case, that say that mail from the address ``sender`` is really from its domain.

    SPF and DKIM say so only of a domain that they name, which has to be the sender's or one above it (RFC 7489 §3.1);
    anybody passes them for a domain of his own. Only the first header of each server counts: it adds its own above
    those that came with the mail.
    """
    first: dict[str, str] = {}
    for value in headers:
        name, _, results = _COMMENT.sub(" ", value).partition(";")
        first.setdefault(name.split()[0].lower() if name.split() else "", results)
    domain = sender.rpartition("@")[2].lower()
    return tuple(name for name, results in first.items()
                 if domain and any(_passes(result, domain) for result in results.split(";")))


def _passes(result: str, domain: str) -> bool:
    found = _RESULT.match(result)
    if found is None:
        return False
    method = found[1].lower()
    named = [value.rpartition("@")[2].lower() for key, value in _PROPERTY.findall(found[2])
             if key.lower() in _NAMED_BY[method]]
    if not named:
        # DMARC is about From and about nothing else.
        return method == "dmarc"
    return any(one == domain or ("." in one and domain.endswith(f".{one}")) for one in named)
