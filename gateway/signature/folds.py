"""Which clips are held back together, so that each is judged by a model that never heard its source.

Rules of this file
- Clips of one recording (`group`) are always in one fold.
- So are the clips of one collection (`source`): its microphone, its room and its editing are known from any of them.
  But a collection of over a third of all clips is divided by recording: without it too little is left to learn from.
  (UrbanSound8K is one: recordings of hundreds of people.)
- Positives are dealt first, the largest units before the small: every fold gets some if there are enough units.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.signature.manifest import Clip, SignatureError

LARGEST_PART: Final = 1 / 3


def units(clips: Sequence[Clip]) -> list[list[int]]:
    """Return lists of indices of `clips` that cannot be parted, in the order of their first clip."""
    sizes: defaultdict[str, int] = defaultdict(int)
    for clip in clips:
        sizes[clip.source] += 1
    # One number a unit; a clip joins the units of its recording and of its collection.
    unit_of: dict[tuple[str, str], int] = {}
    members: dict[int, list[int]] = {}
    keys: dict[int, set[tuple[str, str]]] = {}
    for index, clip in enumerate(clips):
        own = {("group", clip.group)}
        if sizes[clip.source] <= LARGEST_PART * len(clips):
            own.add(("source", clip.source))
        joined = sorted({unit_of[key] for key in own if key in unit_of})
        merged = [index]
        for unit in joined:
            merged += members.pop(unit)
            own |= keys.pop(unit)
        members[index], keys[index] = merged, own
        for key in own:
            unit_of[key] = index
    return sorted(sorted(unit) for unit in members.values())


def deal(clips: Sequence[Clip], folds: int) -> npt.NDArray[np.int64]:
    """Return the fold (0 .. `folds` - 1) of each clip, (n,). Raises `SignatureError` for fewer units than folds."""
    parts = units(clips)
    if not 1 < folds <= len(parts):
        raise SignatureError(
            f"{folds} folds cannot be made of {len(parts)} separate sources:"
            " give --folds from 2 to that number, or list more sources"
        )
    positives = [sum(clips[index].positive for index in part) for part in parts]
    order = sorted(range(len(parts)), key=lambda unit: (-positives[unit], -len(parts[unit]), unit))
    fold_of = np.zeros(len(clips), np.int64)
    filled = [[0, 0] for _ in range(folds)]  # positives, clips
    for unit in order:
        # Where there are the fewest positives, then clips; a unit without positives only looks at clips.
        looked_at = slice(0 if positives[unit] else 1, 2)
        fold = min(range(folds), key=lambda each: filled[each][looked_at])
        fold_of[parts[unit]] = fold
        filled[fold][0] += positives[unit]
        filled[fold][1] += len(parts[unit])
    return fold_of
