"""PostgreSQL ends sessions in the middle of what people, programs and workers do, and nobody notices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.smtp import Envelope

from radicale_booking import lmtp, web
from radicale_booking.cli.main import main
from radicale_booking.domain.webhook import Webhook
from radicale_booking.services import accounts, booking, mail, maintenance, upkeep, webhooks
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import Channel, Delivery
from tests.acceptance.visitor import Page
from tests.services.calendars import NINE, audited, wish
from tests.services.conftest import Clock
from tests.undone import sessions_die

pytestmark = pytest.mark.parametrize("database", ["postgres"], indirect=True)


def test_an_invitee_books_and_cancels(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    client = web.create_app(app).test_client()
    died = sessions_die(monkeypatch)

    def shown(answer: Any) -> Page:
        assert answer.status_code == 200, answer.text
        return Page(answer.request.url, answer.status_code, answer.text)

    def get(path: str) -> Page:
        return shown(client.get(path, base_url="https://book.example.org"))

    def submit(page: Page, **changes: str) -> Page:
        action, fields = page.form()
        return shown(client.post(urlsplit(action).path, data=fields | changes, follow_redirects=True,
                                 base_url="https://book.example.org", headers={"Referer": page.url}))

    get("/book/ada/")
    get("/book/ada/talk/?day=2030-01-08")
    submit(get(f"/book/ada/talk/?start={NINE:%Y-%m-%dT%H:%M:%SZ}"), name="Bob", email="bob@example.org")
    [booked] = booking.reservations(app)
    managed = get(urlsplit(booking.manage_url(app, booked)).path)
    submit(managed)
    assert [one.status for one in booking.reservations(app)] == ["cancelled"]
    assert audited(app, booked.uid) == ["book", "cancel"]
    assert len(died) >= 5


def test_a_sysadmin_gives_commands(app: Adapters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    booked = booking.reserve(app, wish(NINE))
    config = tmp_path / "booking.ini"
    config.write_text(f"[storage]\ndatabase = {app.settings.database}\n[booking]\ndata_folder = {tmp_path}\n",
                      encoding="utf-8")
    died = sessions_die(monkeypatch)
    for words in ("user list", "event-type set ada talk --title Chat", "event-type list ada", "token add ada",
                  "block add example.net", "block remove example.net", "webhook add https://example.org/",
                  f"reservation cancel {booked.uid}", "reservation list", "privacy erase bob@example.org --yes",
                  "maintenance on --mode closed", "maintenance off", "user remove ada --yes"):
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(config), *words.split()])
        assert not ended.value.code, (words, ended.value.code)
    assert "talk" in capsys.readouterr().out
    assert accounts.list_users(app) == []
    assert len(died) >= 6


class _Told:
    """A mail server and a receiver of webhooks in memory."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.posts: list[str] = []

    def send(self, message: EmailMessage, key: str) -> None:
        self.mails.append(key)

    def close(self) -> None:
        """Nothing is open."""

    def post(self, webhook: Webhook, message_id: str, at: object, body: str) -> int:
        self.posts.append(message_id)
        return 204


def test_workers_tell_everybody_once(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _Told()
    site = replace(app, mailer=told, poster=told)
    webhooks.add(site, "https://example.org/", ["booking.created"])
    for number in range(4):
        booking.reserve(site, wish(NINE + number * timedelta(minutes=30), email=f"bob{number}@example.org"))
    died = sessions_die(monkeypatch)
    channels: list[Channel] = [mail.MailChannel(site, told), webhooks.WebhookChannel(site)]
    for channel in channels:
        delivery = Delivery(site, channel, f"w {channel.kind}", lambda: 0.0, lambda _: False)
        while (done := delivery.round()).claimed:
            assert not done.trouble
    assert (len(told.mails), len(set(told.mails))) == (8, 8)
    assert (len(told.posts), len(set(told.posts))) == (4, 4)
    assert [(row.status, row.attempts, len(attempts)) for row, attempts in webhooks.log(site)] == [("sent", 1, 1)] * 4
    assert len(died) >= 6


def test_mail_that_comes_in_is_taken(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = lmtp.Handler(app)
    died = sessions_die(monkeypatch)
    for number in range(4):
        envelope = Envelope()
        envelope.mail_from = "bob@example.org"
        envelope.original_content = f"Message-ID: <{number}@example.org>\r\n\r\nHello\r\n".encode()
        told = [asyncio.run(handler.handle_RCPT(None, None, envelope, "ada@example.org", [])),  # type: ignore[arg-type]
                asyncio.run(handler.handle_DATA(None, None, envelope))]  # type: ignore[arg-type]
        assert [answer.split()[0] for answer in told] == ["250", "250"], told
    assert len(died) >= 2


def _due(app: Adapters, clock: Clock) -> None:
    accounts.enable_host(app, "ada", agenda_time="06:00")
    booking.reserve(app, wish(NINE))
    clock.now = NINE - timedelta(hours=2)


@pytest.mark.parametrize("care", [upkeep.run, maintenance.run])
def test_what_is_due_is_done(app: Adapters, clock: Clock, monkeypatch: pytest.MonkeyPatch,
                             care: Callable[[Adapters], object]) -> None:
    _due(app, clock)
    died = sessions_die(monkeypatch)
    care(app)
    assert [row.recipient for row in mail.queue(app) if re.match("agenda/", row.delivery_key)] == ["ada@example.org"]
    assert len(died) >= 3
