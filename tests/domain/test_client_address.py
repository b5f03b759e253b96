"""Who asks, behind proxies that may or may not be believed."""

from __future__ import annotations

import ipaddress

import pytest

from radicale_booking.domain.client_address import origin

LOCAL = [ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1", "10.0.0.0/24")]


@pytest.mark.parametrize(("peer", "forwarded", "expected"), [
    ("203.0.113.9", "", "203.0.113.9"),
    ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # who is no proxy of ours may say what it likes
    ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
    ("127.0.0.1", "192.0.2.7, 198.51.100.1", "198.51.100.1"),  # the visitor wrote the first itself
    ("127.0.0.1", "192.0.2.7, 198.51.100.1, 10.0.0.3", "198.51.100.1"),
    ("127.0.0.1", "10.0.0.3", "10.0.0.3"),
    ("127.0.0.1", "nonsense", "127.0.0.1"),
    ("127.0.0.1", "198.51.100.1, nonsense, 10.0.0.3", "10.0.0.3"),
    ("", "198.51.100.1", "198.51.100.1"),
    ("", "", ""),
    ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
    ("::1", "[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"),
    ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
    ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
    ("fe80::1%eth0", "", "fe80::/64"),
])
def test_origins(peer: str, forwarded: str, expected: str) -> None:
    assert origin(peer, forwarded, LOCAL) == expected
