"""An engine heard at its tailpipe: exhaust pulses on a crank that turns as it is told.

Rules of this file
- Each cylinder fires once a working cycle (two turns of a four-stroke, one of a two-stroke), at its own place and with
  its own strength. Unequal spacing and strength make the half orders that real engines have.
- What an opening valve lets out lasts some milliseconds whatever the speed, so that a slow engine has many orders and
  a fast one few. Open throttle makes its front steep; no two firings are alike.
- Between the orders lies noise: gas that rushes out with each pulse, and the engine's own rattle.
- The pipe is a closed-open tube of stated length that rings; the muffler lets through what `muffler_hz` allows.
- Pops are unburnt charge on the overrun: single thuds, only while the load is shut and the engine still turns fast.
- Levels and slopes were set by eye against spectra of recorded motorcycles: third-octaves fall by 5 to 15 dB from the
  strongest, at 100 - 200 Hz, to 1 kHz, and the gaps between orders are filled to within 10 to 20 dB of them.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gateway.virtual.level import Samples

Spectrum: TypeAlias = npt.NDArray[np.complexfloating[Any, Any]]

RATE: Final = 48_000
SPEED_OF_SOUND: Final = 500.0
"""In exhaust gas of some 350 degrees Celsius, m/s."""

# A pulse: an exponential fall of this length behind a front of one of two lengths.
_PULSE_S: Final = 0.0025
_SOFT_FRONT_S: Final = 0.0006
_STEEP_FRONT_S: Final = 0.00015
# Gas rushes for about as long as the valve is open.
_RUSH_S: Final = 0.004
_GAS: Final = 2.0
_POP_S: Final = 0.05


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
    effort = 0.25 + 0.75 * load
    firings = _firings(engine, rpm, rng) * effort
    size = 1 << (rpm.size + RATE // 10 - 1).bit_length()
    hz = np.asarray(np.fft.rfftfreq(size, 1 / RATE), dtype=np.float64)
    rush = np.fft.irfft(np.fft.rfft(firings, size) * _fall(hz, _RUSH_S), size)[: rpm.size]
    # The more gas, the louder it rushes, beyond what the pulses gain.
    gas = rng.standard_normal(rpm.size) * (0.3 + 0.7 * load) * (rush + 0.15 * float(rush.mean()) * effort)
    soft = np.fft.rfft(firings * (1.0 - load), size) * _fall(hz, _SOFT_FRONT_S)
    steep = np.fft.rfft(firings * load, size) * _fall(hz, _STEEP_FRONT_S)
    pulses = (soft + steep) * _fall(hz, _PULSE_S)
    # Rushing gas hisses: it has little below some hundred hertz.
    hiss = np.fft.rfft(gas, size) * (hz / (hz + 400.0)) * engine.noise * _GAS
    heard = np.fft.irfft((pulses + hiss) * _pipe(engine, hz), size)[: rpm.size]
    return heard + _pops(engine, rpm, load, rng) * float(np.sqrt(np.mean(heard**2)))


def _firings(engine: Engine, rpm: Samples, rng: np.random.Generator) -> Samples:
    """Return a train of impulses (n,), one for each firing, of strength about 1, placed between two samples."""
    cycles = np.cumsum(rpm / 60.0 / (engine.stroke / 2)) / RATE
    train = np.zeros(rpm.size + 1)
    for cylinder in range(engine.cylinders):
        late = engine.unevenness if cylinder % 2 else 0.0
        phase = cycles - (cylinder + late) / engine.cylinders
        whole = np.floor(phase)
        at = np.flatnonzero(np.diff(whole) > 0) + 1
        own = max(0.2, 1.0 + engine.scatter * rng.standard_normal())
        strength = own * np.clip(1.0 + 0.5 * engine.scatter * rng.standard_normal(at.size), 0.3, 1.7)
        # How far the crank went on since, in parts of a sample.
        since = np.clip((phase[at] - whole[at]) / (phase[at] - phase[at - 1]), 0.0, 1.0)
        train[at] += strength * (1.0 - since)
        train[at - 1] += strength * since
    return train[: rpm.size]


def _fall(hz: Samples, seconds: float) -> Spectrum:
    """Return the spectrum of an exponential fall, 1 at 0 Hz."""
    return 1.0 / (1.0 + 2j * np.pi * hz * seconds)


def _pipe(engine: Engine, hz: Samples) -> Spectrum:
    """Return what the way out does: reflections, the fewer the higher; muffler; what an opening radiates."""
    round_trip = np.exp(-2j * np.pi * hz * 2 * engine.pipe_m / SPEED_OF_SOUND)
    ringing = 1.0 / (1.0 + 0.55 / (1.0 + (hz / 1500.0) ** 2) * round_trip)
    muffler = 1.0 / np.sqrt(1.0 + (hz / engine.muffler_hz) ** 4)
    radiation = 1j * hz / (1j * hz + 120.0)
    return ringing * muffler * radiation


def _pops(engine: Engine, rpm: Samples, load: Samples, rng: np.random.Generator) -> Samples:
    """Return thuds on the overrun, of some times the strength 1."""
    sound = np.zeros(rpm.size)
    overrun = (load < 0.1) & (rpm > 0.45 * engine.top_rpm)
    chance = engine.pops_per_s / RATE
    if chance == 0.0 or not overrun.any():
        return sound
    length = int(_POP_S * RATE)
    shape = np.exp(-np.arange(length) / (0.008 * RATE))
    hz = np.fft.rfftfreq(2 * length, 1 / RATE)
    colour = hz / (hz + 80.0) / (1.0 + (hz / engine.muffler_hz) ** 2)
    for start in np.flatnonzero(overrun & (rng.random(rpm.size) < chance)):
        stop = min(start + length, sound.size)
        burst = np.fft.irfft(
            np.fft.rfft(rng.standard_normal(length) * shape, 2 * length) * colour, 2 * length
        )
        burst *= rng.uniform(2.0, 6.0) / float(np.max(np.abs(burst)))
        sound[start:stop] += burst[: stop - start]
    return sound
