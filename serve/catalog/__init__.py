"""Whole catalogs in, lines of tags out."""
