"""``radicale-booking doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking import settings as settings_module
from radicale_booking import wiring
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.doctor import data, machine, mail_doors, network
from radicale_booking.doctor.finding import Finding, worst
from radicale_booking.services import mail

_MARKS = {"ok": "ok     ", "note": "note   ", "warning": "WARNING", "error": "ERROR  "}


def command(
    context: Context,
    offline: Annotated[bool, typer.Option("--offline", help="Look at this machine only.")] = False,
    mail_to: Annotated[str, typer.Option(metavar="ADDRESS", help="Send a test mail as well.")] = "",
    mail_through: Annotated[str, typer.Option(metavar="ADDRESS", help="Send a test mail to an address of this server, "
                                              "and wait until it comes in.")] = "",
) -> None:
    """Assess the site, and say what to do about each finding; exit code 1 for warnings, 2 for errors."""
    call = invocation(context)
    configuration, settings = settings_module.load(call.config_path)
    app = wiring.adapters(settings)
    try:
        now = app.clock()
        findings = [*machine.examine(settings, now), *data.examine(app)]
        if not offline:
            findings += network.examine(settings, configuration.get("server", "hosts"), now)
            findings += mail_doors.examine(settings.inbound)
        if mail_to:
            mail.send_test(app, mail_to)
            findings.append(Finding("test mail", "ok", f"the mail server has taken one to {mail_to}"))
        if mail_through:
            findings.append(mail_doors.round_trip(app, mail_through))
    finally:
        app.store.close()
    contacts = dict(settings.contacts)
    lines = [_line(one) for one in findings]
    lines += [f"contact  {name}: {value}" for name, value in contacts.items()]
    call.say("\n".join(lines), {
        "findings": [{"name": one.name, "level": one.level, "detail": one.detail, "remedy": one.remedy}
                     for one in findings],
        "contacts": contacts, "exit_code": worst(findings)})
    raise typer.Exit(worst(findings))


def _line(one: Finding) -> str:
    return f"{_MARKS[one.level]}  {one.name}: {one.detail}" + (f"\n         -> {one.remedy}" if one.remedy else "")
