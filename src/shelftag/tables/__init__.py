"""Schemas, byte ranges, joins and rejects: pure Arrow functions."""
