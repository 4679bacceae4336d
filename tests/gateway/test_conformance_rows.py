"""Rows of the conformance table: limits, margin, class; pure."""

import pytest

from gateway.conformance.rows import Row, class_reached
from gateway.conformance.tables import Limits

LIMITS = Limits(-1.0, 0.5, -2.0, 1.5)


def row(measured: float, limits: Limits = LIMITS, *, claimed: bool = True) -> Row:
    """Return a row with the goal 10 dB."""
    return Row("test", "A", 10.0, measured, limits, frequency_hz=1000.0, claimed=claimed)


@pytest.mark.parametrize(
    ("measured", "margin", "reached"),
    [
        (10.0, 0.5, 1),
        (9.5, 0.5, 1),
        (9.0, 0.0, 1),
        (8.9, -0.1, 2),
        (10.6, -0.1, 2),
        (11.6, -1.1, None),
        (7.9, -1.1, None),
    ],
)
def test_a_row_reaches_the_class_in_whose_limits_it_lies(measured, margin, reached):
    """The ends of the limits count as inside; the margin is to the nearer limit of class 1."""
    assert row(measured).margin_db == pytest.approx(margin)
    assert row(measured).reached == reached


def test_a_side_without_limit_has_none():
    """However low."""
    free = row(-90.0, Limits(None, 3.0, None, 5.0))
    assert (1, None, 13.0) == (free.reached, free.lower_db, free.upper_db)


@pytest.mark.parametrize(
    ("values", "number"), [([10.0, 9.5], 1), ([10.0, 8.5], 2), ([10.0, 8.5, 0.0], None), ([], None)]
)
def test_the_class_is_the_worst_rows(values, number):
    """One row outside both is no class; so is nothing measured."""
    assert number == class_reached(row(value) for value in values)


def test_a_row_that_is_not_claimed_does_not_count():
    """It is shown with the class it has."""
    assert 1 == class_reached([row(10.0), row(0.0, claimed=False)])


def test_a_burst_has_its_length_in_place_of_a_frequency():
    """In JSON; no limit is null."""
    burst = Row("toneburst", "LAE - LA", -3.0, -3.01, Limits(None, 0.5, None, 1.0), burst_ms=500.0)
    expected = {
        "test": "toneburst",
        "quantity": "LAE - LA",
        "burst_ms": 500.0,
        "goal_db": -3.0,
        "measured_db": -3.01,
        "lower_db": None,
        "upper_db": -2.5,
        "margin_db": 0.51,
        "class": 1,
    }
    assert expected == burst.as_json()
