"""A CalDAV/CardDAV server based on Radicale that is at the same time a booking system."""

__version__ = "0.1.0"
