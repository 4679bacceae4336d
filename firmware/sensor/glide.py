"""How much a third of a second is one harmonic series, be its pitch steady or gliding: what tells an engine best.

Rules of this file
- An engine in gear changes its speed by up to the half in a second; over a third of one its high orders then run
  across each other. The samples are also read along warped times (warp.py), each such as makes an engine steady that
  changes at one of SLOPES, and the clearest reading counts.
- The surroundings that a partial has to stand out of reach 25 Hz: that tells engines better from other sounds than
  the 60 Hz with which the paths (comb.py) follow them.
- No memory: what a second was like is the average of the features.
docs/decisions.md says what each of these is worth.
"""

import math

from ulab import numpy as np

from firmware.sensor.comb import Series, Spacings, even
from firmware.sensor.transform import Transform
from firmware.sensor.warp import Warp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum

SLOPES = (
    0.4,
    1.0,
)  # d ln(f) / dt, 1/s; and their negatives, and none: finer steps, or one of 2, find hardly more
SPECTRUM_HZ = (15.0, 1000.0)
SERIES_HZ = (18.0, 160.0)
TREND_HZ = 25.0
ORDERS = 14  # at most
LOW_HZ = (20.0, 150.0)  # the first orders, against what is over them
TINY = 1e-16
DECIBEL = 4.3429448  # 10 / ln(10)


class Glide:
    """`frame` once a frame, after `low` (LowSpectrum) has ended it; then the attributes are new.

    `room` (float, comb.ROOM) is work memory that may be shared.

    `straight`, `clearest`: strength of the best series at steady pitch, and at the best slope; noise has 0.2 to 0.3,
    an engine 0.3 to 0.9 (comb.py).
    `between`: mean level half way between the orders of the clearest, over theirs, -30 dB and up.
    `low_share`: lg of the power at 20 - 150 Hz over that at 150 - 1000 Hz, -3 and up.
    """

    def __init__(self, low: "LowSpectrum", transform: Transform, room: "np.ndarray") -> None:
        self._transform = transform
        bin_hz = low.bin_hz
        self._series = Series(bin_hz, SPECTRUM_HZ, SERIES_HZ[0], room, TREND_HZ)
        self._spacings = Spacings(bin_hz, *SERIES_HZ)
        first = self._series.first
        count = self._series.count
        self._bin_hz = bin_hz
        self._first = first
        self._powers = (np.zeros(count), np.zeros(count))
        self._views = [memoryview(power) for power in self._powers]
        self._clearest = np.zeros(count)
        self._clearest_view = memoryview(self._clearest)
        self._parts = (transform.real[first : first + count], transform.imaginary[first : first + count])
        start = low.long.first
        power = low.long.power
        self._steady = memoryview(power)[first - start : first - start + count]
        self._found = memoryview(transform.power)[first : first + count]
        warps = [Warp(low, slope) for slope in SLOPES]
        # Two readings share a Fourier transform.
        self._pairs = (
            (None, warps[0].rising),
            (warps[0].falling, warps[1].rising),
            (warps[1].falling, None),
        )
        self._low = power[int(LOW_HZ[0] / bin_hz) - start : int(LOW_HZ[1] / bin_hz) - start]
        self._high = power[int(LOW_HZ[1] / bin_hz) - start :]
        self.straight = 0.0
        self.clearest = 0.0
        self.between = 0.0
        self.low_share = 0.0

    def frame(self) -> None:
        """Look for the series in a new frame."""
        spacings = self._spacings
        hz = 0.0
        self.clearest = -1.0
        for number, pair in enumerate(self._pairs):
            readings = 1 if number and pair[1] is None else 2
            for at in range(readings):
                read = pair[at]
                if read:
                    read()
                self._views[at][:] = self._found if read else self._steady
            self._transform.clear()
            scales: list[float] = []
            for at in range(readings):
                self._series.flatten(self._powers[at])
                scales.append(self._series.put(self._parts[at]))
            transformed = even(np.fft.fft(self._transform.points), spacings.lags)
            for at in range(readings):
                part = transformed.imag if at else transformed.real
                strengths = spacings.strengths(part, scales[at])
                strength = float(np.max(strengths))
                if not pair[at]:
                    self.straight = strength
                if strength > self.clearest:
                    self.clearest = strength
                    hz = spacings.hz(int(np.argmax(strengths)))
                    self._clearest_view[:] = self._views[at]
        self.between = self._between(hz)
        ratio = (float(np.sum(self._low)) + TINY) / (float(np.sum(self._high)) + TINY)
        self.low_share = math.log10(ratio + 1e-3)

    def _between(self, hz: float) -> float:
        power = self._clearest
        bins = hz / self._bin_hz
        count = min(ORDERS, int((len(power) + self._first - 3) / bins))
        orders = np.array(range(1, count + 1)) * bins + (0.5 - self._first)
        between = _level(power, orders - 0.5 * bins) - _level(power, orders)
        return max(between, -30.0)


def _level(power: "np.ndarray", at: "np.ndarray") -> float:
    # The mean of the levels at `at` (bins), each the highest of a bin and its neighbours, dB.
    at = np.array(np.maximum(at, 1.0), dtype=np.uint16)
    highest = np.maximum(np.take(power, at), np.take(power, at - 1))
    highest = np.maximum(highest, np.take(power, at + 1))
    return DECIBEL * float(np.mean(np.log(highest + TINY)))
