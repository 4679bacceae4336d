"""Power spectra of a frame (125 ms): a fine one for engine orders and low bands, a coarse one up to the top.

Both give mean squares per bin, so that their sum over a band is the band's mean square.
- `LowSpectrum`: decimated to about 6 kHz behind a Chebyshev low-pass, the last 2,048 samples (a third of a
  second) in a Hann window, bins of about 3 Hz. What the low-pass does below its edge is divided out. The
  same of the last 1,024 samples, for engines that change speed faster than that.
- `HighSpectrum`: 1,024 points at the full rate. The windows overlap and their squares add up to one at every
  sample, so every sample of the frame counts, once. Two windows go through one complex FFT: of
  z = a + ib it holds that |Z[k]|^2 + |Z[n-k]|^2 = 2 (|A[k]|^2 + |B[k]|^2).
"""

import math

from ulab import numpy as np
from ulab import scipy, utils

from firmware.common.blocks import BLOCKS_PER_FRAME, block_samples

# Rate: decimation and windows a frame. 6 kHz keeps 2.3 kHz free of aliases with a short filter; 32 kHz has no
# whole factor to 6 kHz. Windows: the most whose hop divides the frame and is over half a window.
DECIMATION = {48000: 8, 32000: 5}
WINDOWS = {48000: 8, 32000: 5}

LOW_POINTS = 2048
SHORT_POINTS = 1024
LOW_TOP_HZ = 2300.0  # just over the upper edge of the 2 kHz third-octave
LOW_SECTIONS = 3
RIPPLE_DB = 0.5

HIGH_POINTS = 1024


def chebyshev(corner: float) -> np.ndarray:
    """Return a Chebyshev type I low-pass, sections (LOW_SECTIONS, 6), gain 1 at 0, at `corner` cycles per sample."""
    order = 2 * LOW_SECTIONS
    warped = math.tan(math.pi * corner)
    ripple = math.sqrt(10.0 ** (RIPPLE_DB / 10.0) - 1.0)
    grow = (
        math.log(1.0 / ripple + math.sqrt(1.0 / (ripple * ripple) + 1.0)) / order
    )  # asinh(1 / ripple) / order
    sinh = (math.exp(grow) - math.exp(-grow)) / 2.0
    cosh = (math.exp(grow) + math.exp(-grow)) / 2.0
    rows: list[list[float]] = []
    for index in range(LOW_SECTIONS):
        angle = math.pi * (2 * index + 1) / (2 * order)
        real = sinh * math.sin(angle) * warped
        square = real * real + (cosh * math.cos(angle) * warped) ** 2
        scale = 1.0 + 2.0 * real + square
        gain = square / scale
        rows.append(
            [gain, 2.0 * gain, gain, 1.0, 2.0 * (square - 1.0) / scale, (1.0 - 2.0 * real + square) / scale]
        )
    return np.array(rows)


def squared_gain(sections: np.ndarray, frequency: float) -> float:
    """Return the squared gain of `sections` (n, 6) at `frequency` (cycles per sample)."""
    angle = 2.0 * math.pi * frequency
    c1, s1, c2, s2 = math.cos(angle), math.sin(angle), math.cos(2.0 * angle), math.sin(2.0 * angle)
    gain = 1.0
    for b0, b1, b2, a0, a1, a2 in sections.tolist():
        gain *= (b0 + b1 * c1 + b2 * c2) ** 2 + (b1 * s1 + b2 * s2) ** 2
        gain /= (a0 + a1 * c1 + a2 * c2) ** 2 + (a1 * s1 + a2 * s2) ** 2
    return gain


def hann(points: int) -> np.ndarray:
    """Return a Hann window (points) that is symmetric, without zeros."""
    return np.array([0.5 - 0.5 * math.cos(2.0 * math.pi * (n + 0.5) / points) for n in range(points)])


class LowSpectrum:
    """`add` each block, then `end` the frame: `power` (float, bins from 0 Hz, `bin_hz` wide) is new.

    So are `magnitude` (same bins, in no unit) and `short_magnitude` (bins twice as wide).
    """

    def __init__(self, rate: int) -> None:
        self._factor = DECIMATION[rate]
        self._new = block_samples(rate) // self._factor
        self.bin_hz = rate / self._factor / LOW_POINTS
        self.bins = int(LOW_TOP_HZ / self.bin_hz) + 1
        self._sections = chebyshev(LOW_TOP_HZ / rate)
        self._state = np.zeros((LOW_SECTIONS, 2))
        self._samples = np.zeros(LOW_POINTS)
        self._at = LOW_POINTS - BLOCKS_PER_FRAME * self._new
        self._window = hann(LOW_POINTS)
        self._work = np.zeros(LOW_POINTS)
        self._scratch = np.zeros(2 * LOW_POINTS)
        self._magnitude = np.zeros(LOW_POINTS)
        self.magnitude = self._magnitude[: self.bins]
        self._short_window = hann(SHORT_POINTS)
        self._short_work = self._work[:SHORT_POINTS]
        self._short_scratch = self._scratch[: 2 * SHORT_POINTS]
        self._short_magnitude = np.zeros(SHORT_POINTS)
        self.short_magnitude = self._short_magnitude[: self.bins // 2]
        # Twice for the negative frequencies; sum of the squared Hann window is 3/8 of its length.
        scale = 2.0 / (LOW_POINTS * 0.375 * LOW_POINTS)
        self._scale = np.array(
            [scale / squared_gain(self._sections, k * self.bin_hz / rate) for k in range(self.bins)]
        )
        self.power = np.zeros(self.bins)

    def add(self, x: np.ndarray) -> None:
        """Take the samples `x` (float, one block)."""
        low, self._state = scipy.signal.sosfilt(self._sections, x, zi=self._state)
        self._samples[self._at : self._at + self._new] = low[:: self._factor]
        self._at += self._new

    def end(self) -> None:
        """Compute `power` of the last third of a second."""
        work = self._work
        work[:] = self._samples
        work *= self._window
        utils.spectrogram(work, out=self._magnitude, scratchpad=self._scratch)
        short = self._short_work
        short[:] = self._samples[LOW_POINTS - SHORT_POINTS :]
        short *= self._short_window
        utils.spectrogram(short, out=self._short_magnitude, scratchpad=self._short_scratch)
        power = self.power
        power[:] = self.magnitude
        power *= power
        power *= self._scale
        frame = BLOCKS_PER_FRAME * self._new
        self._samples[: LOW_POINTS - frame] = self._samples[frame:]
        self._at = LOW_POINTS - frame


class HighSpectrum:
    """`add` each block, then `end` the frame: `power` (float, bins from `first_bin`, `bin_hz` wide) is new."""

    def __init__(self, rate: int, lowest_hz: float, highest_hz: float) -> None:
        frame = BLOCKS_PER_FRAME * block_samples(rate)
        self._hop = frame // WINDOWS[rate]
        self._overlap = HIGH_POINTS - self._hop
        self.bin_hz = rate / HIGH_POINTS
        self.first_bin = int(lowest_hz / self.bin_hz)
        end = min(int(highest_hz / self.bin_hz) + 2, HIGH_POINTS // 2)
        self._block = block_samples(rate)
        self._samples = np.zeros(self._overlap + frame)
        self._filled = self._overlap
        self._start = 0  # of the next window
        window = [1.0] * HIGH_POINTS
        for n in range(self._overlap):
            window[n] = window[HIGH_POINTS - 1 - n] = math.sin(math.pi / 2.0 * (n + 0.5) / self._overlap)
        self._window = np.array(window)
        self._work = np.zeros(HIGH_POINTS)
        self._paired = False
        pair = bytearray(2 * HIGH_POINTS * self._work.itemsize)
        self._pair = np.frombuffer(pair, dtype=np.complex)
        parts = np.frombuffer(pair, dtype=np.float)
        self._real = parts[0::2]
        self._imaginary = parts[1::2]
        self._scratch = np.zeros(2 * HIGH_POINTS)
        self._magnitude = np.zeros(HIGH_POINTS)
        self._used = self._magnitude[self.first_bin : end]
        self._mirrored = self._magnitude[HIGH_POINTS - end + 1 : HIGH_POINTS - self.first_bin + 1]
        self._sum = np.zeros(end - self.first_bin)
        self._mirrored_sum = np.zeros(end - self.first_bin)
        self._scale = 1.0 / (HIGH_POINTS * frame)
        self.power = np.zeros(end - self.first_bin)

    def add(self, x: np.ndarray) -> None:
        """Take the samples `x` (float, one block), and transform the windows that they complete."""
        self._samples[self._filled : self._filled + self._block] = x
        self._filled += self._block
        while self._start + HIGH_POINTS <= self._filled:
            work = self._work
            work[:] = self._samples[self._start : self._start + HIGH_POINTS]
            work *= self._window
            self._start += self._hop
            if self._paired:
                self._imaginary[:] = work
                self._transform()
            else:
                self._real[:] = work
            self._paired = not self._paired

    def end(self) -> None:
        """Compute `power` of the frame that the blocks since the last `end` make."""
        if self._paired:
            self._imaginary[:] = 0.0
            self._transform()
            self._paired = False
        power = self.power
        power[:] = self._mirrored_sum[::-1]
        power += self._sum
        power *= self._scale
        self._sum[:] = 0.0
        self._mirrored_sum[:] = 0.0
        self._samples[: self._overlap] = self._samples[self._start :]
        self._filled = self._overlap
        self._start = 0

    def _transform(self) -> None:
        utils.spectrogram(self._pair, out=self._magnitude, scratchpad=self._scratch)
        magnitude = self._magnitude
        magnitude *= magnitude
        self._sum += self._used
        self._mirrored_sum += self._mirrored
