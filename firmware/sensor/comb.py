"""A harmonic series in a spectrum: found by its spacing, followed along the paths an engine can take.

A series of orders is a comb in the spectrum, and the Fourier transform of a comb is a peak at the comb's
spacing, whether the fundamental is there or not. So, every frame:
- The amplitudes are divided by their own trend, the mean level around (a quiet partial counts nearly as a loud one
  does; what is left of noise is the same everywhere), tapered, and transformed. `strength` is the value at a spacing
  in units of a tenth of what white noise would give on average: noise reaches 0.2 to 0.3 somewhere, an engine 0.3 to
  0.9.
- Spacings lie on a scale of 2 % steps, along which the best path is followed: a path may move a few steps each
  frame beside the slope it is tried with, and is worth its own decaying mean.
"""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.sensor.transform import POINTS

ROOM = 384  # as much as a spectrum takes, with its ends drawn out by the trend
STEP = 0.02
NEAR = 3  # steps from a path's place within which this frame's own peak is looked for
TREND_HZ = 60.0  # the trend is a mean over this much, of a mean over this much: a triangle; what paths follow


class Series:
    """`spectrum_hz` (from, to) of a power in bins of `bin_hz`: bins `first` .. `first + count - 1`.

    `flatten` makes `series` (float, count) of it. `slowest_hz` is the lowest spacing that is looked for, `trend_hz`
    how far their surroundings reach. `room` (float) is work memory, which several may share.
    """

    def __init__(
        self,
        bin_hz: float,
        spectrum_hz: tuple[float, float],
        slowest_hz: float,
        room: "np.ndarray",
        trend_hz: float = TREND_HZ,
    ) -> None:
        lowest_hz, highest_hz = spectrum_hz
        first = int(lowest_hz / bin_hz)
        end = int(highest_hz / bin_hz)
        self.first = first
        self.bin_hz = bin_hz
        self.count = end - first
        taper: list[float] = []
        for index in range(first, end):
            hz = index * bin_hz
            rise = min((hz - first * bin_hz) / slowest_hz, 1.0)
            taper.append(math.sqrt(max(min(rise, (highest_hz - hz) / highest_hz * 2.0), 0.0)))
        self._taper = np.array(taper)
        half = int(trend_hz / bin_hz + 0.5)
        self._half = half
        self._wide = room[: self.count + 2 * half]
        self._inside = self._wide[half + 1 : half + 1 + self.count]
        self._integrate = np.array([[1.0 / half, 0.0, 0.0, 1.0, -1.0, 0.0]])
        self.series = np.zeros(self.count)
        self._wide_view = memoryview(self._wide)
        self._inside_view = self._wide_view[half + 1 : half + 1 + self.count]
        self._view = memoryview(self.series)

    def flatten(self, power: "np.ndarray") -> None:
        """Make `series` of `power` (count): amplitudes in parts of their surroundings', less one."""
        level = self._inside
        np.log(power + 1e-20, out=level)  # digital silence has a trend too
        wide = self._wide_view
        half = self._half
        count = self.count
        # The ends go on with what lies beside them. Memoryviews copy much faster than arrays.
        wide[: half + 1] = wide[half + 1 : 2 * half + 2]
        wide[count + half + 1 :] = wide[count + 2 : count + half + 1]
        series = self.series
        self._view[:] = self._inside_view
        series -= self._means(self._means(self._wide))
        series *= 0.5
        np.exp(series, out=series)
        series -= 1.0

    def put(self, into: "np.ndarray") -> float:
        """Put `series`, tapered, into `into` (count); return what makes strengths of twice its transform."""
        tapered = self.series * self._taper
        into[:] = tapered
        return 0.05 / (math.sqrt(np.dot(tapered, tapered)) + 1e-9)

    def _means(self, values: "np.ndarray") -> "np.ndarray":
        # Means over `half` neighbours, as differences of the integral: a new array, `half` shorter.
        integral, _ = scipy.signal.sosfilt(self._integrate, values, zi=np.zeros((1, 2)))
        return integral[self._half :] - integral[: -self._half]


class Spacings:
    """Spacings from `slowest_hz` to `fastest_hz` in steps of STEP, and how strong a series of each is.

    `count` is how many they are, `lags` how much of a transform they need.
    """

    def __init__(self, bin_hz: float, slowest_hz: float, fastest_hz: float) -> None:
        self.count = int(math.log(fastest_hz / slowest_hz) / STEP)
        lags = [POINTS * bin_hz / (slowest_hz * math.exp(STEP * index)) for index in range(self.count)]
        self.lags = int(lags[0]) + 2
        self._slowest_hz = slowest_hz
        self._below = np.array([int(lag) for lag in lags], dtype=np.uint16)
        self._part = np.array([lag - int(lag) for lag in lags])

    def hz(self, at: float) -> float:
        """Return the spacing with the index `at`, which may lie between two."""
        return self._slowest_hz * math.exp(STEP * at)

    def strengths(self, transform: "np.ndarray", scale: float) -> "np.ndarray":
        """Return how strong each is, as a new array, in the real transform (lags from 0) that `Series.put` scales."""
        strength = np.take(transform, self._below + 1)
        below = np.take(transform, self._below)
        strength -= below
        strength *= self._part
        strength += below
        strength *= scale
        return strength


class Paths:
    """Spacings of `series_hz` (lowest, highest) in spectra of bins `bin_hz` wide, and the paths through them.

    A path may move `reach` steps in a frame beside its slope, which is at most `furthest` steps, and keeps `keep` of
    its worth. After `end`: `track` is the worth of the best path, `peak` the greatest strength of the frame, `hz` the
    spacing the path is at (the firing frequency, or a part or multiple of it), `chosen` the candidate it took.
    """

    def __init__(self, bin_hz: float, series_hz: tuple[float, float], reach: int, furthest: int) -> None:
        self._spacings = Spacings(bin_hz, *series_hz)
        count = self._spacings.count
        self.lags = self._spacings.lags
        self._count = count
        self._reach = reach
        self._margin = reach + furthest
        self._new = 1.0
        self._padded = np.zeros(count + 2 * self._margin)
        self._worth = self._padded[self._margin : self._margin + count]
        self._wide = self._padded
        self._best = self._worth
        self._strength = self._worth
        self.peak = 0.0
        self.track = 0.0
        self.hz = 0.0
        self.chosen = 0

    def begin(self, new: float) -> None:
        """Begin a frame, which is worth the part `new` of what a path is worth; candidates follow."""
        self._new = new
        self._padded[: self._margin] = self._worth[0]
        self._padded[-self._margin :] = self._worth[-1]
        self._wide = _widest(self._padded, 2 * self._reach + 1)
        self._wide *= 1.0 - new
        self.track = -1.0
        self.peak = 0.0

    def candidate(self, number: int, transform: "np.ndarray", scale: float, moved: int, cost: float) -> None:
        """Try the real transform (lags from 0) of a series; `scale` makes strengths of it.

        The path has `moved` that many steps since the last frame, and is worth `cost` less.
        """
        strength = self._spacings.strengths(transform, scale)
        at = self._margin - self._reach - moved
        worth = strength - cost
        worth *= self._new
        worth += self._wide[at : at + self._count]
        track = float(np.max(worth))
        if track > self.track:
            self.track = track
            self.peak = float(np.max(strength))
            self.chosen = number
            self._best = worth
            self._strength = strength

    def end(self) -> None:
        """End the frame: the best of the candidates is what happened."""
        self._worth[:] = self._best
        at = int(np.argmax(self._worth))
        low = max(at - NEAR, 1)
        near = self._strength[low - 1 : min(at + NEAR + 1, self._count - 1) + 1]
        step = int(np.argmax(near[1:-1])) + 1
        left, middle, right = float(near[step - 1]), float(near[step]), float(near[step + 1])
        curve = 2.0 * middle - left - right
        aside = 0.5 * (right - left) / curve if curve > 0.0 else 0.0
        self.hz = self._spacings.hz(low - 1 + step + max(-0.5, min(0.5, aside)))


def even(values: "np.ndarray", count: int) -> "np.ndarray":
    """Return values[k] + values[-k] for k = 0 .. count - 1 as a new array.

    One complex transform does two real series: the real parts of the transforms of a and b are the even parts, halved,
    of the real and the imaginary part of that of a + ib.
    """
    backwards = values[-1:-count:-1]
    found = values[:count] * 2.0
    found[1:] = values[1:count] + backwards
    return found


def _widest(padded: "np.ndarray", width: int) -> "np.ndarray":
    """Return the largest of each `width` neighbours of `padded` (n), as a new array (n - width + 1)."""
    largest = padded
    have = 1
    while have < width:
        more = min(have, width - have)
        largest = np.maximum(largest[:-more], largest[more:])
        have += more
    return largest
