"""What is loud in a street and is no vehicle driven for noise: the families of look-alikes, and how each is heard.

Rules of this file
- A family makes its sound, `make(n, rng)`, any scale; here is said whether it stands in the street, drives past, or is
  at the microphone itself, and which class of a street's day it belongs to.
- `TRAIN_LOOKALIKES` teach, `HELD_OUT_LOOKALIKES` are kept for judging.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street import paths
from gateway.virtual.street.lookalikes import (
    aircraft,
    impacts,
    machines,
    music,
    rail,
    signals,
    traffic,
    voices,
    weather,
)
from gateway.virtual.street.places import Place
from gateway.virtual.street.shaping import CONTROL, RATE
from gateway.virtual.street.vehicles import FRAME_S, LEAD_S, Heard, heard_in

Make = Callable[[int, np.random.Generator], Samples]


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A family: its class in a street's day, what makes it (or drives it: `traffic`), and where it is."""

    kind: str
    make: Make | None = None
    where: Literal["stands", "passes", "overhead", "here"] = "stands"
    drive: traffic.Traffic | None = None
    speed: tuple[float, float] = (6.0, 20.0)

    def heard(self, seconds: float, at: Place, rng: np.random.Generator, spacing_m: float | None) -> Heard:
        """Return what microphones in the street `at` hear of one of this family."""
        if self.drive is not None:
            return self.drive.heard(seconds, at, rng, spacing_m)
        if self.make is None:
            msg = f"{self.kind} neither makes a sound nor is driven: give it one of both"
            raise ValueError(msg)
        n = int(seconds * RATE)
        frames = int(seconds / FRAME_S)
        if self.where == "here":
            channels = 1 if spacing_m is None else 2
            samples = np.stack([self.make(n, rng) for _ in range(channels)])
            return Heard(samples, np.zeros(frames), np.zeros((0, frames)), np.zeros((0, frames)))
        source = self.make(n + int(LEAD_S * RATE), rng)
        path, speed = self._path(source.size, seconds, at, rng)
        samples = heard_in(source, path, at, n, rng, spacing_m=spacing_m)
        left = paths.arrival(path, n, LEAD_S).left_s
        middles = np.interp((np.arange(frames) + 0.5) * FRAME_S, np.arange(left.size) * CONTROL / RATE, left)
        bearing = paths.bearing_deg(path, middles)
        return Heard(samples, np.zeros(frames), bearing[np.newaxis], np.full((1, frames), speed))

    def _path(self, n: int, seconds: float, at: Place, rng: np.random.Generator) -> tuple[paths.Path, float]:
        size = -(-n // CONTROL) + 1
        below = at.height_m - 1.0
        if self.where == "stands":
            x, distance = rng.uniform(-15, 15), rng.uniform(2, 20)
            return paths.standing(size, x_m=x, distance_m=distance, below_m=below), 0.0
        speed = float(rng.uniform(*self.speed))
        far = rng.uniform(60, 100) if self.where == "overhead" else rng.uniform(3, 15)
        way = np.arange(size) * CONTROL / RATE * speed
        nearest = speed * (rng.uniform(0.2, 0.8) * seconds + LEAD_S)
        right = bool(rng.random() < 0.5)
        path = paths.straight(way, nearest_m=nearest, distance_m=far, below_m=below, to_right=right)
        return path, speed


def _driven(kind: str, drive: traffic.Traffic) -> Lookalike:
    return Lookalike(kind, drive=drive)


LOOKALIKES: Final[dict[str, Lookalike]] = {
    "car_passing": _driven("car_passby", traffic.CAR_PASSING),
    "car_accelerating": _driven("car_passby", traffic.CAR_ACCELERATING),
    "diesel_car": _driven("car_passby", traffic.DIESEL_CAR),
    "truck_passing": _driven("truck_passby", traffic.TRUCK_PASSING),
    "truck_pulling_away": _driven("truck_bus_pullaway", traffic.TRUCK_PULLING_AWAY),
    "bus_pulling_away": _driven("truck_bus_pullaway", traffic.BUS_PULLING_AWAY),
    "bus_passing": _driven("bus_passby", traffic.BUS_PASSING),
    "tractor": _driven("tractor", traffic.TRACTOR),
    "car_idling": _driven("engine_idling", traffic.CAR_IDLING),
    "diesel_idling": _driven("truck_idle", traffic.DIESEL_IDLING),
    "car_starting": _driven("car_start", traffic.CAR_STARTING),
    "siren_two_tone": Lookalike("siren", signals.two_tone, "passes"),
    "siren_wail": Lookalike("siren", signals.wail, "passes"),
    "siren_yelp": Lookalike("siren", signals.yelp),
    "siren_electronic": Lookalike("siren", signals.electronic),
    "car_horn": Lookalike("car_horn", signals.car_horn),
    "air_horn": Lookalike("ship_horn", signals.air_horn),
    "ship_horn": Lookalike("ship_horn", signals.ship_horn),
    "bell": Lookalike("bell", signals.bells),
    "reversing": Lookalike("car_horn", signals.reversing),
    "diesel_train": Lookalike("train", rail.diesel_train, "passes", speed=(3, 20)),
    "train_passing": Lookalike("train", rail.train_passing, "passes", speed=(8, 30)),
    "tram": Lookalike("tram", rail.tram, "passes", speed=(3, 14)),
    "electric_car": Lookalike("car_passby", rail.electric_car, "passes"),
    "chainsaw": Lookalike("mower_chainsaw", machines.chainsaw),
    "mower": Lookalike("mower_chainsaw", machines.mower),
    "leaf_blower": Lookalike("mower_chainsaw", machines.leaf_blower),
    "grinder": Lookalike("saw_machine", machines.grinder),
    "circular_saw": Lookalike("saw_machine", machines.circular_saw),
    "hammer_drill": Lookalike("jackhammer_drilling", machines.hammer_drill),
    "jackhammer": Lookalike("jackhammer_drilling", machines.jackhammer),
    "compressor": Lookalike("construction", machines.compressor),
    "generator": Lookalike("construction", machines.generator),
    "excavator": Lookalike("construction", machines.excavator),
    "vacuum": Lookalike("saw_machine", machines.vacuum),
    "air_conditioner": Lookalike("air_conditioner", machines.air_conditioner),
    "propeller": Lookalike("aircraft", aircraft.propeller, "overhead", speed=(30, 60)),
    "helicopter": Lookalike("aircraft", aircraft.helicopter, "overhead", speed=(10, 50)),
    "jet": Lookalike("aircraft", aircraft.jet, "overhead", speed=(50, 90)),
    "band": Lookalike("music", music.band),
    "bass": Lookalike("music", music.bass),
    "guitar": Lookalike("music", music.guitar),
    "organ": Lookalike("music", music.organ),
    "strings": Lookalike("music", music.strings),
    "car_stereo": Lookalike("music", music.car_stereo, "passes", speed=(3, 12)),
    "drums": Lookalike("music", music.drums),
    "speech": Lookalike("speech", voices.speech),
    "shout": Lookalike("speech", voices.shout),
    "crowd": Lookalike("crowd_speech", voices.crowd),
    "children": Lookalike("children_playing", voices.children),
    "singing": Lookalike("music", voices.singing),
    "barks": Lookalike("dog", voices.barks),
    "howl": Lookalike("dog", voices.howl),
    "birds": Lookalike("birds", voices.birds),
    "fireworks": Lookalike("fireworks", impacts.fireworks),
    "gunshots": Lookalike("gunshot_firework_like", impacts.gunshots),
    "hammering": Lookalike("construction", impacts.hammering),
    "shutter": Lookalike("street_ambience", impacts.shutter),
    "skateboard": Lookalike("street_ambience", impacts.skateboard, "passes", speed=(2, 6)),
    "handcart": Lookalike("street_ambience", impacts.handcart, "passes", speed=(1, 2)),
    "air_brake": Lookalike("truck_airbrake", impacts.air_brake),
    "tyre_squeal": Lookalike("tyre_squeal", impacts.tyre_squeal, "passes"),
    "thunder": Lookalike("thunder", weather.thunder, "here"),
    "rain": Lookalike("rain", weather.rain, "here"),
    "wind": Lookalike("wind", weather.wind, "here"),
    "water": Lookalike("water", weather.water),
}
HELD_OUT_LOOKALIKES: Final = (
    "bus_passing",
    "diesel_car",
    "siren_electronic",
    "air_horn",
    "train_passing",
    "electric_car",
    "leaf_blower",
    "circular_saw",
    "excavator",
    "generator",
    "helicopter",
    "strings",
    "car_stereo",
    "drums",
    "shout",
    "howl",
    "hammering",
    "handcart",
    "water",
)
TRAIN_LOOKALIKES: Final = tuple(name for name in LOOKALIKES if name not in HELD_OUT_LOOKALIKES)
