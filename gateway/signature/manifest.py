"""The list of recordings: a CSV with at least the columns file, label and class.

Rules of this file
- `label` is positive (driven for noise) or negative. `source` is the collection a file comes from. Other columns do
  not matter here.
- `group` says which files are one recording: clips of one recording are never learnt from and judged at once. Where
  the column is absent or empty, files belong together when their names begin with the same two words:
  glac_motorcycle_rev.flac and glac_motorcycle_driveaway.flac, or us8k_113205_idle.flac and us8k_113205_rev.flac.
- Everything is checked before anything is played; what is wrong is one sentence with the line and the cure.
"""

import csv
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.virtual import sound

COLUMNS: Final = ("file", "label", "class")
LABELS: Final = ("positive", "negative")
UNNAMED: Final = "unnamed"
_WORDS: Final = 2  # of a file's name, that clips of one recording share


class SignatureError(GatewayError):
    """What a signature is learnt from, judged on or written to is wrong; the text says where and what to do."""


@dataclass(frozen=True)
class Clip:
    """A labelled sound: `load` returns its samples (n,) at 48 kHz, any scale, or raises a `GatewayError`.

    Clips of one `group` are one recording.
    """

    name: str
    positive: bool
    kind: str
    source: str
    group: str
    load: Callable[[], sound.Samples]
    simulated: bool = False

    @property
    def label(self) -> str:
        """Return positive or negative."""
        return LABELS[0] if self.positive else LABELS[1]


def read_manifest(manifest: Path) -> list[Clip]:
    """Return the recordings of `manifest` (CSV; paths relative to its folder). Raises `SignatureError`."""
    clips = [_clip(manifest, number, row) for number, row in read_table(manifest, COLUMNS)]
    if not clips:
        raise SignatureError(
            f"{manifest}: lists no recording: give at least one line of {', '.join(COLUMNS)}"
        )
    return clips


def read_table(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, Any]]]:
    """Return (line, row) of the CSV at `path`, which must have `columns`; empty lines are left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise SignatureError(
                    f"{path}: no column {', '.join(missing)}; its first line must name at least {', '.join(columns)}"
                )
            return [(number, row) for number, row in enumerate(reader, start=2) if any(row.values())]
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror}: give a CSV that can be read") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SignatureError(f"{path}: no CSV in UTF-8 ({error}): export it again") from error


def group_of(name: str) -> str:
    """Return which recording the file `name` is part of: the first two words of its name."""
    return "_".join(Path(name).stem.split("_")[:_WORDS])


def _clip(manifest: Path, number: int, row: dict[str, Any]) -> Clip:
    name, label = row["file"] or "", row["label"] or ""
    if label not in LABELS:
        raise SignatureError(f"{manifest}, line {number}: label {label!r} must be {' or '.join(LABELS)}")
    path = manifest.parent / name
    if not name or not path.is_file():
        raise SignatureError(f"{manifest}, line {number}: no file {path}; paths are relative to the manifest")
    return Clip(
        name,
        label == LABELS[0],
        row["class"] or UNNAMED,
        row.get("source") or UNNAMED,
        row.get("group") or group_of(name),
        functools.partial(sound.load, path),
    )
