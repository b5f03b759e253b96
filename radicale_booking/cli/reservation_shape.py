"""A reservation on the command line."""

from __future__ import annotations

from radicale_booking.domain.reservation import Reservation


def record(reservation: Reservation) -> dict[str, object]:
    """All there is to say about ``reservation``."""
    return {
        "uid": reservation.uid, "status": reservation.status,
        "unverified": reservation.unverified, "host": reservation.host, "event_type": reservation.slug,
        "start": reservation.start, "end": reservation.end, "invitee_name": reservation.invitee_name,
        "invitee_email": reservation.invitee_email, "invitee_timezone": reservation.invitee_timezone,
        "note": reservation.note, "reason": reservation.reason, "created": reservation.created,
        "modified": reservation.modified, "seat": reservation.seat,
    }
