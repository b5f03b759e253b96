"""The records that programs look for (RFC 6764)."""

from __future__ import annotations

import pytest

from radicale_booking.domain.service_records import service_records


@pytest.mark.parametrize(("url", "expected"), [
    ("https://cal.example.org", [
        "_caldavs._tcp.example.org. SRV 0 1 443 cal.example.org.", '_caldavs._tcp.example.org. TXT "path=/"',
        "_caldav._tcp.example.org. SRV 0 0 0 .",
        "_carddavs._tcp.example.org. SRV 0 1 443 cal.example.org.", '_carddavs._tcp.example.org. TXT "path=/"',
        "_carddav._tcp.example.org. SRV 0 0 0 ."]),
    ("https://example.org:8443/dav", [
        "_caldavs._tcp.example.org. SRV 0 1 8443 example.org.", '_caldavs._tcp.example.org. TXT "path=/dav/"',
        "_caldav._tcp.example.org. SRV 0 0 0 .",
        "_carddavs._tcp.example.org. SRV 0 1 8443 example.org.", '_carddavs._tcp.example.org. TXT "path=/dav/"',
        "_carddav._tcp.example.org. SRV 0 0 0 ."]),
    ("http://cal.example.org:5232", [
        "_caldav._tcp.example.org. SRV 0 1 5232 cal.example.org.", '_caldav._tcp.example.org. TXT "path=/"',
        "_carddav._tcp.example.org. SRV 0 1 5232 cal.example.org.", '_carddav._tcp.example.org. TXT "path=/"']),
])
def test_records(url: str, expected: list[str]) -> None:
    assert service_records(url, "example.org") == expected
