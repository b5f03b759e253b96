"""Signed links and the key that signs them."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from radicale_booking.errors import LinkExpired, NotFound, StoreUnavailable
from radicale_booking.links import SignedLinks, read_secret

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_a_link_opens_for_its_purpose_only(tmp_path: Path) -> None:
    links = SignedLinks(tmp_path / "secret", Clock())
    token = links.sign("manage", "uid-1@example.org")
    assert links.open("manage", token) == "uid-1@example.org"
    assert links.sign("manage", "uid-1@example.org") == token
    assert all(character.isalnum() or character in "-_." for character in token)
    with pytest.raises(NotFound):
        links.open("confirm", token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "." * 500])
def test_what_was_not_signed_is_not_found(tmp_path: Path, token: str) -> None:
    with pytest.raises(NotFound):
        SignedLinks(tmp_path / "secret", Clock()).open("manage", token)


def test_a_changed_token_is_not_found(tmp_path: Path) -> None:
    links = SignedLinks(tmp_path / "secret", Clock())
    token = links.sign("manage", "uid-1")
    with pytest.raises(NotFound):
        links.open("manage", ("A" if token[0] != "A" else "B") + token[1:])
    with pytest.raises(NotFound):
        SignedLinks(tmp_path / "other", Clock()).open("manage", token)


def test_a_link_expires(tmp_path: Path) -> None:
    clock = Clock()
    links = SignedLinks(tmp_path / "secret", clock)
    token = links.sign("manage", "uid-1", NOW + timedelta(hours=1))
    clock.now = NOW + timedelta(minutes=59)
    assert links.open("manage", token) == "uid-1"
    clock.now = NOW + timedelta(hours=1)
    with pytest.raises(LinkExpired):
        links.open("manage", token)


def test_the_key_is_made_on_first_use_for_the_server_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    links = SignedLinks(path, Clock())
    assert not path.exists()
    links.sign("manage", "uid")
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_secret(path)) >= 32
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        secrets = pool.map(read_secret, [tmp_path / "secret"] * 16, chunksize=1)
        pool.close()
        pool.join()
    assert len(set(secrets)) == 1


def test_a_key_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short", encoding="ascii")
    with pytest.raises(StoreUnavailable, match="too short"):
        read_secret(tmp_path / "secret")
    with pytest.raises(StoreUnavailable):
        read_secret(tmp_path / "secret" / "below")
