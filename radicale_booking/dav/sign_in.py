"""Signing in: Radicale's own ways, tokens beside them, and no end of guessing for nobody."""

from __future__ import annotations

import base64
import functools
import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import bcrypt
from passlib.hash import argon2
from radicale import types
from radicale.auth import htpasswd
from radicale.log import logger

from radicale_booking.domain.client_address import origin
from radicale_booking.services import guard, tokens
from radicale_booking.services.adapters import Adapters

_READING = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})
_REMEMBERED_SECONDS = 15.0
_MOST_REMEMBERED = 10_000
_SIEGE_SECONDS = 3.0
_MOST_WAITING = 2
_NOBODY: tuple[str, str, set[str]] = ("", "refused", set())


def legible(environ: types.WSGIEnviron) -> types.WSGIEnviron:
    """``environ`` without credentials that are none (RFC 7617 §2), on which Radicale would fail: who sends such is
    asked to sign in."""
    kind, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not kind.startswith("Basic"):
        return environ
    try:
        known = kind == "Basic" and b":" in base64.b64decode(credentials.strip().encode("ascii"))
    except ValueError:
        known = False
    return environ if known else {**environ, "HTTP_AUTHORIZATION": ""}


class SignIn:
    """Stands before Radicale's authentication; of what it does not know it asks that.

    Who signed in a moment ago is not looked up again: failures are counted in the database.
    """

    def __init__(self, inner: Any, app: Adapters, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)
        self._inner = inner
        self._app = app
        if isinstance(inner, htpasswd.Auth):
            _verify_every_hash(inner)
        self._request = threading.local()
        self._salt = secrets.token_bytes(16)
        self._known: dict[bytes, float] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get_external_login(self, environ: types.WSGIEnviron) -> Any:
        """Radicale asks this first, for each request."""
        self._request.environ = environ
        return self._inner.get_external_login(environ)

    def login(self, login: str, password: str, context: Any) -> tuple[str, str, set[str]]:
        """See ``radicale.auth.BaseAuth.login``."""
        name = hashlib.sha256(self._salt + f"{login}\0{password}".encode()).digest()
        known = time.monotonic() - self._known.get(name, -_REMEMBERED_SECONDS) < _REMEMBERED_SECONDS
        if not known and password and guard.is_guessing(self._app, self._origin, login):
            logger.warning("Sign-in refused after too many failures: %r", login)
            return _NOBODY
        scope = tokens.scope_of(self._app, login, password)
        if scope is None and not known and password and not self._waited(login):
            return _NOBODY
        if scope is not None:
            allowed = scope == "full" or self._request.environ["REQUEST_METHOD"] in _READING
            found = (login, "token", set[str]()) if allowed else _NOBODY
        else:
            found = self._inner.login(login, password, context)
            if not found[0] and password:
                guard.guessed(self._app, self._origin, login)
        if found[0] and not known:
            self._remember(name)
        return found

    @property
    def _origin(self) -> str:
        environ = self._request.environ
        return origin(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""),
                      self._app.settings.guard.trusted_proxies)

    def _waited(self, login: str) -> bool:
        """Whether an attempt at an account that many places try at may be made, which takes a while then.

        Refusing all of them would let anybody lock its owner out. Only a few wait at a time, so that the others of this
        process are answered; tokens, which cannot be guessed, do not.
        """
        if not guard.is_besieged(self._app, login):
            return True
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            self._pause(_SIEGE_SECONDS)
        finally:
            self._waiting.release()
        return True

    def _remember(self, name: bytes) -> None:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[name] = time.monotonic()


def _verify_every_hash(auth: htpasswd.Auth) -> None:
    """Radicale cannot verify a kind of hash that no user had when it started; the first user may come later."""
    for name, module in (("bcrypt", bcrypt), ("argon2", argon2)):
        if not hasattr(auth, f"_verify_{name}"):
            setattr(auth, f"_verify_{name}", functools.partial(getattr(auth, f"_{name}"), module))
