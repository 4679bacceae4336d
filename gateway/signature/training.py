"""From clips to a model: variants are played to the firmware, their loud frames are learnt from.

Rules of this file
- Only frames at the level of a trigger count, for no other frame can trigger.
- Every recording weighs the same, however long it is and however many clips and variants it has; recordings and
  simulated events share each label in stated parts; positives and negatives balance.
- How strongly the weights are held back, and the threshold, are chosen by cross-validation over whole sources: the
  strength that finds the most positives where at most 8 % of the recorded negatives are accepted; of the simulated
  ones where there is no recording.
- The order of clips is the manifest's, sums run in one order: learning twice gives the same bytes.
"""

import functools
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from rich.console import Console

from gateway.signature.augment import variant
from gateway.signature.fitting import STRENGTHS, Model, fit
from gateway.signature.folds import deal, units
from gateway.signature.manifest import Clip, SignatureError
from gateway.signature.playing import Setup, in_order
from gateway.signature.verdict import held

Floats: TypeAlias = npt.NDArray[np.float32]

VARIANTS: Final = 4
"""Of a recording, the recording as it is among them; a simulated event is played once."""
ACCEPTED: Final = 0.08
"""Share of the recorded negatives and their variants that may be accepted, at most, where they were held back: 3 % of
the recordings as they are. That is the aim; F1 is highest there as well (docs/signature.md)."""
MARGIN: Final = 1e-6
"""Of a threshold over the score it keeps out: what single precision leaves of it on a board."""
FOLDS: Final = 5
MOMENTS: Final = 12
"""Of a play, spread evenly over its loud frames: neighbours say the same."""
RECORDED_PART: Final = {True: 0.1, False: 0.5}
"""Of the weight of positives and negatives, what recordings have where there are simulated events too: the recorded
positives are few and narrow, the simulated negatives simpler than a street."""


@dataclass(frozen=True)
class Heard:
    """What the firmware made of a variant of clip number `clip`, by frame: LAFmax (n,), features (n, F).

    `even` (n,) is what a score of 0.5 counts at the level of the frame.
    """

    clip: int
    lafmax_db: Floats
    even: Floats
    features: Floats


@dataclass(frozen=True)
class Learnt:
    """A model, the threshold of its probability, and how it did where it was held back: of `heard`, in order."""

    model: Model
    threshold: float
    strength: float
    held_back: npt.NDArray[np.float64]


def listen(clips: Sequence[Clip], setup: Setup, console: Console | None) -> list[Heard]:
    """Play every variant of every clip to the firmware."""
    plan = [
        (index, number)
        for index, clip in enumerate(clips)
        for number in ([1] if clip.simulated else range(VARIANTS))
    ]
    sounds = [functools.partial(variant, clips[index], number) for index, number in plan]
    frames = in_order(sounds, setup, "Playing what is learnt from", console)
    return [
        Heard(index, each.lafmax_db, each.even, each.features)
        for (index, _), each in zip(plan, frames, strict=True)
    ]


def fingerprint(clips: Sequence[Clip], heard: Sequence[Heard]) -> str:
    """Return the SHA-256 (hex) of all that is learnt from: labels, levels and features."""
    digest = hashlib.sha256()
    for each in heard:
        digest.update(clips[each.clip].label.encode())
        digest.update(each.lafmax_db.astype("<f4").tobytes())
        digest.update(each.features.astype("<f4").tobytes())
    return digest.hexdigest()


def learn(clips: Sequence[Clip], heard: Sequence[Heard], setup: Setup) -> Learnt:
    """Return the model of `heard`, its strength and threshold chosen by cross-validation over whole sources.

    Raises `SignatureError` when one of the labels is missing.
    """
    kinds = {clips[each.clip].positive for each in heard}
    if len(kinds) < 2:  # noqa: PLR2004  positive and negative
        raise SignatureError(
            "nothing to tell apart: list positive and negative recordings of several sources"
        )
    fold_of = _folds(clips)
    found: list[tuple[float, float, float, npt.NDArray[np.float64]]] = []
    for strength in STRENGTHS:
        scores = np.zeros(len(heard))
        for fold in range(int(fold_of.max()) + 1):
            rest = [each for each in heard if fold_of[each.clip] != fold]
            model = _fit(clips, rest, setup, strength)
            for index, each in enumerate(heard):
                if fold_of[each.clip] == fold:
                    scores[index] = held(each.lafmax_db, _weighed(each, model), setup)
        threshold = choose_threshold(clips, heard, scores)
        found.append((_recall(clips, heard, scores, threshold), -strength, threshold, scores))
    _, strength, threshold, scores = max(found, key=lambda each: each[:2])
    return Learnt(_fit(clips, heard, setup, -strength), threshold, -strength, scores)


def _weighed(each: Heard, model: Model) -> npt.NDArray[np.float64]:
    # The trigger multiplies the odds by those of `even`; so does the model's threshold, later.
    score, even = model.probability(each.features), each.even.astype(np.float64)
    return score * even / (score * even + (1.0 - score) * (1.0 - even))


def choose_threshold(clips: Sequence[Clip], heard: Sequence[Heard], scores: npt.NDArray[np.float64]) -> float:
    """Return the lowest threshold at which at most 8 % of the recorded negatives, else of all, are accepted."""
    of = [(clips[each.clip], score) for each, score in zip(heard, scores, strict=True)]
    negatives = [score for clip, score in of if not clip.positive and not clip.simulated]
    negatives = sorted(negatives or [score for clip, score in of if not clip.positive])
    allowed = int(ACCEPTED * len(negatives))
    return min(max(MARGIN, negatives[-1 - allowed] + MARGIN), 1.0 - MARGIN)


def _recall(
    clips: Sequence[Clip], heard: Sequence[Heard], scores: npt.NDArray[np.float64], threshold: float
) -> float:
    found = [
        score >= threshold for each, score in zip(heard, scores, strict=True) if clips[each.clip].positive
    ]
    return float(np.mean(found))


def _folds(clips: Sequence[Clip]) -> npt.NDArray[np.int64]:
    # Simulated events are not of the manifest's collections: they are dealt by turns, two by two (labels alternate).
    fold_of = np.arange(len(clips)) // 2 % FOLDS
    recorded = [index for index, clip in enumerate(clips) if not clip.simulated]
    if recorded:
        own = [clips[index] for index in recorded]
        fold_of[recorded] = deal(own, min(FOLDS, len(units(own))))
    return fold_of


def _fit(clips: Sequence[Clip], heard: Sequence[Heard], setup: Setup, strength: float) -> Model:
    features: list[Floats] = []
    labels: list[npt.NDArray[np.bool_]] = []
    weights: list[npt.NDArray[np.float64]] = []
    shares = _shares(clips, heard)
    for each, weight in zip(heard, shares, strict=True):
        loud = each.features[each.lafmax_db >= np.float32(setup.threshold_dba)]
        if len(loud):
            loud = loud[np.linspace(0, len(loud) - 1, min(len(loud), MOMENTS)).astype(np.int64)]
            features.append(loud)
            labels.append(np.full(len(loud), clips[each.clip].positive))
            weights.append(np.full(len(loud), weight / len(loud)))
    return fit(np.concatenate(features), np.concatenate(labels), np.concatenate(weights), strength=strength)


def _shares(clips: Sequence[Clip], heard: Sequence[Heard]) -> list[float]:
    # A recording's weight is divided among what was heard of it, a label's among its recordings and events.
    own = [clips[each.clip] for each in heard]
    plays = Counter((clip.positive, clip.simulated, clip.group) for clip in own)
    groups = Counter((positive, simulated) for positive, simulated, _ in plays)
    found: list[float] = []
    for clip in own:
        part = 1.0
        if groups[clip.positive, True] and groups[clip.positive, False]:
            recorded = RECORDED_PART[clip.positive]
            part = 1.0 - recorded if clip.simulated else recorded
        count = plays[clip.positive, clip.simulated, clip.group] * groups[clip.positive, clip.simulated]
        found.append(part / count)
    return found
