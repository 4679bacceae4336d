"""What IEC 61672-1:2013 and IEC 61260-1:2014 want: goals and limits, read from the files beside this; see sources.md.

Rules of this file
- Limits are deviations from the goal in dB; None is no limit.
- The files are the standard's, not a setting: a changed one is a `ConformanceError`, whatever it says.
"""

import csv
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError

FOLDER: Final = Path(__file__).parent
NAMES: Final = ("weighting.csv", "toneburst.csv", "peak.csv", "scalars.csv", "third_octave.csv")
SHA256: Final = "2eff004ebb0aed7d7439ea45747486a50eed35ab35fe63acd53aaeec141d883a"
NOMINAL: Final = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)


class ConformanceError(GatewayError):
    """The firmware could not be measured; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a figure may be from its goal in each class, in dB, ends included."""

    class1_lower: float | None
    class1_upper: float | None
    class2_lower: float | None
    class2_upper: float | None


@dataclass(frozen=True, slots=True)
class Weighting:
    """A line of Table 3; `hz` is exact, `goals_db` are those of A, C and Z."""

    nominal_hz: float
    hz: float
    goals_db: tuple[float, float, float]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Burst:
    """A line of Table 4: `quantity` F, S or E of a toneburst of 4 kHz, against the steady tone."""

    quantity: str
    ms: float
    goal_db: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class Peak:
    """A line of Table 5: LCpeak of `signal` against LC of the steady tone."""

    signal: str
    nominal_hz: float
    hz: float
    goal_db: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class Scalar:
    """A goal with limits for all that has no table."""

    goal_db: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class Attenuation:
    """A breakpoint of a third-octave filter: how much it takes off at `omega` times its middle, or a part of it."""

    omega: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class Tables:
    """All of it."""

    weighting: tuple[Weighting, ...]
    toneburst: tuple[Burst, ...]
    peak: tuple[Peak, ...]
    scalars: dict[str, Scalar]
    third_octave: tuple[Attenuation, ...]


def exact_hz(n: float) -> float:
    """Return the frequency that is called by its nominal value: 10^(n/10) kHz."""
    return 1000.0 * 10.0 ** (n / 10)


def hertz(hz: float) -> str:
    """Return a frequency as people write it: an exact one of the table by its nominal value."""
    n = round(10 * math.log10(hz))
    if math.isclose(hz, 10 ** (n / 10), rel_tol=1e-4):
        hz = NOMINAL[n % 10] * 10 ** (n // 10)
    return f"{hz / 1000:.4g} kHz" if hz >= 1000 else f"{hz:.4g} Hz"  # noqa: PLR2004  a kilo


def read_tables(folder: Path = FOLDER) -> Tables:
    """Return what the files of `folder` say; `ConformanceError` when they are not what this program was made with."""
    try:
        texts = {name: (folder / name).read_text(encoding="utf-8") for name in NAMES}
    except OSError as error:
        raise ConformanceError(f"{error.filename}: {error.strerror}; install stalenstraat again") from None
    if digest(texts) != SHA256:
        raise ConformanceError(
            f"the limits in {folder} are not the standard's any more; install stalenstraat again"
        )
    return parse(texts)


def digest(texts: dict[str, str]) -> str:
    """Return the SHA-256 over the files `texts` (name -> content)."""
    return hashlib.sha256("\0".join(texts[name] for name in NAMES).encode()).hexdigest()


def parse(texts: dict[str, str]) -> Tables:
    """Return the tables that the files `texts` (name -> content) hold."""
    weighting, toneburst, peak, scalars, third_octave = (
        list(csv.DictReader(texts[name].splitlines())) for name in NAMES
    )
    return Tables(
        tuple(
            Weighting(
                float(line["nominal_hz"]),
                exact_hz(int(line["n"])),
                (float(line["a_db"]), float(line["c_db"]), float(line["z_db"])),
                _limits(line),
            )
            for line in weighting
        ),
        tuple(
            Burst(line["quantity"], float(line["burst_ms"]), float(line["goal_db"]), _limits(line))
            for line in toneburst
        ),
        tuple(
            Peak(
                line["signal"],
                float(line["nominal_hz"]),
                exact_hz(int(line["n"])),
                float(line["goal_db"]),
                _limits(line),
            )
            for line in peak
        ),
        {line["quantity"]: Scalar(float(line["goal_db"]), _limits(line)) for line in scalars},
        tuple(Attenuation(float(line["omega"]), _limits(line, ("min", "max"))) for line in third_octave),
    )


def _limits(line: dict[str, str], sides: tuple[str, str] = ("lower", "upper")) -> Limits:
    lower1, upper1, lower2, upper2 = (
        float(text) if (text := line[f"class{number}_{side}_db"]) else None
        for number in (1, 2)
        for side in sides
    )
    return Limits(lower1, upper1, lower2, upper2)
