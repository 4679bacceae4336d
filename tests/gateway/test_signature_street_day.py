"""A street's day: levels, weights, yield and recall against a case that is computed by hand."""

from statistics import NormalDist

import numpy as np
import pytest

from gateway.signature.manifest import Clip, SignatureError
from gateway.signature.street_day import Kind, Played, Step, day, plan, read_street, steps

HEAD = "class,label,lafmax_median_db,lafmax_sd_db,events_per_day"


def clip(name, kind, *, positive):
    """Return a clip that cannot be played."""
    return Clip(name, positive, kind, "here", name, lambda: np.zeros(0))


def loud(name, median_db, sd_db, per_day):
    """Return a positive class."""
    return Kind(name, positive=True, median_db=median_db, sd_db=sd_db, per_day=per_day)


def other(name, median_db, sd_db, per_day):
    """Return a negative class."""
    return Kind(name, positive=False, median_db=median_db, sd_db=sd_db, per_day=per_day)


def write(folder, *lines):
    """Write a street's CSV, return its path."""
    path = folder / "street.csv"
    path.write_text("\n".join([HEAD, *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "lists no class"),
        (["dog,loud,74,7,60"], "line 2: label 'loud' must be positive or negative"),
        (["dog,negative,74,7,many"], "line 2: events_per_day 'many' must be a number"),
        (["dog,negative,74,nan,60"], "line 2: lafmax_sd_db 'nan' must be a number"),
        (["dog,negative,74,0,60"], "line 2: lafmax_sd_db must be over 0"),
        (["dog,negative,74,7,-1"], "line 2: .* events_per_day not under 0"),
        (
            ["dog,negative,74,7,60", "dog,negative,74,7,60"],
            "line 3: class 'dog' must be named, and once only",
        ),
        ([",negative,74,7,60"], "line 2: class '' must be named"),
    ],
)
def test_a_bad_street_is_refused_with_the_line_and_the_cure(tmp_path, lines, said):
    """Before anything is played."""
    with pytest.raises(SignatureError, match=said):
        read_street(write(tmp_path, *lines))


def test_a_street_without_a_column_is_refused(tmp_path):
    """And told which."""
    path = tmp_path / "street.csv"
    path.write_text("class,label\ndog,negative\n")
    with pytest.raises(SignatureError, match="no column lafmax_median_db, lafmax_sd_db, events_per_day"):
        read_street(path)


def test_a_class_is_played_at_levels_that_stand_for_equal_parts_of_what_is_over_the_threshold():
    """Their events a day add up to those over the threshold; one step more is the decibel under it."""
    kind = loud("rev", 84.0, 5.0, 12.0)
    normal = NormalDist(84.0, 5.0)
    under, *over = steps(kind, 82.0)
    assert (81.5, False) == (under.level_db, under.over)
    assert under.per_day == pytest.approx(12.0 * (normal.cdf(82.0) - normal.cdf(81.0)))
    assert sum(step.per_day for step in over) == pytest.approx(12.0 * (1.0 - normal.cdf(82.0)))
    assert all(step.over and step.level_db >= 82.0 for step in over)
    share = 1.0 - normal.cdf(82.0)
    assert [1.0 - normal.cdf(step.level_db) for step in over] == pytest.approx(
        [share * 5 / 6, share / 2, share / 6]
    )


@pytest.mark.parametrize("kind", [other("bird", 58.0, 5.0, 400.0), other("tram", 80.0, 5.0, 0.0)])
def test_a_class_that_is_never_loud_enough_is_not_played(kind):
    """Four hundred birds at 58 dB with 5 dB of spread; trams where there are none."""
    assert [] == steps(kind, 82.0)


def test_half_of_a_normal_class_over_its_median_gives_the_figures_computed_by_hand():
    """Two classes with their median at the threshold, so that half of each is over it.

    Positives: 10 a day, 5 over, two clips; one triggers at every level over, the other at one of the two: 5 * 3/4
    = 3.75 found of 5. Negatives: 4 a day, 2 over, one clip that triggers at one of its two levels: 1. Yield
    3.75 / 4.75. Level alone takes all that is over: 5 of 5, and 2 wrong ones.
    """
    street = {"rev": loud("rev", 82.0, 5.0, 10.0), "horn": other("horn", 82.0, 5.0, 4.0)}
    one, two, horn = (
        clip("a", "rev", positive=True), clip("b", "rev", positive=True), clip("c", "horn", positive=False),
    )  # fmt: skip
    low, high = Step(83.0, 2.5, over=True), Step(88.0, 2.5, over=True)
    horn_low, horn_high = Step(83.0, 1.0, over=True), Step(88.0, 1.0, over=True)
    under = Step(81.5, 0.8, over=False)
    found = day(
        [
            Played(one, under, taken=False, loud=False),
            Played(one, low, taken=True, loud=True),
            Played(one, high, taken=True, loud=True),
            Played(two, low, taken=False, loud=True),
            Played(two, high, taken=True, loud=True),
            Played(horn, horn_low, taken=False, loud=True),
            Played(horn, horn_high, taken=True, loud=True),
        ],
        street,
        82.0,
    )
    assert found["recall_over_threshold"] == pytest.approx(3.75 / 5.0)
    assert found["false_triggers_per_day"] == pytest.approx(1.0)
    assert found["yield"] == pytest.approx(3.75 / 4.75)
    alone = found["level_alone"]
    assert (alone["recall_over_threshold"], alone["false_triggers_per_day"]) == pytest.approx((1.0, 2.0))
    assert alone["yield"] == pytest.approx(5.0 / 7.0)
    assert found["per_day"]["rev"]["over_threshold_per_day"] == pytest.approx(5.0)


def test_a_trigger_just_under_the_threshold_is_a_trigger_but_finds_no_vehicle_over_it():
    """Recall over the threshold never exceeds 1."""
    street = {"rev": loud("rev", 82.0, 5.0, 10.0)}
    one = clip("a", "rev", positive=True)
    over, under = Step(86.0, 5.0, over=True), Step(81.5, 0.8, over=False)
    found = day([Played(one, step, taken=True, loud=True) for step in (over, under)], street, 82.0)
    assert found["recall_over_threshold"] == pytest.approx(1.0)
    assert found["right_triggers_per_day"] == pytest.approx(5.8)


def test_what_cannot_be_said_is_none():
    """No trigger has no yield, no vehicle no recall."""
    street = {"horn": other("horn", 82.0, 5.0, 4.0)}
    horn = clip("c", "horn", positive=False)
    found = day([Played(horn, Step(83.0, 2.0, over=True), taken=False, loud=False)], street, 82.0)
    assert (None, None, 0.0) == (
        found["yield"], found["recall_over_threshold"], found["false_triggers_per_day"],
    )  # fmt: skip


def test_what_is_not_played_is_named():
    """Classes without a recording, too quiet ones, recordings of other classes or labels."""
    street = {
        "rev": loud("rev", 88.0, 5.0, 3.0),
        "quad": loud("quad", 88.0, 5.0, 1.0),
        "bird": other("bird", 58.0, 5.0, 400.0),
    }
    clips = [
        clip("a", "rev", positive=True),
        clip("b", "rev", positive=False),
        clip("c", "bird", positive=False),
        clip("d", "whale", positive=False),
    ]
    played, left = plan(clips, street, 82.0)
    assert {0} == {index for index, _ in played}
    assert 4 == len(played)
    assert {
        "classes_without_recording": ["quad"],
        "classes_too_quiet": ["bird"],
        "classes_not_in_street": ["whale"],
        "other_label": ["b"],
    } == left
