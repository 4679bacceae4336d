"""Voices: people who talk, shout, sing, a crowd, children, dogs, birds. `name(n, rng)` returns (n,), any scale."""

from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.shaping import (
    RATE,
    bell,
    control_times,
    cycles_of,
    drawn_out,
    noise,
    periodic,
    wandering,
)

_FORMANTS: Final = ((300.0, 800.0), (900.0, 2300.0), (2300.0, 3300.0))
_VOWELS: Final = 5


def _voice(
    n: int, rng: np.random.Generator, pitch: Samples, loud: Samples, *, size: float = 1.0, hiss: float = 0.15
) -> Samples:
    """Return a voice of `pitch` (n,) and loudness (n,), whose vowels change; `size` scales the formants."""
    mean = float(np.mean(pitch))
    orders = np.arange(1, int(7000 / mean) + 2) * mean
    cycles = cycles_of(pitch)
    weights = drawn_out(np.stack([wandering(control_times(n), rng, 0.15) for _ in range(_VOWELS)]).max(0), n)
    which = drawn_out(wandering(control_times(n), rng, 0.12), n)
    # What the vocal folds give without any formant: strong at the pitch itself, falling by 12 dB per octave.
    glottal = rng.uniform(0.3, 1.2) * (orders[0] / orders) ** 1.5
    x = np.zeros(n)
    # Vowels are waves of their own, blended one into the other.
    for vowel in range(_VOWELS):
        gain = np.zeros(orders.size)
        for k, span in enumerate(_FORMANTS):
            centre = rng.uniform(*span) * size
            gain += (0.4**k) / (1.0 + ((orders - centre) / (80.0 + 0.06 * centre)) ** 2)
        part = np.exp(-(((which - (vowel - 2) * 0.8) / 0.5) ** 2))
        x += part * periodic(cycles, gain + glottal, rng)
    breath = noise(n, rng, bell(rng.uniform(4000, 6500), 0.6)) * np.clip(weights - 1.4, 0.0, 1.0)
    return (x + hiss * float(np.std(x)) * breath) * loud


def _syllables(n: int, rng: np.random.Generator, pace: float, pauses: float) -> Samples:
    t = control_times(n)
    speaking = np.clip(1.8 * wandering(t, rng, 0.7 * pace) + 0.6, 0.02, 1.3) ** 1.5
    pausing = np.clip(6.0 * (wandering(t, rng, 0.7) + 1.0 - pauses), 0.0, 1.0)
    return drawn_out(speaking * pausing, n)


def _pitch(n: int, rng: np.random.Generator, base: float, swing: float, pace: float = 0.25) -> Samples:
    return base * np.exp(swing * drawn_out(wandering(control_times(n), rng, pace), n))


def speech(n: int, rng: np.random.Generator) -> Samples:
    """One person talks."""
    base = rng.uniform(85, 260)
    loud = _syllables(n, rng, rng.uniform(0.1, 0.16), rng.uniform(0.0, 0.8))
    return _voice(n, rng, _pitch(n, rng, base, 0.12), loud, size=rng.uniform(0.9, 1.2))


def shout(n: int, rng: np.random.Generator) -> Samples:
    """One person shouts: higher, longer, with a rise and fall."""
    base = rng.uniform(200, 550)
    loud = _syllables(n, rng, rng.uniform(0.25, 0.5), rng.uniform(0.3, 1.0))
    return _voice(n, rng, _pitch(n, rng, base, 0.2, 0.4), loud, size=rng.uniform(1.0, 1.25))


def crowd(n: int, rng: np.random.Generator) -> Samples:
    """Many at once: a few near, a babble behind, a cheer at times."""
    x = sum((rng.uniform(0.3, 1.0) * speech(n, rng) for _ in range(3)), np.zeros(n))
    swell = 1.0 + 0.4 * drawn_out(wandering(control_times(n), rng, 0.6), n)
    return x + rng.uniform(0.5, 2.0) * float(np.std(x)) * swell * noise(
        n, rng, bell(rng.uniform(500, 1200), 1.1)
    )


def children(n: int, rng: np.random.Generator) -> Samples:
    """Screams and calls of several, 300 to 1,200 Hz."""
    x = np.zeros(n)
    for _ in range(2):
        loud = _syllables(n, rng, rng.uniform(0.15, 0.5), rng.uniform(0.4, 1.0))
        x += _voice(n, rng, _pitch(n, rng, rng.uniform(300, 900), 0.25, 0.3), loud, size=1.35)
    return x


def singing(n: int, rng: np.random.Generator) -> Samples:
    """A tune, sung: steps, slides, vibrato."""
    steps = np.cumsum(rng.integers(-2, 3, 64))
    place = np.arange(n) / RATE * rng.uniform(1.0, 3.0)
    hz = rng.uniform(110, 350) * 2.0 ** (np.clip(steps, -7, 9)[place.astype(np.int64) % 64] / 12)
    width = int(rng.uniform(0.03, 0.15) * RATE)
    total = np.cumsum(np.concatenate([np.full(width, hz[0]), hz]))
    hz = (total[width:] - total[:-width]) / width
    hz = hz * (1.0 + rng.uniform(0.0, 0.02) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * np.arange(n) / RATE))
    return _voice(n, rng, hz, _syllables(n, rng, 0.5, 0.1), hiss=0.1)


def barks(n: int, rng: np.random.Generator) -> Samples:
    """A dog: short rough bursts whose pitch rises and falls, in rows."""
    base = rng.uniform(250, 900)
    t = np.arange(n) / RATE
    every = rng.uniform(0.28, 0.7)
    since = (t % every) / every
    length = rng.uniform(0.15, 0.5)
    shape = np.where(since < length, np.sin(np.pi * np.clip(since / length, 0, 1)) ** 0.6, 0.0)
    rows = drawn_out(np.clip(4 * wandering(control_times(n), rng, 0.8) + 2, 0, 1), n)
    voice = _voice(n, rng, base * (0.7 + 0.5 * shape), shape * rows, size=rng.uniform(0.7, 1.3))
    return voice + 0.4 * float(np.std(voice)) * noise(n, rng, bell(base * 2, 1.0)) * shape * rows


def howl(n: int, rng: np.random.Generator) -> Samples:
    """A dog that howls: a tone that climbs, holds and sinks within seconds."""
    t = np.arange(n) / RATE / rng.uniform(1.5, 4.0) % 1.0
    hz = rng.uniform(250, 600) * (0.7 + 0.6 * np.sin(np.pi * t) ** 0.5)
    tone = periodic(cycles_of(hz), [1.0, 0.6, 0.25, 0.12, 0.05], rng)
    return tone * np.sin(np.pi * t) ** 0.5


def birds(n: int, rng: np.random.Generator) -> Samples:
    """Birds close by: chirps that glide between 1.5 and 7 kHz, in phrases; or crows that rasp."""
    t = control_times(n)
    pitch = _pitch(n, rng, rng.uniform(1500, 5000), 0.25, rng.uniform(0.05, 0.15))
    loud = drawn_out(np.clip(3 * wandering(t, rng, rng.uniform(0.05, 0.2)), 0.0, 1.0), n)
    if rng.random() < 0.25:
        return periodic(cycles_of(pitch / 5.0), np.ones(30), rng) * loud
    return np.sin(2 * np.pi * cycles_of(pitch)) * loud
