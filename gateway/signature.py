"""`stalenstraat signature evaluate`: plays labelled recordings to the real firmware and counts what triggers.

Rules of this file
- What is judged is the board's own code, `Analysis` and `Trigger`, in the interpreter; nothing is repeated here.
- Every recording is played at one level (LAFmax), which takes the level away as a help; one shorter than 15 s is
  set into quiet street. A recording that triggers once counts as taken for an exhaust.
- `score` of a recording is the highest that was held, at the level of a trigger, as long as a trigger needs: it
  triggers if and only if that reaches the signature's threshold.
"""

import csv
import json
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gateway.boards import SITE
from gateway.errors import GatewayError
from gateway.virtual import sound
from gateway.virtual.interpreter import Interpreter, firmware_files

COLUMNS: Final = ("file", "label", "class")
LABELS: Final = ("positive", "negative")
THRESHOLD_DBA: Final = 82.0
MIN_DURATION_S: Final = 0.25
SIGNATURE_THRESHOLD: Final = float(SITE["sensor"]["signature_threshold"])
FULL_SCALE: Final = 2**23  # of the 24 bits of a word
WORKERS: Final = 2  # one interpreter each

PROGRAM: Final = """
import struct
from firmware.sensor.analysis import Analysis
from firmware.sensor.trigger import Trigger
class Settings:
    pass
def start(data):
    global analysis, trigger, block
    settings = Settings()
    (settings.rate, settings.threshold_dba, settings.signature_threshold,
     settings.min_duration_s) = struct.unpack("<Ifff", data)
    settings.channels = 1
    settings.full_scale_db = 120.0
    settings.microphone = "flat"
    settings.hold_off_s = 0.0
    settings.max_per_hour = 360
    analysis = Analysis(settings)
    trigger = Trigger(settings)
    block = bytearray(settings.rate // 40 * 4)
def hear(data):
    found = []
    for at in range(0, len(data), len(block)):
        block[:] = data[at : at + len(block)]
        if analysis.process(block):
            wanted = trigger.frame(analysis.lafmax_db, analysis.score)
            found.append(struct.pack("<ffB", analysis.lafmax_db, analysis.score, wanted))
    return b"".join(found)
"""
FRAME: Final = struct.Struct("<ffB")


class SignatureError(GatewayError):
    """A manifest that cannot be evaluated; the text says which line is wrong and what it may be."""


@dataclass(frozen=True)
class Recording:
    """A line of the manifest."""

    line: int
    name: str
    path: Path
    positive: bool
    kind: str
    source: str


@dataclass(frozen=True)
class Verdict:
    """What the firmware made of a recording."""

    recording: Recording
    triggered: bool
    score: float


def read_manifest(manifest: Path) -> list[Recording]:
    """Return the recordings of `manifest` (CSV; paths relative to its folder). Raises `SignatureError`."""
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise SignatureError(
                    f"{manifest}: no column {', '.join(missing)}; its first line must name at least"
                    f" {', '.join(COLUMNS)}"
                )
            found = [
                _recording(manifest, number, row)
                for number, row in enumerate(reader, start=2)
                if any(row.values())
            ]
    except OSError as error:
        raise SignatureError(
            f"{manifest}: {error.strerror}: give the CSV that lists the recordings"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SignatureError(f"{manifest}: no CSV in UTF-8 ({error}): export it again") from error
    if not found:
        raise SignatureError(f"{manifest}: lists no recording")
    return found


def _recording(manifest: Path, number: int, row: dict[str, Any]) -> Recording:
    name, label = row["file"] or "", row["label"] or ""
    if label not in LABELS:
        raise SignatureError(f"{manifest}, line {number}: label {label!r} must be {' or '.join(LABELS)}")
    path = manifest.parent / name
    if not name or not path.is_file():
        raise SignatureError(f"{manifest}, line {number}: no file {path}; paths are relative to the manifest")
    return Recording(
        number, name, path, label == "positive", row["class"] or "unnamed", row.get("source") or "unnamed"
    )


def evaluate(
    manifest: Path,
    *,
    level_dba: float = 92.0,
    program: Path | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Play every recording of `manifest` to the firmware; return the figures as a dict that JSON can hold.

    Keys: n, positives, negatives, true_positives, false_positives, precision, recall, f1, auc, by_class, by_source
    (each a dict of counts per name), errors (file, label, score), recordings (every one of them). `auc` is None
    when only one label is there. Prints a progress bar and tables to `console` when one is given.

    Raises `SignatureError` for the manifest, `SoundError` for a recording, `InterpreterError`.
    """
    recordings = read_manifest(manifest)
    heard = _all(recordings, level_dba, program)
    if console:
        heard = track(heard, "Playing recordings", total=len(recordings), console=console, transient=True)
    verdicts = sorted(heard, key=lambda verdict: verdict.recording.line)
    figures = {**_totals(verdicts), "level_dba": level_dba}
    if console:
        _print(figures, console)
    return figures


def evaluate_and_print(
    manifest: Path, *, level_dba: float = 92.0, json_path: Path | None = None, program: Path | None = None
) -> int:
    """Do `evaluate`, print its tables, write its figures to `json_path`; return the exit code, 0."""
    figures = evaluate(manifest, level_dba=level_dba, program=program, console=Console())
    if json_path:
        try:
            json_path.write_text(json.dumps(figures, indent=2) + "\n")
        except OSError as error:
            raise SignatureError(f"{json_path}: {error.strerror}: give a file that can be written") from error
    return 0


def _all(recordings: Sequence[Recording], level_dba: float, program: Path | None) -> Iterator[Verdict]:
    # As they are heard, in no order: the progress bar should not wait for the slowest.
    heard: SimpleQueue[Verdict | None] = SimpleQueue()

    def listen(share: Sequence[Recording]) -> None:
        try:
            for verdict in _listen(share, level_dba, program):
                heard.put(verdict)
        finally:
            heard.put(None)

    shares = [recordings[index::WORKERS] for index in range(min(WORKERS, len(recordings)))]
    with ThreadPoolExecutor(len(shares)) as pool:
        workers = [pool.submit(listen, share) for share in shares]
        for _ in workers:
            yield from iter(heard.get, None)
        for worker in workers:
            worker.result()


def _listen(recordings: Iterable[Recording], level_dba: float, program: Path | None) -> Iterator[Verdict]:
    files = {**firmware_files(), "listening.py": PROGRAM.encode()}
    with Interpreter(files, program=program) as interpreter:
        interpreter.exec("import listening")
        for recording in recordings:
            try:
                played = sound.at_level(sound.load(recording.path), level_dba)
            except sound.LevelError as error:
                raise SignatureError(f"{recording.path}: {error}") from error
            street = sound.in_quiet_street(played, seed=zlib.crc32(recording.name.encode()))
            yield _verdict(recording, _hear(interpreter, street))


def _hear(interpreter: Interpreter, samples: sound.Samples) -> list[tuple[float, float, bool]]:
    start = struct.pack("<Ifff", sound.RATE, THRESHOLD_DBA, SIGNATURE_THRESHOLD, MIN_DURATION_S)
    interpreter.call("listening.start", start)
    words = np.clip(np.round(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("<i4") << 8
    whole = words[: words.size // (sound.RATE // 40) * (sound.RATE // 40)]
    found = b"".join(
        interpreter.call("listening.hear", whole[at : at + sound.RATE].tobytes())
        for at in range(0, whole.size, sound.RATE)
    )
    return [(lafmax, score, bool(wanted)) for lafmax, score, wanted in FRAME.iter_unpack(found)]


def _verdict(recording: Recording, frames: Sequence[tuple[float, float, bool]]) -> Verdict:
    needed = max(1, round(MIN_DURATION_S * 8))
    loud = [score if lafmax >= THRESHOLD_DBA else 0.0 for lafmax, score, _ in frames]
    held = max((min(loud[at : at + needed]) for at in range(len(loud) - needed + 1)), default=0.0)
    return Verdict(recording, any(wanted for *_, wanted in frames), held)


def _totals(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    positives = [verdict for verdict in verdicts if verdict.recording.positive]
    negatives = [verdict for verdict in verdicts if not verdict.recording.positive]
    right = sum(verdict.triggered for verdict in positives)
    wrong = sum(verdict.triggered for verdict in negatives)
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / len(positives) if positives else 0.0
    return {
        "n": len(verdicts),
        "positives": len(positives),
        "negatives": len(negatives),
        "true_positives": right,
        "false_positives": wrong,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if right else 0.0,
        "auc": area_under_curve([v.score for v in positives], [v.score for v in negatives]),
        "by_class": _counts((verdict.recording.kind, verdict) for verdict in verdicts),
        "by_source": _counts((verdict.recording.source, verdict) for verdict in verdicts),
        "errors": [_entry(v) for v in verdicts if v.triggered != v.recording.positive],
        "recordings": [_entry(v) for v in verdicts],
    }


def area_under_curve(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Return how often a positive scores over a negative (a tie counts half); None when one kind is missing."""
    if not positives or not negatives:
        return None
    above = np.sign(np.subtract.outer(np.array(positives), np.array(negatives)))
    return float(np.mean(above) / 2 + 0.5)


def _entry(verdict: Verdict) -> dict[str, Any]:
    label = "positive" if verdict.recording.positive else "negative"
    return {"file": verdict.recording.name, "label": label, "score": round(verdict.score, 3)}


def _counts(named: Iterable[tuple[str, Verdict]]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for name, verdict in named:
        row = counts.setdefault(name, Counter({"positives": 0, "negatives": 0, "triggered": 0, "errors": 0}))
        row["positives" if verdict.recording.positive else "negatives"] += 1
        row["triggered"] += verdict.triggered
        row["errors"] += verdict.triggered != verdict.recording.positive
    return {name: dict(counts[name]) for name in sorted(counts)}


def _print(figures: dict[str, Any], console: Console) -> None:
    table = Table(title=f"Recordings at {figures['level_dba']:g} dB(A), by class")
    table.add_column("class")
    for heading in ("positive", "negative", "triggered", "wrong"):
        table.add_column(heading, justify="right")
    rows = sorted(figures["by_class"].items(), key=lambda item: (-item[1]["positives"], item[0]))
    for name, row in rows:
        style = "red" if row["errors"] else None
        table.add_row(
            name,
            *(str(row[key] or "") for key in ("positives", "negatives", "triggered", "errors")),
            style=style,
        )
    console.print(table)
    auc = "-" if figures["auc"] is None else f"{figures['auc']:.3f}"
    console.print(
        f"recall {figures['true_positives']}/{figures['positives']} = {figures['recall']:.2f},"
        f" false accepts {figures['false_positives']}/{figures['negatives']},"
        f" precision {figures['precision']:.2f}, area under the curve {auc}"
    )
    for error in figures["errors"]:
        kind = "missed" if error["label"] == "positive" else "taken for an exhaust"
        console.print(f"  {kind}: {error['file']} (score {error['score']:.2f})")
