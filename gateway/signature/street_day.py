"""A day in a street: how many triggers, how many of them right, how many vehicles missed.

Rules of this file
- A street is a CSV: class, label, lafmax_median_db, lafmax_sd_db, events_per_day. The level of a class's events
  (LAFmax at the microphone) is normally distributed; what is over the trigger's threshold can trigger.
- A class's clips are played at levels that stand for equal parts of what is over the threshold, and at one that stands
  for the last decibel under it: the street adds to a sound.
- A clip stands for its class as every other clip of it does. Classes without a clip, clips of a class or a label that
  the street does not have, and classes too quiet to matter are named, not passed over in silence.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from gateway.signature.manifest import LABELS, Clip, SignatureError, read_table

COLUMNS: Final = ("class", "label", "lafmax_median_db", "lafmax_sd_db", "events_per_day")
PARTS: Final = 3
"""Equal parts of what is over the threshold, each played at its median level."""
UNDER_DB: Final = 1.0
SELDOM: Final = 1e-3
"""A day: what is over the threshold less often than once in three years is not played."""


@dataclass(frozen=True)
class Kind:
    """A class of the street: LAFmax is normal with `median_db` and `sd_db`, `per_day` events."""

    name: str
    positive: bool
    median_db: float
    sd_db: float
    per_day: float

    def over(self, level_db: float) -> float:
        """Return the share of the events with at least `level_db`."""
        return 1.0 - NormalDist(self.median_db, self.sd_db).cdf(level_db)


@dataclass(frozen=True)
class Step:
    """A level to play a class at, and how many events a day it stands for; `over`: they are over the threshold."""

    level_db: float
    per_day: float
    over: bool


@dataclass(frozen=True)
class Played:
    """A clip played at `step`: whether the signature triggered, and level alone."""

    clip: Clip
    step: Step
    taken: bool
    loud: bool


def read_street(path: Path) -> dict[str, Kind]:
    """Return the classes of the street's CSV by name. Raises `SignatureError`."""
    found: dict[str, Kind] = {}
    for number, row in read_table(path, COLUMNS):
        where = f"{path}, line {number}"
        name = row["class"] or ""
        if not name or name in found:
            raise SignatureError(f"{where}: class {name!r} must be named, and once only")
        if row["label"] not in LABELS:
            raise SignatureError(f"{where}: label {row['label']!r} must be {' or '.join(LABELS)}")
        median_db, sd_db, per_day = (_number(row[column], column, where) for column in COLUMNS[2:])
        if sd_db <= 0 or per_day < 0:
            raise SignatureError(f"{where}: lafmax_sd_db must be over 0 and events_per_day not under 0")
        found[name] = Kind(name, row["label"] == LABELS[0], median_db, sd_db, per_day)
    if not found:
        raise SignatureError(f"{path}: lists no class: give at least one line of {', '.join(COLUMNS)}")
    return found


def steps(kind: Kind, threshold_dba: float) -> list[Step]:
    """Return the levels at which `kind` is played; none when it is over the threshold less than `SELDOM`."""
    over = kind.over(threshold_dba)
    under = kind.over(threshold_dba - UNDER_DB) - over
    if kind.per_day * (over + under) < SELDOM:
        return []
    found = [Step(threshold_dba - UNDER_DB / 2, kind.per_day * under, over=False)]
    if kind.per_day * over < SELDOM:
        return found
    normal = NormalDist(kind.median_db, kind.sd_db)
    for part in range(PARTS):
        share = over * (1 - (part + 0.5) / PARTS)
        found.append(Step(normal.inv_cdf(1 - share), kind.per_day * over / PARTS, over=True))
    return found


def plan(
    clips: Sequence[Clip], street: dict[str, Kind], threshold_dba: float
) -> tuple[list[tuple[int, Step]], dict[str, list[str]]]:
    """Return (index of clip, step) of all that is played, and the names of what is not.

    Those are: `classes_without_recording`, `classes_too_quiet`, `classes_not_in_street` and `other_label` (files).
    """
    by_kind: defaultdict[str, list[int]] = defaultdict(list)
    left: dict[str, list[str]] = {
        "classes_without_recording": [],
        "classes_too_quiet": [],
        "classes_not_in_street": sorted({clip.kind for clip in clips} - set(street)),
        "other_label": [],
    }
    for index, clip in enumerate(clips):
        if clip.kind in street and clip.positive != street[clip.kind].positive:
            left["other_label"].append(clip.name)
        elif clip.kind in street:
            by_kind[clip.kind].append(index)
    found: list[tuple[int, Step]] = []
    for name, kind in street.items():
        levels = steps(kind, threshold_dba)
        if not levels:
            left["classes_too_quiet"].append(name)
        elif not by_kind[name]:
            left["classes_without_recording"].append(name)
        found += [(index, step) for index in by_kind[name] for step in levels]
    return found, left


def day(played: Sequence[Played], street: dict[str, Kind], threshold_dba: float) -> dict[str, Any]:
    """Return yield, false_triggers_per_day, recall_over_threshold, and what they come from, in all and by class.

    The same for level alone is `level_alone`. Yield and recall are None where there is nothing to divide by.
    """
    alone = _day(played, street, threshold_dba, loud=True)
    return {**_day(played, street, threshold_dba, loud=False), "level_alone": alone}


def show(found: dict[str, Any], console: Console) -> None:
    """Print what `day` returned, with what `plan` named under "street"."""
    alone = found["level_alone"]
    table = Table("class", title="A day in the street", box=None)
    for heading in ("over threshold", "triggers", "by level alone"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in found["per_day"].items():
        numbers = (
            row["over_threshold_per_day"],
            row["triggers_per_day"],
            alone["per_day"][name]["triggers_per_day"],
        )
        sign = "+" if row["label"] == LABELS[0] else "-"
        table.add_row(f"{sign} {name}", *(f"{number:.2f}" for number in numbers))
    console.print(table)
    for key, name in (
        ("yield", "yield"),
        ("false_triggers_per_day", "false triggers a day"),
        ("recall_over_threshold", "recall over threshold"),
    ):
        ours, theirs = ("-" if each[key] is None else f"{each[key]:.2f}" for each in (found, alone))
        console.print(f"{name:>21} {ours:>6}   by level alone {theirs:>6}", highlight=False)
    for key, names in found["street"].items():
        if names:
            console.print(f"  {key.replace('_', ' ')}: {', '.join(names)}", highlight=False, soft_wrap=True)


def _day(
    played: Sequence[Played], street: dict[str, Kind], threshold_dba: float, *, loud: bool
) -> dict[str, Any]:
    clips: defaultdict[str, set[str]] = defaultdict(set)
    for each in played:
        clips[each.clip.kind].add(each.clip.name)
    triggers: dict[str, float] = {name: 0.0 for name in street if name in clips}
    over: dict[str, float] = dict(triggers)
    for each in played:
        if each.loud if loud else each.taken:
            kind = each.clip.kind
            triggers[kind] += each.step.per_day / len(clips[kind])
            over[kind] += each.step.per_day / len(clips[kind]) * each.step.over
    there = {name: street[name].per_day * street[name].over(threshold_dba) for name in triggers}
    right = math.fsum(count for name, count in triggers.items() if street[name].positive)
    wrong = math.fsum(count for name, count in triggers.items() if not street[name].positive)
    vehicles = math.fsum(count for name, count in there.items() if street[name].positive)
    found = math.fsum(count for name, count in over.items() if street[name].positive)
    return {
        "yield": right / (right + wrong) if right + wrong else None,
        "false_triggers_per_day": wrong,
        "recall_over_threshold": found / vehicles if vehicles else None,
        "right_triggers_per_day": right,
        "vehicles_over_threshold_per_day": vehicles,
        "per_day": {
            name: {
                "label": LABELS[0] if street[name].positive else LABELS[1],
                "over_threshold_per_day": there[name],
                "triggers_per_day": triggers[name],
            }
            for name in sorted(triggers)
        },
    }


def _number(text: str | None, column: str, where: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SignatureError(f"{where}: {column} {text!r} must be a number")
    return value
