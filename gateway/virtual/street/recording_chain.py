"""What stands between a street and a recording of it: microphones, phones, camcorders, sound libraries; and background.

Rules of this file
- A `Chain` is drawn by lot (`chain(rng)`) and then applied; the same chain and samples give the same result.
- In this order: background, low-cut and response of the microphone, level control, overload, band limit, clock.
- `clock` is the factor by which everything sounds higher: multiply the truth's frequencies by it.
- A signal-to-noise ratio is LAFmax of the sound over LAeq of the background, in dB.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from gateway.virtual.level import Samples, a_weighted_equivalent_db, a_weighted_fast_max_db
from gateway.virtual.street.lookalikes import machines, music, voices, weather
from gateway.virtual.street.shaping import (
    CONTROL,
    RATE,
    at_places,
    bell,
    control_times,
    deviation,
    drawn_out,
    frequencies,
    high_pass,
    noise,
    periodic,
    quick_length,
    wandering,
)

Background: TypeAlias = Literal[
    "traffic", "avenue", "breeze", "people", "drizzle", "works", "ventilation", "party"
]
TRAIN_BACKGROUNDS: Final[tuple[Background, ...]] = ("traffic", "avenue", "breeze", "people", "drizzle")
HELD_OUT_BACKGROUNDS: Final[tuple[Background, ...]] = ("works", "ventilation", "party")


@dataclass(frozen=True, slots=True)
class Chain:
    """What a recording went through. Frequencies in Hz, 0 where there is no such part.

    `tilt_db` is per octave, `presence` (hz, octaves, dB) a hump or dip, `squeeze` the part of a level's change that a
    level control takes away, `overload` the part of the peak at which it clips, `soft` how: rounded or hard.
    """

    low_cut_hz: float
    low_cut_order: int
    tilt_db: float
    presence: tuple[float, float, float]
    squeeze: float
    overload: float
    soft: bool
    band_hz: float
    clock: float

    def applied(self, samples: Samples) -> Samples:
        """Return `samples` (channels, n) as recorded, same length; what the clock stretches over the end is lost."""
        n = samples.shape[1]
        size = quick_length(n)
        hz = frequencies(size)
        response = self._response(hz)
        band = 1.0 / (1.0 + (hz / self.band_hz) ** 24) if self.band_hz else np.ones(hz.size)
        linear = not self.squeeze and self.overload >= 1.0
        rows: list[Samples] = []
        for row in samples:
            spectrum = np.fft.rfft(row, size) * response
            if linear:
                heard = np.fft.irfft(spectrum * band, size)[:n]
            else:
                heard = self._driven(np.fft.irfft(spectrum, size)[:n])
                heard = np.fft.irfft(np.fft.rfft(heard, size) * band, size)[:n]
            rows.append(
                heard if self.clock == 1.0 else at_places(heard, np.arange(n, dtype=np.float64) * self.clock)
            )
        return np.stack(rows)

    def _response(self, hz: Samples) -> Samples:
        octaves = np.log2(np.maximum(hz, 20.0) / 1000.0)
        at, width, height = self.presence
        db = self.tilt_db * octaves + height * bell(at, width)(hz)
        gain = 10 ** (db / 20)
        return gain * high_pass(hz, self.low_cut_hz, self.low_cut_order) if self.low_cut_hz else gain

    def _driven(self, x: Samples) -> Samples:
        if self.squeeze:
            count = -(-x.size // CONTROL)
            padded = np.zeros(count * CONTROL)
            padded[: x.size] = x
            power = np.mean(padded.reshape(count, CONTROL) ** 2, axis=1)
            level = np.empty(count + 1)
            now = float(power.mean())
            # Quick to turn down, slow to come back.
            for k, p in enumerate(power.tolist()):
                now += (p - now) * (0.1 if p > now else 0.004)
                level[k] = now
            level[count] = now
            x = x * drawn_out((level + 1e-3 * level.max() + 1e-30) ** (-0.5 * self.squeeze), x.size)
        if self.overload < 1.0:
            limit = self.overload * (float(np.abs(x).max()) or 1.0)
            x = limit * np.tanh(x / limit) if self.soft else np.clip(x, -limit, limit)
        return x


def chain(rng: np.random.Generator) -> Chain:
    """Return a way to record, by lot: from a good microphone to a bad phone, and what compression leaves of it."""
    phone = rng.random() < 0.45
    clock = 1.0 + (rng.uniform(-0.02, 0.02) if rng.random() < 0.2 else rng.uniform(-2e-4, 2e-4))
    narrow = rng.random() < 0.35
    return Chain(
        low_cut_hz=rng.uniform(50, 180) if phone else rng.uniform(10, 80),
        low_cut_order=int(rng.integers(1, 3)),
        tilt_db=rng.uniform(-3.0, 1.0),
        presence=(rng.uniform(800, 6000), rng.uniform(0.3, 1.2), rng.uniform(-6, 6)),
        squeeze=rng.uniform(0.2, 0.8) if rng.random() < 0.5 else 0.0,
        overload=rng.uniform(0.1, 0.8) if rng.random() < 0.5 else 1.0,
        soft=bool(rng.random() < 0.5),
        band_hz=rng.uniform(4500, 11_000) if narrow else rng.uniform(11_000, 22_000),
        clock=clock,
    )


def background(kind: Background, n: int, rng: np.random.Generator) -> Samples:
    """Return (n,) of what lies under everything in a street, any scale; nothing in it stands out."""
    t = control_times(n)
    swell = drawn_out(10 ** (rng.uniform(1, 3) * wandering(t, rng, rng.uniform(1.0, 3.0)) / 20), n)
    hum = noise(n, rng, lambda hz: (hz > 12) / (1 + (hz / rng.uniform(60, 250)) ** rng.uniform(0.8, 1.4)))
    roll = noise(n, rng, bell(rng.uniform(600, 1100), rng.uniform(1.2, 1.8)))
    street = swell * (hum + rng.uniform(0.1, 1.0) * roll)
    street /= deviation(street)
    if kind == "traffic":
        return street
    if kind == "avenue":
        passes = sum(
            (np.exp(-(((t - rng.uniform(0, float(t[-1]))) / rng.uniform(0.6, 2.0)) ** 2)) for _ in range(3)),
            np.zeros(t.size),
        )
        return street + rng.uniform(0.5, 1.5) * drawn_out(passes, n) * noise(n, rng, bell(900, 1.2))
    if kind == "breeze":
        wind = weather.wind(n, rng)
        return street + rng.uniform(0.3, 1.5) * wind / deviation(wind)
    if kind == "people":
        crowd = voices.crowd(n, rng)
        return street + rng.uniform(0.3, 1.0) * crowd / deviation(crowd)
    if kind == "drizzle":
        rain = weather.rain(n, rng)
        return street + rng.uniform(0.3, 1.0) * rain / deviation(rain)
    if kind == "works":
        pump = machines.compressor(n, rng)
        return street + rng.uniform(0.3, 0.8) * pump / deviation(pump)
    if kind == "ventilation":
        fan = periodic(np.arange(n) / RATE * rng.uniform(25, 110), rng.uniform(0, 1, 8), rng)
        return street + rng.uniform(0.2, 0.6) * fan / deviation(fan)
    tune = music.band(n, rng)
    return street + rng.uniform(0.3, 0.8) * tune / deviation(tune)


def over_background(samples: Samples, under: Samples, snr_db: float) -> Samples:
    """Return `samples` (channels, n) with `under` (n,) `snr_db` below, on every channel alike; scaled as `samples`."""
    loud = a_weighted_fast_max_db(samples[0], RATE)
    quiet = a_weighted_equivalent_db(under, RATE)
    return samples + under * 10 ** ((loud - quiet - snr_db) / 20)
