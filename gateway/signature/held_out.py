"""Each recording judged by a model that never heard its source: grouped cross-validation with the firmware's code.

Rules of this file
- A model is learnt for every fold by `learn`'s own code, strength and threshold included, from all other folds and
  the simulated events to learn from; a variant of a recording is in the fold of the recording.
- The features do not depend on the model: the firmware computes them once, and then scores and triggers with each
  fold's model. What decides is its code.
- Simulated events that are judged are in no fold: a model of everything judges them, which never heard their like.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.progress import track

from gateway.signature.folds import deal
from gateway.signature.learn import model_line
from gateway.signature.manifest import Clip
from gateway.signature.playing import Frames, Player, Setup
from gateway.signature.training import Heard, learn, listen

ALL: Final = -1
"""The fold of what no fold learns from."""


def models(
    clips: Sequence[Clip], folds: int, events: Sequence[Clip], setup: Setup, console: Console | None
) -> tuple[dict[int, str], list[int]]:
    """Return a model's text for each fold (and `ALL`), and the fold of each of `clips`; all learn from `events` too.

    Raises `SignatureError` when the clips cannot be dealt or have one label only.
    """
    fold_of = deal(clips, folds)
    everything = [*clips, *events]
    heard = listen(everything, setup, console)
    found: dict[int, str] = {}
    for fold in track(
        [*range(folds), ALL], "Learning", console=console, disable=console is None, transient=True
    ):
        kept = [index for index in range(len(everything)) if index >= len(clips) or fold_of[index] != fold]
        own, own_heard = _only(everything, heard, kept)
        found[fold] = model_line("held out", str(fold), own, own_heard, learn(own, own_heard, setup), setup)
    return found, fold_of.tolist()


def judged_by(
    texts: dict[int, str], fold_of: Sequence[int], frames: Sequence[Frames], setup: Setup
) -> list[Frames]:
    """Return `frames` with the scores and triggers of the models of their folds."""
    found = list(frames)
    with Player(setup) as player:
        for fold, text in texts.items():
            player.choose(text)
            for index in [number for number, own in enumerate(fold_of) if own == fold]:
                score, triggered = player.judge(frames[index].lafmax_db, frames[index].features)
                found[index] = dataclasses.replace(frames[index], score=score, triggered=triggered)
    return found


def _only(
    clips: Sequence[Clip], heard: Sequence[Heard], kept: Sequence[int]
) -> tuple[list[Clip], list[Heard]]:
    place = {clip: index for index, clip in enumerate(kept)}
    return (
        [clips[index] for index in kept],
        [dataclasses.replace(each, clip=place[each.clip]) for each in heard if each.clip in place],
    )
