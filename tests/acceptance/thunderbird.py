"""A real Thunderbird without a screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.marionette import Marionette, program

_SCRIPT = (Path(__file__).parent / "thunderbird.js").read_text(encoding="utf-8")
_PREFERENCES = {
    "remote.prefs.recommended": False,  # among them: never to store a password
    "calendar.autorefresh.enabled": False,
    "calendar.timezone.local": "Europe/Berlin",
    "calendar.timezone.useSystemTimezone": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mailnews.start_page.enabled": False,
}
_PATIENCE_MS = 60_000


class Thunderbird:
    """What the functions of ``thunderbird.js`` do, in a running Thunderbird."""

    def __init__(self, marionette: Marionette) -> None:
        self._command = marionette
        self._command("Marionette:SetContext", value="chrome")
        self._command("WebDriver:SetTimeouts", script=_PATIENCE_MS)

    def __call__(self, function: str, *arguments: Any) -> Any:
        """What ``function`` gives, awaited; fails when it fails, or when a dialog is in the way."""
        script = (f"{_SCRIPT}\nconst finished = arguments[arguments.length - 1];\n"
                  f"{function}(...arguments[0]).then(value => finished({{value: value ?? null}}),"
                  "error => finished({error: `${error}\\n${error?.stack}`}));")
        answer = self._command("WebDriver:ExecuteAsyncScript", script=script, args=[list(arguments)],
                               sandbox="system")
        assert answer is not None, f"{function}: a dialog opened"
        assert "error" not in answer, f"{function}: {answer['error']}"
        return answer["value"]


@contextmanager
def thunderbird() -> Iterator[Thunderbird]:
    """A Thunderbird with a new profile; where there is none the test is skipped, or fails under …_REQUIRE_ALL."""
    with program("thunderbird", "thunderbird", _PREFERENCES) as marionette:
        yield Thunderbird(marionette)
