"""Why a line in bookable hours could not be read, in the host's language: the rules say it in English."""

from __future__ import annotations

import re
from functools import cache

from radicale_booking.notify.wording import N_, Translate

#: All that ``window_settings``, ``location``, ``civil`` and ``EventType`` say about what a window can set.
SENTENCES = (
    N_("there is no setting %(name)s"),
    N_("write %(name)s:"),
    N_("use one of %(names)s"),
    N_("is not a length of time in whole minutes"),
    N_("write it like 30m, 1h30 or 2 days"),
    N_("is not between %(low)s and %(high)s"),
    N_("give a length within these bounds"),
    N_("names no length, or one twice"),
    N_("write it like 30m, 60m"),
    N_("has more than two parts"),
    N_("write it like 5m/10m, before and after"),
    N_("is not a range of dates"),
    N_("write it like 2026-12-01..2026-12-31"),
    N_("ends before it begins"),
    N_("exchange the dates"),
    N_("is not whole days from 1 to 730"),
    N_("write it like 60d or 10 business days"),
    N_("is not a limit"),
    N_("write it like 4/day, 10/week, 120m/day or 2/invitee"),
    N_("is not a number of seats"),
    N_("write it like 8"),
    N_("is neither yes nor no"),
    N_("write yes or no"),
    N_("is not a colour"),
    N_("write it like #3366cc"),
    N_("is not a known time zone"),
    N_("use a name like Europe/Berlin"),
    N_("needs a value"),
    N_("takes no value"),
    N_("such as in_person=Room 4, phone=+49 30 1234567 or jitsi=https://meet.jit.si"),
    N_("is not a web address"),
    N_("begin it with https://"),
    N_("is too long or has control characters"),
    N_("shorten it"),
    N_("no mail can be sent, so nobody could book"),
    N_("ask your sysadmin to set [mail] host"),
    N_("a group event has one length, one host and no repetition"),
    N_("make another event type for them"),
    N_("duration and buffers exceed seven days"),
    N_("shorten the buffers"),
    N_("must be whole minutes from %(low)s to %(high)s"),
    N_("change it"),
)


def said(english: str, translate: Translate) -> str:
    """``english``, one of the ``SENTENCES`` with what they are about; as it is where it is none of them."""
    for sentence in SENTENCES:
        found = _pattern(sentence).fullmatch(english)
        if found:
            return translate(sentence) % found.groupdict()
    return english


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(sentence)))
