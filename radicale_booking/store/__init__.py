"""Engines, units of work and repositories over SQL."""
