"""Radicale's plug point for the storage: ``[storage] type = radicale_booking.plugins.storage``."""

from radicale_booking.dav.storage import Storage
from radicale_booking.settings import STORAGE_SCHEMA as PLUGIN_CONFIG_SCHEMA

__all__ = ["PLUGIN_CONFIG_SCHEMA", "Storage"]
