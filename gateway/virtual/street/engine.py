"""An engine heard at its tailpipe: exhaust pulses on a crank that turns as it is told.

Rules of this file
- One working cycle (two turns of a four-stroke, one of a two-stroke) is a periodic wave: a pulse for each cylinder, at
  its own place and of its own strength. Unequal spacing and strength make the half orders that real engines have.
- What varies from firing to firing is a gain per cycle; what the gas adds is noise that rises with the pulses and load.
- The pipe is a closed-open tube of stated length that rings; the muffler lets through what `muffler_hz` allows.
- Pops are unburnt charge on the overrun: single bursts, only while the load is shut and the engine still turns fast.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.virtual.level import Samples

RATE: Final = 48_000
SPEED_OF_SOUND: Final = 500.0
"""In exhaust gas of some 350 degrees Celsius, m/s."""

_TABLE: Final = 8192
_POP_S: Final = 0.04


@dataclass(frozen=True, slots=True)
class Engine:
    """What is particular of an engine. `stroke` is 2 or 4; `muffler_hz` is the corner of its low-pass."""

    name: str
    cylinders: int
    stroke: int = 4
    idle_rpm: float = 1100.0
    top_rpm: float = 9000.0
    unevenness: float = 0.05  # of spacing, in parts of the interval between two firings
    scatter: float = 0.15  # of strength, from cylinder to cylinder and from cycle to cycle
    pipe_m: float = 0.9
    muffler_hz: float = 1500.0
    noise: float = 0.25
    pops_per_s: float = 0.0

    def firing_hz(self, rpm: float) -> float:
        """Return the firing frequency at `rpm`: firings of all cylinders per second."""
        return rpm / 60.0 * self.cylinders / (self.stroke / 2)


ENGINES: Final = {
    engine.name: engine
    for engine in (
        Engine("single", 1, top_rpm=8500, unevenness=0.0, pipe_m=0.7, muffler_hz=2200, pops_per_s=1.5),
        Engine("v_twin", 2, top_rpm=7500, unevenness=0.18, pipe_m=0.9, muffler_hz=1800, pops_per_s=1.5),
        Engine("triple", 3, top_rpm=11000, pipe_m=0.8, muffler_hz=2500),
        Engine("four", 4, top_rpm=12500, pipe_m=0.8, muffler_hz=3000, pops_per_s=0.8),
        Engine(
            "moped",
            1,
            stroke=2,
            idle_rpm=1600,
            top_rpm=9500,
            unevenness=0.0,
            pipe_m=0.6,
            muffler_hz=3500,
            noise=0.35,
        ),
        Engine(
            "quad",
            1,
            idle_rpm=1300,
            top_rpm=7800,
            unevenness=0.0,
            pipe_m=0.8,
            muffler_hz=1600,
            pops_per_s=2.0,
        ),
        Engine(
            "sports_car",
            4,
            idle_rpm=900,
            top_rpm=7000,
            unevenness=0.08,
            pipe_m=1.6,
            muffler_hz=1200,
            pops_per_s=3.0,
        ),
        Engine(
            "v8", 8, idle_rpm=750, top_rpm=6500, unevenness=0.25, pipe_m=1.8, muffler_hz=1000, pops_per_s=2.0
        ),
        Engine("car", 4, idle_rpm=800, top_rpm=6000, unevenness=0.03, pipe_m=2.2, muffler_hz=250, noise=0.6),
    )
}


def exhaust(engine: Engine, rpm: Samples, load: Samples, *, seed: int) -> Samples:
    """Return the sound at the tailpipe, any scale: the engine turns at `rpm` under `load` (0..1), (n,) at 48 kHz."""
    rng = np.random.default_rng([seed, 0xE6])
    cycles = np.cumsum(rpm / 60.0 / (engine.stroke / 2)) / RATE
    turn = np.floor(cycles).astype(np.int64)
    place = cycles - turn
    pulses = np.interp(place, np.linspace(0.0, 1.0, _TABLE + 1), _cycle(engine, rng))
    gains = np.clip(1.0 + engine.scatter * rng.standard_normal(int(turn[-1]) + 2), 0.3, 1.7)
    effort = 0.25 + 0.75 * load
    pulses *= gains[turn] * effort
    gas = rng.standard_normal(rpm.size) * np.abs(pulses) * engine.noise
    steady = rng.standard_normal(rpm.size) * 0.05 * engine.noise * effort
    sound = _through_pipe(engine, pulses + gas + steady)
    return sound + _pops(engine, rpm, load, rng) * float(np.max(np.abs(sound)))


def _cycle(engine: Engine, rng: np.random.Generator) -> Samples:
    """Return one cycle's pressure (`_TABLE` + 1,), without its mean: a fast rise and a slow fall for each cylinder."""
    x = np.linspace(0.0, 1.0, _TABLE + 1)
    wave = np.zeros(_TABLE + 1)
    interval = 1.0 / engine.cylinders
    # The blow-down lasts about a quarter of the interval of one cylinder's turn, whatever the speed.
    width = min(0.10, 0.35 * interval)
    for cylinder in range(engine.cylinders):
        at = cylinder * interval
        if cylinder % 2:
            at += engine.unevenness * interval
        strength = 1.0 + engine.scatter * rng.standard_normal()
        after = (x - at) % 1.0
        wave += strength * (after / width) * np.exp(1.0 - after / width) * (after < 12 * width)
    return wave - wave.mean()


def _through_pipe(engine: Engine, x: Samples) -> Samples:
    """Return `x` as it leaves the pipe: reflections, muffler, and the derivative that an opening radiates."""
    size = 1 << (x.size - 1).bit_length()
    hz = np.fft.rfftfreq(size, 1 / RATE)
    round_trip = np.exp(-2j * np.pi * hz * 2 * engine.pipe_m / SPEED_OF_SOUND)
    ringing = 1.0 / (1.0 + 0.55 * round_trip)
    muffler = 1.0 / (1.0 + (hz / engine.muffler_hz) ** 2)
    radiation = 1j * hz / (1j * hz + 120.0)
    return np.fft.irfft(np.fft.rfft(x, size) * ringing * muffler * radiation, size)[: x.size]


def _pops(engine: Engine, rpm: Samples, load: Samples, rng: np.random.Generator) -> Samples:
    """Return bursts on the overrun, of strength about 1."""
    sound = np.zeros(rpm.size)
    overrun = (load < 0.1) & (rpm > 0.45 * engine.top_rpm)
    chance = engine.pops_per_s / RATE
    if chance == 0.0 or not overrun.any():
        return sound
    length = int(_POP_S * RATE)
    shape = np.exp(-np.arange(length) / (0.006 * RATE))
    for start in np.flatnonzero(overrun & (rng.random(rpm.size) < chance)):
        stop = min(start + length, sound.size)
        burst = rng.standard_normal(length) * shape * rng.uniform(0.8, 2.0)
        sound[start:stop] += burst[: stop - start]
    return sound
