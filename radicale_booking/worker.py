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
from radicale_booking.services import mail, upkeep
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import Delivery
from radicale_booking.serving import GRACE_SECONDS, STOP_SIGNALS

_IDLE_SECONDS = 1.0
_UPKEEP_SECONDS = 30.0
#: After the mail server could not be used, and after the database could not.
_TROUBLE_SECONDS = 15.0


class Worker:
    """Delivers for ``app``; problems are told on standard error, each once until it is over."""

    def __init__(self, app: Adapters) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._caretaker = Caretaker(app, _say)
        self._trouble = ""
        name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._delivery = None if app.mailer is None else Delivery(
            app, mail.MailChannel(app, app.mailer), name, random.random, self._stopping.wait)

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the mail in hand, at most for the time that requests have too."""
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
        if self._delivery is None:
            _say(f"mail is not sent: [mail] host is not set; {len(mail.queue(self._app, 'queued'))} waiting")
        upkeep_due = 0.0
        self._caretaker.start()
        while not self._stopping.is_set():
            if time.monotonic() >= upkeep_due:
                self._keep_up()
                upkeep_due = time.monotonic() + _UPKEEP_SECONDS
            rest = _UPKEEP_SECONDS if self._delivery is None else self._round(self._delivery)
            self._stopping.wait(min(rest, _UPKEEP_SECONDS))
        if self._delivery is not None:
            self._delivery.channel.rest()
        self._caretaker.stop()

    def _keep_up(self) -> None:
        try:
            upkeep.run(self._app)
        except StoreUnavailable as error:
            self._tell(f"upkeep waits for the database: {error}")
        except Exception:  # noqa: BLE001 - whatever it is, mail goes on
            traceback.print_exc()

    def _round(self, delivery: Delivery) -> float:
        """One round; how many seconds to rest after it."""
        try:
            done = delivery.round()
        except StoreUnavailable as error:
            self._tell(f"mail waits for the database: {error}")
            return _TROUBLE_SECONDS
        except Exception:  # noqa: BLE001 - whatever it is, mail goes on as soon as it can
            traceback.print_exc()
            return _TROUBLE_SECONDS
        for sentence in done.given_up:
            _say(sentence)
        if done.trouble:
            self._tell(f"mail waits: {done.trouble}")
            return _TROUBLE_SECONDS
        if done.sent and self._trouble:
            self._tell("")
            _say("mail is sent again")
        return 0.0 if done.claimed else _IDLE_SECONDS

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            _say(trouble)
        self._trouble = trouble


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
