"""Real server processes on real sockets, for the acceptance tests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from radicale_booking.cli.main import main
from tests.acceptance.forked import Forked

#: A loaded machine with two cores may take this long to start Python with everything in it.
START_SECONDS = 60.0
READY = r"serves (http://\S+)"


@dataclass
class Running:
    """A started process: where it listens and what it has written so far."""

    process: subprocess.Popen[str] | Forked
    output: IO[str]
    input: IO[str] | None = None
    url: str = ""
    lines: list[str] = field(default_factory=list)
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.output), daemon=True)
        self.reader.start()

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.input is not None
        self.input.write(f"{line}\n")
        self.input.flush()

    def wait_for(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        """The first written line with ``pattern``; fails when it does not come."""
        deadline = time.monotonic() + seconds
        while True:
            if ended := self.process.poll() is not None:
                self.reader.join(10)
            for line in list(self.lines):
                if found := re.search(pattern, line):
                    return found
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"no line with {pattern!r}, exit {self.process.poll()}:\n" + "".join(self.lines))
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 40.0) -> int:
        """Send the signal, wait for the end; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def started(command: Sequence[str], *, environment: dict[str, str] | None = None, ready: str = "",
            folder: Path | None = None) -> Iterator[Running]:
    """Run ``command`` until the block ends; with ``ready``, wait for its line, whose group 1 is the URL."""
    process = subprocess.Popen(
        list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
    )
    assert process.stdout is not None
    with _watched(Running(process, process.stdout), ready) as running:
        yield running


@contextmanager
def forked(main: Callable[..., object], *arguments: str, ready: str = "") -> Iterator[Running]:
    """Like ``started``, for a function that ``tests.acceptance.forked`` calls in a process of its own."""
    theirs, ours = os.pipe()
    given = os.fdopen(ours, "w", encoding="utf-8")
    ours, theirs_out = os.pipe()
    output = os.fdopen(ours, encoding="utf-8")
    with os.fdopen(theirs) as stdin, os.fdopen(theirs_out, "w") as written:
        process = Forked(main, *arguments, streams=(stdin, written, written))
    with given, _watched(Running(process, output, given), ready) as running:
        yield running


@contextmanager
def _watched(running: Running, ready: str) -> Iterator[Running]:
    try:
        if ready:
            running.url = running.wait_for(ready)[1].rstrip("/")
        yield running
    finally:
        try:
            running.stop()
        except subprocess.TimeoutExpired:
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()
        running.reader.join(10)
        running.output.close()


def command(*words: str) -> None:
    """The command line, in a process that was forked."""
    main(words)


def serve(config: Path, *arguments: str, python: str = "", folder: Path | None = None,
          ) -> AbstractContextManager[Running]:
    """``radicale-booking serve`` on a free port of this machine.

    With ``python`` or ``folder`` that Python is started there, else a process is forked that has loaded the program.
    """
    words = ["--config", str(config), "serve", "--host", "127.0.0.1", "--port", "0", *arguments]
    if python or folder:
        return started([python or sys.executable, "-m", "radicale_booking", *words], ready=READY, folder=folder)
    return forked(command, *words, ready=READY)


def run(config: Path, *arguments: str, stdin: str = "", python: str = "", folder: Path | None = None,
        ) -> subprocess.CompletedProcess[str]:
    """One ``radicale-booking`` command, to its end; ``python`` and ``folder`` as for ``serve``."""
    words = ["--config", str(config), *arguments]
    if python or folder:
        return subprocess.run([python or sys.executable, "-m", "radicale_booking", *words], input=stdin, cwd=folder,
                              capture_output=True, text=True, timeout=120, check=False)
    with (tempfile.TemporaryFile("w+", encoding="utf-8") as given,
          tempfile.TemporaryFile("w+", encoding="utf-8") as out,
          tempfile.TemporaryFile("w+", encoding="utf-8") as err):
        given.write(stdin)
        given.seek(0)
        code = Forked(command, *words, streams=(given, out, err)).wait(120)
        for written in (out, err):
            written.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_answers(url: str, running: Running) -> None:
    """Until something accepts connections at ``http://HOST:PORT``."""
    host, _, port = url.removeprefix("http://").partition(":")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((host, int(port.partition("/")[0])), 1).close()
        except OSError:
            if running.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("".join(running.lines)) from None
            time.sleep(0.05)
        else:
            return
