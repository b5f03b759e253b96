"""A new site: its configuration is written, and it is examined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from radicale_booking import settings as settings_module
from radicale_booking.cli.main import main
from tests.cli.conftest import Shell


def ended(*arguments: str) -> object:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    return caught.value.code


def test_a_configuration_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "etc" / "booking.ini"
    arguments = ["--config", str(file), "init", "--public-url", "https://cal.example.org", "--data-folder",
                 str(tmp_path / "data"), "--mail-host", "mail.example.org", "--yes"]
    assert ended(*arguments) in (0, None)
    _, settings = settings_module.load(file)
    assert settings.public_url == "https://cal.example.org"
    assert settings.data_folder == tmp_path / "data"
    assert settings.mail.host == "mail.example.org"
    assert settings.backup.every_hours == 24
    assert file.stat().st_mode & 0o007 == 0
    text = file.read_text(encoding="utf-8")
    assert "# The SMTP server that takes outgoing mail" in text
    assert "#sender =" in text
    assert "exists already" in str(ended(*arguments))
    assert file.read_text(encoding="utf-8") == text
    capsys.readouterr()


def test_questions_are_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                             monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["https://book.example.org", str(tmp_path / "d"), "", "", ""])
    asked: list[str] = []

    def prompt(question: str, default: str, show_default: bool) -> str:
        asked.append(question)
        return next(answers) or default

    monkeypatch.setattr("typer.prompt", prompt)
    file = tmp_path / "booking.ini"
    assert ended("--config", str(file), "init") in (0, None)
    assert len(asked) == 5
    assert settings_module.load(file)[1].public_url == "https://book.example.org"
    capsys.readouterr()


def test_answers_that_cannot_be_leave_no_file(tmp_path: Path) -> None:
    file = tmp_path / "booking.ini"
    assert "such as https://" in str(ended("--config", str(file), "init", "--public-url", "cal", "--yes"))
    assert not file.exists()


def test_a_new_site_is_examined(anna: Shell, data_folder: Path) -> None:
    with (data_folder.parent / "booking.ini").open("a", encoding="utf-8") as file:
        file.write("[contacts]\nadministrator = Ada, +49 30 1234\n")
    done = anna("doctor", "--offline")
    assert done.code == 1
    assert "WARNING  hours: no bookable hours: anna" in done.out
    assert "-> radicale-booking backup create" in done.out
    assert "contact  administrator: Ada, +49 30 1234" in done.out
    record = json.loads(anna("doctor", "--offline", "--json").out)
    assert record["exit_code"] == 1
    assert record["contacts"] == {"administrator": "Ada, +49 30 1234"}
    assert {"name": "migrations", "level": "ok"}.items() <= record["findings"][5].items()


def test_a_site_without_a_database(shell: Shell, data_folder: Path) -> None:
    done = shell("doctor", "--offline", "--json")
    assert [one["level"] for one in done.data["findings"] if one["name"] == "database"] == ["note"]
    assert not (data_folder / "booking.sqlite").exists()
