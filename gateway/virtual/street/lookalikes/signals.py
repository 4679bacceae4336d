"""What is made to be heard: sirens, horns, bells, beepers. `name(n, rng)` returns (n,), any scale."""

from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.shaping import RATE, bell, cycles_of, noise, periodic, shaped

_LOUDSPEAKER: Final = (900.0, 2600.0)


def _horn_of(cycles: Samples, base_hz: float, rng: np.random.Generator, fall: float = 0.35) -> Samples:
    """Return a driven horn: a wave of many harmonics, through a horn that is loudest where horns are."""
    tone = periodic(cycles, [k**-fall for k in range(1, int(12_000 / base_hz))], rng)
    return shaped(tone, lambda hz: 0.15 + bell(rng.uniform(*_LOUDSPEAKER), rng.uniform(0.5, 1.0))(hz))


def _times(n: int) -> Samples:
    return np.arange(n) / RATE


def two_tone(n: int, rng: np.random.Generator) -> Samples:
    """Two tones by turns, a fourth to a fifth apart (DIN 14610 and its neighbours)."""
    low, ratio, period = rng.uniform(360, 520), rng.choice([1.2, 1.335, 1.41, 1.5]), rng.uniform(0.8, 3.0)
    hz = np.where((_times(n) / period + rng.random()) % 1.0 < 0.5, low, low * ratio)
    return _horn_of(cycles_of(hz), low * ratio, rng)


def wail(n: int, rng: np.random.Generator) -> Samples:
    """Up and down between 500 and 1,600 Hz, some seconds each."""
    low, high, period = rng.uniform(450, 700), rng.uniform(1100, 1700), rng.uniform(2.0, 6.0)
    swing = 0.5 - 0.5 * np.cos(2 * np.pi * (_times(n) / period + rng.random()))
    return _horn_of(cycles_of(low * (high / low) ** swing), high, rng)


def yelp(n: int, rng: np.random.Generator) -> Samples:
    """The same, three times a second or faster."""
    low, high, rate = rng.uniform(450, 800), rng.uniform(1100, 1800), rng.uniform(2.5, 8.0)
    swing = (rate * _times(n) + rng.random()) % 1.0
    swing = swing if rng.random() < 0.5 else 1.0 - np.abs(2.0 * swing - 1.0)
    return _horn_of(cycles_of(low * (high / low) ** swing), high, rng)


def electronic(n: int, rng: np.random.Generator) -> Samples:
    """An alarm: short tones in a pattern that changes every few seconds."""
    t = _times(n)
    step = (t / rng.uniform(0.08, 0.3)).astype(np.int64)
    pitches = rng.uniform(600, 2800, int(rng.integers(2, 6)))
    glide = 1.0 + rng.uniform(0.0, 0.5) * ((t / 0.2) % 1.0)
    return _horn_of(cycles_of(pitches[step % pitches.size] * glide), 2800, rng, fall=0.8)


def _pressed(n: int, rng: np.random.Generator, spans: tuple[float, float]) -> Samples:
    """Return 0..1: pressed for times between `spans`, with gaps."""
    on = np.zeros(n)
    at = rng.uniform(0.0, 0.8)
    while at < n / RATE:
        held = rng.uniform(*spans)
        on[int(at * RATE) : int((at + held) * RATE)] = 1.0
        at += held + rng.uniform(0.15, 1.2)
    width = int(0.012 * RATE)
    # A running mean over 12 ms, by sums: horns do not start at once.
    total = np.cumsum(np.concatenate([np.zeros(width), on]))
    return (total[width:] - total[:-width]) / width


def car_horn(n: int, rng: np.random.Generator) -> Samples:
    """One or two discs between 300 and 520 Hz, not tuned to each other; short, or leant on."""
    spans = (0.15, 0.6) if rng.random() < 0.5 else (0.8, 5.0)
    low = rng.uniform(300, 480)
    tones = np.zeros(n)
    for base in (low, low * rng.uniform(1.15, 1.3))[: int(rng.integers(1, 3))]:
        wobble = base * (1.0 + 0.002 * np.sin(2 * np.pi * rng.uniform(3, 7) * _times(n)))
        tones += _horn_of(cycles_of(wobble), base, rng, fall=0.2)
    return tones * _pressed(n, rng, spans)


def air_horn(n: int, rng: np.random.Generator) -> Samples:
    """Two to four trumpets of a lorry or a train in a chord, 140 to 420 Hz, with air."""
    low = rng.uniform(140, 330)
    tones = np.zeros(n)
    for ratio in rng.choice([1.0, 1.19, 1.26, 1.335, 1.5, 1.68], int(rng.integers(2, 5)), replace=False):
        base = low * ratio * rng.uniform(0.99, 1.01)
        tones += _horn_of(_times(n) * base, base, rng, fall=0.3)
    tones += 0.15 * float(np.std(tones)) * noise(n, rng, bell(2500, 1.0))
    return tones * _pressed(n, rng, (0.4, 3.0))


def ship_horn(n: int, rng: np.random.Generator) -> Samples:
    """One deep tone of 60 to 300 Hz for seconds, many harmonics, a slight sag."""
    base = rng.uniform(60, 300)
    t = _times(n)
    sag = base * (1.0 + rng.uniform(-0.03, 0.03) * np.exp(-t / 0.4) + 0.003 * np.sin(2 * np.pi * 1.3 * t))
    tone = periodic(cycles_of(sag), [k**-0.6 for k in range(1, int(5000 / base))], rng)
    tone = shaped(tone, bell(rng.uniform(200, 700), rng.uniform(1.0, 1.8)))
    return tone * _pressed(n, rng, (1.5, 6.0))


_PARTIALS: Final = (0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166, 5.433)


def bells(n: int, rng: np.random.Generator) -> Samples:
    """Church or crossing bells: the partials of a bell (hum, prime, tierce, quint, nominal), struck in turn."""
    out = np.zeros(n)
    t = _times(n)
    for _ in range(int(rng.integers(1, 4))):
        base = rng.uniform(180, 1100)
        every = rng.uniform(0.3, 2.0)
        since = (t + rng.uniform(0, every)) % every
        for k, partial in enumerate(_PARTIALS):
            if base * partial < 9000:
                fall = rng.uniform(0.4, 1.5) / (1 + 0.4 * k)
                out += rng.uniform(0.3, 1.0) * np.exp(-since / fall) * np.sin(2 * np.pi * base * partial * t)
    return out


def reversing(n: int, rng: np.random.Generator) -> Samples:
    """A reversing beeper: 1 to 1.4 kHz, on and off; or bursts of noise."""
    t = _times(n)
    on = ((t / rng.uniform(0.6, 1.2)) % 1.0 < 0.5).astype(np.float64)
    base = rng.uniform(950, 1450)
    if rng.random() < 0.3:
        return on * noise(n, rng, bell(2000, 1.0))
    return on * periodic(t * base, [1.0, 0.3, 0.4, 0.1, 0.2], rng)
