"""One process that answers HTTP requests by waitress, and stops without losing one."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ThreadedTaskDispatcher

from radicale_booking import listening

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Requests still running this long after the signal are cut off.
GRACE_SECONDS = 30.0
#: For so long after the signal, connections are accepted and used ones may send another request.
_SETTLE_SECONDS = 0.1
_FIRST_REQUEST_SECONDS = 2.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class HttpServer:
    """Serves ``application`` on ``sockets`` until ``stop`` is called, from a signal handler or another thread."""

    def __init__(self, application: WSGIApplication, sockets: Sequence[socket.socket], *, threads: int,
                 largest_body_octets: int) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._map: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(threads)
        # waitress owns and closes what it is given; the original stays open for a process that follows this one.
        copies = [listening_socket.dup() for listening_socket in sockets]
        create_server(application, map=self._map, _dispatcher=self._dispatcher, sockets=copies, threads=threads,
                      ident=None, max_request_body_size=largest_body_octets, connection_limit=1000,
                      asyncore_use_poll=True,
                      # Whom to believe is decided by ``proxies``.
                      clear_untrusted_proxy_headers=False, channel_timeout=120, backlog=listening.BACKLOG)
        self._stopping = False

    def run(self) -> None:
        """Answer requests; after ``stop`` accept none, finish those begun, return."""
        while not self._stopping:
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._map, count=1)
        self._loop_until(time.monotonic() + _SETTLE_SECONDS)
        for server in self._servers():
            # Not server.close(): that would also shut the connections down.
            server.del_channel(self._map)
            if server.socket is not None:
                server.socket.close()
        deadline = time.monotonic() + GRACE_SECONDS
        while self._close_idle() and time.monotonic() < deadline:
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        self._dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Make ``run`` finish; safe in a signal handler."""
        self._stopping = True
        for server in self._servers():
            server.pull_trigger()

    def _servers(self) -> list[BaseWSGIServer]:
        return [entry for entry in list(self._map.values()) if isinstance(entry, BaseWSGIServer)]

    def _close_idle(self) -> int:
        """Close the connections that owe no answer; the number of the others."""
        channels = [entry for entry in list(self._map.values()) if isinstance(entry, HTTPChannel)]
        busy = 0
        for channel in channels:
            # Accepted a moment ago: its request is on the way.
            new = (channel.last_activity == channel.creation_time
                   and time.time() - channel.creation_time < _FIRST_REQUEST_SECONDS)
            if new or channel.requests or channel.request is not None or channel.total_outbufs_len:
                busy += 1
            else:
                channel.handle_close()
        return busy

    def _loop_until(self, end: float) -> None:
        while time.monotonic() < end:
            wasyncore.loop(timeout=0.02, use_poll=True, map=self._map, count=1)


def run_single(application: WSGIApplication, sockets: Sequence[socket.socket], *, threads: int,
               largest_body_octets: int, may_reload: Callable[[], bool] | None,
               wind_down: Callable[[Callable[[], None]], None] = lambda stop: stop()) -> bool:
    """Serve in this process until SIGTERM or SIGINT. True when SIGHUP asked for a new start instead;
    SIGTERM and SIGINT are blocked then, so that ``start_again`` loses none.

    ``may_reload()`` says whether a new start would succeed; otherwise, or without it, SIGHUP changes nothing.
    ``wind_down(stop)`` then ends what else this process does, without waiting, and calls ``stop`` when that is done.
    """
    server = HttpServer(application, sockets, threads=threads, largest_body_octets=largest_body_octets)
    reload_asked = stop_asked = False

    def on_stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal reload_asked, stop_asked
        reload_asked, stop_asked = False, True
        server.stop()

    def on_reload(_number: int, _frame: FrameType | None) -> None:
        nonlocal reload_asked
        if not stop_asked and may_reload is not None and may_reload():
            reload_asked = True
            wind_down(server.stop)

    for number in STOP_SIGNALS:
        signal.signal(number, on_stop)
    signal.signal(signal.SIGHUP, on_reload)
    # Blocked if this process was started again: what came meanwhile is heard now.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    server.run()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    if not reload_asked:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    return reload_asked


def start_again(sockets: Sequence[socket.socket]) -> None:
    """Replace this process by a fresh one of the same command on the same sockets; callers meanwhile wait."""
    environment = dict(os.environ)
    listening.hand_over(sockets, environment)
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606  (our own command)
