"""Bangs in the exhaust: bursts of a few hundredths of a second that stand out of what is around them.

- The sound up to 2.5 kHz is cut into cells of 21 ms, six a frame. A bang is a cell, or two that it falls across, that
  is 6 dB over the cells beside it (under 60 ms long) and over the sixth strongest of the second around it: an engine
  so slow that each firing is a burst of its own fires six times a second or more, and is no bang.
- What comes after a bang belongs to its surroundings too, so it is found two frames later.
"""

import math
from array import array

from ulab import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum

CELLS = 6  # a frame
DELAY = 2  # frames
AROUND = 8 * CELLS  # the cells of a second
LOUDER_DB = 6.0
OTHERS = 6  # cells of that second may be as loud
LONGEST = 2  # cells


class Pops:
    """`frame` after `low` (LowSpectrum) has ended one: then `count` is the number of bangs, DELAY frames ago.

    `level_db` is the level of the frame up to 2.5 kHz, 0 dB a mean square of 1.
    """

    def __init__(self, low: "LowSpectrum") -> None:
        size = len(low.newest) // CELLS
        self._newest = low.newest[: size * CELLS].reshape((CELLS, size))
        self._cells = array("f", [99.0] * AROUND)  # nothing stands out before a second is over
        self.level_db = -120.0
        self.count = 0

    def frame(self) -> None:
        """Take the frame's samples."""
        squares = np.mean(self._newest * self._newest, axis=1)
        cells = self._cells
        cells[:-CELLS] = cells[CELLS:]
        for index in range(CELLS):
            cells[index - CELLS] = 10.0 * math.log10(float(squares[index]) + 1e-12)
        self.level_db = 10.0 * math.log10(float(np.mean(squares)) + 1e-12)
        self.count = bangs(cells, AROUND - (DELAY + 1) * CELLS, AROUND - DELAY * CELLS)


def bangs(cells: "array[float]", first: int, end: int) -> int:
    """Return how many bangs begin in `first` .. `end` - 1 of `cells` (dB), which are a second."""
    usual = sorted(cells)[-OTHERS] + LOUDER_DB
    found = 0
    for index in range(first, end):
        level = cells[index]
        if level < usual or level < cells[index - 1] or level <= cells[index + 1]:
            continue
        start = index
        while cells[start - 1] > level - LOUDER_DB:
            start -= 1
        stop = index + 1
        while stop < len(cells) and cells[stop] > level - LOUDER_DB:
            stop += 1
        if stop - start <= LONGEST:
            found += 1
    return found
