"""Time warped within a window, so that an engine that speeds up or slows down holds still in it.

A free engine doubles its speed in a fifth of a second: within a window of a sixth its orders run across each other
and nothing of the series is left. Read along a time that runs as the engine does, the same samples hold a steady one.

- The engine's speed is taken as growing exponentially: `slope` is d ln(f) / dt. Between SLOPES lie at most 2 / s: what
  is left of an engine's slope is 1 / s, at which six orders still stand.
- The warped time is true in the middle of the frame: what is found are frequencies of that moment.
- Every other of the 6 kHz samples is read, the nearest, of smoothed ones: what is folded over 1.5 kHz and what whole
  samples add lies under what a street adds.
"""

import math

from ulab import numpy as np

from firmware.common.blocks import FRAMES_PER_SECOND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum
    from firmware.sensor.transform import Transform

SLOPES = (-3.52, -1.76, 1.76, 3.52, 5.6)  # 1/s; only friction slows an engine down
WARPED = 512  # points, at half the rate
READ = 1200  # as many samples a window takes at the steepest slope


class Chirp:
    """Spectra of the last sixth of a second as they were, had the engine kept its speed: from bin `first` on."""

    def __init__(self, low: "LowSpectrum", transform: "Transform", first: int) -> None:
        self._first = first
        self._transform = transform
        self._newer = low.fast[-READ:]
        self._older = low.fast[-READ - 1 : -1]
        self._smooth = transform.spare[:READ]
        self._reading = [np.array(_reading(slope, low.fast_rate), dtype=np.uint16) for slope in SLOPES]
        self._warped = transform.samples[:WARPED]
        self._risen = transform.samples[: WARPED // 2 + 1]
        self._fallen = transform.samples[WARPED // 2 + 1 : WARPED]
        self._rise = low.rise[::2]
        self._fall = low.rise[-3:0:-2]

    def run(self, index: int, power: "np.ndarray") -> None:
        """Put the power of the last sixth of a second, warped by SLOPES[index], in `power` (any scale).

        It is that of the bins `first` .. ; the second half of the transform's samples stays as it is.
        """
        smooth = self._smooth
        smooth[:] = self._newer
        smooth += self._older
        np.take(smooth, self._reading[index], out=self._warped)
        risen = self._risen
        risen *= self._rise
        fallen = self._fallen
        fallen *= self._fall
        self._transform.run_half()
        power[:] = self._transform.power[self._first : self._first + len(power)]


def _reading(slope: float, rate: int) -> list[int]:
    # Which of the smoothed samples, the newest is READ - 1, are read; oldest first.
    newest_s = 0.5 / FRAMES_PER_SECOND
    end = (math.exp(slope * newest_s) - 1.0) / slope
    found: list[int] = []
    for index in range(WARPED):
        warped = end - (WARPED - 1 - index) * 2.0 / rate
        before = newest_s - math.log(1.0 + slope * warped) / slope
        found.append(READ - 1 - int(before * rate + 0.5))
    return found
