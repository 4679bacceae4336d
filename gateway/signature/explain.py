"""`stalenstraat signature explain`: one recording, what the firmware heard in it, and why it decided as it did.

Rules of this file
- Score, firing frequency, behaviour and decision are the firmware's, frame by frame; only the picture of the spectrum
  is drawn here from the samples, for the eye.
- What a feature did for the score is asked of the firmware's own model: what the score would be if that feature alone
  were what it is in the street before the sound. It is in units of the logit, as scores add up there.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console

from firmware.common.blocks import FRAMES_PER_SECOND
from gateway.signature.evaluate import staged
from gateway.signature.files import check_writable, read_model, write
from gateway.signature.manifest import UNNAMED, Clip
from gateway.signature.picture import Explained, picture
from gateway.signature.playing import LEAD_S, Frames, Player, Setup
from gateway.virtual import sound

_CERTAIN: Final = 1e-7
"""A score is no nearer to 0 or 1 than single precision tells apart."""


@dataclass(frozen=True)
class Options:
    """What the command was given; gateway/signature/commands.py says what each means."""

    sound: Path
    out: Path
    level_dba: float = 85.0
    threshold_dba: float = 82.0
    model: Path | None = None
    program: Path | None = None


def explain_and_draw(options: Options, console: Console | None = None) -> int:
    """Write the picture of `options.sound` to `options.out`, print what it says; return the exit code, 0.

    Raises `SignatureError` for a model or a file to write, `SoundError` for a recording.
    """
    console = console or Console()
    check_writable(options.out)
    found = explain(options)
    write(options.out, picture(found))
    for line in (found.decision, found.behaviour):
        console.print(line, highlight=False, soft_wrap=True)
    for index in strongest(found.pushes)[:3]:
        console.print(f"  {found.names[index]}: {found.pushes[index]:+.1f}", highlight=False)
    console.print(f"{options.out}", highlight=False, soft_wrap=True)
    return 0


def explain(options: Options) -> Explained:
    """Return what the firmware makes of `options.sound`."""
    setup = Setup(read_model(options.model), options.program, options.threshold_dba, words=True)
    name = options.sound.name
    clip = Clip(name, False, UNNAMED, UNNAMED, name, lambda: sound.load(options.sound))  # noqa: FBT003  no label
    samples = staged(clip, options.level_dba)
    with Player(setup) as player:
        frames = player.play(samples)
        moment = decisive(frames, setup)
        pushes = _pushes(player, frames, moment)
        names = player.names
        model = f"{player.about['name']} {player.about['version']}"
    behaviour, evidence = frames.words[moment]
    return Explained(
        title=f"{name} at {options.level_dba:g} dB(A), judged by model {model}",
        samples=samples,
        frames=frames,
        threshold_dba=options.threshold_dba,
        signature_threshold=setup.signature_threshold,
        moment=moment,
        pushes=pushes,
        names=names,
        decision=_decision(frames, moment, setup),
        behaviour=f"{behaviour}: {evidence}",
    )


def decisive(frames: Frames, setup: Setup) -> int:
    """Return the frame that decided: that of the trigger, or the best score at the level, or the loudest."""
    if frames.triggered.any():
        return int(np.argmax(frames.triggered))
    loud = frames.lafmax_db >= np.float32(setup.threshold_dba)
    if loud.any():
        return int(np.argmax(np.where(loud, frames.score, -1.0)))
    return int(np.argmax(frames.lafmax_db))


def strongest(pushes: npt.NDArray[np.float64]) -> list[int]:
    """Return the indices of `pushes` (n,), the strongest first, whatever its sign."""
    return [int(index) for index in np.argsort(-np.abs(pushes), kind="stable")]


def _pushes(player: Player, frames: Frames, moment: int) -> npt.NDArray[np.float64]:
    here = frames.features[moment]
    first, last = (round(part * LEAD_S * FRAMES_PER_SECOND) for part in (0.5, 0.95))
    before = frames.features[first:last].mean(axis=0)
    asked = np.tile(here, (here.size + 1, 1))
    for index in range(here.size):
        asked[index, index] = before[index]
    score, _ = player.judge(np.full(len(asked), frames.lafmax_db[moment], np.float32), asked)
    logits = np.log(np.clip(score.astype(np.float64), _CERTAIN, 1 - _CERTAIN))
    logits -= np.log1p(-np.clip(score.astype(np.float64), _CERTAIN, 1 - _CERTAIN))
    return logits[-1] - logits[:-1]


def _decision(frames: Frames, moment: int, setup: Setup) -> str:
    at_s = (moment + 1) / FRAMES_PER_SECOND - LEAD_S
    level, score = float(frames.lafmax_db[moment]), float(frames.score[moment])
    said = f"{at_s:.2f} s into the sound: LAFmax {level:.1f} dB(A), score {score:.2f}"
    if frames.triggered[moment]:
        return f"Triggers {said}, both at their thresholds for {setup.min_duration_s:g} s."
    if level < setup.threshold_dba:
        missing = f"the level stays under {setup.threshold_dba:g} dB(A)"
    elif score < setup.signature_threshold:
        missing = f"the score stays under {setup.signature_threshold:g} while it is loud enough"
    else:
        missing = f"level and score are not there together for {setup.min_duration_s:g} s"
    return f"Does not trigger: {missing}. Nearest {said}."
