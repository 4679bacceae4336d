"""The uncertainty of a clip's levels, recomputed from the table by another way than the program's."""

import csv
import json
import math
import re
from pathlib import Path

import pytest

from firmware.common.microphones import FLAT, MICROPHONES
from gateway.clips import calibration
from gateway.clips.assemble import assemble
from gateway.clips.contents import sensor_clip
from gateway.clips.uncertainty import CalibrationState, budget, combined_db, of_offset_db, tolerance_db
from gateway.testing.clips import sensor_parts
from tests.gateway.test_clips_parts import ABOUT, measured

TABLE = Path(__file__).parents[2] / "gateway" / "clips" / "uncertainty.csv"
TYPES = (*MICROPHONES, FLAT)
STATES = tuple(CalibrationState)
RECORD = {
    "kind": "calibration",
    "time": "2026-11-01T00:00:00Z",
    "offset_db": -0.4,
    "deviation_db": 0.4,
    "level_db": 94.0,
    "frequency_hz": 1000.0,
    "spread_db": 0.04,
    "uncertainty_db": 0.37,
}


def by_hand(microphone, state, spread_db=None):
    """Return the combined uncertainty: the variance of each first matching row, summed."""
    variances = {}
    for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()):
        if row["microphone"] in (microphone, "*") and row["calibration"] in (str(state), "*"):
            share = {"rectangular": 1 / 3, "normal": 1 / 4}[row["distribution"]]
            variance = share * (float(row["half_width_db"]) * float(row["sensitivity"])) ** 2
            variances.setdefault(row["component"], variance)
    return math.sqrt(sum(variances.values()) + ((spread_db or 0.0) / 2) ** 2 / 3)


@pytest.mark.parametrize("microphone", TYPES)
@pytest.mark.parametrize("state", STATES)
def test_the_budget_is_combined_as_the_gum_says(microphone, state):
    """Root of the sum of squares of sensitivity times standard uncertainty, over one row of each component."""
    assert combined_db(budget(microphone, state, 0.08)) == pytest.approx(
        by_hand(microphone, state, 0.08), rel=1e-9
    )


@pytest.mark.parametrize("microphone", MICROPHONES)
def test_the_sensitivity_of_a_type_is_as_uncertain_as_the_firmware_has_it_from_the_data_sheet(microphone):
    """And a type that is not named is as uncertain as the widest of them."""
    assert MICROPHONES[microphone].tolerance_db == tolerance_db(microphone)
    assert max(kind.tolerance_db for kind in MICROPHONES.values()) == tolerance_db(FLAT)


@pytest.mark.parametrize("microphone", TYPES)
def test_a_calibration_narrows_and_age_widens(microphone):
    """Calibrated, expired, never: each is wider than the one before, for every type."""
    widths = [combined_db(budget(microphone, state)) for state in STATES]

    assert widths == sorted(widths)
    assert len(set(widths)) == 3


def test_a_type_that_is_not_corrected_is_the_widest():
    """Type "flat", and a name that the table does not know."""
    for state in STATES:
        widths = {name: combined_db(budget(name, state)) for name in (*TYPES, "of another maker")}
        assert widths["flat"] == widths["of another maker"] == max(widths.values())


def test_every_row_can_be_used_and_says_where_it_is_from():
    """Known states, types and distributions; no number without a source; every component there in some state."""
    rows = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
    used = {
        (each.component, each.half_width_db)
        for name in TYPES
        for state in STATES
        for each in budget(name, state)
    }

    assert len(rows) > 15
    for row in rows:
        assert row["microphone"] in (*TYPES, "*")
        assert row["calibration"] in (*map(str, STATES), "*")
        assert 0 < float(row["half_width_db"]) <= 3
        assert len(row["source"]) > 20
        assert (row["component"], float(row["half_width_db"])) in used


def test_an_offset_is_as_uncertain_as_calibrator_and_fit():
    """Class 1 calibrator and coupling: 0.37 dB; an unsteady tone adds its part."""
    steady_db = 2 * math.sqrt(0.25**2 / 3 + 0.2**2 / 3)

    assert of_offset_db(0.0) == pytest.approx(steady_db, abs=1e-9)
    assert of_offset_db(0.1) == pytest.approx(math.hypot(steady_db, 2 * 0.05 / math.sqrt(3)), abs=1e-9)


def test_the_tolerance_of_a_microphone_is_that_of_its_data_sheet():
    """What a calibration may need at most, before a doubt."""
    assert [tolerance_db(name) for name in TYPES] == [1.0, 3.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("record", "microphone", "state"),
    [
        (RECORD, "ICS-43434", "calibrated"),
        ({**RECORD, "time": "2024-11-01T00:00:00Z"}, "INMP441", "expired"),
        (None, "flat", "never"),
    ],
)
def test_a_clip_carries_its_budget(record, microphone, state):
    """measurement.json: every component in full, the sums, and twice the sum; recomputed from what is written there."""
    parts = sensor_parts()
    event = {**json.loads(parts[0]), "microphone": microphone, "calibration": record}
    values = measured(assemble(ABOUT, sensor_clip((json.dumps(event).encode(), *parts[1:])), None))
    found = values["uncertainty"]
    again = math.sqrt(
        sum(
            (each["sensitivity"] * each["half_width_db"] / each["divisor"]) ** 2
            for each in found["components"]
        )
    )

    assert values["calibration"]["state"] == state
    assert found["combined_db"] == pytest.approx(again, abs=0.006)
    assert found["combined_db"] == pytest.approx(
        by_hand(microphone, state, record and record["spread_db"]), abs=0.006
    )
    assert found["expanded_db"] == pytest.approx(2 * found["combined_db"], abs=0.011)
    assert found["coverage"] == 2
    assert all(each["source"] for each in found["components"])


def test_the_rules_of_a_site_are_the_defaults_of_its_configuration():
    """One place says three days and a year; the other agrees."""
    from gateway.config import CalibrationConfig  # noqa: PLC0415  only here

    config = CalibrationConfig()
    assert calibration.Rules() == calibration.Rules(config.electronic_check_days, config.calibrator_days)


def test_the_page_shows_what_the_budget_gives():
    """The table of docs/calibration.md, to a tenth of a decibel."""
    page = (Path(__file__).parents[2] / "docs" / "calibration.md").read_text(encoding="utf-8")
    for name in TYPES:
        widths = " | ".join(f"{2 * by_hand(name, state):.1f}" for state in STATES)
        assert re.search(rf"^\| [^|]*{re.escape(name)}[^|]* \| {re.escape(widths)} \|$", page, re.MULTILINE)


def test_the_page_shows_every_refusal():
    """A technician who reads a line finds it on the page."""
    code = (Path(__file__).parents[2] / "gateway" / "calibrate" / "tone.py").read_text(encoding="utf-8")
    page = (Path(__file__).parents[2] / "docs" / "calibration.md").read_text(encoding="utf-8")
    for words in (
        "a steady tone in the band of",
        "but not at it",
        "the level moves by",
        "wind or rumble",
        "talk or another sound",
        "is the calibrator at",
        "is it pushed on to its stop",
        "the board's self-check finds",
        "is heard",
    ):
        assert words in code
        assert words in page
