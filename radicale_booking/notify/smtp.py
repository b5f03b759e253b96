"""Handing mail to an SMTP server (RFC 5321), on one connection as long as there is something to hand over."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

from radicale_booking.errors import DeliveryFailed
from radicale_booking.mail_settings import MailSettings
from radicale_booking.notify import connection_trouble

#: How long a server may take to answer to a complete message (RFC 5321 §4.5.3.2.6): who gives up sooner sends twice.
_ANSWER_SECONDS = 600
#: Answers that concern us, not the recipient (RFC 4954 §4, §6; RFC 3207 §4): mail waits until settings are corrected.
_OURS = frozenset({421, 454, 530, 534, 535, 538})
_LONGEST_REASON = 300


class SmtpMailer:
    """Sends by the server of ``settings``; for one thread. Connects at the first message, and anew when needed."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._client: _Client | None = None

    def send(self, message: EmailMessage, key: str) -> None:
        """Hand ``message`` over; when this returns, the server has taken it. ``key`` names it in failure reports.

        Raises ``DeliveryFailed``; unless it is ``permanent``, the server has not taken the message as far as it said.
        """
        try:
            client = self._connected()
            self._hand_over(client, message, key)
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = next(iter(error.recipients.values()))
            raise self._failed(code, reason, recipient=True) from error
        except smtplib.SMTPDataError as error:
            raise self._failed(error.smtp_code, error.smtp_error, recipient=True) from error
        except smtplib.SMTPResponseException as error:
            raise self._failed(error.smtp_code, error.smtp_error, recipient=False) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise self._unreachable(error) from error

    def try_out(self) -> None:
        """Connect and sign in, and send nothing. Raises ``DeliveryFailed``."""
        try:
            self._connected()
        except smtplib.SMTPResponseException as error:
            raise self._failed(error.smtp_code, error.smtp_error, recipient=False) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """End the connection, if there is one."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()

    @property
    def _place(self) -> str:
        return f"SMTP server {self._settings.host}:{self._settings.used_port}"

    def _connected(self) -> _Client:
        if self._client is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                # It tells whether the server is still there, and ends what a refused message has left open.
                if self._client.rset()[0] == 250:
                    return self._client
            self.close()
        self._client = self._connect()
        return self._client

    def _connect(self) -> _Client:
        settings = self._settings
        place = (settings.host, settings.used_port)
        tls = ssl.create_default_context(cafile=settings.ca_file or None) if settings.security != "none" else None
        client = (_TlsClient(*place, timeout=settings.timeout_seconds, context=tls) if settings.security == "tls"
                  else _Client(*place, timeout=settings.timeout_seconds))
        try:
            client.ehlo()
            if settings.security == "starttls":
                client.starttls(context=tls)
                client.ehlo()
            if settings.user:
                client.login(settings.user, self._password())
        except BaseException:
            client.close()
            raise
        return client

    def _password(self) -> str:
        if not self._settings.password_file:
            return self._settings.password
        return Path(self._settings.password_file).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")

    def _hand_over(self, client: _Client, message: EmailMessage, key: str) -> None:
        recipient = message["To"].addresses[0].addr_spec
        from_options, to_options = [], []
        if client.has_extn("dsn") and recipient.isascii():  # RFC 3461
            from_options = ["RET=HDRS", f"ENVID={_xtext(key)[:100]}"]
            to_options = ["NOTIFY=FAILURE,DELAY", f"ORCPT=rfc822;{_xtext(recipient)}"]
        if not recipient.isascii() and not client.has_extn("smtputf8"):
            raise DeliveryFailed(f"{self._place} cannot send to {recipient}: the address is not ASCII", permanent=True)
        client.send_message(message, self._settings.sender, [recipient], from_options, to_options)

    def _unreachable(self, error: Exception) -> DeliveryFailed:
        reason = connection_trouble.words(error, host="[mail] host", ca_file="[mail] ca_file",
                                          security="[mail] security")
        return DeliveryFailed(f"{self._place}: {reason}", unreachable=True)

    def _failed(self, code: int, reason: bytes | str, *, recipient: bool) -> DeliveryFailed:
        """The failure that an answer means; only what is refused for this recipient or message may be for good."""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        ours = not recipient or code in _OURS
        if ours:
            self.close()
        return DeliveryFailed(_line(f"{self._place} answered {code} {text}"), permanent=code >= 500 and not ours,
                              unreachable=ours)


class _Client(smtplib.SMTP):
    """Waits long enough for the answer to a message."""

    def data(self, msg: bytes | str) -> tuple[int, bytes]:  # type: ignore[override]
        assert self.sock is not None  # noqa: S101 - connected
        usual = self.sock.gettimeout()
        self.sock.settimeout(_ANSWER_SECONDS)
        try:
            return super().data(msg)
        finally:
            if self.sock is not None:
                self.sock.settimeout(usual)


class _TlsClient(smtplib.SMTP_SSL, _Client):
    """The same with TLS from the first octet."""


def _xtext(text: str) -> str:
    """RFC 3461 §4."""
    return "".join(letter if "!" <= letter <= "~" and letter not in "+=" else f"+{ord(letter) & 0xFF:02X}"
                   for letter in text)


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_REASON]
