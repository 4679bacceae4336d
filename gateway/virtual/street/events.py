"""What happens in a street, one by one, by lot: loud vehicles and everything else, with the truth about each.

Rules of this file
- `positive(seed)` and `negative(seed)` are the same to the bit for the same arguments.
- An event is the sound alone in its street, at any scale: its level, the background and the recording chain are for
  whoever uses it (`recording_chain`).
- `part` keeps apart what is learnt from and what is judged by: "train" draws engines, streets and looks-alike of
  the training families, "held_out" the others, "all" both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
from gateway.virtual.street.places import HELD_OUT_PLACES, TRAIN_PLACES, Place, place
from gateway.virtual.street.vehicles import FRAME_S, in_street

Part: TypeAlias = Literal["train", "held_out", "all"]

SPACING_M: Final = 0.2
"""Between the two microphones."""

_SECONDS: Final = (5.0, 9.0)
_STANDING_PART: Final = 0.35


@dataclass(frozen=True, slots=True)
class Event:
    """A sound in a street. `samples` are (channels, n) at 48 kHz, the loudest 1.

    `kind` is a class name of a street's day (`motorcycle_passby`, ...), `behaviour` what the sensor should say of it.
    Truth is by frames of 125 ms: `firing_hz` (f,) as heard, 0 where there is none; `bearing_deg` (vehicles, f),
    positive to the right; `speed_m_s` (vehicles, f). A sound that is no vehicle has none: firing 0, bearing (0, f).
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
    standing: bool
    done: manoeuvres.Manoeuvre

    @property
    def kind(self) -> str:
        """Return its class in a street's day."""
        return _kind(self.family, standing=self.standing, started=self.done.off_s > 0.0)


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
    return Event(
        heard.samples / float(np.max(np.abs(heard.samples))),
        "positive",
        drawn.kind,
        drawn.done.behaviour,
        heard.firing_hz,
        heard.bearing_deg[np.newaxis],
        heard.speed_m_s[np.newaxis],
        drawn.family,
        drawn.street.name,
        seed,
    )


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


def _draw(rng: np.random.Generator, families: Sequence[str] | None, part: Part) -> _Drawn:
    family = _one_of(rng, families or _of(part, TRAIN_FAMILIES, HELD_OUT_FAMILIES))
    seconds = round(rng.uniform(*_SECONDS) / FRAME_S) * FRAME_S
    motor = engine(family, rng)
    street = place(_one_of(rng, _of(part, TRAIN_PLACES, HELD_OUT_PLACES)), rng)
    standing = rng.random() < _STANDING_PART
    choices = manoeuvres.STANDING if standing else manoeuvres.MOVING
    # The source starts a little before it is heard.
    done = choices[_one_of(rng, tuple(choices))](motor, seconds + 0.5, rng)
    return _Drawn(family, motor, seconds, street, standing, done)


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
