"""`stalenstraat signature evaluate`: plays labelled sounds to the real firmware and counts what triggers.

Rules of this file
- What is judged is the board's own code in the interpreter (playing.py); nothing of it is repeated here.
- Every sound is played at one level, which takes the level away as a help; `street` gives it back as a street does.
- Recordings and simulated events are never mixed in one figure: simulated ones are easier to have and to please.
"""

import functools
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.signature import held_out, judging, street_day, sweep
from gateway.signature.files import check_writable, read_model, write
from gateway.signature.learn import SIMULATED
from gateway.signature.listening import NO_MODEL
from gateway.signature.manifest import Clip, SignatureError, read_manifest
from gateway.signature.playing import BACKGROUND_DBA, Frames, Setup, Sound, in_order, in_street
from gateway.signature.simulated import learnt, unseen, unseen_street
from gateway.signature.verdict import verdict
from gateway.virtual import sound


@dataclass(frozen=True)
class Options:
    """What the command was given; gateway/signature/commands.py says what each means."""

    manifest: Path | None = None
    simulated: int = 0
    level_dba: float = 85.0
    threshold_dba: float = 82.0
    street: Path | None = None
    folds: int = 0
    learnt: int = SIMULATED
    model: Path | None = None
    plot: Path | None = None
    json: Path | None = None
    program: Path | None = None


@dataclass(frozen=True)
class _Play:
    """A clip at a level in a street: as every clip is, at a signal-to-noise ratio, or for a part of a street's day."""

    clip: int
    level_dba: float
    background_dba: float = BACKGROUND_DBA
    ratio_db: float | None = None
    step: street_day.Step | None = None


def evaluate(options: Options, console: Console | None = None) -> dict[str, Any]:
    """Play and judge what `options` name; return the figures, and print tables to `console` when one is given.

    The figures are those of the manifest, with those of simulated events under "simulated"; of these alone when there
    is no manifest. Raises `SignatureError`, `SoundError` for a recording, `InterpreterError`.
    """
    if options.manifest is None and not options.simulated:
        raise SignatureError("nothing to judge: give --manifest CSV, --simulated N, or both")
    if options.folds and options.model:
        raise SignatureError("--folds learns its own models: leave out --model")
    if options.folds and not options.manifest:
        raise SignatureError("--folds holds recordings out: give --manifest CSV")
    model = NO_MODEL if options.folds else read_model(options.model)
    setup = Setup(model, options.program, options.threshold_dba)
    recordings = read_manifest(options.manifest) if options.manifest else []
    clips = [*recordings, *unseen(options.simulated)]
    street = street_day.read_street(options.street) if options.street else None
    texts, fold_of = (
        held_out.models(recordings, options.folds, learnt(options.learnt), setup, console)
        if options.folds
        else ({}, [])
    )
    pools = [("recordings", range(len(recordings)))] if recordings else []
    if options.simulated:
        pools.append(("simulated", range(len(recordings), len(clips))))
    found: list[dict[str, Any]] = []
    for name, indices in pools:
        own = [clips[index] for index in indices]
        plays = _plays(own, options, street)
        frames = in_order([_sound(own, play) for play in plays], setup, f"Playing {name}", console)
        if texts:
            folds = [fold_of[play.clip] if name == "recordings" else held_out.ALL for play in plays]
            frames = held_out.judged_by(texts, folds, frames, setup)
        found.append(_figures(own, plays, frames, setup, street))
        found[-1] |= {
            "level_dba": options.level_dba,
            "background_dba": BACKGROUND_DBA,
            "folds": options.folds,
        }
        if console:
            title = f"{name.capitalize()} at {options.level_dba:g} dB(A), by class"
            _show(found[-1], title, console)
    if options.plot:
        curves = {
            name: each["by_ratio"] for (name, _), each in zip(pools, found, strict=True) if "by_ratio" in each
        }
        write(options.plot, sweep.draw(curves))
    return found[0] if len(found) == 1 else {**found[0], "simulated": found[1]}


def evaluate_and_print(options: Options) -> int:
    """Do `evaluate`, print its tables, write its figures to `options.json`; return the exit code, 0."""
    for path in (options.json, options.plot):
        if path:
            check_writable(path)
    found = evaluate(options, Console())
    if options.json:
        write(options.json, (json.dumps(found, indent=2) + "\n").encode())
    return 0


def _show(found: dict[str, Any], title: str, console: Console) -> None:
    judging.show(found, title, console)
    if "by_ratio" in found:
        sweep.show(found["by_ratio"], console)
    if "street" in found:
        street_day.show(found, console)


def staged(clip: Clip, level_dba: float, background_dba: float = BACKGROUND_DBA) -> sound.Samples:
    """Return `clip` at `level_dba` (LAFmax) in a street of its own. Raises `SignatureError` for silence."""
    seed = zlib.crc32(clip.name.encode())
    unheard_street = functools.partial(unseen_street, seed=seed) if clip.simulated else None
    try:
        return in_street(
            clip.load(), level_dba, seed=seed, background_dba=background_dba, background=unheard_street
        )
    except sound.LevelError as error:
        raise SignatureError(f"{clip.name}: {error}") from error


def _plays(clips: Sequence[Clip], options: Options, street: dict[str, street_day.Kind] | None) -> list[_Play]:
    plays = [_Play(index, options.level_dba) for index in range(len(clips))]
    if options.plot:
        plays += [
            _Play(index, options.level_dba, options.level_dba - ratio_db, ratio_db)
            for ratio_db in sweep.RATIOS_DB
            for index, clip in enumerate(clips)
            if clip.positive
        ]
    if street:
        steps = street_day.plan(clips, street, options.threshold_dba)[0]
        plays += [_Play(index, step.level_db, step=step) for index, step in steps]
    return plays


def _sound(clips: Sequence[Clip], play: _Play) -> Sound:
    return functools.partial(staged, clips[play.clip], play.level_dba, play.background_dba)


def _figures(
    clips: Sequence[Clip],
    plays: Sequence[_Play],
    frames: Sequence[Frames],
    setup: Setup,
    street: dict[str, street_day.Kind] | None,
) -> dict[str, Any]:
    verdicts = [verdict(clips[play.clip], heard, setup) for play, heard in zip(plays, frames, strict=True)]
    found = judging.figures(verdicts[: len(clips)])
    ratios = [
        (play.ratio_db, each.taken)
        for play, each in zip(plays, verdicts, strict=True)
        if play.ratio_db is not None
    ]
    if ratios:
        found["by_ratio"] = sweep.figures(ratios)
    if street:
        played = [
            street_day.Played(each.clip, play.step, each.taken, each.level_triggers > 0)
            for play, each in zip(plays, verdicts, strict=True)
            if play.step
        ]
        found |= street_day.day(played, street, setup.threshold_dba)
        found["street"] = street_day.plan(clips, street, setup.threshold_dba)[1]
    return found
