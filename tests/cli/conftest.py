"""The commands, called as a shell calls them, on a database of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from radicale_booking.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command wrote and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Shell = Callable[..., Done]


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def shell(data_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs one command on the configured site."""
    config = data_folder.parent / "booking.ini"
    config.write_text(f"[booking]\ndata_folder = {data_folder}\npublic_url = https://cal.example.org\n",
                      encoding="utf-8")

    def call(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", StringIO(stdin))
        capsys.readouterr()
        code: object = 0
        try:
            main(["--config", str(config), *arguments])
        except SystemExit as ended:
            code = ended.code
        written = capsys.readouterr()
        if isinstance(code, str):
            # What the interpreter itself does with it.
            return Done(1, written.out, written.err + code + "\n")
        return Done(int(code or 0) if isinstance(code, int) else 0, written.out, written.err)

    return call


@pytest.fixture
def anna(shell: Shell) -> Shell:
    """The same with a host ``anna`` that has the event type ``intro-call`` and no bookable hours."""
    added = shell("user", "add", "anna", "--email", "Anna@Example.org", "--timezone", "Europe/Berlin",
                  "--password-stdin", "--host", stdin="secret\n")
    assert added.code == 0, added.err
    made = shell("event-type", "add", "anna", "intro-call", "--duration", "30", "--step", "15", "--notice", "60")
    assert made.code == 0, made.err
    return shell


def assert_refused(done: Done, *words: str) -> None:
    assert done.code == 1
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("radicale-booking: ")
    for word in words:
        assert word in done.err
