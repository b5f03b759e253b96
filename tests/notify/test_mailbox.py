"""A mailbox on Debian's Dovecot: read by TLS and STARTTLS; nobody signs in where its certificate is not trusted."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from radicale_booking.errors import DeliveryFailed
from radicale_booking.inbound_settings import InboundSettings
from radicale_booking.notify import mailbox
from tests.acceptance.server import free_port
from tests.mail_servers import PASSWORD, USER, Dovecot, dovecot, short_folder

RAW = b"Subject: Hello\r\nTo: somebody@example.org\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    """The file of the authority's certificate."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    return str(file)


def server_with(certificate: trustme.LeafCert | None) -> Iterator[Dovecot]:
    with short_folder() as folder:
        file = folder / "certificate.pem"
        if certificate is not None:
            file.write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
            file.chmod(stat.S_IRUSR | stat.S_IWUSR)
        with dovecot(free_port(), file if certificate is not None else None, free_port() if certificate else 0) as made:
            made.start()
            yield made


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[Dovecot]:
    """Whose certificate is good."""
    yield from server_with(authority.issue_cert("127.0.0.1"))


@pytest.fixture(scope="module")
def other(authority: trustme.CA) -> Iterator[Dovecot]:
    """Whose certificate is of another name."""
    yield from server_with(authority.issue_cert("mail.example.org"))


@pytest.fixture(scope="module")
def late(authority: trustme.CA) -> Iterator[Dovecot]:
    """Whose certificate is over."""
    now = datetime.now(UTC)
    yield from server_with(authority.issue_cert("127.0.0.1", not_before=now - timedelta(days=2),
                                                not_after=now - timedelta(days=1)))


@pytest.fixture(scope="module")
def plain() -> Iterator[Dovecot]:
    """Which speaks no TLS."""
    yield from server_with(None)


def settings_for(server: Dovecot, security: str, ca_file: str, tmp_path: Path) -> InboundSettings:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return InboundSettings(imap_host="127.0.0.1", imap_port=server.tls_port if security == "tls" else server.port,
                           imap_security=security, imap_ca_file=ca_file, imap_user=USER,
                           imap_password_file=str(tmp_path / "password"))


def refused(settings: InboundSettings) -> str:
    with pytest.raises(DeliveryFailed) as failure, mailbox.opened(settings):
        pass
    assert (failure.value.unreachable, failure.value.permanent) == (True, False)
    assert "\n" not in failure.value.reason
    return failure.value.reason


def signed_in(server: Dovecot) -> list[str]:
    """The lines of its log about those who did."""
    log = server.folder / "log"
    return [line for line in log.read_text().splitlines() if "Login: user=" in line] if log.exists() else []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_is_read_and_moved_over_tls(server: Dovecot, trusted: str, tmp_path: Path, security: str) -> None:
    settings = settings_for(server, security, trusted, tmp_path)
    before = server.held("Booking")
    server.deliver(RAW)
    with mailbox.opened(settings) as box:
        [(number, octets)] = box.sizes().items()
        assert octets == len(RAW)
        assert box.content(number) == RAW
        box.done(number)
        assert box.sizes() == {}
    assert (server.held(), server.held("Booking")) == (0, before + 1)
    assert ", TLS, " in signed_in(server)[-1]
    assert "AUTHENTICATIONFAILED" in refused(replace(settings, imap_password_file=__file__))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_nobody_signs_in_where_the_certificate_is_not_to_be_trusted(
        server: Dovecot, other: Dovecot, late: Dovecot, trusted: str, tmp_path: Path, security: str) -> None:
    before = [signed_in(one) for one in (server, other, late)]
    assert refused(settings_for(server, security, "", tmp_path)) == (
        "IMAP server 127.0.0.1: its certificate cannot be trusted: unable to get local issuer certificate; the "
        "authority that signed it can be named in imap_ca_file")
    of_another = refused(settings_for(other, security, trusted, tmp_path))
    assert of_another.startswith("IMAP server 127.0.0.1: its certificate is of another name: ")
    assert of_another.endswith("; imap_host has to be a name in it")
    assert "certificate has expired" in refused(settings_for(late, security, trusted, tmp_path))
    assert [signed_in(one) for one in (server, other, late)] == before


def test_a_server_without_tls_gets_no_password(plain: Dovecot, trusted: str, tmp_path: Path) -> None:
    assert "STARTTLS" in refused(settings_for(plain, "starttls", trusted, tmp_path))
    plainly = replace(settings_for(plain, "starttls", trusted, tmp_path), imap_security="tls")
    assert refused(plainly) == "IMAP server 127.0.0.1: it does not speak TLS at this port; see imap_security"
    assert signed_in(plain) == []
