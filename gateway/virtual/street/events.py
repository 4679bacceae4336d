"""What happens in a street, one by one, by lot: loud vehicles and everything else, with the truth about each.

Rules of this file
- `positive(seed)` and `negative(seed)` are the same to the bit for the same arguments.
- An event is the sound alone in its street, at any scale: its level, the background and the recording chain are for
  whoever uses it (`recording_chain`).
- `part` keeps apart what is learnt from and what is judged by: "train" draws engines, streets and looks-alike of
  the training families, "held_out" the others, "all" both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street import manoeuvres
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.engines.families import (
    HELD_OUT_FAMILIES,
    MOTORCYCLES,
    SPORTS_CARS,
    TRAIN_FAMILIES,
    engine,
)
from gateway.virtual.street.lookalikes import HELD_OUT_LOOKALIKES, LOOKALIKES, TRAIN_LOOKALIKES
from gateway.virtual.street.paths import straight
from gateway.virtual.street.places import HELD_OUT_PLACES, TRAIN_PLACES, Place, place
from gateway.virtual.street.shaping import CONTROL_HZ, RATE
from gateway.virtual.street.vehicles import FRAME_S, LEAD_S, Heard, driven, heard_in, in_street, truth

Part: TypeAlias = Literal["train", "held_out", "all"]

SPACING_M: Final = 0.2
"""Between the two microphones."""

_SECONDS: Final = (5.0, 9.0)
_STANDING_PART: Final = 0.35


@dataclass(frozen=True, slots=True)
class Event:
    """A sound in a street. `samples` are (channels, n) at 48 kHz, the loudest 1.

    `kind` is a class name of a street's day (`motorcycle_passby`, ...), `behaviour` what the sensor should say of it.
    Truth is by frames of 125 ms. `firing_hz` (f,) is as heard, 0 where there is none; `bearing_deg` (vehicles, f) is
    asin(x / r), positive to the right; `speed_m_s` (vehicles, f) that of the vehicle. A sound that is no vehicle has
    none: firing 0, bearing (0, f) or that of its source.
    """

    samples: Samples
    label: str
    kind: str
    behaviour: str
    firing_hz: Samples
    bearing_deg: Samples
    speed_m_s: Samples
    family: str
    place: str
    seed: int


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A vehicle driven for noise, before it is heard."""

    family: str
    motor: Engine
    seconds: float
    street: Place
    kind: str
    done: manoeuvres.Manoeuvre


def positive(
    seed: int, *, channels: int = 1, families: Sequence[str] | None = None, part: Part = "train"
) -> Event:
    """Return a vehicle driven for noise: one of `families`, or of those of `part`."""
    rng = np.random.default_rng([seed, 0xB1])
    drawn = _draw(rng, families, part)
    heard = in_street(
        drawn.motor,
        drawn.done,
        drawn.seconds,
        drawn.street,
        rng,
        tyres=rng.uniform(0.03, 0.3),
        spacing_m=SPACING_M if channels > 1 else None,
    )
    return _event(drawn, heard, seed)


def positive_kind(seed: int, *, families: Sequence[str] | None = None, part: Part = "train") -> str:
    """Return the `kind` of the event that `positive` makes of the same arguments, without making it."""
    return _draw(np.random.default_rng([seed, 0xB1]), families, part).kind


def negative(
    seed: int, *, channels: int = 1, families: Sequence[str] | None = None, part: Part = "train"
) -> Event:
    """Return something else that is heard in a street: one of `families` (of `LOOKALIKES`), or of those of `part`."""
    rng = np.random.default_rng([seed, 0xB0])
    family = _one_of(rng, families or _of(part, TRAIN_LOOKALIKES, HELD_OUT_LOOKALIKES))
    seconds = round(rng.uniform(*_SECONDS) / FRAME_S) * FRAME_S
    street = place(_one_of(rng, _of(part, TRAIN_PLACES, HELD_OUT_PLACES)), rng)
    heard = LOOKALIKES[family].heard(seconds, street, rng, SPACING_M if channels > 1 else None)
    frames = heard.firing_hz.size
    there = heard.bearing_deg.reshape(-1, frames)
    return Event(
        heard.samples / float(np.max(np.abs(heard.samples))),
        "negative",
        LOOKALIKES[family].kind,
        "unknown",
        heard.firing_hz,
        there,
        heard.speed_m_s.reshape(-1, frames),
        family,
        street.name,
        seed,
    )


def idling(seed: int, *, part: Part = "train") -> Event:
    """Return a motorcycle that idles: loud of its kind, yet not driven for noise; `positive` never draws one."""
    rng = np.random.default_rng([seed, 0xB2])
    family = _one_of(
        rng, [name for name in _of(part, TRAIN_FAMILIES, HELD_OUT_FAMILIES) if name in MOTORCYCLES]
    )
    seconds = round(rng.uniform(*_SECONDS) / FRAME_S) * FRAME_S
    motor = engine(family, rng)
    street = place(_one_of(rng, _of(part, TRAIN_PLACES, HELD_OUT_PLACES)), rng)
    done = manoeuvres.idling(motor, seconds + LEAD_S, rng)
    drawn = _Drawn(family, motor, seconds, street, "motorcycle_idle", done)
    return _event(drawn, in_street(motor, done, seconds, street, rng, tyres=0.0), seed)


def crossing(seed: int, *, channels: int = 2, part: Part = "train") -> Event:
    """Return two loud vehicles that meet: one from the left, one from the right, on their own lanes.

    `bearing_deg` and `speed_m_s` have a row each, the louder one first; all else is true of the louder one.
    """
    rng = np.random.default_rng([seed, 0xB3])
    seconds = round(rng.uniform(*_SECONDS) / FRAME_S) * FRAME_S
    street = place(_one_of(rng, _of(part, TRAIN_PLACES, HELD_OUT_PLACES)), rng)
    spacing = SPACING_M if channels > 1 else None
    first_to_right = bool(rng.random() < 0.5)
    near = rng.uniform(3.0, 8.0)
    heard: list[Heard] = []
    drawn: list[_Drawn] = []
    for to_right, distance in ((first_to_right, near), (not first_to_right, near + 3.0)):
        one = _draw(rng, None, part, moving=True)
        done = manoeuvres.steady(one.motor, seconds + LEAD_S, rng)
        drawn.append(replace(one, seconds=seconds, street=street, done=done))
        way = done.drive.way_m
        nearest = float(np.interp(rng.uniform(0.3, 0.7) * seconds, np.arange(way.size) / CONTROL_HZ, way))
        below = street.height_m - 0.4
        path = straight(way, nearest_m=nearest, distance_m=distance, below_m=below, to_right=to_right)
        source = driven(one.motor, done, seconds, rng.uniform(0.03, 0.3), rng)
        n = int(seconds * RATE)
        samples = heard_in(source, path, street, n, rng, spacing_m=spacing)
        heard.append(Heard(samples, *truth(one.motor, done, path, samples)))
    # The second is up to 6 dB weaker.
    weaker = (
        10 ** (-rng.uniform(0.0, 6.0) / 20) * np.abs(heard[0].samples).max() / np.abs(heard[1].samples).max()
    )
    both = Heard(
        heard[0].samples + weaker * heard[1].samples,
        heard[0].firing_hz,
        np.stack([one.bearing_deg for one in heard]),
        np.stack([one.speed_m_s for one in heard]),
    )
    return _event(drawn[0], both, seed)


def _event(drawn: _Drawn, heard: Heard, seed: int) -> Event:
    frames = heard.firing_hz.size
    return Event(
        heard.samples / float(np.max(np.abs(heard.samples))),
        "positive",
        drawn.kind,
        drawn.done.behaviour,
        heard.firing_hz,
        heard.bearing_deg.reshape(-1, frames),
        heard.speed_m_s.reshape(-1, frames),
        drawn.family,
        drawn.street.name,
        seed,
    )


def _draw(
    rng: np.random.Generator, families: Sequence[str] | None, part: Part, *, moving: bool = False
) -> _Drawn:
    family = _one_of(rng, families or _of(part, TRAIN_FAMILIES, HELD_OUT_FAMILIES))
    seconds = round(rng.uniform(*_SECONDS) / FRAME_S) * FRAME_S
    motor = engine(family, rng)
    street = place(_one_of(rng, _of(part, TRAIN_PLACES, HELD_OUT_PLACES)), rng)
    standing = rng.random() < _STANDING_PART and not moving
    choices = manoeuvres.STANDING if standing else manoeuvres.MOVING
    # The source starts a little before it is heard.
    done = choices[_one_of(rng, tuple(choices))](motor, seconds + LEAD_S, rng)
    kind = _kind(family, standing=standing, started=done.off_s > 0.0)
    return _Drawn(family, motor, seconds, street, kind, done)


def _of(part: Part, train: Sequence[str], held_out: Sequence[str]) -> Sequence[str]:
    if part == "train":
        return train
    return held_out if part == "held_out" else (*train, *held_out)


def _one_of(rng: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(rng.integers(len(names)))]


def _kind(family: str, *, standing: bool, started: bool) -> str:
    if family in SPORTS_CARS:
        return "car_start_rev" if started else "sports_car_rev" if standing else "sports_car_passby"
    if family in MOTORCYCLES or family == "dirt_bike":
        return "motorcycle_rev" if standing else "motorcycle_passby"
    if standing:
        return "motorcycle_rev"
    return "quad_passby" if family.startswith("quad") else "moped_passby"
