"""What a proxy says about a request is believed of ``[guard] trusted_proxies`` alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from radicale_booking.domain.client_address import Network, is_proxy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: In the environment of a request that says it came through a proxy, believed or not.
FORWARDED = "radicale_booking.forwarded"
_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_", "HTTP_X_REAL_IP")
#: Where the server is shown, and, for ``[auth] type = http_x_remote_user``, who asks.
_OTHERS = ("HTTP_X_SCRIPT_NAME", "HTTP_X_REMOTE_USER")


class TrustedProxies:
    """Wraps a WSGI application, which then may believe the headers of proxies that it sees."""

    def __init__(self, application: WSGIApplication, trusted: Sequence[Network]) -> None:
        self._application = application
        self._trusted = trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[FORWARDED] = any(name.startswith(_FORWARDING) for name in environ)
        if not is_proxy(str(environ.get("REMOTE_ADDR", "")), self._trusted):
            for name in [name for name in environ if name.startswith((*_FORWARDING, *_OTHERS))]:
                del environ[name]
        return self._application(environ, start_response)
