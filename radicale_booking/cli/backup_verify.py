"""``radicale-booking backup verify``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking import drill
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import backup

Identity = Annotated[str, typer.Option("--identity", metavar="FILE",
                                       help="Private key that opens it, instead of [backup] identity_file.")]
Name = Annotated[str | None, typer.Argument(metavar="[ARCHIVE]", help="File, by default the newest.")]


def command(context: Context, archive: Name = None, identity: Identity = "") -> None:
    """Restore an archive into scratch and try everything in it; exit code 1 when anything fails."""
    call = invocation(context)
    app = call.app()
    done = drill.run(app, backup.chosen(app.settings, archive), identity or app.settings.backup.identity_file)
    lines = [f"{'ok  ' if one.passed else 'FAIL'}  {one.name}: {one.detail}" for one in done.findings]
    call.say("\n".join([
        done.archive.path.name, *lines,
        f"RPO {round(done.rpo.total_seconds())} s (what would be lost now), RTO {done.rto.total_seconds():.1f} s",
        f"evidence: {backup.evidence_file(done.archive.path)}"]), done.as_record())
    if not done.passed:
        raise typer.Exit(1)
