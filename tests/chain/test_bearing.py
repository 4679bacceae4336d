"""Two microphones through the whole chain: what passes in front of them is where the finished clip says it is."""

import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

from gateway.clips import pointer
from gateway.evidence.verify import verify as check_package
from tests.chain.cabinet import RATE, boards, measurement, play

SPACING_M = 0.2
# As `cabinet.world_of` shows it: in the middle of the picture after six seconds, at 12 m/s to the right.
CLOSEST_S = 6.0
SPEED_M_S = 12.0
# The picture is 16 m wide. From as far as this it is seen at a right angle.
DISTANCE_M = 8.0
VIEW_DEG = 90.0
SECONDS = 14.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def passing():
    """Yield blocks (2, 1200): noise that passes, and what each microphone hears of the street by itself."""
    rng = np.random.default_rng(5)
    source = rng.standard_normal(round(SECONDS * RATE))
    time_s = np.arange(source.size) / RATE
    heard = []
    for offset_m in (-SPACING_M / 2, SPACING_M / 2):
        away_m = np.hypot(SPEED_M_S * (time_s - CLOSEST_S) - offset_m, DISTANCE_M)
        # What left at a time arrives when it has come all that way.
        heard.append(0.4 * np.interp(time_s, time_s + away_m / 343.0, source / away_m))
    sound = np.stack(heard) + 0.0003 * rng.standard_normal((2, source.size))
    for start in range(0, source.size, 1200):
        yield sound[:, start : start + 1200]


def yellow_column(rgb):
    """Return where in a frame of view.mp4 (h, w, 3) the triangle is, or None when there is none."""
    picture = rgb[: -48 - 1].astype(int)
    yellow = (np.abs(picture - pointer.COLOUR) < 50).all(axis=2)
    columns = yellow[-18:].sum(axis=0)
    return None if not columns.any() else float(np.average(np.arange(columns.size), weights=columns))


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """The package of the clip."""
    folder = tmp_path_factory.mktemp("bearing")
    with boards(channels=2, slots=2, threshold_dba=86.0) as (sensor, camera):
        found = play(folder, sensor, camera, passing(), more=f"horizontal_view_deg = {VIEW_DEG}")
    assert len(found) == 1
    return found[0]


def test_the_clip_says_which_way_it_went_and_that_it_was_one(package):
    """From the left to the right, at the speed and the moment it was made with; the package holds."""
    values = measurement(package)
    trigger_s = values["trigger"]["in_sound_s"]
    bearing = values["bearing"]

    assert (bearing["direction"], bearing["single_source"]) == ("left_to_right", True)
    assert bearing["angular_speed_deg_s"] == pytest.approx(np.degrees(SPEED_M_S / DISTANCE_M), rel=0.1)
    assert (bearing["spacing_m"], values["sound"]["channels"]) == (SPACING_M, 2)
    assert trigger_s - 4.0 < bearing["closest_s"] < values["sound"]["duration_s"]
    assert {"several_sources", "bearing_unknown"}.isdisjoint(flag["flag"] for flag in values["validity"])
    assert check_package(package).exit_code == 0


def test_the_bearing_of_every_loud_moment_is_where_it_was(package):
    """Within five degrees, in the trace, counted from the moment it was nearest."""
    values = measurement(package)
    trace, closest_s = values["trace"], values["bearing"]["closest_s"]
    middle_s = np.array(trace["end_s"]) - 0.0625
    level_db = np.array(trace["laeq_db"])
    loud = level_db > level_db.max() - 10.0
    true = np.degrees(np.arctan(SPEED_M_S / DISTANCE_M * (middle_s - closest_s)))

    found = np.array([np.nan if each is None else each for each in trace["bearing_deg"]])
    assert loud.sum() > 15
    assert np.abs(found - true)[loud].max() < 5.0


def test_the_marker_in_the_view_follows_the_vehicle_in_the_picture(package, tmp_path):
    """Within two metres of its middle: sound and picture are of one street, and a frame of sound is 1.5 m of way."""
    closest_s = measurement(package)["bearing"]["closest_s"]
    with zipfile.ZipFile(package) as archive:
        archive.extract("view.mp4", tmp_path)
    off_m = []
    with av.open(str(tmp_path / "view.mp4")) as container:
        for frame in container.decode(video=0):
            along_m = SPEED_M_S * (float(frame.pts * frame.time_base) - closest_s)
            column = yellow_column(frame.to_ndarray(format="rgb24"))
            if abs(along_m) < 6.0:
                assert column is not None
                off_m.append((column - frame.width / 2) * 16.0 / frame.width - along_m)

    assert len(off_m) > 5
    assert np.abs(off_m).max() < 2.0
