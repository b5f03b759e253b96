"""Stopping, reloading and several processes, with an application that is slow on demand."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.server import Running, started

PROGRAM = '''
import os, sys, time
from radicale_booking import listening, serving
from radicale_booking.access_log import AccessLog
from radicale_booking.supervisor import Supervisor

workers, marker = int(sys.argv[1]), sys.argv[2]

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/die":
        os._exit(7)
    if path.startswith("/slow"):
        print("begun", flush=True)
        time.sleep(float(environ["QUERY_STRING"]))
    filling = 1_000_000 if path == "/slow/big" else 0
    body = str(os.getpid()).encode() + b" " + open(marker, "rb").read() + b"." * filling
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]

sockets = listening.listen([("127.0.0.1", 0)])

def reload():
    return "bad" not in open(marker).read()

def run():
    return serving.run_single(AccessLog(application), sockets, threads=4, largest_body_octets=1000,
                              may_reload=None if workers else reload)

print("ready http://" + listening.shown(sockets)[0], flush=True)
if workers:
    Supervisor([run] * workers, reload).run()
elif run():
    serving.start_again(sockets)
print("clean end", flush=True)
'''


@contextmanager
def program(folder: Path, workers: int) -> Iterator[Running]:
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "marker").write_text("first", encoding="utf-8")
    command = [sys.executable, str(folder / "program.py"), str(workers), str(folder / "marker")]
    with started(command, ready=r"ready (http://\S+)") as running:
        yield running


def connect(running: Running) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(running.url.removeprefix("http://"), timeout=30)


def get(running: Running, path: str) -> tuple[int, bytes]:
    connection = connect(running)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def get_later(running: Running, path: str) -> tuple[threading.Thread, list[tuple[int, bytes]]]:
    answers: list[tuple[int, bytes]] = []
    thread = threading.Thread(target=lambda: answers.append(get(running, path)), daemon=True)
    thread.start()
    return thread, answers


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_finished_before_the_end(tmp_path: Path, workers: int, number: int) -> None:
    with program(tmp_path, workers) as running:
        idle = connect(running)
        idle.request("GET", "/")
        idle.getresponse().read()
        thread, answers = get_later(running, "/slow/big?1.5")
        running.wait_for("begun")
        began = time.monotonic()
        assert running.stop(number) == 0
        assert 0.5 < time.monotonic() - began < 15
        thread.join(10)
        assert [(status, len(body) > 1_000_000) for status, body in answers] == [(200, True)]
        idle.close()
        running.wait_for("clean end")
        with pytest.raises(OSError, match="refused"):
            get(running, "/")


def test_an_idle_server_stops_at_once(tmp_path: Path) -> None:
    with program(tmp_path, 0) as running:
        idle = connect(running)
        idle.request("GET", "/")
        idle.getresponse().read()
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 5
        idle.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_reload_takes_the_new_state_and_loses_no_request(tmp_path: Path, workers: int) -> None:
    with program(tmp_path, workers) as running:
        thread, answers = get_later(running, "/slow?1")
        running.wait_for("begun")
        (tmp_path / "marker").write_text("second", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        first = get(running, "/")[1].split()[0]
        for _ in range(50):
            assert get(running, "/")[0] == 200
        while workers and get(running, "/")[1].split()[0] == first and time.monotonic() < deadline:
            time.sleep(0.05)
        thread.join(15)
        assert [status for status, _ in answers] == [200]
        if not workers:
            while sum("ready" in line for line in running.lines) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert get(running, "/")[1].startswith(first)
            assert sum("ready" in line for line in running.lines) == 2
        assert running.stop() == 0


def test_reload_with_a_bad_state_changes_nothing(tmp_path: Path) -> None:
    with program(tmp_path, 0) as running:
        (tmp_path / "marker").write_text("bad", encoding="utf-8")
        assert get(running, "/")[0] == 200
        running.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert get(running, "/")[0] == 200
        assert sum("ready" in line for line in running.lines) == 1


def test_several_processes_share_one_socket_and_dead_ones_are_replaced(tmp_path: Path) -> None:
    with program(tmp_path, 2) as running:
        def pids(wanted: int, known: set[bytes]) -> set[bytes]:
            seen: set[bytes] = set()
            deadline = time.monotonic() + 20
            while len(seen - known) < wanted and time.monotonic() < deadline:
                thread, _ = get_later(running, "/slow?0.05")
                seen.add(get(running, "/")[1].split()[0])
                thread.join()
            return seen

        first = pids(2, set())
        assert len(first) == 2
        assert str(running.process.pid).encode() not in first
        with pytest.raises(http.client.RemoteDisconnected):
            get(running, "/die")
        running.wait_for(r"worker \d+ ended \(7\), starting another")
        assert pids(1, first) - first


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with program(tmp_path, 2) as running:
        pid = int(get(running, "/")[1].split()[0])
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="ascii"):
                break
            time.sleep(0.05)
        else:
            pytest.fail("worker outlived its parent")


def test_the_access_log_tells_path_status_and_time_and_no_more(tmp_path: Path) -> None:
    with program(tmp_path, 0) as running:
        get(running, "/book/anna/?name=Secret")
        get(running, "/booking/abc.DEF-1/")
        get(running, "/a%0Ab%C3%A9")
        get(running, "/freebusy/anna@example.org.ifb")
        line = running.wait_for(r"^(\S+) GET /book/…/ 200 (\S+) ms -$")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line[1])
        running.wait_for(r"GET /booking/…/ 200")
        running.wait_for(r"GET /… 200")
        running.wait_for(r"GET /freebusy/… 200")
        assert not re.search("anna|bé", "".join(running.lines))
        assert "Secret" not in "".join(running.lines)
        assert "abc.DEF" not in "".join(running.lines)


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    config = tmp_path / "booking.ini"
    config.write_text(f"[booking]\ndata_folder = {tmp_path}/data\n", encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "radicale_booking", "--config", str(config), "serve", "--host", "127.0.0.1",
                   "--port", port]
        with started(command) as running:
            assert running.process.wait(60) == 1
    assert running.lines == [f"radicale-booking: cannot listen on 127.0.0.1:{port}: Address already in use\n"]
