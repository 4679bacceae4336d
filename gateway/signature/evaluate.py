"""`stalenstraat signature evaluate`: plays labelled sounds to the real firmware and counts what triggers.

Rules of this file
- What is judged is the board's own code in the interpreter (playing.py); nothing of it is repeated here.
- Every clip is played at one level, which takes the level away as a help; the street under it is the same for all.
"""

import functools
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.signature.judging import figures, show
from gateway.signature.manifest import Clip, SignatureError, read_manifest
from gateway.signature.playing import BACKGROUND_DBA, Frames, Setup, in_order, in_street
from gateway.signature.verdict import verdict
from gateway.virtual import sound


@dataclass(frozen=True)
class Options:
    """What the command was given; docs/signature.md says what each means."""

    manifest: Path
    level_dba: float = 85.0
    model: Path | None = None
    json: Path | None = None
    program: Path | None = None


def evaluate(options: Options, console: Console | None = None) -> dict[str, Any]:
    """Play and judge what `options` name; return the figures, and print tables to `console` when one is given.

    Raises `SignatureError` for a manifest or a model, `SoundError` for a recording, `InterpreterError`.
    """
    clips = read_manifest(options.manifest)
    setup = Setup(model=read_model(options.model), program=options.program)
    verdicts = [
        verdict(clip, frames, setup)
        for clip, frames in zip(
            clips, play_clips(clips, options.level_dba, setup, console=console), strict=True
        )
    ]
    found = {**figures(verdicts), "level_dba": options.level_dba, "background_dba": BACKGROUND_DBA}
    if console:
        show(found, f"Recordings at {options.level_dba:g} dB(A), by class", console)
    return found


def evaluate_and_print(options: Options) -> int:
    """Do `evaluate`, print its tables, write its figures to `options.json`; return the exit code, 0."""
    if options.json:
        write(options.json, "")  # before an hour's work is lost
    found = evaluate(options, Console())
    if options.json:
        write(options.json, json.dumps(found, indent=2) + "\n")
    return 0


def write(path: Path, text: str) -> None:
    """Write `text` to `path`. Raises `SignatureError`."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror}: give a file that can be written") from error


def read_model(path: Path | None) -> str | None:
    """Return the text of a model file, None for the default one. Raises `SignatureError`."""
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise SignatureError(
            f"{path}: {reason}: give a model file of `stalenstraat signature learn`"
        ) from error


def play_clips(
    clips: Sequence[Clip], level_dba: float, setup: Setup, *, console: Console | None = None
) -> list[Frames]:
    """Return what the firmware makes of each of `clips` at `level_dba` (LAFmax) in a street."""
    sounds = [functools.partial(staged, clip, level_dba) for clip in clips]
    return in_order(sounds, setup, "Playing recordings", console)


def staged(clip: Clip, level_dba: float, background_dba: float = BACKGROUND_DBA) -> sound.Samples:
    """Return `clip` at `level_dba` (LAFmax) in a street of its own. Raises `SignatureError` for silence."""
    try:
        return in_street(
            clip.load(), level_dba, seed=zlib.crc32(clip.name.encode()), background_dba=background_dba
        )
    except sound.LevelError as error:
        raise SignatureError(f"{clip.name}: {error}") from error
