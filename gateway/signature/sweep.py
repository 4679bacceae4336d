"""Recall over the signal-to-noise ratio: how far a loud exhaust may sink in its street before it is missed.

The ratio is the sound's LAFmax over the LAeq of the street; the level stays, the street rises.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from gateway.signature import drawing
from gateway.signature.figures import wilson

RATIOS_DB: Final = (0.0, 3.0, 6.0, 10.0, 15.0, 20.0, 30.0)
_COLOURS: Final = (drawing.BLUE, drawing.ORANGE)


def figures(taken: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    """Return ratio_db, n, recall and its 95 % interval of `taken` (ratio, triggered), from the lowest ratio up."""
    found: list[dict[str, Any]] = []
    for ratio_db in sorted({ratio for ratio, _ in taken}):
        own = [each for ratio, each in taken if ratio == ratio_db]
        found.append(
            {
                "ratio_db": ratio_db,
                "n": len(own),
                "recall": sum(own) / len(own),
                "confidence": wilson(sum(own), len(own)),
            }
        )
    return found


def show(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print what `figures` returned."""
    table = Table(
        "LAFmax over LAeq of the street, dB", title="Recall over the signal-to-noise ratio", box=None
    )
    for heading in ("recall", "95 %", "n"):
        table.add_column(heading, justify="right")
    for row in rows:
        between = "{:.2f} - {:.2f}".format(*row["confidence"])
        table.add_row(f"{row['ratio_db']:g}", f"{row['recall']:.2f}", between, str(row["n"]))
    console.print(table)


def draw(by_pool: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """Return a PNG of the recall over the ratio, a line for each of `by_pool` (of `figures`)."""
    image, _ = drawing.canvas(900, 560)
    panel = drawing.Panel(image, (110, 60, 860, 470), (RATIOS_DB[0], RATIOS_DB[-1]), (0.0, 1.0))
    panel.grid()
    for number, (name, rows) in enumerate(by_pool.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        ratios = [row["ratio_db"] for row in rows]
        for row in rows:
            low, high = row["confidence"]
            panel.line([row["ratio_db"]] * 2, [low, high], colour, 1)
        panel.line(ratios, [row["recall"] for row in rows], colour, 3, dots=True)
        panel.label((840, 440 - 26 * number), f"{name}, n = {rows[-1]['n']}", colour, "rs")
    panel.axes(
        "Recall over the signal-to-noise ratio, with 95 % intervals",
        "LAFmax over LAeq of the street, dB",
        "recall",
    )
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
