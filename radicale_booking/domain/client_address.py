"""Who asks, by the network: the address of a visitor behind proxies."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: One household or customer has a whole network of these.
_IPV6_PREFIX = 64


def origin(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The network that a request comes from: an IPv4 address, or the /64 of an IPv6 address.

    ``peer`` is who connected, ``forwarded`` the X-Forwarded-For header, whose entries only count as far as ``trusted``
    proxies wrote them: from its end back to the first that is not one. A peer without an IP address (a Unix socket) is
    a proxy of this machine. '' when nothing is known.
    """
    chain = [_read(part) for part in forwarded.split(",")] if forwarded.strip() else []
    found = _read(peer)
    if found is not None and not _within(found, trusted):
        return _shown(found)
    for hop in reversed(chain):
        if hop is None:
            break
        found = hop
        if not _within(hop, trusted):
            break
    return _shown(found) if found is not None else ""


def is_proxy(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether who connected is a proxy that is believed; one without an IP address is of this machine."""
    found = _read(peer)
    return found is None or _within(found, trusted)


@lru_cache(maxsize=1024)
def _read(text: str) -> Address | None:
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _shown(address: Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
