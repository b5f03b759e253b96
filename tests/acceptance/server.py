"""Real server processes on real sockets, for the acceptance tests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: A loaded machine with two cores may take this long to start Python with everything in it.
START_SECONDS = 60.0


@dataclass
class Running:
    """A started process: where it listens and what it has written so far."""

    process: subprocess.Popen[str]
    url: str = ""
    lines: list[str] = field(default_factory=list)

    def wait_for(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        """The first written line with ``pattern``; fails when it does not come."""
        deadline = time.monotonic() + seconds
        while True:
            ended = self.process.poll() is not None
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
    running = Running(process)
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: running.lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        if ready:
            running.url = running.wait_for(ready)[1].rstrip("/")
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        reader.join(10)
        process.stdout.close()


def serve(config: Path, *arguments: str, python: str = sys.executable, folder: Path | None = None,
          ) -> AbstractContextManager[Running]:
    """``radicale-booking serve`` on a free port of this machine."""
    command = [python, "-m", "radicale_booking", "--config", str(config), "serve", "--host", "127.0.0.1", "--port",
               "0", *arguments]
    return started(command, ready=r"serves (http://\S+)", folder=folder)


def run(config: Path, *arguments: str, stdin: str = "", python: str = sys.executable,
        folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One ``radicale-booking`` command, to its end."""
    command = [python, "-m", "radicale_booking", "--config", str(config), *arguments]
    return subprocess.run(command, input=stdin, cwd=folder,
                          capture_output=True, text=True, timeout=120, check=False)


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
