"""Which REPORT is answered by whom."""

from __future__ import annotations

from radicale import httputils, types

from radicale_booking.dav import acl_reports, freebusy, listing, principals, query
from radicale_booking.dav.properties import clark
from radicale_booking.errors import SchedulingRefused

_LEVEL = clark("D:sync-level")
#: RFC 6578 §6.3; nothing is deeper than a calendar's members. Older programs say it by the Depth header, or not at all.
_LEVELS = ("", "1", "infinite", "infinity")
_KNOWN = frozenset({*acl_reports.REPORTS, *principals.REPORTS, freebusy.REPORT, *listing.KINDS, listing.SYNC})


def answer(request: listing.Request, *, of_box: bool) -> types.WSGIResponse | None:
    """The answer to a REPORT, ``of_box`` one on an inbox or outbox; None where Radicale's generic code has it.

    Raises ``BookingError`` for a request that cannot be answered.
    """
    body = request.body
    of_free_busy = body is not None and body.tag == freebusy.REPORT
    if not request.access().check("r"):
        # There is a right to ask for free-busy times alone.
        return listing.report(request) if of_free_busy else httputils.NOT_ALLOWED
    if body is None or (body.findtext(_LEVEL) or "1").strip() not in _LEVELS:
        return httputils.BAD_REQUEST
    if body.tag not in _KNOWN:
        raise SchedulingRefused("D:supported-report", f"there is no report {body.tag}")
    query.check(body)
    if of_free_busy and of_box:
        # RFC 6638 §2.3: messages are nobody's time.
        raise SchedulingRefused("D:supported-report", "ask the calendars")
    if body.tag in acl_reports.AT_DEPTH_0 and request.depth != "0":
        return httputils.BAD_REQUEST
    if body.tag not in {*acl_reports.REPORTS, *principals.REPORTS, freebusy.REPORT} or not request.user:
        return listing.report(request)
    if body.tag in acl_reports.REPORTS:
        return acl_reports.report(request)
    with request.storage.acquire_lock("r", request.user):
        unit_of_work = request.storage.unit_of_work
        if body.tag in principals.REPORTS:
            return principals.report(unit_of_work, request.base_prefix, request.path, body, short=request.minimal)
        whole = freebusy.of_principal(request.storage.app, unit_of_work, request.path, body)
    return whole if whole is not None else listing.report(request)
