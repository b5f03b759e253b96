"""Several processes, each with a task, started, replaced and stopped by a parent that does nothing else."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType

from radicale_booking.errors import BookingError
from radicale_booking.serving import GRACE_SECONDS, STOP_SIGNALS

#: A worker that ends sooner than this is started again only after as long a pause.
_QUICK_DEATH_SECONDS = 1.0
_HANDLED = (*STOP_SIGNALS, signal.SIGHUP, signal.SIGCHLD)


class Supervisor:
    """Keeps a process running for each of ``tasks`` (in the child; returns when told to stop by SIGTERM).

    SIGTERM and SIGINT stop all; SIGHUP replaces all, the new before the old, if ``may_reload()``.
    """

    def __init__(self, tasks: Sequence[Callable[[], object]], may_reload: Callable[[], bool]) -> None:
        self._tasks = tasks
        self._may_reload = may_reload
        #: Process id -> number of its task and when it was started.
        self._started: dict[int, tuple[int, float]] = {}
        self._retiring: set[int] = set()
        self._stopping = False
        self._reload_asked = False
        self._wake_read, self._wake_write = socket.socketpair()
        # Children read one end; it ends when this process does, however it does.
        self._life_read, self._life_write = os.pipe()

    def run(self) -> None:
        """Supervise until told to stop and every child has ended."""
        self._wake_write.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno())
        for number in _HANDLED:
            signal.signal(number, self._on_signal)
        try:
            while not self._stopping:
                self._fill()
                self._wait()
                self._reap()
                if self._reload_asked:
                    self._reload_asked = False
                    self._replace()
            self._end()
        finally:
            signal.set_wakeup_fd(-1)
            for number in _HANDLED:
                signal.signal(number, signal.SIG_DFL)
            self._wake_read.close()
            self._wake_write.close()
            os.close(self._life_read)
            os.close(self._life_write)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._stopping |= number in STOP_SIGNALS
        self._reload_asked |= number == signal.SIGHUP

    def _wait(self, seconds: float | None = None) -> None:
        if select.select([self._wake_read], [], [], seconds)[0]:
            self._wake_read.recv(1024)

    def _fill(self) -> None:
        running = {number for pid, (number, _) in self._started.items() if pid not in self._retiring}
        for number in range(len(self._tasks)):
            if number not in running and not self._stopping:
                self._start(number)

    def _start(self, number: int) -> None:
        # A signal between fork and the child's own handlers must not run the parent's in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            sys.stdout.flush()
            sys.stderr.flush()
            pid = os.fork()
            if pid == 0:
                self._become_worker(self._tasks[number])
            self._started[pid] = (number, time.monotonic())
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)

    def _become_worker(self, task: Callable[[], object]) -> None:
        """Run ``task`` in the child and end the process; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _HANDLED:
                signal.signal(number, signal.SIG_DFL)
            # Ctrl-C and a hang-up reach the whole process group; only the parent decides then.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            self._wake_read.close()
            self._wake_write.close()
            os.close(self._life_write)
            threading.Thread(target=self._stop_with_parent, daemon=True).start()
            task()
            code = 0
        except BookingError as error:
            print("radicale-booking:", error, file=sys.stderr)  # noqa: T201  (the outermost edge of this process)
        except BaseException:  # noqa: BLE001  (same)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _stop_with_parent(self) -> None:
        os.read(self._life_read, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _reap(self) -> None:
        """Forget the children that have ended; pause before a successor of one that died at its start."""
        quick = False
        while self._started:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            age = time.monotonic() - self._started.pop(pid, (0, 0.0))[1]
            if pid in self._retiring:
                self._retiring.discard(pid)
            elif not self._stopping:
                code = os.waitstatus_to_exitcode(status)
                print(f"radicale-booking: worker {pid} ended ({code}), starting another",  # noqa: T201
                      file=sys.stderr, flush=True)
                quick |= age < _QUICK_DEATH_SECONDS
        if quick and not self._stopping:
            self._wait(_QUICK_DEATH_SECONDS)

    def _replace(self) -> None:
        if not self._may_reload():
            return
        old = set(self._started) - self._retiring
        for number in range(len(self._tasks)):
            self._start(number)
        self._retiring |= old
        self._tell(old)

    def _end(self) -> None:
        self._tell(set(self._started))
        deadline = time.monotonic() + GRACE_SECONDS + 5
        while self._started and time.monotonic() < deadline:
            self._wait(1.0)
            self._reap()
        for pid in self._started:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _tell(self, pids: set[int]) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
