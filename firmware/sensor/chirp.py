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

SLOPES = (0.0, -2.24, 1.76, 3.52, 5.6)  # 1/s; only friction slows an engine down
POINTS = 512  # of the transform, at half the rate; the last HEARD of them are heard, the others are zero
FULL = 65535.0  # of the window
HEARD = 400  # a seventh of a second: longer, and an engine out of gear keeps no slope
READ = 808  # as many samples HEARD takes at the steepest slope


class Chirp:
    """Spectra of the last seventh of a second as they were, had the engine kept its speed: from bin `first` on."""

    def __init__(self, low: "LowSpectrum", transform: "Transform", first: int) -> None:
        self._found = memoryview(transform.power)[first:]
        self._transform = transform
        self._newer = memoryview(low.fast)[-READ:]
        self._older = low.fast[-READ - 1 : -1]
        self._smooth = transform.spare[:READ]
        self._view = memoryview(self._smooth)
        self._straight = self._smooth[READ - 2 * HEARD + 1 :: 2]
        self._reading = [np.array(_reading(slope, low.fast_rate), dtype=np.uint16) for slope in SLOPES[1:]]
        window = [int(FULL * (0.5 - 0.5 * math.cos(2.0 * math.pi * n / HEARD))) for n in range(HEARD)]
        self._window = np.array(window, dtype=np.uint16)
        self._heard = transform.samples[:HEARD]
        self._heard_view = memoryview(self._heard)
        self._rest = transform.samples[HEARD:POINTS]

    def run(self, index: int, power: memoryview) -> None:
        """Put the power of the last seventh of a second, warped by SLOPES[index], in `power` (any scale).

        It is that of the bins `first` .. ; the second half of the transform's samples stays as it is.
        """
        smooth = self._smooth
        self._view[:] = self._newer
        smooth += self._older
        read = np.take(smooth, self._reading[index - 1]) if index else self._straight.copy()
        self._heard_view[:] = memoryview(read)
        heard = self._heard
        heard *= self._window
        self._rest[:] = 0.0
        self._transform.run_half()
        power[:] = self._found[: len(power)]


def _reading(slope: float, rate: int) -> list[int]:
    # Which of the smoothed samples, the newest is READ - 1, are read; oldest first.
    newest_s = 0.5 / FRAMES_PER_SECOND
    end = (math.exp(slope * newest_s) - 1.0) / slope
    found: list[int] = []
    for index in range(HEARD):
        warped = end - (HEARD - 1 - index) * 2.0 / rate
        before = newest_s - math.log(1.0 + slope * warped) / slope
        found.append(READ - 1 - int(before * rate + 0.5))
    return found
