"""POST to a scheduling outbox: when are people free (RFC 6638 §5)?

Some programs post to the outbox of the owner of a calendar, others to the inbox of the one they ask for. Both are
answered.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta
from http import HTTPStatus

from radicale import types

from radicale_booking.dav.properties import clark
from radicale_booking.domain.itip import MOST_ATTENDEES, normalised
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import SchedulingRefused
from radicale_booking.ical.freebusy_message import FreeBusyRequest, read_request, write_reply
from radicale_booking.services import busy, invited_booking
from radicale_booking.services.adapters import Adapters
from radicale_booking.store.unit_of_work import UnitOfWork

_LONGEST = timedelta(days=366)


def post(app: Adapters, unit_of_work: UnitOfWork, user: str, text: str) -> types.WSGIResponse:
    """The C:schedule-response to the VFREEBUSY request ``text`` of ``user``.

    Raises ``InvalidCalendar``, or ``SchedulingRefused`` when it asks for something else or too much, or in the name of
    another (RFC 6638 §5.2).
    """
    request = read_request(text)
    asking = unit_of_work.principals.get(user)
    if request.organizer and (asking is None or _principal(app, unit_of_work, request.organizer) != asking):
        raise SchedulingRefused("valid-organizer", "the organizer is somebody else")
    if len(request.attendees) > MOST_ATTENDEES or request.frame.length > _LONGEST:
        raise SchedulingRefused("valid-scheduling-message", f"asks for more than {MOST_ATTENDEES} people or a year")
    document = ET.Element(clark("C:schedule-response"))
    for attendee in request.attendees:
        response = ET.SubElement(document, clark("C:response"))
        recipient = ET.SubElement(response, clark("C:recipient"))
        ET.SubElement(recipient, clark("D:href")).text = attendee
        principal = _principal(app, unit_of_work, attendee)
        status = "2.0;Success" if principal is not None else "3.7;Invalid calendar user"
        ET.SubElement(response, clark("C:request-status")).text = status
        if principal is not None:
            ET.SubElement(response, clark("C:calendar-data")).text = _reply(app, unit_of_work, request, attendee,
                                                                            principal)
    body = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return int(HTTPStatus.OK), {"Content-Type": "application/xml; charset=utf-8"}, body, None


def _reply(app: Adapters, unit_of_work: UnitOfWork, request: FreeBusyRequest, attendee: str,
           principal: Principal) -> str:
    periods = busy.merged(busy.times(app, unit_of_work, principal, request.frame))
    return write_reply(request, attendee, periods, unit_of_work.now)


def _principal(app: Adapters, unit_of_work: UnitOfWork, address: str) -> Principal | None:
    """Who is meant by an e-mail address, a booking address or a principal's path."""
    plain = normalised(address)
    if not plain.startswith("mailto:"):
        found = unit_of_work.principals.get(address.strip().rstrip("/").rpartition("/")[2])
        return found if found is not None and found.email else None
    email = plain.removeprefix("mailto:")
    event_type = invited_booking.event_type_at(app, unit_of_work, email)
    if event_type is not None:
        return unit_of_work.principals.get(event_type.host)
    return unit_of_work.principals.by_email(email)

