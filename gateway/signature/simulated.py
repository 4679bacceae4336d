"""Events of the street simulator as clips: to learn from, and others to be judged on.

Rules of this file
- What is judged is never what was learnt from: other families of engines and of other sounds, other kinds of street
  and of background, other seeds.
- Positives and negatives by turns, and every family as often as any other. An event is its own recording.
"""

import functools
from typing import Final

import numpy as np

from gateway.signature.manifest import Clip
from gateway.virtual import sound
from gateway.virtual.street import events
from gateway.virtual.street.engines.families import HELD_OUT_FAMILIES, TRAIN_FAMILIES
from gateway.virtual.street.lookalikes import HELD_OUT_LOOKALIKES, LOOKALIKES, TRAIN_LOOKALIKES
from gateway.virtual.street.recording_chain import HELD_OUT_BACKGROUNDS, background

UNSEEN: Final = 1_000_000
"""The first seed of what is judged; what is learnt from begins at 0."""


def learnt(count: int) -> list[Clip]:
    """Return `count` events to learn from."""
    return [_clip(number, number, "train") for number in range(count)]


def unseen(count: int) -> list[Clip]:
    """Return `count` events of engines, sounds and streets that no model has learnt from."""
    return [_clip(UNSEEN + number, number, "held_out") for number in range(count)]


def unseen_street(size: int, *, seed: int) -> sound.Samples:
    """Return `size` samples of a street's noise that no model has learnt from, any scale."""
    rng = np.random.default_rng([seed, 0x57])
    return background(HELD_OUT_BACKGROUNDS[int(rng.integers(len(HELD_OUT_BACKGROUNDS)))], size, rng)


def _clip(seed: int, number: int, part: events.Part) -> Clip:
    positive = number % 2 == 0
    if positive:
        families = TRAIN_FAMILIES if part == "train" else HELD_OUT_FAMILIES
    else:
        families = TRAIN_LOOKALIKES if part == "train" else HELD_OUT_LOOKALIKES
    family = families[number // 2 % len(families)]
    if not positive:
        kind = LOOKALIKES[family].kind
    elif part == "held_out":
        kind = events.positive_kind(seed, families=(family,), part=part)
    else:
        kind = family  # what is only learnt from needs no class of a street's day; to find it takes time
    load = functools.partial(_load, seed, family, part, positive=positive)
    return Clip(f"{family} {seed}", positive, kind, f"simulator, {family}", f"{seed}", load, simulated=True)


def _load(seed: int, family: str, part: events.Part, *, positive: bool) -> sound.Samples:
    event = (events.positive if positive else events.negative)(seed, families=(family,), part=part)
    return event.samples[0]
