"""`make check` asks whether what is installed is known to be vulnerable."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(Path(sys.prefix).resolve() != (CHECKOUT / ".venv").resolve(),
                                reason="it looks at .venv, which make has made")


@contextmanager
def osv(vulnerable: str = "", status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A service that knows of one bad package; its address, and the packages it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            package = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
            asked.append(package["name"])
            known = {"vulns": [{"id": "OSV-2026-1", "summary": "it leaks", "affected": [{"package": package}]}]}
            body = json.dumps(known if package["name"] == vulnerable else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CHECKOUT / ".ci" / "audit", "--osv-url", url, *more], capture_output=True, text=True,
                          timeout=180, check=False)


def test_nothing_is_known() -> None:
    with osv() as (url, asked):
        done = audit(url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No known vulnerabilities in ")
    assert {"radicale", "flask", "psycopg"} <= set(asked)
    assert {"pip", "setuptools", "radicale-booking"}.isdisjoint(asked)


def test_what_is_known_fails() -> None:
    with osv("flask") as (url, _):
        done = audit(url)
    assert done.returncode == 1
    assert "OSV-2026-1" in done.stderr
    assert "flask" in done.stderr


def test_a_service_that_cannot_be_reached_is_told_in_a_line() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = audit(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Dependencies were not audited: OSV cannot be reached.\n"


def test_so_is_one_that_is_out_of_order() -> None:
    with osv(status=503) as (url, _):
        done = audit(url)
    assert (done.returncode, done.stdout) == (0, "Dependencies were not audited: OSV cannot be reached.\n")


def test_a_fault_of_our_own_is_no_pass() -> None:
    assert audit("http://127.0.0.1:1/", "--no-such-option").returncode == 1
