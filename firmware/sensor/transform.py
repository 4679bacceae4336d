"""The one Fourier transform of the sensor: 1,024 points, in memory that all spectra take in turns.

Rules of this file
- Whoever fills `samples` transforms them and takes what it needs, before anybody else does: a window that is
  being filled keeps the memory until it is whole (HighSpectrum; nobody else transforms within a frame).
- `utils.spectrogram` copies its input to its scratchpad, transforms that, and writes the magnitudes in order: the
  last two may be the same memory.
- Arrays are copied through memoryviews, which is twenty times as fast as `a[:] = b` between arrays of ulab, and one
  window after the other is faster than two in the real and imaginary parts, for which there is no quick copy.
"""

from ulab import numpy as np
from ulab import utils

POINTS = 1024
ZEROS = bytes(1024)


class Transform:
    """`samples` (POINTS, with `view` as their memoryview) go in; `power` (POINTS / 2) is new after `run`.

    `points` (complex, POINTS) with the views `real` and `imaginary` are the same memory as `power`.
    """

    def __init__(self) -> None:
        self.samples = np.zeros(POINTS)
        self.view = memoryview(self.samples)
        self._data = memoryview(bytearray(2 * POINTS * self.samples.itemsize))
        self.points = np.frombuffer(self._data, dtype=np.complex)
        self._parts = np.frombuffer(self._data, dtype=np.float)
        self.real = self._parts[0::2]
        self.imaginary = self._parts[1::2]
        self._magnitude = self._parts[:POINTS]
        self.power = self._parts[: POINTS // 2]
        self._half = self.samples[: POINTS // 2]
        # Work memory of twice POINTS, for whoever prepares `samples`.
        self.spare = self._parts

    def run(self) -> None:
        """Compute the squared magnitudes of the transform of `samples`, which stay."""
        utils.spectrogram(self.samples, out=self._magnitude, scratchpad=self._parts)
        power = self.power
        power *= power

    def run_half(self) -> None:
        """Compute the squared magnitudes of the transform of the first half of `samples`, which stay."""
        utils.spectrogram(self._half, out=self.power, scratchpad=self._magnitude)
        power = self.power
        power *= power

    def clear(self) -> None:
        """Set all `points` to zero."""
        data = self._data
        for at in range(0, len(data), len(ZEROS)):
            data[at : at + len(ZEROS)] = ZEROS


class Bins:
    """The power in bins `first` .. `end` - 1 of a Transform: its `power` (float, end - first) stays the same array."""

    def __init__(self, transform: Transform, first: int, end: int) -> None:
        self.first = first
        self._found = transform.power[first:end]
        self._found_view = memoryview(self._found)
        self.power = np.zeros(end - first)
        self._view = memoryview(self.power)

    def take(self) -> None:
        """Begin with the power that was found now."""
        self._view[:] = self._found_view

    def add(self) -> None:
        """Add the power that was found now."""
        self.power += self._found

    def scale(self, factor: float) -> None:
        """Multiply by `factor`."""
        self.power *= factor
