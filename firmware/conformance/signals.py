"""Test signals, made block by block where they are measured: a tone that begins and ends at exact samples.

The phase is an integer, in parts of 2**32 of a period: exact at any sample of a tone of any length, also where
numbers have single precision. Within a block the sine of a sum of two angles makes the samples from two short
tables. What comes out is what a 24-bit microphone would send: words of 32 bits, rounded, clipped at full scale.
"""

import math

from ulab import numpy as np

PERIOD = 1 << 32
FINE = 40  # samples between two entries of the coarse table; divides a block at every rate
LOWEST = -8388608  # 24 bits
HIGHEST = 8388607


def angle(phase: int) -> float:
    """Return `phase` (parts of 2**32 of a period) in radians, -pi .. pi."""
    phase &= PERIOD - 1
    if phase >= PERIOD // 2:
        phase -= PERIOD
    return 2.0 * math.pi * (phase / PERIOD)


class Tone:
    """A sine of `amplitude` (1: full scale) that sounds from sample `first` up to, without, sample `stop`.

    `step` is what its phase gains a sample and `phase` where it is at sample 0, in parts of 2**32 of a period.
    `raw` (bytearray) holds the words of the block that `advance` made, `block` of them.
    """

    def __init__(self, block: int, step: int, phase: int, first: int, stop: int, amplitude: float) -> None:
        self.raw = bytearray(4 * block)
        self._block = block
        self._step = step
        self._phase = phase
        self._first = first
        self._stop = stop
        self._amplitude = amplitude * -LOWEST
        self._at = 0
        halves = np.frombuffer(self.raw, dtype=np.uint16)
        self._low = halves[0::2]
        self._high = halves[1::2]
        fine = [angle(index * step) for index in range(FINE)]
        coarse = [angle(index * step) for index in range(0, block, FINE)]
        across = (1, FINE)
        down = (block // FINE, 1)
        sine = np.array([math.sin(a) for a in coarse]).reshape(down)
        cosine = np.array([math.cos(a) for a in coarse]).reshape(down)
        fine_sine = np.array([math.sin(a) for a in fine]).reshape(across)
        fine_cosine = np.array([math.cos(a) for a in fine]).reshape(across)
        self._sine = (sine * fine_cosine + cosine * fine_sine).flatten()
        self._cosine = (cosine * fine_cosine - sine * fine_sine).flatten()

    def advance(self) -> None:
        """Write the next block into `raw`."""
        begin = self._at
        self._at = end = begin + self._block
        if end <= self._first or begin >= self._stop:
            self._low[:] = 0
            self._high[:] = 0
            return
        start = angle(self._phase + begin * self._step)
        x = self._sine * (self._amplitude * math.cos(start))
        x += self._cosine * (self._amplitude * math.sin(start))
        if begin < self._first:
            x[: self._first - begin] = 0.0
        if self._stop < end:
            x[self._stop - begin :] = 0.0
        x = np.clip(np.floor(x + 0.5), LOWEST, HIGHEST)
        # No array has 32-bit integers: the sample, as an unsigned number, goes into the word in two halves.
        x += (x < 0) * 16777216
        high = np.floor(x * (1.0 / 256.0))
        self._high[:] = high
        x -= high * 256.0
        x *= 256.0
        self._low[:] = x
