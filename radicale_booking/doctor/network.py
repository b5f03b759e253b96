"""What the rest of the world sees: ports, TLS, the proxy, DNS, the mail server."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

from radicale_booking.doctor import proxy
from radicale_booking.doctor.finding import ERROR, NOTE, OK, WARNING, Finding
from radicale_booking.domain.service_records import service_records
from radicale_booking.errors import DeliveryFailed
from radicale_booking.notify.smtp import SmtpMailer
from radicale_booking.settings import Settings

_PATIENCE_SECONDS = 8
_CERTIFICATE_SOON = timedelta(days=21)
_LOCAL = ("localhost", "127.0.0.1", "::1")

#: (name, type) -> the texts of the records, none where there are none. Raises ``dns.exception.DNSException``.
Lookup = Callable[[str, str], Sequence[str]]


def lookup(name: str, kind: str) -> list[str]:
    """What DNS says; see ``Lookup``."""
    try:
        return [record.to_text() for record in dns.resolver.resolve(name, kind, lifetime=_PATIENCE_SECONDS)]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []


def examine(settings: Settings, hosts: Sequence[tuple[str, int]], now: datetime,
            look_up: Lookup = lookup) -> Iterator[Finding]:
    """``hosts``: where the server listens. ``now`` is aware."""
    yield from _ports(hosts)
    yield from _address(settings, now)
    yield from _records(settings, look_up)
    yield from _mail_records(settings, look_up)
    yield _mail_server(settings)


def _ports(hosts: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    for host, port in hosts:
        place = f"{host}:{port}"
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host.strip("[]"), port))
            except OSError as error:
                yield _occupied(place, error)
            else:
                yield Finding("port", NOTE, f"{place} is free: the server is not running", "radicale-booking serve")


def _occupied(place: str, error: OSError) -> Finding:
    found = _fetch(f"http://{place}/health") or _fetch(f"https://{place}/health")
    if found is not None and _is_ours(found[0]):
        return Finding("port", OK, f"the server listens on {place}")
    return Finding("port", ERROR, f"{place}: {error.strerror}",
                   "stop the other program that listens there, or change [server] hosts")


def _address(settings: Settings, now: datetime) -> Iterator[Finding]:
    """The address that people use, as they come to it."""
    parts = urlsplit(settings.public_url)
    if parts.hostname in _LOCAL:
        yield Finding("public address", NOTE, f"{settings.public_url} is this machine only",
                      "set [booking] public_url to what people reach")
        return
    if parts.scheme != "https":
        yield Finding("TLS", WARNING, f"{settings.public_url} is not encrypted",
                      "put a proxy with TLS in front and set [booking] public_url; passwords pass in the clear")
    else:
        yield _certificate(parts.hostname or "", parts.port or 443, now)
    wanted = secrets.token_hex(8)
    found = _fetch(f"{settings.public_url}/health", {"X-Request-ID": wanted})
    if found is None or not _is_ours(found[0]):
        yield Finding("proxy", ERROR, f"{settings.public_url}/health does not lead here",
                      "let the proxy pass everything below it on to the server")
        return
    if found[1].get("x-request-id") != wanted:
        yield Finding("proxy", NOTE, "replaces X-Request-ID", "")
    else:
        yield Finding("proxy", OK, f"{settings.public_url} leads here")
    yield from proxy.examine(settings.public_url)


def _certificate(host: str, port: int, now: datetime) -> Finding:
    try:
        with socket.create_connection((host, port), _PATIENCE_SECONDS) as raw, \
                ssl.create_default_context().wrap_socket(raw, server_hostname=host) as secured:
            ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str((secured.getpeercert() or {})["notAfter"])), UTC)
    except ssl.SSLCertVerificationError as error:
        return Finding("TLS", ERROR, f"{host}: {error.verify_message}", "renew the certificate, or correct its chain")
    except OSError as error:
        return Finding("TLS", ERROR, f"{host}:{port}: {error}", "let the proxy listen there")
    if ends - now < _CERTIFICATE_SOON:
        return Finding("TLS", WARNING, f"the certificate ends on {ends:%Y-%m-%d}",
                       "renew it; see that this is automatic")
    return Finding("TLS", OK, f"certificate until {ends:%Y-%m-%d}")


def _records(settings: Settings, look_up: Lookup) -> Iterator[Finding]:
    """SRV and TXT of RFC 6764."""
    domain = settings.booking_domain
    if domain in _LOCAL:
        return
    missing = []
    try:
        for line in service_records(settings.public_url, domain):
            name, kind, wanted = line.split(" ", 2)
            if wanted not in look_up(name, kind):
                missing.append(line)
    except dns.exception.DNSException as error:
        yield Finding("DNS", NOTE, f"cannot be asked: {error}", "try again with a network")
        return
    if missing:
        yield Finding("DNS", NOTE, f"programs cannot find the server from an address at {domain}",
                      f"add: {' | '.join(missing)}")
    else:
        yield Finding("DNS", OK, f"SRV and TXT of {domain} lead here")


def _mail_records(settings: Settings, look_up: Lookup) -> Iterator[Finding]:
    """SPF, DKIM and DMARC of the sender, and MX of the booking addresses."""
    domain = settings.mail.sender.rpartition("@")[2]
    if not settings.mail.host or domain in _LOCAL:
        return
    try:
        texts = look_up(domain, "TXT")
        policies = look_up(f"_dmarc.{domain}", "TXT")
        exchangers = look_up(settings.booking_domain, "MX")
    except dns.exception.DNSException as error:
        yield Finding("mail records", NOTE, f"cannot be asked: {error}", "try again with a network")
        return
    booked = settings.booking_domain
    for name, place, there, remedy in (
            ("SPF", domain, any("v=spf1" in text for text in texts),
             f'{domain}. TXT "v=spf1 mx -all", with whatever else sends for {domain}'),
            ("DKIM and DMARC", domain, any("v=DMARC1" in text for text in policies),
             f'sign with DKIM at your mail server, then _dmarc.{domain}. TXT "v=DMARC1; p=quarantine"'),
            ("MX", booked, bool(exchangers), "answers to booking addresses are lost; name a mail server for it")):
        yield Finding(name, OK, f"{place} has it") if there else Finding(name, WARNING, f"{place} has none", remedy)


def _mail_server(settings: Settings) -> Finding:
    if not settings.mail.host:
        return Finding("mail server", WARNING, "none: nobody is told of a booking", "set [mail] host")
    mailer = SmtpMailer(settings.mail)
    try:
        mailer.try_out()
    except DeliveryFailed as error:
        return Finding("mail server", ERROR, error.reason, "correct [mail]; then radicale-booking mail test ADDRESS")
    finally:
        mailer.close()
    return Finding("mail server", OK, f"{settings.mail.host}:{settings.mail.used_port} takes our mail")


def _fetch(url: str, headers: dict[str, str] | None = None) -> tuple[bytes, dict[str, str]] | None:
    """Body and headers (in lower case) of a GET that succeeds."""
    request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - addresses of the configuration
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - same
            return answer.read(10_000), {name.lower(): value for name, value in answer.headers.items()}
    except (OSError, ValueError):
        return None


def _is_ours(body: bytes) -> bool:
    try:
        return bool(json.loads(body) == {"status": "ok"})
    except ValueError:
        return False
