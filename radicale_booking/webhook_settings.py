"""The section ``[webhooks]`` of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from radicale_booking.mail_settings import attempts, seconds

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(value: Any) -> Networks:
    """``10.0.0.0/8, fd00::/8``; '' is none. Raises ``ValueError``."""
    if isinstance(value, tuple):
        return value
    return tuple(ip_network(part.strip()) for part in str(value).split(",") if part.strip())


WEBHOOKS_SCHEMA: dict[str, dict[str, Any]] = {
    "allow_networks": {"value": "", "help": "networks besides the internet that may be posted to", "type": networks},
    "timeout_seconds": {"value": "10", "help": "how long a delivery may take", "type": seconds},
    "max_attempts": {"value": "24", "help": "how often a delivery is tried", "type": attempts},
    "retry_seconds": {"value": "30", "help": "how long to wait after a first failure", "type": seconds},
}

ACCEPTED: dict[Any, str] = {networks: "networks such as 10.0.0.0/8, several separated by commas"}


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """How webhooks are delivered; without ``allow_networks`` to public addresses only."""

    allow_networks: Networks = ()
    timeout_seconds: int = 10
    max_attempts: int = 24
    retry_seconds: int = 30
