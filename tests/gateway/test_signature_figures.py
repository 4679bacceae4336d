"""Figures and their confidence intervals, against values computed elsewhere or by hand."""

import numpy as np
import pytest

from gateway.signature.figures import area_under_curve, bootstrap, f1, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_of_shares_are_the_published_ones(hits, n, low, high):
    """Wilson's score interval without correction, to the four digits that are printed there."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_all_of_a_few_is_not_certain():
    """The interval of 1.0 reaches down; nothing of nothing has none."""
    low, high = wilson(5, 5)
    assert 1.0 == high
    assert low == pytest.approx(0.5655, abs=1e-4)
    assert wilson(0, 0) is None


@pytest.mark.parametrize(
    ("positives", "negatives", "area"),
    [
        ([0.9, 0.8], [0.1, 0.2], 1.0),
        ([0.1], [0.9], 0.0),
        ([0.5], [0.5], 0.5),
        ([0.3, 0.9], [0.5], 0.5),
        ([0.2, 0.5, 0.9], [0.5, 0.1, 0.7], (1 + 1.5 + 3) / 9),
    ],
)
def test_the_area_under_the_curve_is_how_often_a_positive_is_over_a_negative(positives, negatives, area):
    """A tie counts half."""
    assert area == pytest.approx(area_under_curve(positives, negatives))


def test_the_area_under_the_curve_needs_both_kinds():
    """Without negatives there is none."""
    assert area_under_curve([0.5], []) is None


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    """Two of three found, one of three taken wrongly: both two thirds. None found: 0. None there: cannot be said."""
    truth = np.array([True, True, True, False])
    assert f1(truth, np.array([True, True, False, True])) == pytest.approx(2 / 3)
    assert 0.0 == f1(truth, np.array([False, False, False, False]))
    assert f1(~truth[:3], np.array([True, False, False])) is None


def test_intervals_are_drawn_by_recording():
    """A hundred clips of two recordings say no more than two: right in one and wrong in the other is 0 to 1."""
    right = np.repeat([1.0, 0.0], 50)
    groups = ["a"] * 50 + ["b"] * 50
    assert (0.0, 1.0) == bootstrap(groups, lambda drawn: float(right[drawn].mean()))


def test_the_bootstrap_has_the_width_of_the_standard_error():
    """Of 400 independent clips of which half are right: 0.5 +- 1.96 * 0.5 / 20; the same at every call."""
    right = np.arange(400) % 2
    groups = [str(index) for index in range(400)]

    def figure(drawn):
        return float(right[drawn].mean())

    low, high = bootstrap(groups, figure)
    assert (low, high) == pytest.approx((0.451, 0.549), abs=0.01)
    assert (low, high) == bootstrap(groups, figure)


def test_one_recording_has_no_interval():
    """There is nothing to compare it with."""
    assert bootstrap(["a", "a"], lambda drawn: float(drawn.mean())) is None
