"""Music of the street: bands, bass lines, guitars, organs, fiddles, stereos that drive past. `name(n, rng)`, any scale.

Sustained and gliding tones matter more than tunes: what moves as an engine does must not be taken for one.
"""

from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.shaping import (
    RATE,
    bell,
    control_times,
    cycles_of,
    deviation,
    drawn_out,
    low_pass,
    noise,
    periodic,
    shaped,
    wandering,
)

_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 6, 7, 10))


class _Tune:
    """Notes by lot in a scale and a tempo: what all parts of a piece share."""

    def __init__(self, n: int, rng: np.random.Generator) -> None:
        self.n = n
        self.rng = rng
        self.beat = np.arange(n) / RATE * rng.uniform(70, 160) / 60.0
        self.root = 440.0 * 2 ** (rng.integers(-9, 3) / 12)
        self.scale = np.array(_SCALES[int(rng.integers(len(_SCALES)))])

    def pitches(self, octave: float, per_beat: float, glide_s: float = 0.0) -> tuple[Samples, Samples]:
        """Return the pitch in Hz (n,) of a line, and the time since its note began, in beats."""
        place = self.beat * per_beat
        count = int(place[-1]) + 2
        steps = np.cumsum(self.rng.integers(-2, 3, count)) % (2 * self.scale.size)
        notes = self.scale[steps % self.scale.size] + 12 * (steps // self.scale.size)
        hz = (self.root * 2.0 ** (notes / 12 + octave))[place.astype(np.int64)]
        if glide_s:
            width = int(glide_s * RATE)
            total = np.cumsum(np.concatenate([np.full(width, hz[0]), hz]))
            hz = (total[width:] - total[:-width]) / width
        return hz, place % 1.0

    def line(
        self, octave: float, per_beat: float, orders: Samples, ring: float, glide_s: float = 0.0
    ) -> Samples:
        """Return a line of notes that die away within `ring` of their length."""
        hz, since = self.pitches(octave, per_beat, glide_s)
        return periodic(cycles_of(hz), orders, self.rng) * np.exp(-since / ring) * np.minimum(1, since / 0.03)


def _saw(count: int, fall: float) -> Samples:
    return np.arange(1.0, count + 1) ** -fall


def band(n: int, rng: np.random.Generator) -> Samples:
    """Drums, bass, chords and a melody."""
    tune = _Tune(n, rng)
    x = rng.uniform(0.5, 1.5) * drums(n, rng)
    x += rng.uniform(0.4, 1.2) * tune.line(-3, 2, _saw(12, rng.uniform(0.8, 1.5)), rng.uniform(0.4, 3.0))
    for step in (0, 0.33, 0.58):
        x += rng.uniform(0.1, 0.4) * tune.line(-1 + step, 0.5, _saw(10, 1.2), 3.0)
    return x + rng.uniform(0.2, 0.8) * tune.line(0, 2, _saw(12, rng.uniform(0.8, 1.6)), 1.0)


def bass(n: int, rng: np.random.Generator) -> Samples:
    """A bass alone: plucked, or a synthesiser's that holds and glides, 35 to 200 Hz."""
    tune = _Tune(n, rng)
    glide = rng.uniform(0.02, 0.4) if rng.random() < 0.6 else 0.0
    orders = _saw(40, rng.uniform(0.5, 1.4))
    x = tune.line(rng.choice([-3, -2]), rng.choice([0.5, 1, 2, 4]), orders, rng.uniform(0.5, 8.0), glide)
    if rng.random() < 0.4:
        # The wobble of dance music: a filter that opens and closes.
        wobble = 0.5 - 0.5 * np.cos(2 * np.pi * tune.beat * rng.choice([1, 2, 3, 4]))
        x = x * wobble + shaped(x, lambda hz: low_pass(hz, 250.0, 2)) * (1 - wobble)
    return x + rng.choice([0.0, 0.5]) * drums(n, rng)


def guitar(n: int, rng: np.random.Generator) -> Samples:
    """An electric guitar, distorted: power chords, bends, vibrato."""
    tune = _Tune(n, rng)
    hz, since = tune.pitches(rng.choice([-2, -1]), rng.choice([0.5, 1, 2]), rng.uniform(0.0, 0.15))
    hz = hz * (1.0 + 0.006 * np.sin(2 * np.pi * rng.uniform(4, 7) * np.arange(n) / RATE))
    ring = np.exp(-since / rng.uniform(1.0, 5.0))
    clean = sum(
        (periodic(cycles_of(hz * ratio), _saw(8, 1.0), rng) for ratio in (1.0, 1.498, 2.0)), np.zeros(n)
    )
    driven = np.tanh(rng.uniform(1, 6) * clean * ring)
    return shaped(driven, lambda f: low_pass(f, rng.uniform(3000, 6000), 2) * f / (f + 90.0))


def organ(n: int, rng: np.random.Generator) -> Samples:
    """A church or barrel organ, or an accordion: chords that are held, pedals below."""
    tune = _Tune(n, rng)
    x = np.zeros(n)
    for octave in (-3, -1, -1 + 4 / 12, 0, 7 / 12):
        hz, since = tune.pitches(octave, rng.choice([0.25, 0.5, 1.0]))
        speaking = np.minimum(1.0, since / 0.05)
        orders = rng.uniform(0.0, 1.0, 10) / np.arange(1, 11) ** rng.uniform(0.5, 1.5)
        x += periodic(cycles_of(hz * rng.uniform(0.997, 1.003)), orders, rng) * speaking
    return x * (1.0 + rng.uniform(0, 0.3) * np.sin(2 * np.pi * 6 * np.arange(n) / RATE))


def strings(n: int, rng: np.random.Generator) -> Samples:
    """Fiddles and cellos: many harmonics, vibrato, slides from note to note."""
    tune = _Tune(n, rng)
    x = np.zeros(n)
    for octave in rng.choice([-2, -1, 0], int(rng.integers(1, 4)), replace=False):
        hz, _ = tune.pitches(octave, rng.choice([0.5, 1, 2]), rng.uniform(0.03, 0.4))
        vibrato = 1.0 + rng.uniform(0.002, 0.012) * np.sin(
            2 * np.pi * rng.uniform(4, 7) * np.arange(n) / RATE
        )
        bowing = 0.6 + 0.4 * drawn_out(np.abs(wandering(control_times(n), rng, 0.4)), n)
        x += periodic(cycles_of(hz * vibrato), _saw(25, rng.uniform(0.7, 1.2)), rng) * bowing
    return x + 0.03 * float(np.std(x)) * noise(n, rng, bell(3000, 1.0))


def car_stereo(n: int, rng: np.random.Generator) -> Samples:
    """What gets out of a closed car: the bass of it, and the panels that buzz."""
    x = band(n, rng) if rng.random() < 0.5 else bass(n, rng)
    corner = rng.uniform(120, 500)
    low = shaped(x, lambda hz: low_pass(hz, corner, 2))
    buzz = noise(n, rng, bell(1500, 1.0)) * np.abs(low)
    return low / deviation(low) + rng.uniform(0.0, 0.3) * buzz / deviation(buzz)


def drums(n: int, rng: np.random.Generator) -> Samples:
    """Kick, snare and cymbals; or hand drums."""
    beat = np.arange(n) / RATE * rng.uniform(80, 170) / 60.0
    kick_hz = rng.uniform(45, 70)
    since = beat % 1.0
    kick = np.sin(2 * np.pi * (kick_hz * since * 0.5 + 6 * (1 - np.exp(-since / 0.03)))) * np.exp(
        -since / 0.2
    )
    snare = noise(n, rng, bell(rng.uniform(800, 2500), 1.3)) * np.exp(-((beat + 1) % 2.0) / 0.15)
    cymbals = noise(n, rng, bell(8000, 0.7)) * np.exp(-(beat * 2 % 1.0) / 0.15)
    return kick * rng.uniform(0.5, 2.0) + rng.uniform(0.2, 0.8) * snare + rng.uniform(0.05, 0.4) * cymbals
