"""Where MKCALENDAR and MKCOL may make something (RFC 4791 §4.2, §5.3.1, RFC 4918 §9.3)."""

from __future__ import annotations

from radicale import httputils, types

from radicale_booking.dav.storage import Storage
from radicale_booking.errors import SchedulingRefused


def refusal(storage: Storage, path: str, user: str) -> types.WSGIResponse | None:
    """Why nothing can be made at ``path``, in the user's own home; None where it can, or the rights have to say.

    Raises ``SchedulingRefused`` below a calendar or an address book.
    """
    parent = path.strip("/").rpartition("/")[0]
    if not user or parent.split("/")[0] != user or parent == user:
        return None
    with storage.reading() as unit_of_work:
        row = unit_of_work.collections.get(parent)
    if row is None:
        return httputils.CONFLICT
    if row.tag:
        raise SchedulingRefused("calendar-collection-location-ok", "no collection is inside of a calendar")
    return None
