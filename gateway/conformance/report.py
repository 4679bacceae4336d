"""What a person and a program get of the result: tables, a statement in words, JSON."""

import json
import math
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.conformance.measurements import CLAIMED_HZ
from gateway.conformance.meter import About
from gateway.conformance.rows import Row, class_reached

WEIGHTING: Final = "frequency weighting"
EDITION: Final = "IEC 61672-1:2013"
TITLES: Final = {
    WEIGHTING: "Frequency weighting, table 3: level of a steady tone less its unweighted level",
    "toneburst": "Tonebursts of 4 kHz, table 4: less the level of the steady tone; the worst of three places",
    "C-weighted peak": "C-weighted peak, table 5: less the level of the steady tone; the worst of four places",
    "decay": "Decay of F and S, 5.8.2",
    "agreement": "Agreement at 1 kHz, 5.5.9 and 5.8.3",
    "linearity": "Level linearity, 5.6.5, from 30 dB to full scale (120 dB); own limit 0.3 dB, class 1 allows 0.8 dB",
    "overload": "Overload, 5.11: the level of a 4 kHz tone at which the flag comes; own limits for the tone",
    "noise": "Noise of the arithmetic while wind shakes the microphone (1.25 Hz, 100 dB); own limit",
}
NOMINAL: Final = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
NOT_CLAIMED: Final = (
    "the acoustic response of microphone, housing and windscreen: the signals are words of the I2S bus",
    "pattern approval, and the tests of temperature, pressure, humidity and electromagnetic fields",
    "the third-octave levels as a class of IEC 61260-1: they are sums over FFT bins",
)


def statement(rows: list[Row], rate: int, about: About) -> str:
    """Return the class reached, in words."""
    number = class_reached(rows)
    missed = [row for row in rows if row.claimed and row.reached != 1]
    weighted = [row.frequency_hz or 0.0 for row in rows if row.claimed and row.test == WEIGHTING]
    top = max(weighted, default=0.0)
    where = f"at {rate / 1000:g} kHz, in {'single' if about.precision == 'float32' else 'double'} precision"
    if missed:
        reached = f"reaches class {number}" if number else "reaches no class"
        return f"The firmware {reached} of {EDITION} {where}: {len(missed)} of {len(rows)} rows miss class 1."
    span = f", from 10 Hz to {hertz(top)}" if top else ""
    words = f"The firmware reaches class 1 of {EDITION} {where}{span}."
    if top and CLAIMED_HZ[rate] < max(CLAIMED_HZ.values()):
        words += f" Above {hertz(top)} nothing is claimed at {rate / 1000:g} kHz: microphones end below half the rate."
    return words


def print_report(rows: list[Row], rate: int, about: About, console: Console) -> None:
    """Print a table for each test, the worst margins, and the statement."""
    for test, group in groupby(rows, lambda row: row.test):
        console.print(Text(TITLES[test], style="bold"))
        console.print(_table(group))
        console.print()
    console.print(_summary(rows))
    console.print()
    computed = f"MicroPython {about.micropython}, {about.precision}, firmware {about.firmware}"
    console.print(f"Measured by {about.name}, {computed}.")
    console.print(Text(statement(rows, rate, about), style="bold"))
    console.print("Not claimed: " + "; ".join(NOT_CLAIMED) + ".")


def write_json(path: Path, rows: list[Row], rate: int, about: About) -> None:
    """Write the result to `path`."""
    values = {
        "rows": [row.as_json() for row in rows],
        "class": class_reached(rows),
        "precision": about.precision,
        "rate_hz": rate,
        "statement": statement(rows, rate, about),
        "not_claimed": list(NOT_CLAIMED),
        "meter": about.name,
        "micropython": about.micropython,
        "firmware": about.firmware,
    }
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def hertz(hz: float) -> str:
    """Return a frequency as people write it: an exact one of the table by its nominal value."""
    n = round(10 * math.log10(hz))
    if math.isclose(hz, 10 ** (n / 10), rel_tol=1e-4):
        hz = NOMINAL[n % 10] * 10 ** (n // 10)
    return f"{hz / 1000:.4g} kHz" if hz >= 1000 else f"{hz:.4g} Hz"  # noqa: PLR2004  a kilo


def _table(rows: Iterable[Row]) -> Table:
    table = Table()
    table.add_column("quantity")
    for name in ("at", "goal", "measured", "lower", "upper", "margin", "class"):
        table.add_column(name, justify="right")
    for row in rows:
        where = f"{row.burst_ms:g} ms" if row.burst_ms is not None else hertz(row.frequency_hz or 0.0)
        table.add_row(
            row.quantity,
            where,
            f"{row.goal_db:.1f}",
            _hundredths(row.measured_db),
            _limit(row.lower_db),
            _limit(row.upper_db),
            _hundredths(row.margin_db),
            _class(row),
            style="" if row.claimed else "dim",
        )
    return table


def _summary(rows: list[Row]) -> Table:
    table = Table(title="Worst margins to class 1, in dB", title_justify="left", title_style="bold")
    table.add_column("test")
    table.add_column("rows", justify="right")
    table.add_column("margin", justify="right")
    table.add_column("of")
    for test, group in groupby(rows, lambda row: row.test):
        claimed = [row for row in group if row.claimed]
        least = min(claimed, key=lambda row: row.margin_db)
        where = f"{least.burst_ms:g} ms" if least.burst_ms is not None else hertz(least.frequency_hz or 0.0)
        style = "" if least.reached == 1 else "red"
        table.add_row(
            test, str(len(claimed)), _hundredths(least.margin_db), f"{least.quantity}, {where}", style=style
        )
    return table


def _hundredths(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # never -0.00


def _limit(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"


def _class(row: Row) -> Text:
    words = str(row.reached or "none") if row.claimed else f"({row.reached or 'none'})"
    return Text(words, style="green" if row.reached == 1 else "red")
