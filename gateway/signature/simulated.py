"""Events of the street simulator as clips: to learn from, and others to be judged on.

Rules of this file
- What is judged is never what was learnt from: the seeds of the two are apart, so engines, streets and backgrounds are.
- Positives and negatives by turns. An event is its own recording.
"""

import functools
from typing import Final

import numpy as np

from gateway.signature.manifest import Clip
from gateway.virtual import sound
from gateway.virtual.street.distractors import DISTRACTORS
from gateway.virtual.street.scenario import LOUD_ENGINES, loud_vehicle

SOURCE: Final = "simulator"
UNSEEN: Final = 1_000_000
"""The first seed of what is judged; what is learnt from begins at 0."""
_SECONDS: Final = 6.0


def learnt(count: int) -> list[Clip]:
    """Return `count` events to learn from."""
    return [_clip(seed) for seed in range(count)]


def unseen(count: int) -> list[Clip]:
    """Return `count` events that no model has learnt from."""
    return [_clip(UNSEEN + number) for number in range(count)]


def _clip(seed: int) -> Clip:
    rng = np.random.default_rng([seed, 0x51])
    positive = seed % 2 == 0
    kind = str(rng.choice(LOUD_ENGINES if positive else list(DISTRACTORS)))
    load = functools.partial(_vehicle if positive else _other, kind, seed)
    name = f"{kind} {seed}"
    return Clip(name, positive, kind, SOURCE, name, load, simulated=True)


def _vehicle(kind: str, seed: int) -> sound.Samples:
    return loud_vehicle(kind, _SECONDS, seed=seed)[0][0]


def _other(kind: str, seed: int) -> sound.Samples:
    return DISTRACTORS[kind](_SECONDS, seed=seed)
