"""``radicale-booking init``."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from radicale_booking import settings as settings_module
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.errors import InvalidInput
from radicale_booking.settings import DEFAULT_FILES, default_data_folder


def command(
    context: Context,
    public_url: Annotated[str | None, typer.Option(help="The address of the server as people reach it.")] = None,
    data_folder: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    listen: Annotated[str | None, typer.Option(help="Where to listen, such as localhost:5232.")] = None,
    mail_host: Annotated[str | None, typer.Option(help="The SMTP server; empty for none.")] = None,
    mail_sender: Annotated[str | None, typer.Option(help="The address that mail comes from.")] = None,
    backup_hours: Annotated[int, typer.Option(help="Hours after which another backup is made; 0: never.")] = 24,
    yes: Annotated[bool, typer.Option("--yes", help="Take the defaults of what is not given, and do not ask.")] = False,
) -> None:
    """Write a commented configuration file for the answers to a few questions."""
    call = invocation(context)
    target = Path(call.config_path or DEFAULT_FILES[0 if os.geteuid() == 0 else 1]).expanduser()
    if target.exists():
        raise InvalidInput("file", str(target), "exists already", "edit it, or name another with --config")

    def ask(given: str | None, question: str, default: str) -> str:
        if given is not None:
            return given
        return default if yes else str(typer.prompt(question, default=default, show_default=bool(default)))

    values = {
        ("booking", "public_url"): ask(public_url, "Address of the server as people reach it",
                                       "http://localhost:5232"),
        ("booking", "data_folder"): ask(str(data_folder) if data_folder else None, "Folder of all data",
                                        "/var/lib/radicale-booking" if os.geteuid() == 0
                                        else str(default_data_folder())),
        ("server", "hosts"): ask(listen, "Where to listen", "localhost:5232"),
        ("mail", "host"): ask(mail_host, "SMTP server (empty for none)", ""),
        ("mail", "sender"): ask(mail_sender, "Address that mail comes from (empty for the usual)", ""),
        ("backup", "every_hours"): str(backup_hours),
    }
    text = filled(files("radicale_booking.config").joinpath("radicale-booking.ini").read_text(encoding="utf-8"), values)
    _write(target, text)
    try:
        settings_module.load(target)
    except settings_module.InvalidSettings:
        target.unlink()
        raise
    call.say(f"{target} written\n"
             f"next: radicale-booking --config {target} user add NAME --email E-MAIL --timezone ZONE --host\n"
             f"      radicale-booking --config {target} doctor", {"config": str(target)})


def filled(text: str, values: dict[tuple[str, str], str]) -> str:
    """The commented example ``text`` with ``values`` (by section and option) in effect; empty ones stay comments."""
    lines, section = [], ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        found = re.match(r"#(\w+) =", line)
        value = values.get((section, found[1]), "") if found else ""
        lines.append(f"{found[1]} = {value}" if found and value else line)
    return "\n".join(lines) + "\n"


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        # A password may be written into it later.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    except OSError as error:
        raise InvalidInput("file", str(target), error.strerror or str(error), "name another with --config") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
