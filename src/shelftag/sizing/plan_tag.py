"""What the bulk job asks of its driver and of an object store, counted from its design.

Names are exchanged through files (shelftag.tagging.bulk): each piece of rows writes one file with
its names in slots by hash; each group of slots reads its part of every piece's file and writes one
with an answer for each; each piece then reads its part of every group's file. So the reads grow as
pieces times groups, with the square of the catalog. A task has some of them under way at a time.
"""

from dataclasses import dataclass
from math import ceil

from shelftag.config.tagging import TaggingConfig
from shelftag.sizing.constants import READ_REQUESTS, STORE_LATENCY
from shelftag.sizing.plan_parts import Work
from shelftag.sizing.ranges import Range

ROWS_PER_SLOT = 2**16
LEAST_BITS, MOST_BITS = 3, 12
GROUP_BYTES = 2**28
"""Of Parquet's columns, unpacked: the most in a piece. (CSV's end with their windows of 16 MiB.)"""
CELL_BYTES = 64
"""Of a row in those columns: a name of 31 letters, three numbers."""
FOOTER_BYTES = 24
"""Of an Arrow file's footer for each batch in it; whoever opens the file reads it."""
READERS = 16
"""Parts that a task reads at once."""
TASK_REQUESTS = 20
"""Of a task beside the exchange: its input's footer and columns, what it writes, its commit."""


@dataclass(frozen=True)
class Exchange:
    """The bulk job's tasks, and what they ask of a store."""

    pieces: int
    """Tasks of the stages `names` and `rows` each."""
    groups: int
    """Tasks of the stage `scores`: of so many names, or of one slot where it holds more."""
    slots: int
    """Batches in a piece's file of names; in a group's of answers there is one for each piece."""

    @property
    def footers(self) -> int:
        """Bytes read to find the parts."""
        return self.reads * FOOTER_BYTES * (self.slots + self.pieces)

    @property
    def tasks(self) -> int:
        """All that the driver hands out and takes back."""
        return 2 * self.pieces + self.groups

    @property
    def reads(self) -> int:
        """Parts of files that the groups read, and that the pieces read after them."""
        return self.pieces * self.groups

    @property
    def requests(self) -> Range:
        """To the store, in all."""
        return 2 * self.reads * READ_REQUESTS.value + TASK_REQUESTS * self.tasks

    def waiting(self, scorers: int, cores: int) -> Range:
        """Seconds for answers, where so many tasks read at a time."""
        each = READ_REQUESTS.value * STORE_LATENCY.value
        return each * self.reads * (1 / scorers + 1 / cores) / READERS


def exchange(work: Work, tagging: TaggingConfig) -> Exchange:
    """As the bulk job would cut a catalog in Parquet."""
    rows = min(tagging.rows_per_block, GROUP_BYTES // CELL_BYTES)
    bits = (work.skus // ROWS_PER_SLOT).bit_length()
    slots = 2 ** min(max(bits, LEAST_BITS), MOST_BITS)
    whole = max(1, tagging.names_per_block * slots // work.names)  # slots that one group takes
    return Exchange(ceil(work.skus / rows), ceil(slots / whole), slots)
