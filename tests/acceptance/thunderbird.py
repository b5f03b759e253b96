"""A real Thunderbird without a screen, driven through its Marionette port."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.server import START_SECONDS, Running, started

_SCRIPT = (Path(__file__).parent / "thunderbird.js").read_text(encoding="utf-8")
_PREFERENCES = {
    "marionette.port": 0,  # it chooses one and writes it into the profile
    "remote.prefs.recommended": False,  # among them: never to store a password
    "app.update.disabledForTesting": True,
    "browser.region.network.url": "",
    "calendar.autorefresh.enabled": False,
    "calendar.timezone.local": "Europe/Berlin",
    "calendar.timezone.useSystemTimezone": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mailnews.start_page.enabled": False,
}


class Thunderbird:
    """What the functions of ``thunderbird.js`` do, in a running Thunderbird."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), START_SECONDS)
        self._answers = self._socket.makefile("rb")
        self._number = 0
        self._read()
        self._command("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"timeouts": {"script": 60_000}}}})
        self._command("Marionette:SetContext", {"value": "chrome"})

    def __call__(self, function: str, *arguments: Any) -> Any:
        """What ``function`` gives, awaited; fails when it fails, or when a dialog is in the way."""
        script = (f"{_SCRIPT}\nconst finished = arguments[arguments.length - 1];\n"
                  f"{function}(...arguments[0]).then(value => finished({{value: value ?? null}}),"
                  "error => finished({error: `${error}\\n${error?.stack}`}));")
        answer = self._command("WebDriver:ExecuteAsyncScript",
                               {"script": script, "args": [list(arguments)], "sandbox": "system"})["value"]
        assert answer is not None, f"{function}: a dialog opened"
        assert "error" not in answer, f"{function}: {answer['error']}"
        return answer["value"]

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _command(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        message = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self._read()
        assert number == self._number
        assert error is None, error
        return dict(result)

    def _read(self) -> Any:
        length = b""
        while (byte := self._answers.read(1)) != b":":
            assert byte, "Thunderbird has closed the connection"
            length += byte
        return json.loads(self._answers.read(int(length)))


@contextmanager
def thunderbird() -> Iterator[Thunderbird]:
    """A Thunderbird with a new profile; where there is none the test is skipped, or fails under …_REQUIRE_ALL."""
    executable = shutil.which("thunderbird")
    if executable is None:
        message = "no Thunderbird found; install it, on Debian as root: apt-get install thunderbird"
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        profile = Path(home, "profile")
        profile.mkdir()
        (profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items()),
            encoding="utf-8")
        command = [executable, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
                   "--profile", str(profile)]
        with started(command, environment={"HOME": home}) as running:
            driven = Thunderbird(_port(profile, running))
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
