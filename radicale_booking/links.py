"""Signed links: what a person may do with a reservation, told by a URL alone."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer

from radicale_booking.errors import LinkExpired, NotFound, StoreUnavailable


class SignedLinks:
    """Signs values with the key in ``secret_file``, one salt a purpose; equal input gives an equal link.

    The key is read at the first use, and created then (mode 0600) if there is none.
    """

    def __init__(self, secret_file: Path, clock: Callable[[], datetime]) -> None:
        self._secret_file = secret_file
        self._clock = clock
        self._serializers: dict[str, URLSafeSerializer] = {}

    def sign(self, purpose: str, value: str, expires: datetime | None = None) -> str:
        """A URL-safe token for ``value``, valid until ``expires`` (aware UTC; None: for ever)."""
        until = int(expires.timestamp()) if expires is not None else 0
        return str(self._serializer(purpose).dumps([value, until]))

    def open(self, purpose: str, token: str) -> str:
        """The value in ``token``. Raises ``LinkExpired``, or ``NotFound`` when it is not ours or of another purpose."""
        try:
            value, until = self._serializer(purpose).loads(token)
        except (BadSignature, UnicodeError, ValueError):
            raise NotFound("link", token) from None
        if until and self._clock().timestamp() >= until:
            raise LinkExpired(purpose, "expired")
        return str(value)

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        if purpose not in self._serializers:
            # Once, and not for every link as the library would.
            key = hmac.digest(read_secret(self._secret_file).encode(), f"radicale-booking/{purpose}".encode(), "sha256")
            self._serializers[purpose] = URLSafeSerializer(
                key, signer_kwargs={"key_derivation": "none", "digest_method": hashlib.sha256})
        return self._serializers[purpose]


def read_secret(path: Path) -> str:
    """The key in ``path``, created if there is none; processes that start together agree on one.

    Raises ``StoreUnavailable`` when it can be neither read nor written, or is too short to be a key.
    """
    try:
        if not path.exists():
            _create_secret(path)
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnavailable(f"secret file {path}: {error}") from error
    if len(secret) < 32:
        raise StoreUnavailable(f"secret file {path}: too short; delete it to have a new one made")
    return secret


def _create_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # link() refuses an existing name: whoever comes second uses the key of the first.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
