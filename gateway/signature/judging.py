"""From verdicts to figures, and to tables for people.

Rules of this file
- The keys of the figures are a contract (docs/signature.md); whoever adds one writes it there.
- A class or a collection has its own line however few its clips are: an average hides the weak ones.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from gateway.signature.figures import area_under_curve, bootstrap, f1, share, wilson
from gateway.signature.verdict import NOTHING, Verdict

SECONDS_PER_HOUR: Final = 3600.0


def figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the figures of `verdicts`, as JSON can hold them.

    Keys: n, positives, negatives, true_positives, false_positives, precision, recall, f1, auc, confidence (of each of
    these four), false_accepts (share of the negatives) and its confidence, false_triggers_per_hour (of negative
    sound), detection_delay_s (median), confusion (class -> behaviour or nothing -> clips), by_class, by_source,
    errors, recordings. What cannot be said is None.
    """
    positive = np.array([each.clip.positive for each in verdicts], np.bool_)
    taken = np.array([each.taken for each in verdicts], np.bool_)
    score = np.array([each.score for each in verdicts])
    groups = [each.clip.group for each in verdicts]
    right, wrong = int(np.sum(positive & taken)), int(np.sum(~positive & taken))
    positives, negatives = int(np.sum(positive)), int(np.sum(~positive))
    hours = sum(each.seconds for each in verdicts if not each.clip.positive) / SECONDS_PER_HOUR
    delays = [each.delay_s for each in verdicts if each.clip.positive and each.delay_s is not None]
    return {
        "n": len(verdicts),
        "positives": positives,
        "negatives": negatives,
        "true_positives": right,
        "false_positives": wrong,
        "precision": share(right, right + wrong),
        "recall": share(right, positives),
        "f1": f1(positive, taken),
        "auc": area_under_curve(score[positive], score[~positive]),
        "false_accepts": share(wrong, negatives),
        "confidence": {
            "precision": wilson(right, right + wrong),
            "recall": wilson(right, positives),
            "f1": bootstrap(groups, lambda drawn: f1(positive[drawn], taken[drawn])),
            "auc": bootstrap(
                groups,
                lambda drawn: area_under_curve(score[drawn][positive[drawn]], score[drawn][~positive[drawn]]),
            ),
            "false_accepts": wilson(wrong, negatives),
        },
        "false_triggers_per_hour": share(
            sum(each.triggers for each in verdicts if not each.clip.positive), hours
        ),
        "detection_delay_s": float(np.median(delays)) if delays else None,
        "confusion": _confusion(verdicts),
        "by_class": _by((each.clip.kind, each) for each in verdicts),
        "by_source": _by((each.clip.source, each) for each in verdicts),
        "errors": [entry(each) for each in verdicts if each.taken != each.clip.positive],
        "recordings": [entry(each) for each in verdicts],
    }


def entry(each: Verdict) -> dict[str, Any]:
    """Return the file, label and score of a verdict."""
    return {"file": each.clip.name, "label": each.clip.label, "score": round(each.score, 3)}


def _confusion(verdicts: Sequence[Verdict]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for each in verdicts:
        counts.setdefault(each.clip.kind, Counter())[each.behaviour] += 1
    return {kind: dict(sorted(counts[kind].items())) for kind in sorted(counts)}


def _by(named: Iterable[tuple[str, Verdict]]) -> dict[str, dict[str, Any]]:
    rows: dict[str, Counter[str]] = {}
    for name, each in named:
        row = rows.setdefault(name, Counter({"positives": 0, "negatives": 0, "triggered": 0, "errors": 0}))
        row["positives" if each.clip.positive else "negatives"] += 1
        row["triggered"] += each.taken
        row["errors"] += each.taken != each.clip.positive
    return {
        name: {
            **row,
            "right": 1 - row["errors"] / (row["positives"] + row["negatives"]),
            "confidence": wilson(
                row["positives"] + row["negatives"] - row["errors"], row["positives"] + row["negatives"]
            ),
        }
        for name, row in sorted(rows.items())
    }


def show(found: dict[str, Any], title: str, console: Console) -> None:
    """Print `found` (of `figures`) as tables."""
    _show_classes(found, title, console)
    _show_sources(found, console)
    for name, text in (
        ("recall", f"{found['true_positives']}/{found['positives']}"),
        ("false_accepts", f"{found['false_positives']}/{found['negatives']}"),
        ("precision", ""),
        ("f1", ""),
        ("auc", ""),
    ):
        said = {"auc": "area under the curve", "f1": "F1", "false_accepts": "false accepts"}.get(name, name)
        interval = found["confidence"][name]
        between = f"  (95 %: {interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
        value = "-" if found[name] is None else f"{found[name]:.3f}"
        console.print(f"{said:>21} {value:>6} {text:>8}{between}", highlight=False)
    hourly, delay = found["false_triggers_per_hour"], found["detection_delay_s"]
    if hourly is not None:
        console.print(f"{'false triggers':>21} {hourly:6.1f} in an hour of such negatives", highlight=False)
    if delay is not None:
        console.print(f"{'detection delay':>21} {delay:6.2f} s (median)", highlight=False)
    for error in found["errors"]:
        kind = "missed" if error["label"] == "positive" else "taken for an exhaust"
        console.print(
            f"  {kind}: {error['file']} (score {error['score']:.2f})", highlight=False, soft_wrap=True
        )


def _show_classes(found: dict[str, Any], title: str, console: Console) -> None:
    table = Table("class", title=title, box=None)
    for heading in ("clips", "right", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("taken for")
    rows = sorted(found["by_class"].items(), key=lambda item: (-item[1]["positives"], item[0]))
    for name, row in rows:
        confused = found["confusion"][name]
        table.add_row(
            f"{'+' if row['positives'] else '-'} {name}",
            str(row["positives"] + row["negatives"]),
            f"{row['right']:.2f}",
            "{:.2f} - {:.2f}".format(*row["confidence"]),
            ", ".join(
                f"{count} {behaviour}" for behaviour, count in confused.items() if behaviour != NOTHING
            ),
            style="red" if row["errors"] else None,
        )
    console.print(table)


def _show_sources(found: dict[str, Any], console: Console) -> None:
    table = Table("source", title="By source", box=None)
    for heading in ("positive", "negative", "triggered", "wrong"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in found["by_source"].items():
        cells = (str(row[key] or "") for key in ("positives", "negatives", "triggered", "errors"))
        table.add_row(name, *cells, style="red" if row["errors"] else None)
    console.print(table)
