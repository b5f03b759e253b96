"""The server as a WSGI application, for any WSGI server: ``radicale_booking.wsgi:application``.

The configuration file is named by the environment variable ``RADICALE_BOOKING_CONFIG``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from radicale_booking import again, error_log, web, wiring
from radicale_booking.access_log import AccessLog
from radicale_booking.dav.application import BookingApplication
from radicale_booking.errors import Unavailable
from radicale_booking.observed import Observed
from radicale_booking.proxies import TrustedProxies

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def build(config_path: str | Path | None = None, *, hosts: str = "", logged: bool = True) -> WSGIApplication:
    """The application that the configuration file describes, its database ready for use.

    ``hosts`` (``ADDRESS:PORT``, …) replaces ``[server] hosts``; ``logged``: with an access log if the settings want
    one. Raises ``InvalidSettings`` or ``Unavailable``.
    """
    site = wiring.load(config_path, hosts=hosts)
    error_log.set_up(site.configuration)
    if site.settings.users_file.parent == site.settings.data_folder:
        # Radicale does not start without its file, even before the first user is added.
        site.settings.users_file.touch(mode=0o600)
    # What this program may not use, or cannot, is refused now and not at the first request.
    again.attempt(site.app.store.look, "principal", "get", name="")
    try:
        application: WSGIApplication = BookingApplication(site.configuration, pages=web.create_app(site.app))
    except (RuntimeError, ImportError) as error:
        # What Radicale and its plugins raise where files, libraries or servers that they are told of are missing.
        raise Unavailable(f"cannot start: {error}") from error
    error_log.name_people(site.settings.log_people)
    if logged and site.settings.access_log:
        application = AccessLog(application, as_json=site.settings.access_log_json)
    return TrustedProxies(Observed(application, site.app.meter), site.settings.guard.trusted_proxies)


class LazyApplication:
    """Builds the application at the first request, so after a WSGI server has forked its workers."""

    def __init__(self) -> None:
        self._application: WSGIApplication | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            if self._application is None:
                self._application = build()
            application = self._application
        return application(environ, start_response)


application = LazyApplication()
