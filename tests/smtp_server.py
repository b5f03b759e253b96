"""A real SMTP server in a process of its own, which keeps what it takes and can be told to misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

START_SECONDS = 60.0


@dataclass(frozen=True)
class Taken:
    """A message that the server has answered with 250; ``session`` numbers the connections."""

    session: int
    sender: str
    recipient: str
    mail_options: list[str]
    rcpt_options: list[str]
    user: str
    tls: bool
    message: EmailMessage

    @property
    def calendar(self) -> str:
        """The text of the calendar part, '' without one."""
        parts = [part for part in self.message.walk() if part.get_content_type() == "text/calendar"]
        assert len(parts) <= 1
        return str(parts[0].get_content()) if parts else ""


@dataclass
class SmtpServer:
    """The process and its ``folder``; ``port`` stays the same over restarts."""

    folder: Path
    port: int
    arguments: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start, and wait until connections are accepted."""
        self.process = subprocess.Popen([sys.executable, __file__, str(self.port), str(self.folder), *self.arguments])
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, "the SMTP server has ended"
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def stop(self) -> None:
        """Kill it; connections break."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def behave(self, **orders: Any) -> None:
        """``refuse``: recipient -> answer; ``data``: answer after DATA, or ``drop`` (amid it), ``mute`` (after it, for
        ever), ``lose`` (takes it and drops before answering); ``times``: for how many messages; ``delay``: seconds."""
        draft = self.folder / "orders.draft"
        draft.write_text(json.dumps({"serial": time.monotonic_ns(), **orders}), encoding="utf-8")
        draft.replace(self.folder / "orders")

    def taken(self) -> list[Taken]:
        """What was taken so far, in order."""
        found = []
        for file in sorted(self.folder.glob("*.json")):
            record = json.loads(file.read_text(encoding="utf-8"))
            message = email.message_from_bytes(file.with_suffix(".eml").read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found.append(Taken(**record, message=message))
        return found

    def wait_for(self, count: int, seconds: float = START_SECONDS) -> list[Taken]:
        """``taken`` as soon as there are ``count``."""
        deadline = time.monotonic() + seconds
        while len(found := self.taken()) < count:
            assert time.monotonic() < deadline, [str(taken.message["Subject"]) for taken in found]
            time.sleep(0.05)
        return found

    def events(self) -> list[str]:
        """What happened, a word each: connect, data."""
        file = self.folder / "events"
        return file.read_text(encoding="utf-8").split() if file.exists() else []


@contextlib.contextmanager
def smtp_server(folder: Path, *arguments: str, running: bool = True) -> Iterator[SmtpServer]:
    """A server on a free port. ``arguments``: ``--starttls FILE`` or ``--tls FILE`` (certificate and key),
    ``--user USER:PASSWORD``."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = SmtpServer(folder, port, list(arguments))
    if running:
        server.start()
    try:
        yield server
    finally:
        server.stop()


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key and the authority that signed it, in one file."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    made = folder / "certificate.pem"
    made.write_bytes(issued.private_key_and_cert_chain_pem.bytes() + authority.cert_pem.bytes())
    return made


async def _main(port: int, folder: Path, options: dict[str, str]) -> None:
    from aiosmtpd.smtp import SMTP, AuthResult, syntax

    numbers = itertools.count(len(list(folder.glob("*.json"))) + 1)
    sessions = itertools.count(1)
    used: dict[int, int] = {}

    def note(word: str) -> None:
        with (folder / "events").open("a", encoding="utf-8") as file:
            file.write(word + "\n")

    def orders() -> dict[str, Any]:
        file = folder / "orders"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def data_order() -> str:
        given = orders()
        serial = given.get("serial", 0)
        used[serial] = used.get(serial, 0) + 1
        return str(given.get("data", "")) if used[serial] <= given.get("times", sys.maxsize) else ""

    class Handler:
        async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str,  # noqa: N802
                              responses: list[str]) -> list[str]:
            session.host_name = hostname
            return [*responses[:-1], "250-DSN", responses[-1]]

        async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str,  # noqa: N802
                              mail_options: list[str]) -> str:
            envelope.mail_from = address
            envelope.mail_options.extend(mail_options)
            return "250 OK"

        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str,  # noqa: N802
                              rcpt_options: list[str]) -> str:
            refused = orders().get("refuse", {}).get(address)
            if refused:
                return str(refused)
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(rcpt_options)
            return "250 OK"

    class Server(SMTP):
        number = 0

        def connection_made(self, transport: Any) -> None:
            if not self.number:
                self.number = next(sessions)
                note("connect")
            super().connection_made(transport)

        @syntax("DATA")
        async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
            order = data_order()
            note("data")
            if order[:1].isdigit():
                await self.push(order)
                return
            await self.push("354 go on")
            if order == "drop":
                await self._reader.readline()
                self.transport.abort()
                return
            lines = []
            while (line := await self._reader.readline()) != b".\r\n":
                if not line:
                    return
                lines.append(line[1:] if line.startswith(b".") else line)
            await asyncio.sleep(orders().get("delay", 0))
            if order == "mute":
                await asyncio.sleep(3600)
            self.keep(b"".join(lines))
            if order == "lose":
                self.transport.abort()
                return
            self._set_post_data_state()
            await self.push("250 taken")

        def _getparams(self, params: Any) -> Any:
            # aiosmtpd does not know those of DSN (RFC 3461).
            dsn = ("RET=", "ENVID=", "NOTIFY=", "ORCPT=")
            return super()._getparams([param for param in params if not param.startswith(dsn)])

        def keep(self, content: bytes) -> None:
            file = folder / f"{next(numbers):06}.eml"
            file.write_bytes(content)
            authenticated = getattr(self.session, "auth_data", None)
            record = {"session": self.number, "sender": self.envelope.mail_from,
                      "recipient": self.envelope.rcpt_tos[0], "mail_options": self.envelope.mail_options,
                      "rcpt_options": self.envelope.rcpt_options,
                      "tls": self.session.ssl is not None or "tls" in options,
                      "user": authenticated.login.decode() if authenticated else ""}
            draft = file.with_suffix(".draft")
            draft.write_text(json.dumps(record), encoding="utf-8")
            draft.replace(file.with_suffix(".json"))

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == options.get("user"), handled=False, auth_data=data)

    context = None
    if "starttls" in options or "tls" in options:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.get("starttls") or options["tls"])
    settings: dict[str, Any] = {"auth_required": "user" in options, "auth_require_tls": False}
    if "user" in options:
        settings["authenticator"] = authenticate
    if "starttls" in options:
        settings |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(Handler(), enable_SMTPUTF8=False, **settings), "127.0.0.1", port,
                                      ssl=context if "tls" in options else None)
    await server.serve_forever()


if __name__ == "__main__":
    os.setpgrp()
    words = sys.argv[3:]
    asyncio.run(_main(int(sys.argv[1]), Path(sys.argv[2]),
                      {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}))
