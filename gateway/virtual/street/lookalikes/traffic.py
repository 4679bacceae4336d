"""Ordinary traffic: the same machinery as loud vehicles, with silencers, and tyres that are louder than the engine."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street import manoeuvres
from gateway.virtual.street.drivetrain import Drive, in_gear, out_of_gear
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.engines.families import engine
from gateway.virtual.street.gearboxes import gearbox
from gateway.virtual.street.manoeuvres import Manoeuvre
from gateway.virtual.street.places import Place
from gateway.virtual.street.shaping import CONTROL_HZ, wandering
from gateway.virtual.street.vehicles import LEAD_S, Heard, in_street

Rng: TypeAlias = np.random.Generator


@dataclass(frozen=True, slots=True)
class Traffic:
    """Engines of `families`, driven as `drive` says; `tyres` against the engine at 14 m/s, from .. to."""

    families: tuple[str, ...]
    drive: Callable[[Engine, float, Rng], Manoeuvre]
    tyres: tuple[float, float]

    def heard(self, seconds: float, at: Place, rng: Rng, spacing_m: float | None) -> Heard:
        """Return what is heard of one such vehicle."""
        motor = engine(self.families[int(rng.integers(len(self.families)))], rng)
        done = self.drive(motor, seconds + LEAD_S, rng)
        low, high = self.tyres
        tyres = low * (high / low) ** rng.random()
        heard = in_street(motor, done, seconds, at, rng, tyres=tyres, spacing_m=spacing_m)
        return replace(
            heard, bearing_deg=heard.bearing_deg[np.newaxis], speed_m_s=heard.speed_m_s[np.newaxis]
        )


def _cruising(motor: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """Past at 30 to 60 km/h, engine slow for it."""
    times = np.arange(int(seconds * CONTROL_HZ) + 2) / CONTROL_HZ
    turning = 1.0 + 0.01 * wandering(times, rng, 1.0)
    part = rng.uniform(0.25, 0.42) if motor.top_rpm > 3000 else rng.uniform(0.5, 0.75)
    fast = rng.uniform(7, 17) * turning
    load = np.clip(rng.uniform(0.1, 0.4) + 0.05 * wandering(times, rng, 0.7), 0.0, 1.0)
    way = np.cumsum(fast) / CONTROL_HZ
    drive = Drive(part * motor.top_rpm * turning, load, np.zeros(times.size), way, fast)
    return Manoeuvre(drive, "unknown")


def _pulling_away(motor: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """From a standstill or slow, through the gears, as one does: half throttle, early shifts."""
    opened = rng.uniform(0.3, 0.7) if motor.top_rpm > 3000 else rng.uniform(0.7, 1.0)
    on = rng.uniform(0.2, 1.0)
    throttle = _held(seconds, on, opened)
    start = 0.0 if rng.random() < 0.6 else rng.uniform(2, 7)
    shift = rng.uniform(0.42, 0.65) if motor.top_rpm > 3000 else rng.uniform(0.7, 0.92)
    box = gearbox(motor, rng)
    drive = in_gear(motor, box, throttle, rng, start_m_s=start, shift_at=shift)
    return Manoeuvre(drive, "unknown")


def _idling(motor: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    return replace(manoeuvres.idling(motor, seconds, rng), behaviour="idling")


def _starting(motor: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    off = rng.uniform(0.5, 2.0)
    times = np.arange(int(seconds * CONTROL_HZ) + 2) / CONTROL_HZ
    flare = 0.3 * np.exp(-(((times - off - 0.2) / 0.15) ** 2))
    return Manoeuvre(out_of_gear(motor, flare, rng), "unknown", off)


def _held(seconds: float, on_s: float, opened: float) -> Samples:
    times = np.arange(int(seconds * CONTROL_HZ) + 2) / CONTROL_HZ
    return np.interp(times, [0.0, on_s, on_s + 0.4], [0.0, 0.0, opened])


CAR_PASSING: Final = Traffic(("car_petrol",), _cruising, (0.8, 4.0))
CAR_ACCELERATING: Final = Traffic(("car_petrol",), _pulling_away, (0.3, 1.5))
DIESEL_CAR: Final = Traffic(("car_diesel",), _pulling_away, (0.3, 2.0))
TRUCK_PASSING: Final = Traffic(("truck",), _cruising, (0.4, 2.0))
TRUCK_PULLING_AWAY: Final = Traffic(("truck",), _pulling_away, (0.1, 0.5))
BUS_PULLING_AWAY: Final = Traffic(("truck",), _pulling_away, (0.1, 0.6))
BUS_PASSING: Final = Traffic(("truck",), _cruising, (0.4, 2.0))
TRACTOR: Final = Traffic(("tractor",), _cruising, (0.2, 1.0))
CAR_IDLING: Final = Traffic(("car_petrol", "car_diesel"), _idling, (0.1, 0.2))
DIESEL_IDLING: Final = Traffic(("truck", "tractor"), _idling, (0.1, 0.2))
CAR_STARTING: Final = Traffic(("car_petrol", "car_diesel"), _starting, (0.1, 0.2))
