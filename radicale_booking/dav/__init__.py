"""Radicale's WSGI application, extended."""
