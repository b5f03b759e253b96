"""``radicale-booking serve``."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from typing import Annotated

import typer

from radicale_booking import __version__, listening, serving, wiring, wsgi
from radicale_booking import settings as settings_module
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.meter import SHARED_FOLDER
from radicale_booking.settings import InvalidSettings
from radicale_booking.supervisor import Supervisor
from radicale_booking.worker import Worker, run_worker


def command(
    context: Context,
    host: Annotated[str, typer.Option(help="Address to listen on, instead of [server] hosts.")] = "",
    port: Annotated[int | None, typer.Option(help="Port to listen on, instead of [server] hosts; 0: any free one.",
                                             min=0, max=65535)] = None,
    workers: Annotated[int, typer.Option(help="Number of serving processes.", min=1, max=64)] = 1,
) -> None:
    """Run the server until SIGTERM or Ctrl-C; SIGHUP reads the configuration anew."""
    # One that comes before there is a handler for it would end the process; what has just started is up to date.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    config_path = invocation(context).config_path
    configuration, _ = settings_module.load(config_path)
    configured: list[tuple[str, int]] = configuration.get("server", "hosts")
    overridden = bool(host) or port is not None
    addresses = [(host or configured[0][0], configured[0][1] if port is None else port)] if overridden else configured
    sockets = listening.listen(addresses)
    # The address people are shown by default is the one listened on.
    hosts = f"{_bracketed(addresses[0][0])}:{sockets[0].getsockname()[1]}" if overridden else ""

    def announce() -> None:
        for address in listening.shown(sockets):
            typer.echo(f"radicale-booking {__version__} serves http://{address}/")
        sys.stdout.flush()

    def may_reload() -> bool:
        try:
            settings_module.load(config_path)
        except InvalidSettings as error:
            typer.echo(f"radicale-booking: not reloaded:\n{error}", err=True)
            return False
        return True

    def serve() -> bool:
        configuration, settings = settings_module.load(config_path)
        application = wsgi.build(config_path, hosts=hosts)
        worker = Worker(wiring.load(config_path, hosts=hosts).app) if workers == 1 else None
        if worker is not None:
            announce()
            worker.start()
        try:
            return serving.run_single(application, sockets, threads=settings.threads,
                                      largest_body_octets=configuration.get("server", "max_content_length"),
                                      may_reload=may_reload if workers == 1 else None,
                                      wind_down=worker.finish if worker is not None else lambda stop: stop())
        finally:
            if worker is not None:
                worker.stop()
            wiring.close()

    if workers == 1:
        if serve():
            serving.start_again(sockets)
    else:
        _share_counts()
        # Migrated once, before the processes that share the database start; no connection may cross a fork.
        wiring.load(config_path, hosts=hosts)
        wiring.close()
        announce()
        Supervisor([serve] * workers + [lambda: run_worker(config_path, hosts=hosts)], may_reload).run()
    for opened in sockets:
        opened.close()


def _share_counts() -> None:
    """Let the processes count together; what they leave goes with this one."""
    if not os.environ.get(SHARED_FOLDER):
        folder, owner = tempfile.mkdtemp(prefix="radicale-booking-counts-"), os.getpid()
        os.environ[SHARED_FOLDER] = folder
        # The children inherit this and must not do it.
        atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
