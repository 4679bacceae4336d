"""The one Fourier transform of the sensor: 1,024 complex points in place, in memory that all spectra take in turns.

Rules of this file
- Whoever fills `real` and `imaginary` transforms them and takes what it needs, before anybody else does: a window
  that waits for a second one keeps the memory until then (HighSpectrum; nobody else transforms within a frame).
- Two real signals go through one transform: of z = a + ib it holds that
  |Z[k]|^2 + |Z[n-k]|^2 = 2 (|A[k]|^2 + |B[k]|^2).
- `utils.spectrogram` copies its input to its scratchpad, transforms that, and writes the magnitudes in order: all
  three may be the same memory.
"""

from ulab import numpy as np
from ulab import utils

POINTS = 1024


class Transform:
    """`points` (complex) with `real` and `imaginary` as live views (POINTS); `magnitude` is new after `run`."""

    def __init__(self) -> None:
        data = bytearray(2 * POINTS * np.zeros(1).itemsize)
        self.points = np.frombuffer(data, dtype=np.complex)
        self._parts = np.frombuffer(data, dtype=np.float)
        self.real = self._parts[0::2]
        self.imaginary = self._parts[1::2]
        self.magnitude = self._parts[:POINTS]

    def run(self) -> None:
        """Replace the points by the magnitudes of their transform."""
        utils.spectrogram(self.points, out=self.magnitude, scratchpad=self._parts)

    def clear(self) -> None:
        """Set all points to zero."""
        self._parts[:] = 0.0


class Bins:
    """The power in bins `first` .. `end` - 1 of a Transform: its `power` (float, end - first) stays the same array."""

    def __init__(self, transform: Transform, first: int, end: int) -> None:
        self.first = first
        self._positive = transform.magnitude[first:end]
        self._negative = transform.magnitude[POINTS - first : POINTS - end : -1]
        self.power = np.zeros(end - first)

    def clear(self) -> None:
        """Begin at zero."""
        self.power[:] = 0.0

    def add(self) -> None:
        """Add the magnitudes' squares, those of negative frequencies to those of positive ones."""
        part = self._positive
        part *= part
        self.power += part
        part = self._negative
        part *= part
        self.power += part

    def scale(self, factor: float) -> None:
        """Multiply by `factor`."""
        self.power *= factor
