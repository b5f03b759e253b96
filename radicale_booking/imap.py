"""Mail is fetched from a mailbox (IMAP): dealt with first and moved away then, so that none is lost.

One that was dealt with and not moved, because the machine stopped in between, is known when it is fetched again.
"""

from __future__ import annotations

import random
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta

from radicale_booking.domain.effect import back_off
from radicale_booking.errors import DeliveryFailed, Unavailable
from radicale_booking.notify import incoming, mailbox
from radicale_booking.services import inbound
from radicale_booking.services.adapters import Adapters


class ImapPoller:
    """Looks into the folder of ``[inbound]`` from time to time until ``stopping``; ``say`` tells people of trouble."""

    def __init__(self, app: Adapters, stopping: threading.Event, say: Callable[[str], None]) -> None:
        self._app = app
        self._settings = app.settings.inbound
        self._stopping = stopping
        self._say = say
        self._failures = 0
        self._trouble = ""
        self._left: set[int] = set()

    def run(self) -> None:
        """Until it is told to stop."""
        while not self._stopping.is_set():
            self._stopping.wait(self._round().total_seconds())

    def _round(self) -> timedelta:
        """Look once; how long to rest then."""
        usual = timedelta(seconds=self._settings.imap_interval_seconds)
        try:
            with self._app.store.alone("imap") as alone:
                if alone:
                    with mailbox.opened(self._settings) as box:
                        self._empty(box)
        except (DeliveryFailed, Unavailable) as error:
            trouble = f"mail is not fetched: {getattr(error, 'reason', '') or error}"
            if trouble != self._trouble:
                self._say(trouble)
            self._trouble = trouble
            self._failures += 1
            return max(usual, back_off(self._failures, random.random(), usual))  # noqa: S311 - no secret
        if self._failures:
            self._say("mail is fetched again")
        self._failures, self._trouble = 0, ""
        return usual

    def _empty(self, box: mailbox.Mailbox) -> None:
        for number, octets in box.sizes().items():
            if self._stopping.is_set():
                return
            if octets > self._settings.largest_kib * 1024:
                self._say(f"a mail of {octets // 1024} KiB is too large and was not read; it is in "
                          f"{self._settings.imap_done_folder!r}")
            elif not self._dealt_with(box, number):
                continue
            box.done(number)

    def _dealt_with(self, box: mailbox.Mailbox, number: int) -> bool:
        """Whether it can be moved. Raises ``Unavailable`` when the database cannot be used: it stays then."""
        raw = box.content(number)
        if raw is None:
            return False
        envelope = mailbox.envelope(raw)
        try:
            for recipient in envelope.recipients:
                if inbound.accepts(self._app, recipient, envelope.sender):
                    inbound.receive(self._app, envelope.sender, recipient, raw, incoming.read(raw),
                                    say=self._say)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - the mailbox keeps what made this fail, and the others are dealt with
            if number not in self._left:
                traceback.print_exc()
            self._left.add(number)
            return False
        return True
