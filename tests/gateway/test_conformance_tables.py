"""The limits of IEC 61672-1:2013 that the project carries: checked by formula, and against the edition of 2002."""

import csv
from pathlib import Path

import numpy as np
import pytest

from gateway.conformance import tables
from gateway.conformance.tables import ConformanceError, Limits, parse, read_tables
from gateway.weighting_design import goal_db

EDITION_2002 = Path(__file__).with_name("weighting_2002.csv")
# Up to this nominal frequency the 2002 limits include this much uncertainty of the laboratory, in dB.
UNCERTAINTY_2002 = ((200, 0.5), (1250, 0.4), (10000, 0.6), (20000, 1.0))
TAU_S = {"F": 0.125, "S": 1.0}


def texts() -> dict[str, str]:
    """Return the files as they are."""
    return {name: (tables.FOLDER / name).read_text(encoding="utf-8") for name in tables.NAMES}


def c_goal_db(hz: np.ndarray) -> np.ndarray:
    """Return the C-weighting at `hz` in dB, from its two double poles."""

    def gain(f: np.ndarray) -> np.ndarray:
        return f**2 / ((f**2 + 20.598997**2) * (f**2 + 12194.217**2))

    return 20 * np.log10(gain(hz) / gain(np.array([1000.0])))


def test_the_goals_of_table_3_are_the_poles_of_annex_e():
    """A and C at the exact frequencies, to the tenth of a dB that the table has; Z is 0."""
    lines = read_tables().weighting
    hz = np.array([line.hz for line in lines])
    np.testing.assert_allclose([line.goals_db[0] for line in lines], goal_db(hz), atol=0.0501)
    np.testing.assert_allclose([line.goals_db[1] for line in lines], c_goal_db(hz), atol=0.0501)
    assert {0.0} == {line.goals_db[2] for line in lines}


def test_an_exact_frequency_is_what_its_nominal_value_is_short_for():
    """34 of them, a tenth of a decade apart, each within 2 % of its name."""
    lines = read_tables().weighting
    assert 34 == len(lines)
    for line in lines:
        assert line.hz == pytest.approx(line.nominal_hz, rel=0.02)
    ratios = np.diff(np.log10([line.hz for line in lines]))
    np.testing.assert_allclose(ratios, 0.1, atol=1e-9)


def test_each_limit_of_2013_is_the_one_of_2002_less_the_uncertainty_it_included():
    """Both classes, both sides, all frequencies; no limit in the one is no limit in the other."""
    with EDITION_2002.open(encoding="utf-8") as file:
        older = {float(line["nominal_hz"]): line for line in csv.DictReader(file)}
    for line in read_tables().weighting:
        included = next(dB for top, dB in UNCERTAINTY_2002 if line.nominal_hz <= top)
        for side in ("class1_lower", "class1_upper", "class2_lower", "class2_upper"):
            old = older[line.nominal_hz][f"{side}_db"]
            new = getattr(line.limits, side)
            assert (old == "") == (new is None)
            if new is not None:
                assert abs(new) == pytest.approx(abs(float(old)) - included)


def test_the_goals_of_table_4_are_those_of_an_exponential_average_and_of_an_integral():
    """To the tenth of a dB, with half a tenth for what the table rounded twice."""
    for line in read_tables().toneburst:
        seconds = line.ms / 1000
        energy = seconds if line.quantity == "E" else 1 - np.exp(-seconds / TAU_S[line.quantity])
        assert line.goal_db == pytest.approx(10 * np.log10(energy), abs=0.051)


def test_class_2_is_never_stricter_than_class_1():
    """A limit of class 2 is as wide, or there is none."""
    everything = read_tables()
    lines = (*everything.weighting, *everything.toneburst, *everything.peak, *everything.scalars.values())
    for limits in (line.limits for line in lines):
        for one, two in (
            (limits.class1_lower, limits.class2_lower),
            (limits.class1_upper, limits.class2_upper),
        ):
            assert two is None or one is None or abs(two) >= abs(one)


@pytest.mark.parametrize("name", tables.NAMES)
def test_a_file_with_another_limit_is_refused(name, tmp_path):
    """Whichever figure of whichever file: one digit is enough."""
    for each, text in texts().items():
        (tmp_path / each).write_text(text[:-2] + "7\n" if each == name else text, encoding="utf-8")
    with pytest.raises(ConformanceError, match="not the standard's any more"):
        read_tables(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    """With what to do."""
    with pytest.raises(ConformanceError, match=r"weighting\.csv: No such file .* install stalenstraat again"):
        read_tables(tmp_path)


def test_an_empty_cell_is_no_limit():
    """At 10 Hz a level may be as low as it likes."""
    line = parse(texts()).weighting[0]
    assert Limits(None, 3.0, None, 5.0) == line.limits
