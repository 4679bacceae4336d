"""Percentile levels of a sensor: how loud its street is when nothing happens, and how often it is louder.

Rules of this file
- LAN is the A-weighted Fast level that is exceeded N % of the time: LA95 is the background (VLAREM's LA95,1h), LA50
  the middle, LA10 the peaks. They are counted from the LAF that comes every 125 ms, in classes of 0.1 dB.
- Memory is one hour of classes, whatever comes: 57,600 bytes a sensor. Frames that were lost on the line are gaps.
- A frame counts when its level has the right rank: overload is loud all the same, under-range quiet. Frames with any
  other flag say nothing of the street; they are left out, and how many is said.
"""

import numpy as np

from firmware.common import flags as flag
from firmware.common.blocks import FRAMES_PER_SECOND
from gateway.clips.background import Exceeded

HOUR_S = 3600
TEN_MINUTES_S = 600
# Under a minute LA95 rests on fewer than 24 frames, three seconds: one pause between two cars.
LEAST_S = 60
CLASS_DB = 0.1
CLASSES = 1500  # 0 to 150 dB; levels beyond belong to the class at that end
NOTHING = -1
LEFT_OUT = -2
RANKED = flag.OVERLOAD | flag.UNDER_RANGE


class Percentiles:
    """The last hour of a sensor whose counter runs at `clock_hz`, since one start of it."""

    def __init__(self, clock_hz: int) -> None:
        self._frame_ticks = clock_hz // FRAMES_PER_SECOND
        self._ring = np.full(HOUR_S * FRAMES_PER_SECOND, NOTHING, np.int16)
        self._first: int | None = None  # number of the first frame, and of the one after the newest
        self._end = 0

    def add(self, sample: int, laf_db: float, flags: int) -> None:
        """Take the LAF of the 125 ms that end at `sample`. What is older than the newest is not taken."""
        frame = sample // self._frame_ticks
        if self._first is None:
            self._first = self._end = frame
        if frame < self._end:
            return
        size = self._ring.size
        missed = frame - self._end
        if missed >= size:
            self._ring[:] = NOTHING
        elif missed:
            self._ring[np.arange(self._end, frame) % size] = NOTHING
        value = min(max(round(laf_db / CLASS_DB), 0), CLASSES - 1)
        self._ring[frame % size] = LEFT_OUT if flags & ~RANKED else value
        self._end = frame + 1

    def heard_s(self, until: int | None = None) -> float:
        """Return for how long the sensor has been heard, up to the sample `until`."""
        if self._first is None:
            return 0.0
        return max(self._end_at(until) - self._first, 0) / FRAMES_PER_SECOND

    def over(self, seconds: float, until: int | None = None) -> Exceeded | None:
        """Return the levels of the `seconds` (at most an hour) before the sample `until`; None for under a minute."""
        if self._first is None:
            return None
        end = self._end_at(until)
        oldest = max(self._first, self._end - self._ring.size)
        start = max(end - round(seconds * FRAMES_PER_SECOND), oldest)
        classes = self._ring[np.arange(start, end) % self._ring.size] if start < end else self._ring[:0]
        counted = classes[classes >= 0]
        if counted.size < LEAST_S * FRAMES_PER_SECOND:
            return None
        histogram = np.bincount(counted, minlength=CLASSES)
        louder = np.cumsum(histogram[::-1])[::-1]  # frames of a class or a louder one

        def exceeded(percent: int) -> float:
            """Return the highest class that `percent` of the frames reach."""
            return round(float(np.flatnonzero(louder * 100 >= percent * counted.size)[-1]) * CLASS_DB, 1)

        return Exceeded(
            la10_db=exceeded(10),
            la50_db=exceeded(50),
            la90_db=exceeded(90),
            la95_db=exceeded(95),
            over_s=(end - start) / FRAMES_PER_SECOND,
            frames=int(counted.size),
            left_out=int((classes == LEFT_OUT).sum()),
        )

    def _end_at(self, until: int | None) -> int:
        return self._end if until is None else min(self._end, until // self._frame_ticks)
