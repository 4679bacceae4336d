"""Streets: what houses, ground and air add to what comes straight, and where the microphone hangs.

Rules of this file
- The first answers (road, houses opposite and behind) follow a moving source as mirror images do; what comes later is
  a tail that dies away by 60 dB in `decay_s`, each microphone its own, high tones first.
- Hard places (`HELD_OUT_PLACES`) are kept for judging: other decays, other geometry than those to learn from.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.shaping import RATE, Spectrum, frequencies, low_pass, quick_length

Span: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A street. `answer_db` is the tail against the direct sound, `walls_m` the houses opposite and behind (0: none).

    `road` and `wall` are the parts they reflect; `height_m` is that of the microphone over the road.
    """

    name: str
    decay_s: float
    answer_db: float
    walls_m: tuple[float, float]
    wall: float
    road: float
    height_m: float


@dataclass(frozen=True, slots=True)
class _Kind:
    decay: Span
    answer: Span
    opposite: Span
    behind: Span
    wall: Span
    height: Span = (1.2, 5.0)


_KINDS: Final = {
    "canyon": _Kind((0.6, 1.2), (-14, -6), (14, 24), (0.2, 4.0), (0.3, 0.75)),
    "suburb": _Kind((0.3, 0.6), (-22, -12), (20, 40), (5.0, 15.0), (0.1, 0.4)),
    "square": _Kind((0.8, 1.5), (-20, -12), (40, 80), (3.0, 20.0), (0.2, 0.6)),
    "country": _Kind((0.3, 0.4), (-32, -24), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    "courtyard": _Kind((0.9, 1.5), (-8, -3), (12, 20), (1.0, 8.0), (0.5, 0.85)),
    "arcade": _Kind((0.5, 1.0), (-12, -5), (9, 14), (1.0, 3.0), (0.5, 0.85), (2.5, 4.0)),
    "quay": _Kind((0.4, 0.9), (-26, -16), (0.0, 0.0), (0.2, 3.0), (0.4, 0.8)),
}
TRAIN_PLACES: Final = ("canyon", "suburb", "square", "country")
HELD_OUT_PLACES: Final = ("courtyard", "arcade", "quay")


def place(name: str, rng: np.random.Generator) -> Place:
    """Return a street of the kind `name`, drawn with `rng`."""
    kind = _KINDS[name]
    return Place(
        name,
        decay_s=rng.uniform(*kind.decay),
        answer_db=rng.uniform(*kind.answer),
        walls_m=(rng.uniform(*kind.opposite), rng.uniform(*kind.behind)),
        wall=rng.uniform(*kind.wall),
        road=rng.uniform(0.3, 0.9),
        height_m=rng.uniform(*kind.height),
    )


def reverberant(heard: Samples, at: Place, rng: np.random.Generator, *, loss_hz: float = 4000.0) -> Samples:
    """Return `heard` (channels, n) with the tail of the place `at`."""
    n = heard.shape[1]
    length = int(at.decay_s * RATE)
    size = quick_length(n + length)
    colour = low_pass(frequencies(size), loss_hz)
    out = np.empty_like(heard)
    for channel, direct in enumerate(heard):
        spectrum = np.fft.rfft(direct, size)
        spectrum *= 1.0 + _tail(at, length, size, rng) * colour
        out[channel] = np.fft.irfft(spectrum, size)[:n]
    return out


def _tail(at: Place, length: int, size: int, rng: np.random.Generator) -> Spectrum:
    t = np.arange(length) / RATE
    late = rng.standard_normal(length) * np.exp(-6.9 * t / at.decay_s) * np.minimum(1.0, t / 0.03)
    late /= np.sqrt(np.sum(late**2))
    # Single answers stand out of the early tail: of parked cars, doors, the corner of a house.
    early = rng.integers(int(0.004 * RATE), int(0.08 * RATE), 6)
    late[early] += rng.uniform(-0.5, 0.5, 6) * np.exp(-early / RATE / 0.05)
    return np.fft.rfft(late * 10 ** (at.answer_db / 20), size)
