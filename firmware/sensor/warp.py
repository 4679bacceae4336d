"""A third of a second read along a warped time: an engine that changes at the right slope holds still in it.

- Phase runs as t + slope * t^2 / 2 around the middle of the window; what is read lies between two samples of 3 kHz.
- Read backwards what rises falls, so both directions share a table.
"""

import math

from ulab import numpy as np

from firmware.sensor.transform import POINTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum

PARTS = 256.0  # between two samples


class Warp:
    """`rising` and `falling` leave the power of the samples of `low.long` in the transform, at any scale.

    As of an engine that keeps its speed, when it rose or fell by `slope` (d ln(f) / dt, 1/s).
    """

    def __init__(self, low: "LowSpectrum", slope: float) -> None:
        rate = low.bin_hz * POINTS
        at = [_read(slope, (n - POINTS // 2) / rate) * rate + POINTS // 2 for n in range(POINTS)]
        at = [min(max(each, 0.0), POINTS - 1.01) for each in at]
        self._below = np.array([int(each) for each in at], dtype=np.uint16)
        self._part = np.array([int((each - int(each)) * PARTS) for each in at], dtype=np.uint8)
        self._low = low
        self._forward = (low.past, low.past[1:])
        backward = low.past[::-1]
        self._backward = (backward, backward[1:])

    def rising(self) -> None:
        """Read it as an engine that became faster."""
        self._run(self._forward)

    def falling(self) -> None:
        """Read it as an engine that became slower."""
        self._run(self._backward)

    def _run(self, samples: "tuple[np.ndarray, np.ndarray]") -> None:
        read = np.take(samples[0], self._below)
        step = np.take(samples[1], self._below)
        step -= read
        step *= self._part
        step *= 1.0 / PARTS
        read += step
        self._low.windowed_power(memoryview(read))


def _read(slope: float, seconds: float) -> float:
    # When the phase of an engine that rises at `slope` is that of a steady one after `seconds`.
    return (math.sqrt(1.0 + 2.0 * slope * seconds) - 1.0) / slope
