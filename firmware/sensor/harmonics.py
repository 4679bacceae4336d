"""The firing frequency: a harmonic series that keeps its spacing, or moves as an engine can, followed over time.

A series of orders is a comb in the spectrum, and the Fourier transform of a comb is a peak at the comb's
spacing, whether the fundamental is there or not. So, every frame:
- The fourth root of the power is divided by its own trend (a quiet partial counts as a loud one does; what is left
  of noise is the same everywhere), tapered, and transformed. `strength` is the value at a spacing in units of a
  tenth of what white noise would give on average: noise reaches 0.2 to 0.3 somewhere, an engine 0.4 to 0.9.
- Two spectra are used: a fine one up to 1 kHz for slow engines (18 - 150 Hz), and a short one up to 1.2 kHz for fast
  engines and quick changes (25 - 400 Hz). One complex transform does both: the real parts of the transforms of
  two real series a and b are the even parts of the real and the imaginary part of that of a + ib.
- Spacings lie on a scale of 2 % steps, along which the best path is followed: a path may move a few steps each
  frame, and is worth its own decaying mean.
"""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.sensor.transform import POINTS, Bins, Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum

STEP = 0.02
KEEP = 0.85  # of a path's worth from frame to frame: a time constant of 0.8 s
MISSING = 0.3  # orders that stand out by less than this part of the others are not there
FASTEST_HZ = 400.0
TREND_HZ = 45.0  # the trend is a mean over this much, of a mean over this much: a triangle


class Comb:
    """One of the two spectra: `lowest_hz` .. `highest_hz` of it, series of `slowest_hz` .. `fastest_hz`.

    `reach` is how many steps of 2 % the frequency may move in a frame. After `follow`: `peak` (strength, this
    frame), `track` (worth of the best path) and `hz` (the spacing it is at: the frequency or a part of it).
    """

    def __init__(
        self,
        bins: Bins,
        bin_hz: float,
        spectrum_hz: tuple[float, float],
        series_hz: tuple[float, float],
        reach: int,
    ) -> None:
        lowest_hz, highest_hz = spectrum_hz
        slowest_hz, fastest_hz = series_hz
        first = int(lowest_hz / bin_hz)
        end = int(highest_hz / bin_hz)
        self.first = first
        self._bin_hz = bin_hz
        self.bins = end - first
        self._used = bins.power[first - bins.first : end - bins.first]
        taper: list[float] = []
        for index in range(first, end):
            hz = index * bin_hz
            rise = min((hz - first * bin_hz) / slowest_hz, 1.0)
            taper.append(math.sqrt(max(min(rise, (highest_hz - hz) / highest_hz * 2.0), 0.0)))
        self._taper = np.array(taper)
        half = int(TREND_HZ / bin_hz + 0.5)
        self._half = half
        self._wide = np.zeros(self.bins + 2 * half)
        self._inside = self._wide[half + 1 : half + 1 + self.bins]
        self._integrate = np.array([[1.0, 0.0, 0.0, 1.0, -1.0, 0.0]])
        count = int(math.log(fastest_hz / slowest_hz) / STEP)
        self._slowest_hz = slowest_hz
        lags = [POINTS * bin_hz / (slowest_hz * math.exp(STEP * index)) for index in range(count)]
        self.lags = int(lags[0]) + 2
        self._below = np.array([int(lag) for lag in lags], dtype=np.uint16)
        self._above = np.array([int(lag) + 1 for lag in lags], dtype=np.uint16)
        self._part = np.array([lag - int(lag) for lag in lags])
        self._reach = reach
        self._padded = np.zeros(count + 2 * reach)
        self._worth = self._padded[reach : reach + count]
        self.series = np.zeros(self.bins)
        self.peak = 0.0
        self.track = 0.0
        self.hz = 0.0

    def prepare(self) -> float:
        """Compute `series`, the flattened spectrum; return its norm."""
        root = self._inside
        np.sqrt(self._used, out=root)
        root += 1e-12  # digital silence has a trend too
        np.sqrt(root, out=root)
        self._wide[: self._half + 1] = root[0]
        self._wide[1 - self._half :] = root[-1]
        series = self.series
        series[:] = root
        series /= self._means(self._means(self._wide))
        series *= float(self._half * self._half)
        series -= 1.0
        series *= self._taper
        return math.sqrt(np.dot(series, series)) + 1e-9

    def fundamental_hz(self) -> float:
        """Return `hz`, or the multiple of it that has all the orders: a series also fits half its spacing."""
        hz = self.hz
        for times in (2, 3, 2):
            if times * hz > FASTEST_HZ:
                break
            between, among = self._orders(hz, times)
            if between < MISSING * among:
                hz *= times
        return hz

    def _orders(self, hz: float, times: int) -> tuple[float, float]:
        # How far the orders of `hz` stand out: those that are no multiples of `times`, and those that are.
        sums = [0.0, 0.0]
        counts = [1e-9, 1e-9]
        order = 1
        while True:
            at = int(order * hz / self._bin_hz + 0.5) - self.first
            if at + 2 > self.bins:
                break
            if at >= 1:
                multiple = order % times == 0
                sums[multiple] += max(0.0, np.max(self.series[at - 1 : at + 2]))
                counts[multiple] += 1
            order += 1
        return sums[0] / counts[0], sums[1] / counts[1]

    def _means(self, values: np.ndarray) -> np.ndarray:
        # Sums over `half` neighbours, as differences of the integral: a new array, `half` shorter.
        integral, _ = scipy.signal.sosfilt(self._integrate, values, zi=np.zeros((1, 2)))
        return integral[self._half :] - integral[: -self._half]

    def follow(self, transform: np.ndarray, scale: float) -> None:
        """Take the real transform (lags from 0) of `series`; `scale` makes strengths of it."""
        strength = np.take(transform, self._above)
        below = np.take(transform, self._below)
        strength -= below
        strength *= self._part
        strength += below
        strength *= scale
        self.peak = np.max(strength)
        worth = self._worth
        best = _widest(self._padded, 2 * self._reach + 1)
        best *= KEEP
        strength *= 1.0 - KEEP
        best += strength
        worth[:] = best
        at = np.argmax(worth)
        self.track = worth[at]
        self.hz = self._slowest_hz * math.exp(STEP * at)
        self._padded[: self._reach] = worth[0]
        self._padded[-self._reach :] = worth[-1]


def _widest(padded: np.ndarray, width: int) -> np.ndarray:
    """Return the largest of each `width` neighbours of `padded` (n), as a new array (n - width + 1)."""
    largest = padded
    have = 1
    while have < width:
        more = min(have, width - have)
        largest = np.maximum(largest[:-more], largest[more:])
        have += more
    return largest


class Harmonics:
    """`frame` once a frame, after `low` (LowSpectrum) has ended it; then `slow` and `fast` (Comb) are new."""

    def __init__(self, low: "LowSpectrum", transform: Transform) -> None:
        self.slow = Comb(low.long, low.bin_hz, (15.0, 1000.0), (18.0, 150.0), 3)
        self.fast = Comb(low.latest, 2.0 * low.bin_hz, (15.0, 1200.0), (25.0, 400.0), 5)
        self._transform = transform
        # Each series at its own frequencies: orders are counted from 0 Hz.
        self._real = transform.real[self.slow.first : self.slow.first + self.slow.bins]
        self._imaginary = transform.imaginary[self.fast.first : self.fast.first + self.fast.bins]

    def frame(self) -> None:
        """Follow both combs through the powers of a new frame."""
        slow = self.slow
        fast = self.fast
        slow_norm = slow.prepare()
        fast_norm = fast.prepare()
        self._transform.clear()
        self._real[:] = slow.series
        self._imaginary[:] = fast.series
        transformed = np.fft.fft(self._transform.points)
        # 0.05: half for the even part, and a tenth.
        slow.follow(_even(transformed.real, slow.lags), 0.05 / slow_norm)
        fast.follow(_even(transformed.imag, fast.lags), 0.05 / fast_norm)


def _even(values: np.ndarray, count: int) -> np.ndarray:
    """Return values[k] + values[-k] for k = 0 .. count - 1 as a new array."""
    even = values[:count].copy()
    even[1:] += values[-1:-count:-1]
    even[0] *= 2.0
    return even
