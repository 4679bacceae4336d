"""Third-octaves against IEC 61260-1:2014: the limits between breakpoints, and which row a band gets."""

import math

import pytest

from gateway.conformance.bands import band_rows, limits_at, tones
from gateway.conformance.tables import Limits, exact_hz, read_tables

POINTS = read_tables().third_octave
EDGE = 10**0.05


@pytest.mark.parametrize(
    ("omega", "lower", "upper"),
    [
        (1.0, -0.4, 0.4),
        (1.026674, -0.4, 0.5),
        (EDGE, 1.2, 5.3),
        (math.sqrt(1.122018 * 1.294374), 8.9, None),
        (1.294374, 16.6, None),
        (5.391949, 70.0, None),
        (20.0, 70.0, None),
    ],
)
def test_limits_hold_on_both_sides_of_a_band(omega, lower, upper):
    """Between breakpoints by the logarithm; at an edge both sides' hold; beyond the last one the last one does."""
    for side in (omega, 1 / omega):
        limits = limits_at(side, POINTS)
        assert lower == pytest.approx(limits.class1_lower, abs=0.01)
        assert (upper is None) == (limits.class1_upper is None)
        if upper is not None:
            assert upper == pytest.approx(limits.class1_upper, abs=0.01)


def test_the_breakpoints_are_those_of_octave_filters_moved_by_formula_9():
    """Omega of a third-octave is 1 + (G^(1/6) - 1) / (G^(1/2) - 1) (omega of an octave - 1), with G = 10^0.3."""
    g = 10**0.3
    octave = [g**x for x in (0, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 1 / 2, 1, 2, 3, 4)]
    expected = [1 + (g ** (1 / 6) - 1) / (g ** (1 / 2) - 1) * (omega - 1) for omega in octave]
    assert [point.omega for point in POINTS] == pytest.approx(expected, rel=1e-5)


def test_the_row_of_a_band_is_the_tone_with_the_least_margin():
    """One band, three tones: the one that lies outside is the row, and none of them counts."""
    middle = exact_hz(-16)
    heard = {middle: [110.0], middle * 1.294374: [100.0], middle * 5.4: [20.0]}
    (row,) = band_rows(heard, read_tables())
    assert ("25 Hz", None, False) == (row.quantity, row.reached, row.claimed)
    assert (10.0, -6.6) == (pytest.approx(row.measured_db), pytest.approx(row.margin_db, abs=0.01))
    assert isinstance(row.limits, Limits)


def test_the_sweep_meets_the_middle_and_both_edges_of_every_band():
    """From a fifth of the lowest band to half the rate."""
    found = list(tones(48000))
    assert found[0] < exact_hz(-16) / 5.39
    assert 22000 < found[-1] < 24000
    for n in range(-16, 13):
        for hz in (exact_hz(n - 0.5), exact_hz(n), exact_hz(n + 0.5)):
            assert any(tone == pytest.approx(hz, rel=1e-9) for tone in found)
