"""Processes forked from one that has loaded the program already.

They are processes like any other, with sockets, signals and an end of their own; only what Python takes to load the
program, which is longer than most of what tests ask of it, is done once.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from multiprocessing import reduction
from typing import IO

_CONTEXT = multiprocessing.get_context("forkserver")
# With the program of pytest, which multiprocessing would run in each of them anew.
_CONTEXT.set_forkserver_preload(["__main__", "pytest", "tests.acceptance.server", "tests.acceptance.site"])


class Forked:
    """A process that runs ``main(*arguments)``, in a session of its own; as much of ``subprocess.Popen`` as is used.

    ``streams`` are files for its standard input, output and error.
    """

    def __init__(self, main: Callable[..., object], *arguments: str, streams: tuple[IO[str], IO[str], IO[str]],
                 environment: Mapping[str, str] | None = None) -> None:
        task = (main, arguments, [_Descriptor(stream.fileno()) for stream in streams],
                {**os.environ, **(environment or {})})
        self._process = _CONTEXT.Process(target=_run, args=task, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class _Descriptor:
    """A file descriptor that goes to the process."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Callable[..., _Descriptor], tuple[object]]:
        return _received, (reduction.DupFd(self.number),)


def _received(duplicate: object) -> _Descriptor:
    return _Descriptor(duplicate.detach())  # type: ignore[attr-defined]  # its class depends on how processes start


def _run(main: Callable[..., object], arguments: tuple[str, ...], streams: list[_Descriptor],
         environment: dict[str, str]) -> None:
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream.number, number)
        os.close(stream.number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
    for written in (sys.stdout, sys.stderr):
        written.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(environment)
    try:
        main(*arguments)
    finally:
        # multiprocessing ends a process without.
        atexit._run_exitfuncs()
