"""Handing mail to a real SMTP server: encrypted, authenticated, refused, cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from radicale_booking.errors import DeliveryFailed
from radicale_booking.mail_settings import MailSettings
from radicale_booking.notify.mail import MailComposer
from radicale_booking.notify.smtp import SmtpMailer
from tests.notify.notices import BOOKED, SETTINGS, notice
from tests.smtp_server import SmtpServer, certificate, smtp_server

Mail = Callable[..., SmtpMailer]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SmtpServer]:
    with smtp_server(tmp_path / "smtp") as running:
        yield running


@pytest.fixture
def mailer_of() -> Iterator[Mail]:
    """Makes mailers that are closed at the end."""
    with ExitStack() as stack:

        def make(server: SmtpServer, **settings: Any) -> SmtpMailer:
            mailer = SmtpMailer(replace(SETTINGS, port=server.port, **settings))
            stack.callback(mailer.close)
            return mailer

        yield make


def send(mailer: SmtpMailer, email: str = "bob@example.com", key: str = "k/1") -> None:
    told = notice(booked=replace(BOOKED, invitee_email=email))
    mailer.send(MailComposer(SETTINGS).compose(told), key)


def refused(mailer: SmtpMailer, email: str = "bob@example.com") -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        send(mailer, email)
    assert len(str(failure.value).splitlines()) == 1
    return failure.value


def test_mails_go_over_one_connection_with_an_envelope_for_reports(server: SmtpServer, mailer_of: Mail) -> None:
    mailer = mailer_of(server)
    send(mailer, key="u1/0/book/invitee")
    send(mailer, "eve+x@example.com")
    first, second = server.taken()
    assert first.session == second.session
    assert (first.sender, first.recipient) == ("booking@example.net", "bob@example.com")
    assert {"RET=HDRS", "ENVID=U1/0/BOOK/INVITEE"} <= set(first.mail_options)
    assert first.rcpt_options == ["NOTIFY=FAILURE,DELAY", "ORCPT=RFC822;BOB@EXAMPLE.COM"]
    assert second.rcpt_options[1] == "ORCPT=RFC822;EVE+2BX@EXAMPLE.COM"
    assert "METHOD:REQUEST" in first.calendar
    assert first.message["Subject"] == "Gebucht: Call mit Anna Schmidt, 24.11.2026, 09:00"
    mailer.close()
    send(mailer)
    assert server.taken()[2].session != first.session


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_connections_are_encrypted_and_authenticated(tmp_path: Path, mailer_of: Mail, security: str) -> None:
    made = certificate(tmp_path)
    (tmp_path / "password").write_text("se:cret\nnot this\n", encoding="utf-8")
    with smtp_server(tmp_path / "smtp", f"--{security}", str(made), "--user", "joe:se:cret") as server:
        good: dict[str, Any] = {"security": security, "ca_file": str(made), "user": "joe", "password": "se:cret"}
        send(mailer_of(server, **good))
        send(mailer_of(server, **good | {"password": "", "password_file": str(tmp_path / "password")}))
        assert [(taken.tls, taken.user) for taken in server.taken()] == [(True, "joe")] * 2
        for bad, words in (({"password": "wrong"}, "535"), ({"ca_file": ""}, "certificate"),
                           ({"user": ""}, "530"), ({"password_file": "/none"}, "No such file")):
            failure = refused(mailer_of(server, **good | bad))
            assert words in failure.reason, failure.reason
            assert (failure.permanent, failure.unreachable) == (False, True)
        assert len(server.taken()) == 2


def test_a_server_without_starttls_gets_nothing(server: SmtpServer, mailer_of: Mail) -> None:
    failure = refused(mailer_of(server, security="starttls"))
    assert "STARTTLS" in failure.reason
    assert failure.unreachable
    assert "data" not in server.events()


@pytest.mark.parametrize(("answer", "permanent", "unreachable"), [
    ("550 5.1.1 no such user", True, False), ("450 4.2.0 greylisted", False, False), ("452 full", False, False),
    ("530 authenticate first", False, True),
])
def test_one_refused_recipient_is_no_obstacle_to_others(server: SmtpServer, mailer_of: Mail, answer: str,
                                                        permanent: bool, unreachable: bool) -> None:
    server.behave(refuse={"bob@example.com": answer})
    mailer = mailer_of(server)
    failure = refused(mailer)
    assert answer[4:] in failure.reason
    assert (failure.permanent, failure.unreachable) == (permanent, unreachable)
    send(mailer, "eve@example.com")
    assert [taken.recipient for taken in server.taken()] == ["eve@example.com"]


@pytest.mark.parametrize(("answer", "permanent"), [("554 spam", True), ("451 later", False)])
def test_a_refused_message(server: SmtpServer, mailer_of: Mail, answer: str, permanent: bool) -> None:
    server.behave(data=answer, times=1)
    mailer = mailer_of(server)
    failure = refused(mailer)
    assert (failure.permanent, failure.unreachable) == (permanent, False)
    send(mailer)
    assert len(server.taken()) == 1


def test_a_connection_cut_amid_a_message_is_made_again(server: SmtpServer, mailer_of: Mail) -> None:
    mailer = mailer_of(server)
    send(mailer)
    server.behave(data="drop", times=1)
    failure = refused(mailer)
    assert (failure.permanent, failure.unreachable) == (False, True)
    send(mailer)
    assert len(server.taken()) == 2


def test_a_connection_that_the_server_has_closed_meanwhile_is_no_failure(server: SmtpServer, mailer_of: Mail) -> None:
    mailer = mailer_of(server)
    send(mailer)
    server.stop()
    server.start()
    send(mailer)
    assert len(server.taken()) == 2


def test_a_server_that_is_down_is_unreachable(server: SmtpServer, mailer_of: Mail) -> None:
    server.stop()
    failure = refused(mailer_of(server))
    assert "refused" in failure.reason
    assert str(server.port) in failure.reason
    assert (failure.permanent, failure.unreachable) == (False, True)


def test_a_slow_answer_to_a_message_is_waited_for(server: SmtpServer, mailer_of: Mail) -> None:
    server.behave(delay=3)
    send(mailer_of(server, timeout_seconds=1))
    assert len(server.taken()) == 1


def test_an_address_that_is_not_ascii_needs_a_server_that_takes_it(server: SmtpServer, mailer_of: Mail) -> None:
    failure = refused(mailer_of(server), "jörg@example.com")
    assert failure.permanent
    assert "not ASCII" in failure.reason


def test_a_password_is_never_shown() -> None:
    assert "se:cret" not in repr(MailSettings(password="se:cret"))
