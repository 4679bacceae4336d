"""Figures of a yes-or-no judgement, each with its 95 % confidence interval.

Rules of this file
- Shares (recall, precision, false accepts) have Wilson's interval: it holds for few clips, and for none or all right.
- F1 and the area under the curve have a bootstrap interval, drawn by recording and not by clip: clips of one
  recording say the same thing twice. The draw is seeded, so that the same verdicts give the same figures.
- What cannot be said (no positive, no negative) is None, never 0.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Interval: TypeAlias = tuple[float, float]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

Z95: Final = 1.959963984540054
DRAWS: Final = 1000


def wilson(hits: float, n: float) -> Interval | None:
    """Return the 95 % interval of a share of `hits` in `n` (Wilson 1927, without correction); None for `n` 0."""
    if n <= 0:
        return None
    share = hits / n
    centre = share + Z95**2 / (2 * n)
    spread = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def share(hits: float, n: float) -> float | None:
    """Return `hits` / `n`, None for `n` 0."""
    return hits / n if n else None


def f1(positive: Flags, taken: Flags) -> float | None:
    """Return the harmonic mean of precision and recall of `taken` (n,) for `positive` (n,); None without positives."""
    if not positive.any():
        return None
    return float(2 * np.sum(positive & taken) / (np.sum(positive) + np.sum(taken)))


def area_under_curve(
    positives: Sequence[float] | Floats, negatives: Sequence[float] | Floats
) -> float | None:
    """Return how often a positive scores over a negative (a tie counts half); None when one kind is missing."""
    if not len(positives) or not len(negatives):
        return None
    ordered = np.sort(np.asarray(negatives, np.float64))
    below = np.searchsorted(ordered, np.asarray(positives, np.float64), "left")
    not_above = np.searchsorted(ordered, np.asarray(positives, np.float64), "right")
    return float(np.mean(below + not_above) / (2 * ordered.size))


def bootstrap(
    groups: Sequence[str], figure: Callable[[npt.NDArray[np.int64]], float | None]
) -> Interval | None:
    """Return the 95 % interval of `figure` (of indices of clips) over draws of whole `groups` (n,) with replacement.

    None where the figure itself is None, or for a single group.
    """
    names = sorted(set(groups))
    members = {name: [index for index, group in enumerate(groups) if group == name] for name in names}
    everything = np.arange(len(groups))
    if len(names) < 2 or figure(everything) is None:  # noqa: PLR2004  one group has no spread
        return None
    rng = np.random.default_rng(1927)
    found: list[float] = []
    for _ in range(DRAWS):
        drawn = rng.integers(len(names), size=len(names))
        value = figure(np.array([index for name in drawn for index in members[names[name]]]))
        if value is not None:
            found.append(value)
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)
