"""Scheduling texts as the services see them: one name for what the modules beside it do."""

from radicale_booking.ical.addresses import with_addresses
from radicale_booking.ical.answer_only import only_answered
from radicale_booking.ical.attendee_copy import apply_cancel, apply_request
from radicale_booking.ical.erasure import without_person
from radicale_booking.ical.itip_message import write
from radicale_booking.ical.occurrences import occurrences
from radicale_booking.ical.scheduling_edit import (
    answer,
    answer_of,
    apply_reply,
    restore,
    revise,
    set_comment,
    set_status,
    unforced,
)
from radicale_booking.ical.scheduling_object import plain, read

__all__ = ["answer", "answer_of", "apply_cancel", "apply_reply", "apply_request", "occurrences", "only_answered",
           "plain", "read", "restore", "revise", "set_comment", "set_status", "unforced", "with_addresses",
           "without_person", "write"]
