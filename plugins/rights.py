"""Who may do what with a collection: its owner everything, nobody else anything."""

from __future__ import annotations

from radicale.rights import owner_only


class Rights(owner_only.Rights):
    """Radicale's ``owner_only``; the booking pages and shares grant their own, narrower access."""
