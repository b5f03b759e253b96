"""A mailbox on an IMAP server (RFC 3501): what is in a folder, and moving it to another."""

from __future__ import annotations

import email.policy
import email.utils
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from radicale_booking.errors import DeliveryFailed
from radicale_booking.inbound_settings import InboundSettings
from radicale_booking.notify import connection_trouble

_TIMEOUT_SECONDS = 60
_BODY = b"BODY[]"
#: Where mail servers note to whom a mail really went; To and Cc are what its writer says.
_TRACES = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To")


@dataclass(frozen=True, slots=True)
class Envelope:
    """``sender`` is empty for a bounce; ``recipients`` in lower case, those that a mail server noted where it did."""

    sender: str
    recipients: tuple[str, ...]


class Mailbox:
    """An open connection with a folder selected; all raise ``DeliveryFailed`` when it breaks."""

    def __init__(self, client: IMAPClient, settings: InboundSettings) -> None:
        self._client = client
        self._settings = settings

    def sizes(self) -> dict[int, int]:
        """The octets of every mail in the folder, by its number there (UID), the oldest first."""
        with _failures(self._settings):
            found = self._client.fetch(self._client.search(), ["RFC822.SIZE"])
            return {number: int(data[b"RFC822.SIZE"]) for number, data in sorted(found.items())}

    def content(self, number: int) -> bytes | None:
        """The whole mail, left unread; None when it is gone."""
        with _failures(self._settings):
            body = self._client.fetch([number], ["BODY.PEEK[]"]).get(number, {}).get(_BODY)
            return body if isinstance(body, bytes) else None

    def done(self, number: int) -> None:
        """Move it to the folder of mail that was dealt with."""
        target = self._settings.imap_done_folder
        with _failures(self._settings):
            if self._client.has_capability("MOVE"):
                self._client.move([number], target)
                return
            # It may be in both folders if the connection breaks now; it is known when it is looked at again.
            self._client.copy([number], target)
            self._client.delete_messages([number])
            self._client.expunge([number] if self._client.has_capability("UIDPLUS") else None)


@contextmanager
def opened(settings: InboundSettings) -> Iterator[Mailbox]:
    """The mailbox of ``settings``. Raises ``DeliveryFailed``, also for a wrong password."""
    with _failures(settings):
        client = _connected(settings)
    try:
        with _failures(settings):
            client.login(settings.imap_user, _password(settings))
            if not client.folder_exists(settings.imap_done_folder):
                client.create_folder(settings.imap_done_folder)
            client.select_folder(settings.imap_folder)
        yield Mailbox(client, settings)
    finally:
        client.__exit__(None, None, None)


def envelope(raw: bytes) -> Envelope:
    """From whom and to whom a delivered mail came. Never raises."""
    head = BytesHeaderParser(policy=email.policy.compat32).parsebytes(raw)
    paths = [str(value).strip() for value in head.get_all("Return-Path", [])]
    sender = paths[0].strip("<>") if paths else next(iter(_addresses(head, "From")), "")
    noted = [address for name in _TRACES for address in _addresses(head, name)]
    return Envelope(sender, tuple(dict.fromkeys(noted or [*_addresses(head, "To"), *_addresses(head, "Cc")])))


def _addresses(head: Message, name: str) -> list[str]:
    values = [str(value) for value in head.get_all(name, [])]
    return [address.strip().lower() for _, address in email.utils.getaddresses(values) if "@" in address]


def _connected(settings: InboundSettings) -> IMAPClient:
    context = ssl.create_default_context(cafile=settings.imap_ca_file or None)
    tls = settings.imap_security == "tls"
    client = IMAPClient(settings.imap_host, port=settings.imap_port or (993 if tls else 143), ssl=tls,
                        ssl_context=context if tls else None, timeout=_TIMEOUT_SECONDS)
    if settings.imap_security == "starttls":
        try:
            client.starttls(context)
        except BaseException:
            # It is broken already where TLS was refused, and that is what is to be told.
            with suppress(OSError):
                client.shutdown()
            raise
    return client


def _password(settings: InboundSettings) -> str:
    if not settings.imap_password_file:
        return ""
    return Path(settings.imap_password_file).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")


@contextmanager
def _failures(settings: InboundSettings) -> Iterator[None]:
    try:
        yield
    except (IMAPClientError, OSError, ValueError) as error:
        reason = connection_trouble.words(error, host="imap_host", ca_file="imap_ca_file", security="imap_security")
        raise DeliveryFailed(f"IMAP server {settings.imap_host}: {reason}", unreachable=True) from error
