"""Mozilla's programs without a screen, driven through their Marionette port."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.server import START_SECONDS, Running, started

_PREFERENCES = {
    "marionette.port": 0,  # it chooses one and writes it into the profile
    "app.update.disabledForTesting": True,
    "browser.region.network.url": "",
    "datareporting.policy.dataSubmissionEnabled": False,
}


class Refused(AssertionError):
    """The program did not do what it was told to."""


class Marionette:
    """The connection to a running program; commands are those of WebDriver."""

    def __init__(self, port: int, **capabilities: Any) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), START_SECONDS)
        self._answers = self._socket.makefile("rb")
        self._number = 0
        self._read()
        self("WebDriver:NewSession", **capabilities)

    def __call__(self, command: str, **parameters: Any) -> Any:
        """What ``command`` answers; raises ``Refused``."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self._read()
        assert number == self._number
        if error is not None:
            raise Refused(error)
        return result["value"] if isinstance(result, dict) and result.keys() == {"value"} else result

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while (byte := self._answers.read(1)) != b":":
            assert byte, "the program has closed the connection"
            length += byte
        return json.loads(self._answers.read(int(length)))


@contextmanager
def program(name: str, package: str, preferences: Mapping[str, object], **capabilities: Any) -> Iterator[Marionette]:
    """``name`` of Debian's ``package`` with a new profile; without it the test is skipped, or fails under
    RADICALE_BOOKING_REQUIRE_ALL."""
    executable = shutil.which(name)
    if executable is None:
        message = f"no {name} found; install it, on Debian as root: apt-get install {package}"
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        profile = Path(home, "profile")
        profile.mkdir()
        (profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n"
                    for key, value in (_PREFERENCES | dict(preferences)).items()),
            encoding="utf-8")
        command = [executable, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
                   "--profile", str(profile)]
        with started(command, environment={"HOME": home}) as running:
            driven = Marionette(_port(profile, running), **capabilities)
            try:
                yield driven
            finally:
                driven.close()


def _port(profile: Path, running: Running) -> int:
    written = profile / "MarionetteActivePort"
    deadline = time.monotonic() + START_SECONDS
    while not (written.exists() and (port := written.read_text(encoding="ascii").strip())):
        assert running.process.poll() is None, "".join(running.lines)
        assert time.monotonic() < deadline, "".join(running.lines)
        time.sleep(0.05)
    return int(port)
