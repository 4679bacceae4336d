"""The quiet street under everything else: distant traffic and air, without a single event.

Rules of this file
- Stationary noise whose spectrum falls as that of distant road traffic does: flat to 60 Hz, then
  pink, and steeper above 2 kHz. Slow swell of about 1 dB, as no street stands still.
- Same seed and length, same samples.
"""

from typing import Final

import numpy as np

from gateway.virtual import level

RATE: Final = 48_000
QUIET_DBA: Final = 47.0
"""LAeq of a residential street in the evening between two vehicles."""

_SWELL_DB: Final = 1.0
_SWELL_S: Final = 2.5


def quiet_street(samples: int, *, seed: int, dba: float = QUIET_DBA) -> level.Samples:
    """Return `samples` samples of quiet street at 48 kHz whose LAeq is `dba`."""
    if samples <= 0:
        return np.zeros(0)
    rng = np.random.default_rng([seed, 0x57])
    # Whole quarter seconds are lengths the FFT is quick at.
    size = -(-samples // (RATE // 4)) * (RATE // 4)
    hz = np.fft.rfftfreq(size, 1 / RATE)
    shape = 1 / np.sqrt(1 + hz / 60) / (1 + (hz / 2000) ** 2) ** 0.25
    shape[hz < 10] = 0.0  # below hearing and below the microphone
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(size)) * shape, size)[:samples]
    knots = np.arange(0, samples + 2 * _SWELL_S * RATE, _SWELL_S * RATE)
    swell_db = np.interp(np.arange(samples), knots, rng.normal(0.0, _SWELL_DB, knots.size))
    return _at_equivalent_level(noise * 10 ** (swell_db / 20), dba)


def _at_equivalent_level(x: level.Samples, dba: float) -> level.Samples:
    return x * 10 ** ((dba - level.a_weighted_equivalent_db(x, RATE)) / 20)
