"""Scores: what a tagger is worth on products it never saw."""
