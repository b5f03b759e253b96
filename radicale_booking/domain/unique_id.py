"""Names that are given once."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

_RANDOM_BITS = 74
_VERSION, _VARIANT = 7, 0b10


def unique_id(now: datetime) -> str:
    """A UUID of version 7 (RFC 9562 §5.7) of ``now`` (aware): those made one after the other lie side by side in every
    index, and nobody guesses one."""
    random = secrets.randbits(_RANDOM_BITS)
    milliseconds = int(now.timestamp() * 1000)
    return str(uuid.UUID(int=(milliseconds << 80) | (_VERSION << 76) | (random >> 62 << 64) | (_VARIANT << 62)
                         | (random & ((1 << 62) - 1))))
