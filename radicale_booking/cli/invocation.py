"""What every command is given: the configuration file, and how to show results."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from radicale_booking import wiring
from radicale_booking.errors import InvalidInput
from radicale_booking.services.adapters import Adapters

Context = typer.Context
HostName = Annotated[str, typer.Argument(metavar="HOST", help="User name of the host.")]
UserName = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The event type's word in its link.")]

ChosenDuration = Annotated[int | None, typer.Option("--duration", help="Length in minutes, where several are offered.")]


@dataclass(frozen=True)
class Invocation:
    """``config_path`` as given on the command line; ``as_json``: results for machines."""

    config_path: str | None
    as_json: bool

    def app(self) -> Adapters:
        """The adapters of the configured site, its database ready."""
        return wiring.load(self.config_path).app

    def show(self, record: Mapping[str, object]) -> None:
        """One record: a JSON object, or a line for each field."""
        if self.as_json:
            _print_json(record)
            return
        width = max((len(name) for name in record), default=0)
        for name, value in record.items():
            typer.echo(f"{name.replace('_', ' '):<{width}}  {_plain(value)}")

    def show_all(self, records: Sequence[Mapping[str, object]], empty: str) -> None:
        """Many records: a JSON array, or a table; ``empty`` is said to people when there are none."""
        if self.as_json:
            _print_json(list(records))
        elif not records:
            typer.echo(empty)
        elif not sys.stdout.isatty():
            # For pipes: no borders, no cut lines.
            typer.echo("\t".join(records[0]))
            for record in records:
                typer.echo("\t".join(_plain(value) for value in record.values()))
        else:
            table = Table(*(name.replace("_", " ") for name in records[0]))
            for record in records:
                table.add_row(*(_plain(value) for value in record.values()))
            Console().print(table)

    def say(self, sentence: str, record: Mapping[str, object]) -> None:
        """What was done: ``sentence`` to people, ``record`` to machines."""
        if self.as_json:
            _print_json(record)
        else:
            typer.echo(sentence)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """Gives ``advance(done, total)`` that draws a bar on standard error, if that is a terminal."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def invocation(context: Context) -> Invocation:
    """The invocation that the root command has put into ``context``."""
    found = context.obj
    assert isinstance(found, Invocation)  # noqa: S101  (set by the root command)
    return found


def instant(text: str, name: str) -> datetime:
    """An aware instant from ISO 8601 with offset or Z. Raises ``InvalidInput``."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise InvalidInput(name, text, "is not an instant", "write it as 2026-03-02T09:30:00Z or with +01:00")
    return parsed


def minutes_or_none(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(minutes=count)


def password_from(stdin: bool) -> str:
    """A password: the first line of standard input, or asked for twice. Raises ``InvalidInput`` when empty."""
    password = sys.stdin.readline().rstrip("\r\n") if stdin else str(
        typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    if not password:
        raise InvalidInput("password", "", "is empty", "give one on standard input or when asked")
    return password


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, default=_encode, ensure_ascii=False, indent=2))


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds()) // 60
    return str(value)


def _plain(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds()) // 60} min"
    return str(value)
