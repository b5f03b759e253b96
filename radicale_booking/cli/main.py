"""The ``radicale-booking`` command: its tree of commands, and the edge where errors become one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from typer.main import get_command

from radicale_booking import __version__, wiring
from radicale_booking.cli import (
    audit_list,
    backup_create,
    backup_list,
    backup_restore,
    backup_verify,
    block_add,
    block_list,
    block_remove,
    db_check,
    db_copy,
    db_info,
    db_migrate,
    demo,
    dns,
    doctor,
    event_type_add,
    event_type_link,
    event_type_list,
    event_type_remove,
    event_type_set,
    event_type_show,
    explain,
    export_radicale,
    host_enable,
    host_show,
    import_radicale,
    inbound_drop,
    inbound_list,
    inbound_retry,
    inbound_show,
    init,
    mail_list,
    mail_preview,
    mail_retry,
    mail_test,
    maintain,
    maintenance_off,
    maintenance_on,
    maintenance_status,
    privacy_erase,
    privacy_export,
    reservation_cancel,
    reservation_confirm,
    reservation_decline,
    reservation_list,
    reservation_move,
    reservation_show,
    serve,
    slots,
    token_add,
    token_list,
    token_revoke,
    user_add,
    user_list,
    user_passwd,
    user_remove,
    webhook_add,
    webhook_list,
    webhook_log,
    webhook_remove,
    webhook_replay,
    worker,
)
from radicale_booking.cli.invocation import Invocation
from radicale_booking.errors import BookingError, IllegalTransition, SlotTaken
from radicale_booking.settings import ENVIRONMENT_VARIABLE, InvalidSettings

_FLAGS_ANYWHERE = ("--json",)
_OPTIONS_ANYWHERE = ("--config",)

#: Group -> (what it is about, its commands).
_GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "user": ("Users and their passwords.", {
        "add": user_add.command, "list": user_list.command, "passwd": user_passwd.command,
        "remove": user_remove.command}),
    "host": ("Users that can be booked.", {"enable": host_enable.command, "show": host_show.command}),
    "event-type": ("What can be booked with a host.", {
        "add": event_type_add.command, "list": event_type_list.command, "show": event_type_show.command,
        "set": event_type_set.command, "remove": event_type_remove.command, "link": event_type_link.command}),
    "reservation": ("Bookings.", {
        "list": reservation_list.command, "show": reservation_show.command, "cancel": reservation_cancel.command,
        "confirm": reservation_confirm.command, "decline": reservation_decline.command,
        "move": reservation_move.command}),
    "token": ("Passwords for programs.", {
        "add": token_add.command, "list": token_list.command, "revoke": token_revoke.command}),
    "block": ("Who may not book.", {
        "add": block_add.command, "remove": block_remove.command, "list": block_list.command}),
    "inbound": ("Mail that came and could not be dealt with.", {
        "list": inbound_list.command, "show": inbound_show.command, "retry": inbound_retry.command,
        "drop": inbound_drop.command}),
    "mail": ("Outgoing mail.", {
        "list": mail_list.command, "preview": mail_preview.command, "retry": mail_retry.command,
        "test": mail_test.command}),
    "webhook": ("What is posted to other programs.", {
        "add": webhook_add.command, "list": webhook_list.command, "remove": webhook_remove.command,
        "log": webhook_log.command, "replay": webhook_replay.command}),
    "maintenance": ("Holding the site still.", {
        "on": maintenance_on.command, "off": maintenance_off.command, "status": maintenance_status.command}),
    "db": ("The database.", {
        "migrate": db_migrate.command, "info": db_info.command, "check": db_check.command,
        "copy": db_copy.command}),
    "backup": ("Archives of everything, and the proof that they are good.", {
        "create": backup_create.command, "list": backup_list.command, "verify": backup_verify.command,
        "restore": backup_restore.command}),
    "audit": ("Who did what and when.", {"list": audit_list.command}),
    "privacy": ("What is known of a person.", {
        "export": privacy_export.command, "erase": privacy_erase.command}),
    "import": ("Take over data from elsewhere.", {"radicale": import_radicale.command}),
    "export": ("Write everything out for elsewhere.", {"radicale": export_radicale.command}),
}


def build() -> typer.Typer:
    """The command tree."""
    root = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None,
                       pretty_exceptions_enable=False,
                       help="A CalDAV/CardDAV server that is at the same time a booking system.")
    root.callback()(_root)
    root.command("serve")(serve.command)
    root.command("worker")(worker.command)
    root.command("init")(init.command)
    root.command("doctor")(doctor.command)
    root.command("maintain")(maintain.command)
    root.command("dns")(dns.command)
    root.command("slots")(slots.command)
    root.command("explain")(explain.command)
    root.command("demo")(demo.command)
    for name, (purpose, commands) in _GROUPS.items():
        group = typer.Typer(no_args_is_help=True, help=purpose, rich_markup_mode=None)
        for word, command in commands.items():
            group.command(word)(command)
        root.add_typer(group, name=name)
    return root


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a ``BookingError`` is told on standard error and ends with exit code 1."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        get_command(build()).main(args=_hoisted(given), prog_name="radicale-booking")
    except InvalidSettings as error:
        sys.exit(str(error))
    except BookingError as error:
        sys.exit(f"radicale-booking: {sentence(error)}")
    except OverflowError as error:
        sys.exit(f"radicale-booking: a number or a time is out of range: {error}; give a smaller one or a nearer")
    except BrokenPipeError:
        # The reader of a pipe (head, less) has gone; that is its right.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        sys.exit(f"radicale-booking: {place}{error.strerror or error}; give another place, or make this one usable")
    finally:
        wiring.close()


def sentence(error: BookingError) -> str:
    """``error`` as one line for people."""
    if isinstance(error, SlotTaken):
        nearest = ", ".join(f"{start:%Y-%m-%dT%H:%MZ}" for start in error.alternatives)
        hint = f"; nearest: {nearest}" if nearest else ""
        state = "free" if error.offered_before else "an offered time"
        return f"{error.start:%Y-%m-%dT%H:%MZ} is not {state} ({error.rule}){hint}"
    if isinstance(error, IllegalTransition):
        return f"cannot {error.event} a reservation that is {error.state}"
    return " ".join(str(error).split())


def _hoisted(arguments: list[str]) -> list[str]:
    """``arguments`` with the options of the whole program in front, wherever they were written."""
    front: list[str] = []
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        if argument == "--":
            rest += [argument, *pending]
        elif argument in _OPTIONS_ANYWHERE:
            front += [argument, *(value for value in [next(pending, None)] if value is not None)]
        elif argument in _FLAGS_ANYWHERE or argument.startswith(tuple(f"{name}=" for name in _OPTIONS_ANYWHERE)):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"radicale-booking {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    config: Annotated[str | None, typer.Option(metavar="FILE", envvar=ENVIRONMENT_VARIABLE,
                                               help="Configuration file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Results as JSON, for machines.")] = False,
    _version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True,
                                           callback=_show_version)] = False,
) -> None:
    context.obj = Invocation(config, as_json)
