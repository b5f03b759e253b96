"""Assesses a site: the machine, the configuration, the data, and what the rest of the world sees of it."""
