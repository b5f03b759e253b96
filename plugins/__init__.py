"""Radicale's plug points: thin adapters over the services."""
