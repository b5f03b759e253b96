"""What names the booking of an instance of an invitation: its event, its organizer, which instance, which version."""

from __future__ import annotations

import hashlib

from radicale_booking.domain.itip import InstanceId


def of_event(uid: str, organizer: str) -> str:
    """What the keys of all instances begin with; two organizers never share one, whatever UID they choose."""
    return f"itip/{hashlib.sha256(f'{organizer} {uid}'.encode()).hexdigest()[:40]}/"


def of_instance(uid: str, organizer: str, instance: InstanceId) -> str:
    """What the keys of all versions of ``instance`` begin with."""
    return f"{of_event(uid, organizer)}{'' if instance is None else instance.isoformat()}/"


def of_version(uid: str, organizer: str, instance: InstanceId, sequence: int) -> str:
    """The idempotency key of the version ``sequence`` of ``instance``."""
    return f"{of_instance(uid, organizer, instance)}{sequence}"
