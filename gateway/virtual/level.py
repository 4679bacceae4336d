"""Sound levels of a whole recording, as a sound level meter would read them. numpy only.

Rules of this file
- Samples are float arrays in -1..1; a full-scale sine is `full_scale_db` dB SPL, so a level is
  10 log10(mean square) + 3.01 + full_scale_db. Where the samples came from is not known here.
- This is the yardstick the stand-ins set levels with. It shares no line with the firmware, so
  that the two can be held against each other.
- The A-weighting is the analogue transfer function of IEC 61672-1:2013, annex E, applied in the
  frequency domain: no bilinear error near the end of the band.
- Fast is the exact exponential, a stretch at a time; no loop over samples.
"""

import math
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gateway.errors import GatewayError

Samples: TypeAlias = npt.NDArray[np.float64]

FULL_SCALE_DB: Final = 120.0
"""Level of a full-scale sine: a microphone of -26 dBFS at 94 dB SPL."""

FAST_S: Final = 0.125
"""Time constant of time weighting Fast, IEC 61672-1:2013, 5.8.1."""

# Pole frequencies of the A-weighting, IEC 61672-1:2013, annex E.
_A_POLES_HZ: Final = (20.598997, 20.598997, 107.65265, 737.86223, 12194.217, 12194.217)
# The slowest pole has a time constant of 7.7 ms: after half a second its tail is 280 dB down.
_TAIL_S: Final = 0.5
# Long recordings are filtered in pieces, so that memory does not grow with the length.
_PIECE_S: Final = 30
_SINE_DB: Final = 10 * math.log10(2)


class LevelError(GatewayError):
    """A sound that has no level, or a level that cannot be reached."""


def a_weighting_response(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    """Complex gain of the A-weighting at `frequency_hz`, 1 at 1 kHz in magnitude."""

    def unscaled(hz: npt.ArrayLike) -> npt.NDArray[np.complex128]:
        s = 1j * np.asarray(hz, dtype=np.float64)
        gain = s**4
        for pole in _A_POLES_HZ:
            gain = gain / (s + pole)
        return np.asarray(gain, dtype=np.complex128)

    return unscaled(frequency_hz) / float(np.abs(unscaled(1000.0)))


def a_weighted(x: Samples, rate: int) -> Samples:
    """Return `x` (n,) through the A-weighting, same length."""
    piece, tail = _PIECE_S * rate, int(_TAIL_S * rate)
    y = np.zeros(x.size + tail)
    for start in range(0, x.size, piece):
        part = x[start : start + piece]
        # Whole half seconds: lengths the FFT is quick at, whatever the length of the recording.
        size = -(-(part.size + tail) // tail) * tail
        gain = a_weighting_response(np.fft.rfftfreq(size, 1 / rate))
        filtered = np.fft.irfft(np.fft.rfft(part, size) * gain, size)
        y[start : start + part.size + tail] += filtered[: part.size + tail]
    return y[: x.size]


def fast(squared: Samples, rate: int) -> Samples:
    """Exponential average of `squared` (n,) with the Fast time constant, from rest; same length.

    Within a stretch of eight time constants y[n] = (1 - a) sum(a^(n-k) p[k]) is a running sum of
    p[k] a^-k; e^8 is far from the limits of a double. Stretches are joined by their last value.
    """
    a = math.exp(-1 / (FAST_S * rate))
    stretch = min(max(1, squared.size), int(8 * FAST_S * rate))
    decay = a ** np.arange(1, stretch + 1)
    rows = -(-squared.size // stretch)
    padded = np.zeros(rows * stretch)
    padded[: squared.size] = squared
    y = padded.reshape(rows, stretch)
    y = (1 - a) * np.cumsum(y / decay, axis=1) * decay
    before = 0.0
    for row in y:
        row += before * decay  # noqa: PLW2901  a view of y
        before = float(row[-1])
    return np.asarray(y.reshape(-1)[: squared.size])


def a_weighted_fast_db(x: Samples, rate: int, full_scale_db: float = FULL_SCALE_DB) -> Samples:
    """LAF of `x` (n,) at every sample, in dB; -inf where there is no sound at all."""
    with np.errstate(divide="ignore"):
        return 10 * np.log10(fast(a_weighted(x, rate) ** 2, rate)) + _SINE_DB + full_scale_db


def a_weighted_fast_max_db(x: Samples, rate: int, full_scale_db: float = FULL_SCALE_DB) -> float:
    """LAFmax of `x` (n,), in dB; -inf for an empty or all-zero `x`."""
    return _db(float(fast(a_weighted(x, rate) ** 2, rate).max(initial=0.0)), full_scale_db)


def a_weighted_equivalent_db(x: Samples, rate: int, full_scale_db: float = FULL_SCALE_DB) -> float:
    """LAeq of `x` (n,), in dB; -inf for an empty or all-zero `x`."""
    return _db(float(np.mean(a_weighted(x, rate) ** 2)) if x.size else 0.0, full_scale_db)


def at_level(
    x: Samples, lafmax_dba: float, rate: int = 48_000, full_scale_db: float = FULL_SCALE_DB
) -> Samples:
    """Return `x` scaled so that its LAFmax is `lafmax_dba`. May exceed +-1: the microphone clips, not this.

    Raises LevelError when `x` is silence (it has no level) or `lafmax_dba` is not a number.
    """
    if not math.isfinite(lafmax_dba):
        msg = f"{lafmax_dba} is not a level: give the LAFmax in dB, for instance 92"
        raise LevelError(msg)
    now = a_weighted_fast_max_db(x, rate, full_scale_db)
    if not math.isfinite(now):
        msg = "the sound is digital silence and has no level: choose a recording with sound in it"
        raise LevelError(msg)
    return x * 10 ** ((lafmax_dba - now) / 20)


def _db(mean_square: float, full_scale_db: float) -> float:
    return 10 * math.log10(mean_square) + _SINE_DB + full_scale_db if mean_square > 0 else -math.inf
