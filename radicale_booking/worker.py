"""The worker: performs what the outbox holds until it is told to stop, as a thread of ``serve`` or by itself."""

from __future__ import annotations

import os
import random
import secrets
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType

from radicale_booking import wiring
from radicale_booking.caretaker import Caretaker
from radicale_booking.errors import StoreUnavailable
from radicale_booking.imap import ImapPoller
from radicale_booking.lmtp import LmtpServer
from radicale_booking.services import mail, upkeep, webhooks
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import Channel, Delivery
from radicale_booking.serving import GRACE_SECONDS, STOP_SIGNALS

_IDLE_SECONDS = 1.0
_UPKEEP_SECONDS = 30.0


class Line:
    """Delivers over one channel; problems are told on standard error, each once until it is over."""

    def __init__(self, app: Adapters, channel: Channel, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._trouble = ""
        #: After the mail server could not be used, or the database could not.
        self._trouble_seconds = channel.first_retry.total_seconds() / 2
        name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._delivery = Delivery(app, channel, name, random.random, stopping.wait)

    def run(self) -> None:
        """Deliver until it is told to stop."""
        while not self._stopping.is_set():
            self._stopping.wait(self._round())
        self._delivery.channel.rest()

    def _round(self) -> float:
        """One round; how many seconds to rest after it."""
        kind = self._delivery.channel.kind
        try:
            done = self._delivery.round()
        except StoreUnavailable as error:
            self._tell(f"{kind} waits for the database: {error}")
            return self._trouble_seconds
        except Exception:  # noqa: BLE001 - whatever it is, deliveries go on as soon as they can
            traceback.print_exc()
            return self._trouble_seconds
        for sentence in done.given_up:
            _say(sentence)
        if done.trouble:
            self._tell(f"{kind} waits: {done.trouble}")
            return self._trouble_seconds
        if done.sent and self._trouble:
            self._tell("")
            _say(f"{kind} is sent again")
        return 0.0 if done.claimed else _IDLE_SECONDS

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            _say(trouble)
        self._trouble = trouble


class Worker:
    """Delivers for ``app`` and keeps it up; each channel has a thread, so that none waits for another."""

    def __init__(self, app: Adapters) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._caretaker = Caretaker(app, _say)
        self._trouble = ""
        channels: list[Channel] = [webhooks.WebhookChannel(app)]
        if app.mailer is not None:
            channels.append(mail.MailChannel(app, app.mailer))
        self._lines = [Line(app, channel, self._stopping) for channel in channels]

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand, at most for the time that requests have too."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(GRACE_SECONDS)

    def finish(self, then: Callable[[], None]) -> None:
        """Begin to ``stop`` and call ``then`` from another thread when it is done; requests are answered meanwhile."""
        def end() -> None:
            self.stop()
            then()

        self._stopping.set()
        threading.Thread(target=end, name="worker end", daemon=True).start()

    def run(self) -> None:
        """Deliver, and do what time brings, until ``stop``."""
        if self._app.mailer is None:
            _say(f"mail is not sent: [mail] host is not set; {self._waiting()}")
        threads = [threading.Thread(target=line.run, name="delivery", daemon=True) for line in self._lines]
        if self._app.settings.inbound.imap_host:
            poller = ImapPoller(self._app, self._stopping, _say)
            threads.append(threading.Thread(target=poller.run, name="imap", daemon=True))
        for thread in threads:
            thread.start()
        self._caretaker.start()
        taking = self._take_mail()
        while not self._stopping.is_set():
            self._keep_up()
            self._stopping.wait(_UPKEEP_SECONDS)
        until = time.monotonic() + GRACE_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._caretaker.stop()
        if taking is not None:
            taking.stop()

    def _waiting(self) -> str:
        try:
            return f"{len(mail.queue(self._app, 'queued'))} waiting"
        except StoreUnavailable as error:
            return str(error)

    def _take_mail(self) -> LmtpServer | None:
        if not self._app.settings.inbound.lmtp:
            return None
        server = LmtpServer(self._app)
        try:
            server.start()
        except OSError as error:
            _say(f"mail is not taken at {server.place}: {error}")
            return None
        return server

    def _keep_up(self) -> None:
        try:
            upkeep.run(self._app, stopping=self._stopping.is_set)
            self._trouble = ""
        except StoreUnavailable as error:
            if str(error) != self._trouble:
                _say(f"upkeep waits for the database: {error}")
            self._trouble = str(error)
        except Exception:  # noqa: BLE001 - whatever it is, the next time may do
            traceback.print_exc()


def run_worker(config_path: str | None, *, hosts: str = "") -> None:
    """A worker in this process until SIGTERM or SIGINT; ``hosts`` (``ADDRESS:PORT``, …) replaces ``[server] hosts``.

    Raises ``InvalidSettings`` or ``StoreUnavailable``.
    """
    worker = Worker(wiring.load(config_path, hosts=hosts).app)

    def on_stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    for number in STOP_SIGNALS:
        signal.signal(number, on_stop)
    worker.run()


def _say(sentence: str) -> None:
    print(f"radicale-booking: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - the edge of this process
