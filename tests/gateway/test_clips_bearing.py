"""What is said of an event from its bearings: which way it went, and whether it was one vehicle."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from firmware.common import wire
from gateway.clips import bearing, pointer
from gateway.clips.bearing import Direction, judge
from gateway.clips.contents import BearingRecord, sensor_clip
from gateway.clips.pointer import Pointer
from gateway.testing.clips import CLOSEST_S, sensor_parts

FRAMES = 80
TIME_S = (np.arange(FRAMES) + 0.5) / 8
TWO = sensor_clip(sensor_parts(channels=2))
BLUE = (0, 0, 120)


def passing(closest_s=5.0, speed=1.2):
    """Return the bearings (80,) of what passes at `closest_s` with `speed` rad/s when it is nearest."""
    return np.degrees(np.arctan(speed * (TIME_S - closest_s)))


def heard(degrees, *, height=0.8, others=0.0, other_height=0.1, loud=slice(20, 60)):
    """Return the judgement of a clip with these bearings, each (80,) or one number; `loud` are the loud moments."""
    columns = np.broadcast_arrays(degrees, height, others, other_height, np.zeros(FRAMES))
    level_db = np.full(FRAMES, 50.0)
    level_db[loud] = 85.0
    trace = tuple(
        replace(record, laeq_db=level, bearing=BearingRecord(*(float(column[at]) for column in columns[:4])))
        for at, (record, level) in enumerate(zip(TWO.trace, level_db, strict=True))
    )
    return judge(replace(TWO, trace=trace))


@pytest.mark.parametrize(
    ("speed", "direction"), [(1.2, Direction.LEFT_TO_RIGHT), (-1.2, Direction.RIGHT_TO_LEFT)]
)
def test_a_vehicle_that_passes_has_a_direction_a_speed_and_a_moment(speed, direction):
    """Within 10 % and a tenth of a second, with three degrees of scatter."""
    scatter = np.random.default_rng(1).normal(0, 3, FRAMES)
    found = heard(passing(4.6, speed) + scatter)

    assert (found.direction, found.single_source) == (direction, True)
    assert found.closest_s == pytest.approx(4.6, abs=0.1)
    assert found.angular_speed_deg_s == pytest.approx(np.degrees(speed), rel=0.1)
    assert "degrees in 4.9 s" in found.reason


def test_a_vehicle_that_only_comes_nearer_has_a_direction_and_no_moment():
    """Its closest point lies after the sound."""
    found = heard(passing(12.0, 0.5), loud=slice(0, FRAMES))

    assert (found.direction, found.closest_s) == (Direction.LEFT_TO_RIGHT, None)


def test_a_vehicle_that_revs_where_it_stands_is_standing():
    """With the scatter of a street; a single odd moment is none."""
    degrees = -35 + np.random.default_rng(2).normal(0, 3, FRAMES)
    degrees[30] = 70
    found = heard(degrees)

    assert (found.direction, found.single_source) == (Direction.STANDING, True)
    assert found.reason.startswith("at -35 degrees")


def test_two_vehicles_that_cross_are_not_one():
    """Now the one is the highest peak, now the other: the direction is that of the one more often heard."""
    turns = np.arange(FRAMES) % 5 < 3
    found = heard(np.where(turns, passing(), passing(4.5, -2.0)))

    assert (found.direction, found.single_source) == (Direction.LEFT_TO_RIGHT, False)
    assert found.reason.startswith("the louder one")


def test_a_second_source_that_is_nearly_as_high_is_another_one():
    """It is never the highest; at less than half of the height it is not dominant."""
    assert heard(passing(), height=0.6, others=-20.0, other_height=0.4).single_source is False
    assert heard(passing(), height=0.6, others=-20.0, other_height=0.2).single_source is True


def test_an_echo_of_the_houses_across_the_street_is_no_second_source():
    """The same place along the road, two and a half times as far across it."""
    echo = np.degrees(np.arctan(np.tan(np.radians(passing())) / 2.5))

    assert heard(passing(), others=echo, other_height=0.7).single_source is True
    assert heard(np.where(np.arange(FRAMES) % 4 == 0, echo, passing())).single_source is True


def test_the_second_peak_of_a_tone_is_no_second_source():
    """A reversing lorry's: as high as the first, now the one, now the other; two sources cannot both be so high."""
    turns = np.arange(FRAMES) % 5 < 4
    found = heard(np.where(turns, -60, 20), height=0.9, others=np.where(turns, 20, -60), other_height=0.85)

    assert (found.direction, found.single_source) == (Direction.STANDING, True)


def test_what_comes_from_everywhere_has_no_direction():
    """Rain, wind: not known, with the reason, whatever the bearings are."""
    found = heard(np.random.default_rng(3).uniform(-90, 90, FRAMES), height=0.15)

    assert (found.direction, found.single_source) == (Direction.UNKNOWN, None)
    assert "40 of 40 loud moments" in found.reason


def test_a_bang_is_too_short_for_a_direction():
    """Three moments: no way to tell what passes from what stands."""
    found = heard(passing(), loud=slice(40, 43))

    assert (found.direction, found.single_source) == (Direction.UNKNOWN, None)
    assert "3 loud moments" in found.reason


def test_sources_everywhere_are_several_and_have_no_direction():
    """A peak each moment, each somewhere else."""
    found = heard(np.random.default_rng(4).uniform(-90, 90, FRAMES))

    assert (found.direction, found.single_source) == (Direction.UNKNOWN, False)


def test_quiet_moments_do_not_count():
    """A car far away before the loud one makes it no pair."""
    degrees = passing()
    degrees[:20] = 70
    degrees[60:] = -70

    assert heard(degrees).single_source is True


def test_one_microphone_measures_no_bearing_and_the_clip_says_so():
    """Neither columns in the trace nor a guess."""
    clip = sensor_clip(sensor_parts())
    found = judge(clip)

    assert (found.direction, found.single_source) == (Direction.UNKNOWN, None)
    assert "one microphone" in found.reason
    assert bearing.columns(clip) == {}


def test_a_clip_of_two_microphones_has_its_bearings_in_figures():
    """As the board sent them; a peak that is no peak has no bearing."""
    values = bearing.section(TWO, judge(TWO))
    columns = bearing.columns(TWO)

    assert (values["direction"], values["single_source"], values["spacing_m"]) == ("left_to_right", True, 0.2)
    assert values["closest_s"] == pytest.approx(CLOSEST_S, abs=0.1)
    assert [len(column) for column in columns.values()] == [FRAMES] * 4
    assert columns["bearing_deg"][0] == round(np.degrees(np.arctan(-1.5 * CLOSEST_S)), 1)
    assert columns["bearing_height"][0] == pytest.approx(200 / 255, abs=1e-3)
    assert columns["other_bearing_deg"] == [None] * FRAMES
    assert json.dumps([values, columns])


def test_a_trace_that_is_cut_within_a_bearing_is_read_as_far_as_it_goes():
    """The record before is whole."""
    parts = sensor_parts(channels=2)
    size = wire.TRACE_HEAD_BYTES + 2 * 29 + struct.calcsize(wire.TRACE_BEARING)

    assert len(sensor_clip((*parts[:2], parts[2][: 2 * size - 1], parts[3])).trace) == 1


@pytest.mark.parametrize(
    ("degrees", "at"), [(0, 320), (-30, 0), (30, 640), (15, 468.5), (89, 32073), (-90, -np.inf)]
)
def test_a_bearing_is_a_column_of_the_picture(degrees, at):
    """As a pinhole camera of 60 degrees sees it; outside of the picture beyond its edges."""
    found = pointer.column(degrees, 60.0, 640)

    assert found == pytest.approx(at, rel=0.02, abs=0.5)


def drawn(marker):
    """Return (height, width, 3): a sheet of 320 x 200 with a strip of 48, and `marker` on it."""
    sheet = Image.new("RGB", (320, 248), BLUE)
    pointer.draw(ImageDraw.Draw(sheet), marker, (320, 200), 48)
    return np.asarray(sheet)


def test_the_picture_is_marked_only_where_the_field_of_view_is_stated():
    """A triangle below the column of the sound; without a field of view, or without a bearing, not a pixel."""
    marked = (drawn(Pointer(10.0, 60.0))[:200] != BLUE).any(axis=2)
    columns = np.flatnonzero(marked.any(axis=0))

    assert columns.mean() == pytest.approx(pointer.column(10.0, 60.0, 320), abs=1)
    assert marked[:180].sum() == 0
    assert (drawn(Pointer(10.0))[:200] == BLUE).all()
    assert (drawn(Pointer(None, 60.0))[:200] == BLUE).all()


def test_what_is_outside_of_the_picture_points_out_of_its_edge():
    """To the left, at half the height."""
    marked = (drawn(Pointer(-70.0, 60.0))[:200] != BLUE).any(axis=2)

    assert np.flatnonzero(marked.any(axis=0)).max() < 20
    assert np.flatnonzero(marked.any(axis=1)).mean() == pytest.approx(100, abs=1)


def test_the_dial_shows_the_bearing_whatever_the_camera_sees():
    """Its hand lies left of its middle for a sound from the left, and there is none without a bearing."""
    left, right, none = (drawn(Pointer(degrees))[200:] == pointer.COLOUR for degrees in (-60.0, 60.0, None))

    assert (
        np.flatnonzero(left.all(axis=2).any(axis=0)).mean()
        < np.flatnonzero(right.all(axis=2).any(axis=0)).mean()
    )
    assert not none.all(axis=2).any()
