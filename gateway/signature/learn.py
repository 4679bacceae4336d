"""`stalenstraat signature learn`: from labelled recordings and simulated events to a model file.

Rules of this file
- What is learnt from are the features that the firmware itself computed; a recording never leaves its folder.
- The same manifest, files, firmware and interpreter give the same file to the bit.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console

from gateway.signature.figures import area_under_curve, wilson
from gateway.signature.files import check_writable, write
from gateway.signature.listening import NO_MODEL
from gateway.signature.manifest import Clip, read_manifest
from gateway.signature.playing import Player, Setup
from gateway.signature.simulated import learnt
from gateway.signature.training import Heard, Learnt, fingerprint, learn, listen

SIMULATED: Final = 1200
"""Events of the simulator to learn from, when nothing else is said: some fifty of each kind of engine."""


@dataclass(frozen=True)
class Options:
    """What the command was given; docs/signature.md says what each means."""

    manifest: Path
    out: Path
    name: str
    version: str
    simulated: int
    program: Path | None = None


def learn_and_write(options: Options, console: Console | None = None) -> int:
    """Learn a model from `options.manifest`, write it to `options.out`; return the exit code, 0.

    Raises `SignatureError` for the manifest or the file to write, `SoundError` for a recording.
    """
    console = console or Console()
    clips = read_manifest(options.manifest)
    check_writable(options.out)
    clips += learnt(options.simulated)
    setup = Setup(NO_MODEL, options.program)
    heard = listen(clips, setup, console)
    with console.status("Learning"):
        found = learn(clips, heard, setup)
    line = model_line(options.name, options.version, clips, heard, found, setup)
    # The firmware reads it now, or says why not.
    with Player(Setup(model=line, program=options.program)) as player:
        digest = player.about["hash"]
    write(options.out, (line + "\n").encode())
    _report(clips, heard, found, console)
    console.print(
        f"{options.out}: {options.name} {options.version}, {len(line)} bytes, hash {digest}", highlight=False
    )
    return 0


def model_line(
    name: str, version: str, clips: list[Clip], heard: list[Heard], found: Learnt, setup: Setup
) -> str:
    """Return the model file's line for what was `found` in `heard`."""
    with Player(setup) as player:
        feature_set = int(player.about["feature_set"])
    return found.model.line(
        name=name,
        version=version,
        threshold=found.threshold,
        training=fingerprint(clips, heard),
        feature_set=feature_set,
    )


def _report(clips: list[Clip], heard: list[Heard], found: Learnt, console: Console) -> None:
    console.print(
        "Cross-validated, every variant judged by a model that never heard its source:", highlight=False
    )
    for simulated, name in ((False, "recordings"), (True, "simulated")):
        own = [index for index, each in enumerate(heard) if clips[each.clip].simulated == simulated]
        if not own:
            continue
        positive = np.array([clips[heard[index].clip].positive for index in own])
        scores = found.held_back[own]
        taken = scores >= found.threshold
        area = area_under_curve(scores[positive], scores[~positive])
        line = f"  {name}: recall {_share(taken[positive])}, false accepts {_share(taken[~positive])}"
        console.print(
            line + (f", area under the curve {area:.3f}" if area is not None else ""), highlight=False
        )
    console.print(f"  strength {found.strength:g}, threshold {found.threshold:g}", highlight=False)


def _share(taken: np.ndarray) -> str:
    interval = wilson(int(np.sum(taken)), taken.size)
    if interval is None:
        return "-"
    low, high = interval
    return f"{np.mean(taken):.3f} ({low:.2f} to {high:.2f}; {int(np.sum(taken))}/{taken.size})"
