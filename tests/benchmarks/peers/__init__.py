"""The same join as other engines' users would write it: `python -m ...peers.NAME TABLES OUT`.

Two threads; beyond that each library's defaults, and the column types its reader infers.
"""
