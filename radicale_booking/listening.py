"""The sockets a server listens on: bound anew, or handed over by systemd or by the process before."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from radicale_booking.errors import Unavailable

#: systemd's protocol (sd_listen_fds(3)): the sockets are the descriptors from 3 on.
FIRST_DESCRIPTOR = 3
BACKLOG = 1024


def listen(addresses: Sequence[tuple[str, int]]) -> list[socket.socket]:
    """Listening sockets: those handed over to this process, else one for each address (port 0: any free port).

    Raises ``Unavailable`` when an address cannot be had.
    """
    inherited = _inherited()
    if inherited:
        return inherited
    sockets: list[socket.socket] = []
    try:
        for host, port in addresses:
            sockets.extend(_bind(host, port))
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise Unavailable(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    return sockets


def hand_over(sockets: Sequence[socket.socket], environment: dict[str, str]) -> None:
    """Prepare ``environment`` and this process for ``exec``: the new program finds ``sockets`` by ``listen``."""
    # Copies above the target range first, lest one overwrites another.
    copies = [os.dup(listening.fileno()) for listening in sockets]
    high = max([*copies, FIRST_DESCRIPTOR + len(copies)]) + 1
    for offset, copy in enumerate(copies):
        os.dup2(copy, high + offset, inheritable=False)
    for offset in range(len(copies)):
        os.dup2(high + offset, FIRST_DESCRIPTOR + offset, inheritable=True)
    environment["LISTEN_PID"], environment["LISTEN_FDS"] = str(os.getpid()), str(len(copies))


def shown(sockets: Sequence[socket.socket]) -> list[str]:
    """``ADDRESS:PORT`` of each, in brackets for IPv6."""
    names = [listening.getsockname()[:2] for listening in sockets]
    return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in names]


def _inherited() -> list[socket.socket]:
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return []
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    sockets = [socket.socket(fileno=FIRST_DESCRIPTOR + offset) for offset in range(count)]
    for listening in sockets:
        os.set_inheritable(listening.fileno(), False)
    return sockets


def _bind(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of ``host``; one that the machine has no protocol for is left out unless it is all."""
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM,
                                                                 flags=socket.AI_PASSIVE):
        chosen = sockets[0].getsockname()[1] if sockets and not port else port
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind((address[0], chosen, *address[2:]))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            if family != socket.AF_INET6:
                for opened in sockets:
                    opened.close()
                raise
            failure = error
            continue
        sockets.append(listening)
    if not sockets and failure is not None:
        raise failure
    return sockets
