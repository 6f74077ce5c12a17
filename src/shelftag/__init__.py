"""What a department tagger is: plain Arrow, numpy and torch. Nothing here imports Ray."""

__version__ = "0.1.0"
