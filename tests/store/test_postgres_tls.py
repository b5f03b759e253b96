"""PostgreSQL over TCP: its certificate is verified, and the password comes from a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import trustme

from radicale_booking.errors import StoreUnavailable
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.store.postgres import PostgresStore
from tests import postgres
from tests.acceptance.server import free_port

PASSWORD = "s3c:ret/ü"


class Listening(NamedTuple):
    """``address`` is of the user booking, without a password; ``authority`` and ``stranger`` are files."""

    address: str
    authority: Path
    stranger: Path


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    """A server that takes TLS and a password only."""
    folder, port = tmp_path_factory.mktemp("authorities"), free_port()
    authority, stranger = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("localhost")
    for name, of in (("authority", authority), ("stranger", stranger)):
        of.cert_pem.write_to_path(str(folder / name))
    with postgres.server() as server:
        server.execute(f"CREATE ROLE booking LOGIN PASSWORD '{PASSWORD}'")
        server.execute("CREATE DATABASE booking OWNER booking")
        server.write("data/server.crt", b"".join(part.bytes() for part in certificate.cert_chain_pems))
        server.write("data/server.key", certificate.private_key_pem.bytes())
        server.write("data/pg_hba.conf", b"hostssl all all 127.0.0.1/32 scram-sha-256\n")
        with (server.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"ssl = on\nlisten_addresses = '127.0.0.1'\nport = {port}\n")
        server.control("restart", "--mode=fast")
        yield Listening(f"postgresql://booking@localhost:{port}/booking?hostaddr=127.0.0.1",
                        folder / "authority", folder / "stranger")


def use(address: str, password_file: str = "") -> bool:
    """Whether the connection of the store's own transaction is encrypted, after the schema was made with it."""
    store = PostgresStore(address, clock=lambda: datetime(2030, 1, 7, tzinfo=UTC),
                          settings=PostgresSettings(password_file=password_file))
    try:
        store.migrate()
        with store.read() as uow:
            assert uow.collections.get("") is not None
            return bool(uow.connection.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", {})[0][0])
    finally:
        store.close()


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return str(file)


def test_the_certificate_is_verified_and_the_password_read(listening: Listening, password_file: str) -> None:
    assert use(f"{listening.address}&sslmode=verify-full&sslrootcert={listening.authority}", password_file)


def test_the_address_may_name_a_password_file_of_libpq(listening: Listening, tmp_path: Path) -> None:
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:booking:{PASSWORD.replace(':', chr(92) + ':')}\n", encoding="utf-8")
    passfile.chmod(0o600)
    assert use(f"{listening.address}&sslmode=verify-full&sslrootcert={listening.authority}&passfile={passfile}")


@pytest.mark.parametrize(("options", "reason"), [
    ("sslmode=verify-full&sslrootcert={stranger}", "certificate verify failed"),
    ("sslmode=verify-full&sslrootcert={authority}&host=db.example.org", "does not match host name"),
    ("sslmode=disable", "no encryption"),
])
def test_who_is_not_verified_is_not_talked_to(listening: Listening, password_file: str, options: str,
                                              reason: str) -> None:
    with pytest.raises(StoreUnavailable, match=reason):
        use(f"{listening.address}&{options.format(**listening._asdict())}", password_file)


def test_a_wrong_password_is_told_without_it(listening: Listening, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another-one\n", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="password authentication failed") as refused:
        use(f"{listening.address}&sslmode=verify-full&sslrootcert={listening.authority}", str(wrong))
    assert "another-one" not in str(refused.value)
    assert isinstance(refused.value.__cause__, psycopg.OperationalError)


def test_a_machine_that_vanishes_holds_nobody_up_for_hours(listening: Listening, password_file: str,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    store = PostgresStore(listening.address, clock=lambda: datetime(2030, 1, 7, tzinfo=UTC),
                          settings=PostgresSettings(password_file=password_file))
    connect, opened = psycopg.connect, []

    def noted(*arguments: Any, **named: Any) -> psycopg.Connection[Any]:
        opened.append(connect(*arguments, **named))
        return opened[-1]

    monkeypatch.setattr(psycopg, "connect", noted)
    with store.alone("upkeep") as alone:
        assert alone
        [[seconds]] = opened[-1].execute("SHOW tcp_keepalives_idle")
        assert int(seconds) < 60
    store.migrate()
    with store.write() as uow:
        [[seconds]] = uow.connection.run("SHOW tcp_keepalives_idle", {})
        assert int(seconds) < 60
    store.close()
