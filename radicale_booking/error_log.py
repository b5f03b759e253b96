"""Radicale's log on standard error, without the people it speaks of unless the settings want them."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping
from typing import Any

import radicale.log
from radicale.config import Configuration

from radicale_booking.errors import Unavailable

_HIDDEN = "…"
_TRACEBACK = "Traceback (most recent call last):"
#: What Radicale puts in quotes, is handed to it by somebody: a path, a name, a header.
_QUOTED = re.compile(r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\"""")
_ADDRESS = re.compile(r"[^\s<>:,]+@[^\s<>,]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\[?\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,}\b\]?",
                      re.IGNORECASE)
_FRAME = re.compile(r'  File "')
_RAISED = re.compile(r"([A-Za-z_][\w.]*)(?::.*)?")


def set_up(configuration: Configuration) -> None:
    """What ``[logging]`` says. Lines about the configuration itself, which come first, are complete."""
    # Radicale writes its own level into the log, whatever that level is.
    radicale.log.logger.disabled = True
    try:
        radicale.log.setup()
        radicale.log.set_level(*(configuration.get("logging", option)
                                 for option in ("level", "backtrace_on_debug", "trace_filter")))
    finally:
        radicale.log.logger.disabled = False


def name_people(wanted: bool) -> None:
    """Whether whatever any library logs from now on may name users, addresses and paths."""
    for handler in logging.getLogger().handlers:
        (handler.removeFilter if wanted else handler.addFilter)(_WITHOUT_PEOPLE)


class WithoutPeople(logging.Filter):
    """Leaves of a record what the program's authors wrote, numbers, kinds of errors, and where one was raised."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: no record is lost."""
        if record.exc_info:
            record.exc_text = _frames("".join(traceback.format_exception(*record.exc_info)))
            record.exc_info = None
        if isinstance(record.args, Mapping):
            record.args = {name: _shown(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(_shown(value) for value in record.args)
        else:
            record.msg = _ADDRESS.sub(_HIDDEN, _QUOTED.sub(f"'{_HIDDEN}'", str(record.msg)))
        return True


_WITHOUT_PEOPLE = WithoutPeople()


def _shown(value: Any) -> Any:
    # Why the database or a file cannot be used is what the log is for.
    if value is None or isinstance(value, int | float | Unavailable):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, str) and value.startswith(_TRACEBACK):
        return _frames(value)
    return _HIDDEN


def _frames(text: str) -> str:
    """A traceback without what the errors say."""
    shown = []
    for line in text.splitlines():
        if line == _TRACEBACK or _FRAME.match(line):
            shown.append(line)
        elif raised := _RAISED.fullmatch(line):
            shown.append(raised[1])
    return "\n".join(shown)
