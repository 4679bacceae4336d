"""Power spectra of a frame (125 ms): fine ones for engine orders and low bands, a coarse one up to the top.

All give mean squares per bin, so that their sum over a band is the band's mean square.
- `LowSpectrum`: low-passed and decimated to about 6 kHz and 3 kHz, 1,024 samples of each in a Hann window: bins of
  about 6 and 3 Hz. At 6 kHz two windows a frame, so that what is short counts the same wherever it lies.
- `HighSpectrum`: at the full rate. The windows overlap and their squares add up to one at every sample, so every
  sample of the frame counts, once.
"""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.common.blocks import BLOCKS_PER_FRAME, block_samples
from firmware.sensor import lowpass
from firmware.sensor.transform import POINTS, Bins, Transform

# By rate: windows a frame, the most whose hop divides the frame and is over half a window.
WINDOWS = {48000: 8, 32000: 5}

LOWEST_HZ = 15.0  # what the signature looks at begins here, bands need no more
LONG_TOP_HZ = 1000.0  # as far as engine orders are followed
SHORT_LOWEST_HZ = 280.0  # the skirts of the 400 Hz and the 2 kHz band
SHORT_TOP_HZ = 2700.0  # the skirt of the 2 kHz band
HANN_POWER = 0.375  # mean square of the window
HANN_SPREAD = 1.0 / 3.0  # variance of its power response, in bins


def hann() -> np.ndarray:
    """Return the rising half of a Hann window of POINTS: 0 to 1, (POINTS / 2 + 1)."""
    return np.array([0.5 - 0.5 * math.cos(2.0 * math.pi * n / POINTS) for n in range(POINTS // 2 + 1)])


class LowSpectrum:
    """`add` each block, then `end` the frame: the powers of `long` and `short` (Bins) are new.

    `long` has bins of `bin_hz` (the last third of a second), `short` of twice that (mean of two windows of a sixth).
    `past` (float, POINTS) are the samples that `long` is made of, `windowed_power` does the same with others.
    `slow` (float) are the frame's samples at `slow_rate`, for the bands that are filtered; `newest` those at
    `fast_rate`, of which `fast` has more: both until the next `add`.
    """

    def __init__(self, rate: int, transform: Transform) -> None:
        self._transform = transform
        self._rate = rate
        self._factor = lowpass.FIRST_FACTOR[rate]
        self._first = lowpass.FIRST[rate]
        self._first_state = np.zeros((len(self._first), 2))
        self._second_state = np.zeros((len(lowpass.SECOND), 2))
        self._third_state = np.zeros((len(lowpass.THIRD), 2))
        self._new = block_samples(rate) // self._factor
        frame = BLOCKS_PER_FRAME * self._new
        hop = frame // 2
        # At 6 kHz the two windows of a frame; at 3 kHz the only one.
        self._fast = np.zeros(POINTS + hop)
        self._fast_view = memoryview(self._fast)
        self.fast_rate = rate // self._factor
        self.fast = self._fast
        self._fast_kept = POINTS + hop - frame
        self._at = self._fast_kept
        self.newest = self._fast[self._fast_kept :]
        self._hop = hop
        self.past = np.zeros(POINTS)
        self._half = memoryview(self.past)
        self._half_kept = POINTS - hop
        self.slow_rate = rate // (self._factor * lowpass.SECOND_FACTOR * lowpass.THIRD_FACTOR)
        self.slow = np.zeros(hop // lowpass.THIRD_FACTOR)
        window = hann()
        self.rise = window
        half = POINTS // 2
        # The window as it rises, and all but its ends as it falls: the parts it is laid on.
        self._rise = window
        self._fall = window[half - 1 : 0 : -1]
        self._risen = transform.samples[: half + 1]
        self._fallen = transform.samples[half + 1 :]
        self.bin_hz = rate / (self._factor * lowpass.SECOND_FACTOR * POINTS)
        self.long = Bins(transform, int(LOWEST_HZ / self.bin_hz), int(LONG_TOP_HZ / self.bin_hz) + 1)
        short_hz = 2.0 * self.bin_hz
        self.short = Bins(transform, int(SHORT_LOWEST_HZ / short_hz), int(SHORT_TOP_HZ / short_hz) + 1)

    def add(self, x: np.ndarray) -> None:
        """Take the samples `x` (float, one block)."""
        if self._at == len(self._fast):
            self._fast_view[: self._fast_kept] = self._fast_view[-self._fast_kept :]
            self._at = self._fast_kept
        low, self._first_state = scipy.signal.sosfilt(self._first, x, zi=self._first_state)
        self._fast[self._at : self._at + self._new] = low[:: self._factor]
        self._at += self._new

    def end(self) -> None:
        """Compute the powers of the last third of a second."""
        fast = self._fast_view
        half = self._half
        low, self._second_state = scipy.signal.sosfilt(lowpass.SECOND, self.newest, zi=self._second_state)
        low = low[:: lowpass.SECOND_FACTOR].copy()
        half[: self._half_kept] = half[-self._half_kept :]
        half[self._half_kept :] = memoryview(low)
        low, self._third_state = scipy.signal.sosfilt(lowpass.THIRD, low, zi=self._third_state)
        self.slow[:] = low[:: lowpass.THIRD_FACTOR]
        # Twice for negative frequencies; two windows in `short`.
        scale = 2.0 / (POINTS * POINTS * HANN_POWER)
        self.windowed_power(half)
        self.long.take()
        self.windowed_power(fast[:POINTS])
        self.short.take()
        self.windowed_power(fast[self._hop :])
        self.short.add()
        self.long.scale(scale)
        self.short.scale(0.5 * scale)

    def windowed_power(self, samples: memoryview) -> None:
        """Leave the power of `samples` (POINTS) in a Hann window, at any scale, in the transform."""
        transform = self._transform
        transform.view[:] = samples
        risen = self._risen
        risen *= self._rise
        fallen = self._fallen
        fallen *= self._fall
        transform.run()

    def gain(self, hz: float, stages: int) -> float:
        """Return the squared gain of the first `stages` low-passes at `hz`."""
        hz /= self._rate
        gain = lowpass.squared_gain(self._first, hz)
        if stages > 1:
            gain *= lowpass.squared_gain(lowpass.SECOND, hz * self._factor)
        if stages > 2:
            gain *= lowpass.squared_gain(lowpass.THIRD, hz * self._factor * lowpass.SECOND_FACTOR)
        return gain


class HighSpectrum:
    """`add` each block, then `end` the frame: the power of `bins` (each `bin_hz` wide) is new.

    `spread` is the variance of the window's power response, in bins.
    """

    def __init__(self, rate: int, lowest_hz: float, highest_hz: float, transform: Transform) -> None:
        self._block = block_samples(rate)
        frame = BLOCKS_PER_FRAME * self._block
        hop = frame // WINDOWS[rate]
        overlap = POINTS - hop
        self._overlap = overlap
        self.bin_hz = rate / POINTS
        end = min(int(highest_hz / self.bin_hz) + 2, POINTS // 2)
        self.bins = Bins(transform, int(lowest_hz / self.bin_hz), end)
        self._transform = transform
        # Its square and that of its mirror image add up to one, and it bends into 0 and 1: low side lobes.
        quarter = math.pi / 2.0
        rise = [math.sin(quarter * math.sin(quarter * (n + 0.5) / overlap) ** 2) for n in range(overlap)]
        steps = [rise[0]] + [rise[n] - rise[n - 1] for n in range(1, overlap)]
        self.spread = 2.0 * sum([step * step for step in steps]) / hop * (POINTS / (2.0 * math.pi)) ** 2
        self._rise = np.array(rise)
        self._fall = self._rise[::-1]
        self._next = memoryview(np.zeros(overlap))  # how the next window begins
        self._head = transform.samples[:overlap]
        self._foot = transform.samples[hop:]
        self._filled = 0
        self._scale = 2.0 / (POINTS * frame)
        self._fresh = True

    def add(self, x: np.ndarray) -> None:
        """Take the samples `x` (float, one block, in one piece), and transform the windows that they complete."""
        samples = self._transform.view
        new = memoryview(x)
        taken = 0
        while taken < self._block:
            if not self._filled:
                samples[: self._overlap] = self._next
                self._filled = self._overlap
            count = min(self._block - taken, POINTS - self._filled)
            samples[self._filled : self._filled + count] = new[taken : taken + count]
            self._filled += count
            taken += count
            if self._filled == POINTS:
                self._window()

    def end(self) -> None:
        """Compute the power of the frame that the blocks since the last `end` make."""
        self.bins.scale(self._scale)
        self._fresh = True

    def _window(self) -> None:
        transform = self._transform
        self._next[:] = transform.view[-self._overlap :]
        foot = self._foot
        foot *= self._fall
        head = self._head
        head *= self._rise
        self._filled = 0
        transform.run()
        if self._fresh:
            self.bins.take()
            self._fresh = False
        else:
            self.bins.add()
