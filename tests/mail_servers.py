"""Debian's Dovecot and Postfix as instances of their own in a folder, on ports of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

START_SECONDS = 60.0
USER, PASSWORD = "booking", "correct-horse"
_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
listen = 127.0.0.1
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail
}}
"""


_TLS = """
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
ssl_min_protocol = TLSv1.2
"""


def program(name: str) -> str:
    """Its path; where it cannot be run the test is skipped, or fails under RADICALE_BOOKING_REQUIRE_ALL."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is not None and os.geteuid() == 0:
        return found
    if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
        pytest.fail(f"{name} is needed, and root to start it")
    pytest.skip(f"{name} is not there, or we are not root to start it; run .ci/mail as root")


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def short_folder() -> Iterator[Path]:
    """One that other users may enter, with a name short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="rb-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Dovecot:
    """An IMAP server with one mailbox; ports and mailbox stay over restarts. ``tls_port`` is 0 without TLS."""

    command: str
    folder: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] | None = None
    count: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen([self.command, "-F", "-c", str(self.folder / "dovecot.conf")])
        until(lambda: listens(self.port), "dovecot does not listen")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def deliver(self, raw: bytes) -> None:
        """Put a mail into the mailbox as a mail server does."""
        self.count += 1
        draft = self.folder / "mail" / "tmp" / f"{time.time_ns()}.{self.count}.test"
        draft.write_bytes(raw)
        shutil.chown(draft, "nobody", "nogroup")
        draft.rename(self.folder / "mail" / "new" / draft.name)

    def held(self, name: str = "") -> int:
        """How many mails are in the folder, '' for INBOX."""
        place = self.folder / "mail" / (f".{name}" if name else "")
        return sum(1 for part in ("new", "cur") for _ in (place / part).glob("*"))


@contextmanager
def dovecot(port: int, certificate: Path | None = None, tls_port: int = 0) -> Iterator[Dovecot]:
    """A server that is not started yet; with ``certificate``, its key in the same file, it speaks TLS."""
    command = program("dovecot")
    with short_folder() as folder:
        for name in ("mail/new", "mail/cur", "mail/tmp"):
            (folder / name).mkdir(parents=True)
        for path in (folder / "mail", *(folder / "mail").iterdir()):
            shutil.chown(path, "nobody", "nogroup")
        secured = _TLS.format(certificate=certificate) if certificate else "ssl = no\n"
        (folder / "dovecot.conf").write_text(
            _DOVECOT.format(folder=folder, port=port, tls_port=tls_port, password=PASSWORD) + secured)
        server = Dovecot(command, folder, port, tls_port)
        try:
            yield server
        finally:
            server.stop()


_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
recipient_delimiter =
relay_domains = {ours}, {theirs}
transport_maps = inline:{{ {ours}=lmtp:inet:127.0.0.1:{lmtp},
    {theirs}=smtp:[127.0.0.1]:{sink}, example.org=error:elsewhere }}
lmtp_destination_recipient_limit = 1
smtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
minimal_backoff_time = 1s
queue_run_delay = 1s
notify_classes =
"""
#: Without chroot, for the folder holds no copies of the system's files.
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def postfix(port: int, *, ours: str, lmtp: int, theirs: str, sink: int) -> Iterator[Path]:
    """A running mail server that takes mail at ``port``: that of the domain ``ours`` goes to ``lmtp``, that of
    ``theirs`` by SMTP to ``sink``. Gives the path of its log."""
    command = program("postfix")
    with short_folder() as folder:
        for name in ("queue", "data", "etc"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        etc = folder / "etc"
        (etc / "main.cf").write_text(_MAIN.format(folder=folder, ours=ours, lmtp=lmtp, theirs=theirs, sink=sink))
        (etc / "master.cf").write_text(_MASTER.format(port=port))
        started = subprocess.run([command, "-c", str(etc), "start"], capture_output=True, text=True, check=False)
        assert started.returncode == 0, started.stdout + started.stderr
        try:
            until(lambda: listens(port), "postfix does not listen")
            yield folder / "log"
        finally:
            subprocess.run([command, "-c", str(etc), "stop"], capture_output=True, check=False)
