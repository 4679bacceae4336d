"""What a person and a program get of the result: tables, a statement in words, JSON."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.conformance.bands import TEST as BANDS
from gateway.conformance.measurements import CLAIMED_HZ
from gateway.conformance.meter import About
from gateway.conformance.rows import Row, class_reached
from gateway.conformance.tables import hertz

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
    BANDS: "Third-octaves, for information: what each takes off a steady tone, IEC 61260-1:2014, table 1",
    "noise": "Noise of the arithmetic while wind shakes the microphone (1.25 Hz, 100 dB); own limit",
}
NOT_CLAIMED: Final = (
    "the acoustic response of microphone, housing and windscreen: the signals are words of the I2S bus",
    "pattern approval, and the tests of temperature, pressure, humidity and electromagnetic fields",
    "third-octaves as filters of a class of IEC 61260-1: how they follow change was not measured",
)


@dataclass(frozen=True, slots=True)
class Result:
    """`rows` that count, and `bands` for information, measured at `rate` by what `about` says."""

    rows: list[Row]
    bands: list[Row]
    rate: int
    about: About


def statement(result: Result) -> str:
    """Return the class reached, in words."""
    rows, rate = result.rows, result.rate
    number = class_reached(rows)
    missed = [row for row in rows if row.claimed and row.reached != 1]
    weighted = [row.frequency_hz or 0.0 for row in rows if row.claimed and row.test == WEIGHTING]
    top = max(weighted, default=0.0)
    precision = "single" if result.about.precision == "float32" else "double"
    where = f"at {rate / 1000:g} kHz, in {precision} precision"
    if missed:
        reached = f"reaches class {number}" if number else "reaches no class"
        return f"The firmware {reached} of {EDITION} {where}: {len(missed)} of {len(rows)} rows miss class 1."
    span = f", from 10 Hz to {hertz(top)}" if top else ""
    words = f"The firmware reaches class 1 of {EDITION} {where}{span}."
    if top and CLAIMED_HZ[rate] < max(CLAIMED_HZ.values()):
        words += f" Above {hertz(top)} nothing is claimed at {rate / 1000:g} kHz: microphones end below half the rate."
    return words


def about_bands(bands: list[Row]) -> str:
    """Return what steady tones show of the third-octaves, in words."""
    good = [row.quantity for row in bands if row.reached == 1]
    which = "all" if len(good) == len(bands) else f"{len(good)} of {len(bands)}"
    return (
        f"Third-octaves, for steady tones: {which} within the limits of class 1 of IEC 61260-1:2014, table 1."
    )


def print_report(result: Result, console: Console) -> None:
    """Print a table for each test, the worst margins, and the statement."""
    about = result.about
    for test, group in groupby([*result.rows, *result.bands], lambda row: row.test):
        console.print(Text(TITLES[test], style="bold"))
        console.print(_table(group))
        console.print()
    console.print(_summary(result.rows))
    console.print()
    computed = f"MicroPython {about.micropython}, {about.precision}, firmware {about.firmware}"
    console.print(f"Measured by {about.name}, {computed}.")
    console.print(Text(statement(result), style="bold"))
    if result.bands:
        console.print(about_bands(result.bands))
    console.print("Not claimed: " + "; ".join(NOT_CLAIMED) + ".")


def write_json(path: Path, result: Result) -> None:
    """Write the result to `path`."""
    about = result.about
    values = {
        "rows": [row.as_json() for row in result.rows],
        "class": class_reached(result.rows),
        "precision": about.precision,
        "rate_hz": result.rate,
        "statement": statement(result),
        "not_claimed": list(NOT_CLAIMED),
        "third_octaves": [row.as_json() for row in result.bands],
        "meter": about.name,
        "micropython": about.micropython,
        "firmware": about.firmware,
    }
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


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
