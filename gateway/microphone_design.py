"""Design of the microphones' corrections in firmware/sensor/correction.py: run it, and paste what it prints.

Rules of this file
- What is corrected is the typical response of a data sheet, `microphone_responses.csv`, read off the curves of its
  figure at the exact third-octaves, relative to 1 kHz; `lower_db` and `upper_db` are its limits where it draws any.
  INMP441: DS-INMP441-00 revision 1.1, figures 4 (limits) and 5 (typical). ICS-43434: DS-000069 revision 1.2, figure 4.
  IM72D128: data sheet revision 1.01, figure 2; a PDM to I2S converter before the board is taken to be flat.
- Two sections for `sosfilt`, gain 1 at 1 kHz: real poles and zeros for the low end, five free coefficients for the high
  end, both fitted in dB by Levenberg-Marquardt from 20 Hz to as far as the weightings are designed.
- Below 20 Hz the correction levels off: wind would fill the range, and no limit of IEC 61672-1:2013 asks for more.
- Nothing at run time imports this; a test holds the firmware's numbers against it.

    python -m gateway.microphone_design
"""

import csv
import math
import sys
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from gateway.weighting_design import FITTED_TO_HZ, REFERENCE_HZ, STEPS, Array, fit, response_db, rounded

TABLE: Final = Path(__file__).with_name("microphone_responses.csv")
RATES: Final = (48000, 32000)
LOWEST_HZ: Final = 20.0
POLE_HZ: Final = 7.0  # where the correction levels off: what wind does is not made louder than that


class Response(NamedTuple):
    """A response relative to 1 kHz: `typical_db` at `hz` (n,); limits are nan where the data sheet has none."""

    hz: Array
    typical_db: Array
    lower_db: Array
    upper_db: Array


def responses() -> dict[str, Response]:
    """Return the response of each type of microphone in the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name: str, kind: str) -> Array:
        return np.array([float(row[name] or math.nan) for row in rows if row["microphone"] == kind])

    found: dict[str, Response] = {}
    for kind in dict.fromkeys(row["microphone"] for row in rows):
        # The table has nominal frequencies; the values are those at the exact ones.
        hz = 10 ** (np.round(10 * np.log10(column("frequency_hz", kind))) / 10)
        typical, lower, upper = (column(name, kind) for name in ("typical_db", "lower_db", "upper_db"))
        found[kind] = Response(hz, typical, lower, upper)
    return found


def design(response: Response, rate: int) -> Array:
    """Return the sections (2, 6) that make `response` flat at `rate` (Hz), gain 1 at 1 kHz."""
    inside = (response.hz > LOWEST_HZ * 0.99) & (response.hz <= FITTED_TO_HZ[rate])
    hz = response.hz[inside]
    wanted = -response.typical_db[inside]

    pole = math.exp(-2 * math.pi * POLE_HZ / rate)

    def sections(p: Array) -> Array:
        zeros = np.exp(-2 * np.pi * LOWEST_HZ * p[:2] / rate)
        low = [1.0, -zeros.sum(), zeros.prod(), 1.0, -2 * pole, pole**2]
        high = [p[2], p[2] * p[3], p[2] * p[4], 1.0, p[5], p[6]]
        return np.array([low, high])

    start = np.array([1.0, 2.0, 1.0, 0.2, 0.05, 0.2, 0.05])
    found = sections(fit(lambda p: response_db(sections(p), hz, rate) - wanted, start))
    found[1, :3] /= 10 ** (response_db(found, np.array([REFERENCE_HZ]), rate)[0] / 20)
    return rounded(found, rate)


def main() -> None:
    """Print the sections as Python data, and what is left of each response in dB."""
    sys.stdout.write("CORRECTIONS = {\n")
    for kind, response in responses().items():
        sys.stdout.write(f'    "{kind}": {{\n')
        for rate in RATES:
            sections = design(response, rate)
            sys.stdout.write(f"        {rate}: (\n")
            for row in sections:
                sys.stdout.write(f"            ({', '.join(f'{value * STEPS:.0f}' for value in row)}),\n")
            sys.stdout.write("        ),\n")
            inside = response.hz <= FITTED_TO_HZ[rate]
            left = response.typical_db[inside] + response_db(sections, response.hz[inside], rate)
            table = "  ".join(f"{f:.0f}: {e:+.2f}" for f, e in zip(response.hz[inside], left, strict=True))
            sys.stdout.write(f"        # left at {rate} Hz: {table}\n")
        sys.stdout.write("    },\n")
    sys.stdout.write("}\n")


if __name__ == "__main__":
    main()
