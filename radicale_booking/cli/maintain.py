"""``radicale-booking maintain``."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import maintenance


def command(
    context: Context,
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Give room that is not used back to the disk.")] = False,
) -> None:
    """Do what is due now: expire, forget what is old, extend, analyse and check; exit code 1 when damage is found."""
    call = invocation(context)
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    report = maintenance.run(call.app(), vacuum=vacuum, stopping=stop.is_set)
    lines = [f"{name}: {count}" for name, count in report.done.items()]
    lines += report.problems or ["stopped; the rest is done next time" if report.stopped else "the database is sound"]
    call.say("\n".join(lines), {"done": report.done, "problems": report.problems, "stopped": report.stopped})
    if report.problems:
        raise typer.Exit(1)
