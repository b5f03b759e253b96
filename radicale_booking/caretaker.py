"""The caretaker: a thread beside the worker that makes backups and does maintenance as the settings ask for."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable

from radicale_booking.errors import BookingError
from radicale_booking.services import backup, maintenance, maintenance_mode
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup import BackupBusy
from radicale_booking.services.continuous import ContinuousCopy

_LOOK_SECONDS = 30.0
_GRACE_SECONDS = 30.0


class Caretaker:
    """Looks after ``app`` until it is told to stop; ``say`` tells people a sentence, each trouble once."""

    def __init__(self, app: Adapters, say: Callable[[str], None]) -> None:
        self._app = app
        self._say = say
        self._stopping = threading.Event()
        self._trouble = ""
        self._copy = ContinuousCopy(app)
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; maintenance stops at once, a backup that takes longer than the grace is given up."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_GRACE_SECONDS)

    def _run(self) -> None:
        pause = self._app.settings.backup.continuous_seconds
        look = min(float(pause or _LOOK_SECONDS), _LOOK_SECONDS)
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._look(continuous=bool(pause))
                self._maintain()
            except BackupBusy:
                pass  # another process of this site makes it
            except BookingError as error:
                self._tell(f"no backup or maintenance: {error}")
            except Exception:  # noqa: BLE001 - whatever it is, the next one may succeed
                traceback.print_exc()
            self._stopping.wait(max(0.0, look - (time.monotonic() - began)))
        try:
            self._copy.finish()
        except BookingError as error:
            self._tell(f"the continuous copy misses the end: {error}")

    def _look(self, *, continuous: bool) -> None:
        problems: tuple[str, ...] = ()
        if backup.due(self._app):
            with self._app.store.alone("backup") as alone:
                # Where archives are kept in one place, another may have made it meanwhile.
                if alone and backup.due(self._app):
                    problems = backup.create(self._app).problems
        if continuous:
            problems += self._copy.renew()
        self._tell("; ".join(problems))

    def _maintain(self) -> None:
        # The quiet hours are those of the place where the machine is.
        if maintenance_mode.is_still(self._app):
            return
        done = maintenance.run_due(self._app, self._app.clock().astimezone().hour, self._stopping.is_set)
        for problem in done.problems if done is not None else ():
            self._say(f"the database: {problem}")

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble
