"""Telling people and programs outside: composing and sending mail."""
