"""Radicale's plug point for the storage: ``[storage] type = radicale_booking.plugins.storage``."""

from radicale_booking.dav.storage import PLUGIN_CONFIG_SCHEMA, Storage

__all__ = ["PLUGIN_CONFIG_SCHEMA", "Storage"]
