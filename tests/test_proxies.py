"""Headers of proxies are believed of those that the settings name, and of nobody else."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from radicale_booking.proxies import FORWARDED, TrustedProxies

SAID = {"HTTP_X_FORWARDED_FOR": "192.0.2.1", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_FORWARDED": "for=192.0.2.1",
        "HTTP_X_REAL_IP": "192.0.2.1", "HTTP_X_SCRIPT_NAME": "/cal", "HTTP_X_REMOTE_USER": "anna"}


@pytest.mark.parametrize(("peer", "believed"), [
    ("10.0.0.7", True), ("", True), ("10.0.1.7", False), ("::1", False), ("127.0.0.1", False),
])
def test_who_is_believed(peer: str, believed: bool) -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    wrapped = TrustedProxies(application, (ipaddress.ip_network("10.0.0.0/24"),))
    wrapped({**SAID, "REMOTE_ADDR": peer, "HTTP_HOST": "cal.example.org"}, lambda *_: lambda _: None)
    assert {name for name in SAID if name in seen} == (set(SAID) if believed else set())
    assert seen["HTTP_HOST"] == "cal.example.org"
    assert seen[FORWARDED] is True
