"""What every synthesis of the simulator needs: filters by FFT, slow curves, periodic waves, noise of a colour.

Rules of this file
- Sound is (n,) float64 at 48 kHz. A filter is a gain over frequency, real (no delay) or complex, applied to the whole.
- Slow quantities (speed, distance, gain) live on a grid of 500 Hz, `CONTROL` samples apart, and are drawn out to
  sound by straight lines: `drawn_out`.
- Periodic sounds are read from a table of their harmonics: as cheap for forty as for one.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gateway.virtual.level import Samples

Spectrum: TypeAlias = npt.NDArray[np.complexfloating[Any, Any]]
Gain: TypeAlias = Callable[[Samples], npt.NDArray[Any]]

RATE: Final = 48_000
CONTROL: Final = 96
CONTROL_HZ: Final = RATE / CONTROL

_TABLE: Final = 4096
# Lengths the FFT is quick at are made of these primes only.
_PRIMES: Final = (2, 3, 5, 7)
_GRAIN: Final = 1024


def quick_length(n: int) -> int:
    """Return the smallest multiple of 1024 that is at least `n` and has no prime over 7."""
    count = max(1, -(-n // _GRAIN))
    while not _smooth(count):
        count += 1
    return count * _GRAIN


def _smooth(number: int) -> bool:
    for prime in _PRIMES:
        while number % prime == 0:
            number //= prime
    return number == 1


def frequencies(size: int) -> Samples:
    """Return the frequencies of `rfft` of `size` samples, in Hz."""
    return np.asarray(np.fft.rfftfreq(size, 1 / RATE), np.float64)


def shaped(x: Samples, gain: Gain, *, tail_s: float = 0.05) -> Samples:
    """Return `x` (n,) through `gain` (a function of Hz); what rings on after `tail_s` comes round to the start."""
    size = quick_length(x.size + int(tail_s * RATE))
    return np.fft.irfft(np.fft.rfft(x, size) * gain(frequencies(size)), size)[: x.size]


def noise(n: int, rng: np.random.Generator, gain: Gain) -> Samples:
    """Return (n,) of noise of the colour `gain` (a function of Hz) and of standard deviation 1."""
    size = quick_length(n)
    parts = rng.standard_normal((2, size // 2 + 1))
    x = np.fft.irfft((parts[0] + 1j * parts[1]) * gain(frequencies(size)), size)[:n]
    return x / deviation(x)


def bell(centre_hz: float, width: float) -> Gain:
    """Return the gain of a broad hump: 1 at `centre_hz`, falling to either side, `width` in octaves to -4 dB."""

    def gain(hz: Samples) -> Samples:
        octaves = np.log2(np.maximum(hz, 1.0) / centre_hz)
        return np.exp(-0.5 * (octaves / width) ** 2)

    return gain


def resonance(hz: Samples, centre_hz: float, q: float) -> Spectrum:
    """Return a resonance: 1 far below `centre_hz`, `q` at it, falling above."""
    ratio = hz / centre_hz
    return 1.0 / (1.0 - ratio**2 + 1j * ratio / q)


def low_pass(hz: Samples, corner_hz: float, order: int = 1) -> Samples:
    """Return the magnitude of a Butterworth low-pass of `order`."""
    return 1.0 / np.sqrt(1.0 + (hz / corner_hz) ** (2 * order))


def high_pass(hz: Samples, corner_hz: float, order: int = 1) -> Samples:
    """Return the magnitude of a Butterworth high-pass of `order`."""
    ratio = (hz / corner_hz) ** order
    return ratio / np.sqrt(1.0 + ratio**2)


def control_times(n: int) -> Samples:
    """Return the times, in s, of the knots that `drawn_out` needs for `n` samples."""
    return np.arange(-(-n // CONTROL) + 1) / CONTROL_HZ


def drawn_out(knots: Samples, n: int) -> Samples:
    """Return (n,) of the straight lines through `knots`, which are `CONTROL` samples apart."""
    count = -(-n // CONTROL)
    part = np.arange(CONTROL) / CONTROL
    first, last = knots[:count, None], knots[1 : count + 1, None]
    return (first + (last - first) * part).reshape(-1)[:n]


def at_places(x: Samples, places: Samples) -> Samples:
    """Return `x` (n,) between its samples, at `places` (in samples); silence before its start and after its end."""
    inside = np.clip(places, 0.0, x.size - 1.001)
    whole = inside.astype(np.int64)
    part = inside - whole
    y = x[whole]
    y += part * (x[whole + 1] - y)
    y[(places < 0.0) | (places > x.size - 1)] = 0.0
    return y


def wandering(times: Samples, rng: np.random.Generator, seconds: float) -> Samples:
    """Return (m,) at `times`: noise of standard deviation about 1 that changes within `seconds`."""
    count = int(float(times[-1]) / seconds) + 3
    smooth = 0.5 - 0.5 * np.cos(np.pi * ((times / seconds) % 1.0))
    before = (times / seconds).astype(np.int64)
    knots = rng.standard_normal(count + 1)
    return 1.25 * (knots[before] * (1.0 - smooth) + knots[before + 1] * smooth)


def periodic(cycles: Samples, strengths: Sequence[float] | Samples, rng: np.random.Generator) -> Samples:
    """Return the wave with harmonics of `strengths` (first: once a cycle), phases by lot; `cycles` (n,) counts on."""
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    wanted = np.asarray(strengths, np.float64)[: _TABLE // 4]
    spectrum[1 : wanted.size + 1] = wanted * np.exp(2j * np.pi * rng.random(wanted.size))
    table = np.fft.irfft(spectrum, _TABLE) * (_TABLE / 2)
    return table[((cycles % 1.0) * _TABLE).astype(np.int64) % _TABLE]


def cycles_of(hz: Samples) -> Samples:
    """Return (n,) of cycles gone by at the frequency `hz` (n,)."""
    return np.cumsum(hz) / RATE


def deviation_of(spectrum: Spectrum, size: int) -> float:
    """Return the deviation of the `size` samples that `spectrum` is of, by Parseval, never zero."""
    # Not by BLAS, whose sums depend on how many threads it has.
    half = np.einsum("i,i->", spectrum.real, spectrum.real) + np.einsum("i,i->", spectrum.imag, spectrum.imag)
    return float(np.sqrt(2.0 * half)) / size or 1.0


def deviation(x: Samples) -> float:
    """Return the standard deviation of `x`, never zero: silence has the deviation 1."""
    return float(np.std(x)) or 1.0
